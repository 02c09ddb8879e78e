"""taxii2-client against our server: writes with four writers at a time, pages with odd limits, deletes, is refused.

Arguments: the discovery address, a name, a token that may read and write.
"""
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import requests
from taxii2client.v21 import Server, as_pages

OBJECTS = 10_000
SENT = 500

url, name, token = sys.argv[1:]


def collection():
    server = Server(url, user=name, password=token)
    assert server.title == "interop", server.title
    root = server.default
    assert root.url == server.api_roots[0].url
    assert root.versions == ["application/taxii+json;version=2.1"], root.versions
    (only,) = root.collections
    assert only.can_read and only.can_write
    return only


def indicator(n):
    when = "2025-01-01T00:00:00.000Z"
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.UUID(int=n, version=4)}",
        "created": when,
        "modified": when,
        "pattern": f"[domain-name:value = 'd{n}.example']",
        "pattern_type": "stix",
        "valid_from": when,
    }


objects = [indicator(n) for n in range(OBJECTS)]
ids = {o["id"] for o in objects}


def send(start):
    status = collection().add_objects({"objects": objects[start : start + SENT]})
    assert status.status == "complete" and status.success_count == SENT, status
    status.refresh()
    assert status.success_count == SENT and not status.failures


with ThreadPoolExecutor(4) as pool:
    list(pool.map(send, range(0, OBJECTS, SENT)))

ours = collection()
for what in (ours.get_objects, ours.get_manifest):
    for limit in (997, 333):
        got = [o["id"] for page in as_pages(what, per_request=limit) for o in page["objects"]]
        assert len(got) == OBJECTS and set(got) == ids, (what, limit, len(got))

one = objects[7]
assert ours.get_object(one["id"])["objects"] == [one]
assert ours.object_versions(one["id"])["versions"] == [one["modified"]]
assert len(ours.get_objects(type="indicator", id=one["id"])["objects"]) == 1
assert ours.get_objects(type="malware") == {}
ours.delete_object(one["id"])
for refused, status in (
    (lambda: ours.get_object(one["id"]), 404),
    (lambda: ours.get_objects(limit=-1), 400),
    (lambda: Server(url, user=name, password=token + "x").title, 401),
):
    try:
        refused()
    except requests.exceptions.HTTPError as error:
        assert error.response.status_code == status, error
        assert error.response.json()["http_status"] == str(status)
    else:
        raise AssertionError(f"{status} was expected")
print(f"taxii2-client: {OBJECTS} objects by four writers, paged by 997 and 333, none lost and none twice")
