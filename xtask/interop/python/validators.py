"""What validators and readers written by others say of the files of a pack. Usage: validators.py CHECK FOLDER.

Prints a line of what was found; exits with 1 and the errors if they refuse it."""

import contextlib
import copy
import io
import json
import sys
import tempfile
from pathlib import Path


def load(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def refuse(errors):
    if errors:
        sys.exit("\n".join(str(error) for error in errors[:40]))


def stix(folder):
    """OASIS's stix2-validator: no errors; warnings are counted by what they are of."""
    from collections import Counter

    from stix2validator import ValidationOptions, validate_file

    results = validate_file(
        str(folder / "stix/bundle.json"), ValidationOptions(version="2.1", strict=False)
    )
    errors = [e for r in results.object_results for e in r.errors or []]
    refuse(errors + ([results.fatal] if results.fatal else []))
    said = [str(w) for r in results.object_results for w in r.warnings or []]
    kinds = Counter(w.split("{")[1].split("}")[0] if "{" in w else w for w in said)
    listed = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
    objects = len(load(folder, "stix/bundle.json")["objects"])
    return f"{objects} objects, no errors; warnings: {listed or 'none'}"


def patterns(folder):
    """OASIS's validator of patterns, each indicator's; and python-stix2 parses the whole bundle."""
    import stix2
    from stix2patterns.v21.pattern import Pattern

    bundle = load(folder, "stix/bundle.json")
    found = [o["pattern"] for o in bundle["objects"] if o["type"] == "indicator"]
    errors = []
    for pattern in found:
        try:
            Pattern(pattern)
        except Exception as error:
            errors.append(f"{pattern}: {error}")
    refuse(errors)
    parsed = stix2.parse(bundle, allow_custom=False)
    # An observable that has the id which another program gives it is the same observable there.
    for ours in bundle["objects"]:
        if "created" not in ours:
            theirs = {k: v for k, v in ours.items() if k not in ("id", "object_marking_refs")}
            made = stix2.parse(theirs)
            if made.id != ours["id"]:
                errors.append(f"{ours['id']}: python-stix2 gives it {made.id}")
    refuse(errors)
    return f"{len(found)} patterns; python-stix2 parses {len(parsed.objects)} objects, observables have its ids"


def flow(folder):
    """The flow is STIX, its references lead somewhere, and every action is reached from the start."""
    from stix2validator import ValidationOptions, validate_file

    path = str(folder / "attack-flow/flow.json")
    results = validate_file(path, ValidationOptions(version="2.1"))
    refuse([e for r in results.object_results for e in r.errors or []])
    objects = {o["id"]: o for o in load(folder, "attack-flow/flow.json")["objects"]}
    (start,) = [o for o in objects.values() if o["type"] == "attack-flow"]
    reached, waiting = set(), list(start["start_refs"])
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += objects[one].get("effect_refs", [])
    actions = {i for i, o in objects.items() if o["type"] == "attack-action"}
    refuse([f"not reached: {i}" for i in sorted(actions - reached)])
    for one in actions:
        for ref in [objects[one].get("technique_ref")] + objects[one].get("asset_refs", []):
            if ref is not None and ref not in objects:
                refuse([f"{one} refers to {ref}, which is not there"])
    return f"stix2-validator has no errors, {len(actions)} actions are reached"


def misp(folder):
    """PyMISP's schema and loader; what it writes again is what it read; its types and categories are MISP's."""
    import jsonschema
    import pymisp
    from pymisp import MISPEvent

    event = load(folder, "misp/event.json")
    schema = json.loads((Path(pymisp.__file__).parent / "data/schema-lax.json").read_text())
    refuse([e.message for e in jsonschema.Draft4Validator(schema).iter_errors(event)])
    read = MISPEvent()
    read.load(copy.deepcopy(event))
    templates = Path(pymisp.__file__).parent / "data/misp-objects/objects"
    errors = []
    for ours in event["Event"]["Object"]:
        theirs = json.loads((templates / ours["name"] / "definition.json").read_text())
        if ours["template_uuid"].lower() != theirs["uuid"].lower():
            errors.append(f"{ours['name']}: template {ours['template_uuid']}")
        if int(ours["template_version"]) > int(theirs["version"]):
            errors.append(f"{ours['name']}: version {ours['template_version']}")
        errors += [
            f"{ours['name']} has no {a['object_relation']}"
            for a in ours["Attribute"]
            if a["object_relation"] not in theirs["attributes"]
        ]
    for attribute in event["Event"]["Attribute"]:
        types = read.describe_types["category_type_mappings"][attribute["category"]]
        if attribute["type"] not in types:
            errors.append(f"{attribute['type']} is not of {attribute['category']}")
    again = json.loads(read.to_json())
    values = lambda e: sorted(a["value"] for a in e["Attribute"])
    if values(again) != values(event["Event"]):
        errors.append("PyMISP writes other attributes than it read")
    refuse(errors)
    return (
        f"{len(read.attributes)} attributes, {len(read.objects)} objects, "
        f"{len(read.event_reports)} reports, {len(read.tags)} tags are read"
    )


def misp_stix(folder):
    """misp-stix: our event becomes STIX and comes back; no attribute for sensors is lost on the way."""
    from misp_stix_converter import ExternalSTIX2toMISPParser, InternalSTIX2toMISPParser, MISPtoSTIX21Parser
    from pymisp import MISPEvent

    event = MISPEvent()
    event.load(load(folder, "misp/event.json"))
    there = MISPtoSTIX21Parser()
    there.parse_misp_event(event)
    refuse([f"{k}: {v}" for k, v in there.errors.items()])
    back = InternalSTIX2toMISPParser()
    back.load_stix_bundle(there.bundle)
    back.parse_stix_bundle()
    refuse([f"{k}: {v}" for k, v in back.errors.items()])
    ours = {a.value for a in event.attributes if a.to_ids}
    gone = ours - {a.value for a in back.misp_event.attributes}
    gone -= {a.value for o in back.misp_event.objects for a in o.attributes}
    refuse([f"lost on the way: {value}" for value in sorted(gone)])
    # And our own bundle is read by it, too.
    import stix2

    bundle = stix2.parse(load(folder, "stix/bundle.json"), allow_custom=True)
    foreign = ExternalSTIX2toMISPParser()
    foreign.load_stix_bundle(bundle)
    foreign.parse_stix_bundle()
    # Types of the standard that it has no reader for are its own affair.
    unread = ("Unable to load STIX object type", "Unknown STIX object type")
    errors = [e for listed in foreign.errors.values() for e in listed]
    refuse([f"our bundle: {e}" for e in errors if not str(e).startswith(unread)])
    taken = len(foreign.misp_event.attributes) + len(foreign.misp_event.objects)
    return f"{len(ours)} attributes for sensors go to STIX and back; of our bundle it takes {taken} entries"


def navigator(folder):
    """mitreattack-python reads the layer and writes it again with the same techniques."""
    from mitreattack.navlayers import Layer

    with contextlib.redirect_stdout(io.StringIO()) as said:
        layer = Layer(strict=True)
        layer.from_file(str(folder / "navigator/layer.json"))
    refuse([said.getvalue()] if said.getvalue().strip() else [])
    ours = load(folder, "navigator/layer.json")
    again = layer.to_dict()
    of = lambda d: sorted((t["techniqueID"], t.get("score")) for t in d["techniques"])
    refuse([] if of(ours) == of(again) else ["it writes other techniques than it read"])
    return f"{len(ours['techniques'])} techniques, layer {again['versions']['layer']}"


def case(folder):
    """case-utils: case_validate against CASE 1.4.0, and no term that it does not know; digests are those of what they stand beside."""
    import hashlib
    import subprocess

    validate = Path(sys.executable).parent / "case_validate"
    args = [str(validate), "--built-version", "case-1.4.0", str(folder / "case-uco/provenance.jsonld")]
    done = subprocess.run(args, capture_output=True, text=True)
    refuse([done.stdout + done.stderr] if done.returncode else [])
    loud = [line for line in done.stderr.splitlines() if "Warning" in line or "concept" in line]
    refuse(loud)
    conforms = "Conforms: True" in done.stdout
    refuse([] if conforms else [done.stdout])
    results = done.stdout.count("Constraint Violation") + done.stdout.count("Validation Result")
    facets = [n["core:hasFacet"] for n in load(folder, "case-uco/provenance.jsonld")["@graph"] if n["@type"] == "observable:ContentData"]
    for facet in facets:
        payload = bytes.fromhex(facet["observable:dataPayload"])
        digest = facet["observable:hash"]["types:hashValue"]["@value"]
        if hashlib.sha256(payload).hexdigest() != digest or len(payload) != facet["observable:sizeInBytes"]:
            refuse([f"{facet['@id']}: not the digest of its payload"])
    refuse([] if facets else ["no record has a digest"])
    return f"conforms to CASE 1.4.0, {results} remarks; {len(facets)} digests of records"


def timesketch(folder):
    """The importer's own reader takes each line, and has what Timesketch demands."""
    import logging

    from timesketch_import_client.importer import ImportStreamer

    errors = []

    class Handler(logging.Handler):
        def emit(self, record):
            errors.append(record.getMessage())

    logging.getLogger("timesketch_importer").addHandler(Handler(logging.WARNING))
    path = folder / "timesketch/timeline.jsonl"
    streamer = ImportStreamer()
    streamer._sketch = object()  # Nothing is uploaded.
    streamer.set_entry_threshold(10**9)
    streamer.add_file(str(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    read = streamer._data_lines
    if len(read) != len(lines):
        errors.append(f"{len(lines)} lines, {len(read)} read")
    for entry in read:
        for name in ("message", "datetime", "timestamp_desc"):
            if not entry.get(name):
                errors.append(f"no {name}: {entry}")
    streamer._data_lines = []
    refuse(errors)
    return f"{len(read)} entries are read"


def tables(folder):
    """Python's csv reads as many cells in each row, and PyYAML each rule."""
    import csv

    import yaml

    with open(folder / "indicators/indicators.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    refuse([f"row {i}" for i, row in enumerate(rows) if len(row) != len(rows[0])])
    formulas = [c for row in rows for c in row if c[:1] in "=+-@\t\r\n" and c]
    refuse([f"a formula: {cell}" for cell in formulas])
    rules = sorted((folder / "indicators/sigma").glob("*.yml"))
    for rule in rules:
        if not {"title", "id", "logsource", "detection"} <= set(yaml.safe_load(rule.read_text())):
            refuse([f"{rule.name} is no rule"])
    return f"{len(rows) - 1} rows, {len(rules)} rules"


if __name__ == "__main__":
    name, where = sys.argv[1:]
    print(globals()[name](Path(where)))
