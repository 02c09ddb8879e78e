"""Verifies the ML-DSA-44 signature (C2SP tlog-cosignature, 0x06) under a checkpoint with pyca/cryptography.

python ml_dsa.py VKEY CHECKPOINT: exit code 0 if it holds.
"""

import base64
import hashlib
import struct
import sys

from cryptography.hazmat.primitives.asymmetric import mldsa

name, key_id, encoded = sys.argv[1].strip().split("+", 2)
key = base64.b64decode(encoded)
assert key[0] == 6, "not of type 0x06"
assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id, "the id is another"
with open(sys.argv[2], encoding="utf-8") as file:
    text, _, lines = file.read().partition("\n\n")
origin, size, root = text.split("\n")[:3]
verified = 0
for line in lines.splitlines():
    dash, signer, signature = line.split(" ")
    signature = base64.b64decode(signature)
    if signer != name or signature[:4].hex() != key_id:
        continue
    message = b"subtree/v1\n\0" + bytes([len(name)]) + name.encode() + signature[4:12]
    message += bytes([len(origin)]) + origin.encode() + struct.pack(">QQ", 0, int(size)) + base64.b64decode(root)
    mldsa.MLDSA44PublicKey.from_public_bytes(key[1:]).verify(signature[12:], message)
    verified += 1
assert verified == 1, f"{verified} signatures by {name}"
