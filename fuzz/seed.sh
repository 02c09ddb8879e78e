#!/bin/sh
# Fills the corpus with small pieces of real telemetry and of our own rules. Nothing of it is committed.
# Usage: fuzz/seed.sh [DATA]     DATA: the unpacked data set; else $BLANIK_DATA, else target/data.
set -eu
cd "$(dirname "$0")"
data=${1:-${BLANIK_DATA:-../target/data}}
[ -d "$data" ] || { echo "no data set at $data: name its folder" >&2; exit 1; }

# The first BYTES of up to COUNT files that match NAME below FOLDER.
pieces() { # target folder name bytes count
    mkdir -p "corpus/$1"
    [ -d "$data/$2" ] || return 0
    n=0
    find "$data/$2" -type f -name "$3" | sort | awk "NR % 7 == 1" | head -n "$5" |
    while read -r file; do
        n=$((n + 1))
        head -c "$4" "$file" > "corpus/$1/$(basename "$2")-$n"
    done
}

# A file header and its first chunk; and one chunk alone.
pieces evtx windows-evtx/evtx-attack-samples '*.evtx' 69632 25
pieces evtx windows-evtx/benign-and-corrupt-omerbenamram '*.evtx' 69632 15
pieces json suricata '*.json' 3000 10
pieces json windows-json-otrf '*.json' 4000 10
pieces json cloud '*.json*' 3000 8
# Every shape of the goldens: the samples are our own.
mkdir -p corpus/json
for file in clouds endpoints; do
    awk -v out="corpus/json/$file" '/r#"/ { s = ""; on = 1 } on { s = s " " $0 }
        /"#/ && on { on = 0; sub(/.*r#"/, "", s); sub(/"#.*/, "", s); n++; print s > (out "-" n) }' \
        "../crates/ingest/src/normalise/tests/$file.rs"
done
pieces json linux/plaso-format-samples/jsonl '*.jsonl' 3000 4
pieces json zeek '*.json' 2000 8
pieces zeek_tsv zeek '*.log' 2500 30
pieces xml windows-splunk '*.txt' 6000 4
for n in 1 2 3 4 5 6 7 8; do
    for file in "$data"/windows-splunk/*.txt; do
        [ -f "$file" ] && sed -n "$((n * 31))p" "$file" > "corpus/xml/line-$n-$(basename "$file")"
    done
done

# The formats of text, each below the byte that chooses it (the order of TextFormat::ALL), and below one that leaves it open.
mkdir -p corpus/text
n=0
for format in auditd syslog access w3c csv cef elb squid nfdump dns mail utmp journal history lines; do
    for file in ../crates/ingest/tests/golden/text/$format*.log; do
        [ -f "$file" ] || continue
        name=$(basename "$file")
        { printf "\\$(printf %o $n)"; cat "$file"; } > "corpus/text/chosen-$name"
        { printf '\017'; cat "$file"; } > "corpus/text/open-$name"
    done
    n=$((n + 1))
done
pieces mail mail '*.eml' 8000 10

mkdir -p corpus/archive corpus/sniff corpus/normalise corpus/rules corpus/scan corpus/findings corpus/plain_rule corpus/layouts
for file in corpus/json/*; do head -n 1 "$file" > "corpus/normalise/$(basename "$file")"; done
for folder in json zeek_tsv xml; do
    for file in corpus/$folder/*-1*; do
        [ -f "$file" ] || continue
        head -c 2000 "$file" > "corpus/sniff/$folder-$(basename "$file")"
    done
done
head -c 6000 corpus/evtx/evtx-attack-samples-1 > corpus/sniff/evtx

# Our own rules: every third.
n=0
find ../crates/detect/rules -name '*.yml' | sort | awk "NR % 3 == 1" | while read -r file; do
    n=$((n + 1)); cp "$file" "corpus/rules/rule-$n"
done
cp corpus/rules/rule-* corpus/plain_rule/
cp corpus/normalise/* corpus/layouts/
awk -v RS='---\n' '{ printf "%s", $0 > ("corpus/rules/modifier-" NR) }' rules/every-modifier.yml

# One of each container around one log.
log=corpus/zeek_tsv/$(ls corpus/zeek_tsv | head -n 1)
tmp=$(mktemp -d)
cp "$log" "$tmp/conn.log"; head -c 500 "$log" > "$tmp/b.log"
(cd "$tmp" && tar cf a.tar conn.log b.log && gzip -k conn.log && bzip2 -k conn.log && xz -k conn.log &&
    tar czf a.tgz conn.log b.log) || true
command -v zstd > /dev/null && zstd -q "$tmp/conn.log" || true
python3 - "$tmp" <<'PY' || true
import sys, zipfile
d = sys.argv[1]
for name, how in [("s", zipfile.ZIP_STORED), ("d", zipfile.ZIP_DEFLATED), ("b", zipfile.ZIP_BZIP2), ("x", zipfile.ZIP_LZMA)]:
    with zipfile.ZipFile(f"{d}/{name}.zip", "w", how) as z:
        z.write(f"{d}/conn.log", "a/conn.log"); z.write(f"{d}/a.tgz", "a.tgz")
PY
for file in "$tmp"/*.*; do
    case $file in *.log) ;; *) cp "$file" "corpus/archive/$(basename "$file")"; head -c 1200 "$file" > "corpus/sniff/$(basename "$file")" ;; esac
done
rm -rf "$tmp"
# A mapping and a log of it.
mkdir -p corpus/mapping
{ printf '[[format]]\nname = "x"\nproduct = "p"\nmatch = { a = ["1", 2], b.c = true }\nhost = "h"\n[format.fields]\nImage = ["b.c", "a"]\n'
  printf '[format.time]\nfield = "t"\nformat = "%%d.%%m.%%Y"\n\0{"a":2,"b":{"c":"x"},"t":"1.2.2024"}\n'; } > corpus/mapping/json
{ printf '[[format]]\nname = "x"\nproduct = "p"\n[format.lines]\npattern = "(?<a>[0-9]+) (?<b>.*)"\n\0001 x\n2 "y\n'; } > corpus/mapping/lines

# A pack's files as far as they are fixed; what an exchange brings; requests.
mkdir -p corpus/pack corpus/exchange corpus/taxii
golden=../crates/share/tests/golden/exports
{ printf '{"chapters":[{"kind":"summary","claims":[{"id":"c1","text":{"en":"A.","cs":"A."},"marking":"clear","cites":{"records":[1],"further":0},"grounds":[]}]}],"techniques":[],"indicators":[],"attribution":null,"commitments":[{"record":1,"entry":"01"}]}\0{}\0{"format":"blanik-publication/v1"}\0'
  head -c 3000 $golden/stix/bundle.json; printf '\0{"techniques":[]}\0'; head -c 2000 $golden/case-uco/provenance.jsonld
  printf '\0{}\0<p><span data-claim="c1">A.</span></p>\0<p><span data-claim="c1">A.</span></p>'; } > corpus/pack/files
cp $golden/stix/bundle.json corpus/exchange/stix
cp $golden/misp/event.json corpus/exchange/misp
printf '{"type":"bundle","objects":[{"type":"identity","id":"identity--11111111-1111-4111-8111-111111111111","name":"A"},{"type":"opinion","id":"opinion--66666666-6666-4666-8666-666666666666","created_by_ref":"identity--11111111-1111-4111-8111-111111111111","modified":"2025-05-02T00:00:00Z","opinion":"agree","object_refs":["campaign--33333333-3333-4333-8333-333333333333"]},{"type":"artifact","payload_bin":"YS5leGFtcGxlL2xvZwo="}]}' > corpus/exchange/opinion
taxii='application/taxii+json;version=2.1'
n=0
for address in /taxii2/ /blanik/ /blanik/collections/ /blanik/collections/c/ '/blanik/collections/c/objects/?limit=1&match[type]=indicator&added_after=2024-01-01T00:00:00Z' \
    '/blanik/collections/c/manifest/?match[version]=first,last&match[spec_version]=2.1&next=1.0' /blanik/collections/c/objects/indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f/versions/; do
    for who in red green; do n=$((n + 1)); printf '%s GET %s\n%s\n\n' $who "$address" "$taxii" > corpus/taxii/get-$n; done
done
printf 'green POST /blanik/collections/c/objects/\n%s\n%s\n{"objects":[{"type":"tool","spec_version":"2.1","id":"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","name":"x"}]}' "$taxii" "$taxii" > corpus/taxii/post
printf 'red DELETE /blanik/collections/c/objects/tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f/?match[version]=all\n\n\n' > corpus/taxii/delete

for target in corpus/*; do echo "$target: $(ls "$target" | wc -l) seeds, $(du -sk "$target" | cut -f 1) KiB"; done
