"""resolve_peer.py PROGRAM [SEED [COUNT]]   schema resolution beside Apache Avro's own, on random evolutions of our schemas.

Each round takes a schema of ours (as the program writes it), changes it the way authors do (fields added, removed, reordered,
narrowed, made optional or wrapped into unions, symbols reordered, added or removed), writes random values by the changed schema with
Apache Avro, and reads them by ours with both. Values must be equal, and what one refuses the other must refuse; but for schemas that
differ in a branch or a symbol: Apache Avro for Python refuses all they can write, we what cannot be read of it."""
import base64
import copy
import datetime
import io
import json
import math
import random
import struct
import subprocess
import sys

try:
    import avro.io
    import avro.schema
except ImportError:
    print("SKIPPED python3-avro is missing")
    sys.exit(77)

NARROWER = {"long": ["int"], "float": ["int", "long"], "double": ["int", "long", "float"]}  # it has no strings that were bytes


def is_named(schema):
    return isinstance(schema, dict) and schema["type"] in ("record", "enum", "fixed")


# ---- evolution ----

def random_schema(rng, names, depth=0):
    """A schema of something that the reader never asks for."""
    kind = rng.choice(["null", "boolean", "int", "long", "float", "double", "bytes", "string", "array", "map", "union", "fixed",
                       "enum", "record"][:8 if depth > 2 else None])
    names[0] += 1
    if kind == "array":
        return {"type": "array", "items": random_schema(rng, names, depth + 1)}
    if kind == "map":
        return {"type": "map", "values": random_schema(rng, names, depth + 1)}
    if kind == "union":
        return rng.sample(["null", "boolean", "string", {"type": "array", "items": random_schema(rng, names, depth + 1)}], 3)
    if kind == "fixed":
        return {"type": "fixed", "name": "extra%d" % names[0], "size": rng.randrange(0, 20)}
    if kind == "enum":
        return {"type": "enum", "name": "extra%d" % names[0], "symbols": ["A", "B", "C"][:rng.randrange(1, 4)]}
    if kind == "record":
        name = "extra%d" % names[0]
        return {"type": "record", "name": name, "fields": [{"name": "x%d" % i, "type": random_schema(rng, names, depth + 1)}
                                                           for i in range(rng.randrange(0, 3))]}
    return kind


def evolve_item(rng, schema, names):
    """Apache Avro for Python promotes no numbers inside arrays and maps."""
    return schema if isinstance(schema, str) else evolve(rng, schema, names)


def evolve(rng, schema, names):
    if isinstance(schema, str):
        if schema in NARROWER and rng.random() < 0.15:
            schema = rng.choice(NARROWER[schema])
        elif schema not in ("null",) and rng.random() < 0.02:
            schema = rng.choice(["boolean", "double"])
        return [schema, "null"] if isinstance(schema, str) and "." not in schema and schema != "null" and rng.random() < 0.05 else schema
    if isinstance(schema, list):
        branches = [evolve(rng, branch, names) for branch in schema]
        branches = [branch for branch in branches if not isinstance(branch, list)] or ["null"]
        if rng.random() < 0.3:
            rng.shuffle(branches)
        if rng.random() < 0.2 and "boolean" not in branches:
            branches.append("boolean")
        if rng.random() < 0.1 and not any(is_named(branch) for branch in branches):
            return branches[0]
        return branches
    if "logicalType" in schema:
        return schema
    if schema["type"] == "array":
        return dict(schema, items=evolve_item(rng, schema["items"], names))
    if schema["type"] == "map":
        return dict(schema, values=evolve_item(rng, schema["values"], names))
    if schema["type"] == "enum":
        symbols = list(schema["symbols"])
        if rng.random() < 0.5:
            rng.shuffle(symbols)
        if rng.random() < 0.3:
            symbols.insert(rng.randrange(len(symbols) + 1), "EXTRA")
        if rng.random() < 0.3 and len(symbols) > 1:
            symbols.pop()
        return dict(schema, symbols=symbols)
    if schema["type"] == "record":
        return evolve_record(rng, schema, names)
    return schema


def mentions(schema, name):
    return json.dumps(name) in json.dumps(schema)


def evolve_record(rng, schema, names):
    fields = [dict(field, type=evolve(rng, field["type"], names)) for field in schema["fields"]]
    defined = [f["type"]["name"] for f in fields if is_named(f["type"])]
    for field in list(fields):
        is_used = any(mentions(f["type"], name) for name in defined for f in fields if f is not field)
        if rng.random() < (0.3 if "default" in field else 0.01) and not (is_used or mentions(field["type"], schema["name"])):
            fields.remove(field)
    if rng.random() < 0.4 and not defined:
        rng.shuffle(fields)
    for _ in range(rng.randrange(0, 3)):
        names[0] += 1
        fields.insert(rng.randrange(len(fields) + 1), {"name": "added%d" % names[0], "type": random_schema(rng, names)})
    for field in fields:
        field.pop("default", None)
        field.pop("aliases", None)
    return dict(schema, fields=fields)


# ---- values of a schema (avro.schema objects) ----

def random_value(rng, schema, depth=0):
    kind = schema.type
    if kind == "null":
        return None
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "int":
        return rng.choice([0, -1, rng.getrandbits(31), -rng.getrandbits(20)])
    if kind == "long":
        return rng.choice([0, 1, -rng.getrandbits(63), rng.getrandbits(40)])
    if kind in ("float", "double"):
        return struct.unpack("f", struct.pack("f", rng.uniform(-1e6, 1e6)))[0]
    if kind == "bytes":
        return rng.choice([b"", b"ascii", b"\xc3\xa9"])
    if kind == "string":
        return rng.choice(["", "plain", "\u00e9\u20ac", "\U0001f600\\\""])
    if kind == "fixed":
        return bytes(rng.getrandbits(8) for _ in range(schema.size))
    if kind == "enum":
        return rng.choice(list(schema.symbols))
    if kind == "array":
        return [random_value(rng, schema.items, depth + 1) for _ in range(0 if depth > 5 else rng.randrange(0, 4))]
    if kind == "map":
        return {"k%d" % i: random_value(rng, schema.values, depth + 1) for i in range(0 if depth > 5 else rng.randrange(0, 4))}
    if kind == "union":
        return random_value(rng, rng.choice(list(schema.schemas)), depth + 1)
    return {field.name: random_value(rng, field.type, depth + 1) for field in schema.fields}


def plain(schema):
    """Without logical types, so that Apache Avro gives what is on the wire."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if isinstance(schema, dict):
        return {key: plain(value) if key not in ("default", "symbols", "aliases") else value
                for key, value in schema.items() if key not in ("logicalType", "precision", "scale")}
    return schema


def of_logical(rng, schema, datum, names):
    """Bytes that a logical type allows, in place of any bytes."""
    if isinstance(schema, str):
        return of_logical(rng, names[schema], datum, names) if schema in names else datum
    if isinstance(schema, list):
        for branch in schema:
            if datum is not None and branch != "null" and fits(branch, datum, names):
                return of_logical(rng, branch, datum, names)
        return datum
    if is_named(schema):
        names[schema["name"]] = schema
    logical = schema.get("logicalType")
    if logical == "decimal":
        return rng.randrange(-99, 100).to_bytes(schema.get("size", 1), "big", signed=True)
    if logical == "json":
        return rng.choice(["null", "[1,{}]", "\"x\""])
    if logical == "timestamp-millis":
        return rng.randrange(0, 4102444800000)
    if schema["type"] == "record":
        return {field["name"]: of_logical(rng, field["type"], datum[field["name"]], names) for field in schema["fields"]}
    if schema["type"] == "array":
        return [of_logical(rng, schema["items"], item, names) for item in datum]
    if schema["type"] == "map":
        return {key: of_logical(rng, schema["values"], item, names) for key, item in datum.items()}
    return datum


def fits(schema, datum, names):
    schema = names.get(schema, schema) if isinstance(schema, str) else schema
    kind = schema if isinstance(schema, str) else schema["type"]
    return {"record": dict, "map": dict, "array": list, "string": str, "enum": str, "bytes": bytes, "fixed": bytes, "boolean": bool,
            "int": int, "long": int, "float": float, "double": float}[kind] is type(datum)


# ---- the datum that Apache Avro reads, as our JSON ----

def as_json(schema, datum, names):
    if isinstance(schema, str):
        if schema in names:
            return as_json(names[schema], datum, names)
        return base64.b64encode(datum).decode() if schema == "bytes" else datum
    if isinstance(schema, list):
        return None if datum is None else as_json([b for b in schema if b != "null"][0], datum, names)
    if is_named(schema):
        names[schema["name"]] = schema
    logical = schema.get("logicalType")
    if logical == "decimal":
        return int.from_bytes(datum, "big", signed=True) / 10 ** schema["scale"]
    if logical == "json":
        return json.loads(datum)
    if logical == "timestamp-millis":
        seconds, millis = divmod(datum, 1000)
        return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % millis
    if schema["type"] == "record":
        out = {}
        for field in schema["fields"]:
            out[field["name"]] = as_json(field["type"], datum[field["name"]], names)
        return out
    if schema["type"] == "array":
        return [as_json(schema["items"], item, names) for item in datum]
    if schema["type"] == "map":
        return {key: as_json(schema["values"], item, names) for key, item in datum.items()}
    return datum


def is_equal(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return all(is_equal(a.get(key), b.get(key)) for key in set(a) | set(b)) # an absent field is left out
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(is_equal, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, (int, float)) and isinstance(b, (int, float)) and math.isclose(a, b, rel_tol=1e-6)
    return a == b


# ---- a round ----

def read_by_avro(writer, reader, data):
    try:
        return avro.io.DatumReader(writer, reader).read(avro.io.BinaryDecoder(io.BytesIO(data))), None
    except (avro.errors.AvroException, UnicodeDecodeError) as error:
        return None, error


def rounds(rng, ours, count):
    for _ in range(count):
        name = rng.choice(sorted(ours))
        changed = evolve(rng, copy.deepcopy(ours[name]), [0])
        try:
            writer = avro.schema.parse(json.dumps(plain(changed)))
        except avro.errors.AvroException:
            continue # a union with two branches of one kind
        reader = avro.schema.parse(json.dumps(plain(ours[name])))
        for _ in range(4):
            datum = of_logical(rng, changed, random_value(rng, writer), {})
            out = io.BytesIO()
            avro.io.DatumWriter(writer).write(datum, avro.io.BinaryEncoder(out))
            yield name, changed, out.getvalue(), read_by_avro(writer, reader, out.getvalue())


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    lines = subprocess.run([program, "schemas"], capture_output=True, text=True, check=True).stdout.rstrip("\n").split("\n")
    ours = {name: json.loads(schema) for name, schema in (line.split("\t") for line in lines)}
    cases = list(rounds(random.Random(seed), ours, count))
    asked = "".join("%s\t%s\t%s\n" % (name, json.dumps(schema), data.hex()) for name, schema, data, _ in cases)
    answers = subprocess.run([program], input=asked, capture_output=True, text=True, check=True).stdout.rstrip("\n").split("\n")
    assert len(answers) == len(cases), "%d answers to %d questions" % (len(answers), len(cases))
    wrong = refused = 0
    for (name, schema, data, (datum, error)), answer in zip(cases, answers):
        refused += error is not None
        if error is not None and answer[:2] in ("! ", "~ "):
            continue
        if error is None and answer[:2] != "! " and is_equal(as_json(ours[name], datum, {}), json.loads(answer.removeprefix("~ "))):
            continue
        wrong += 1
        if wrong <= 3:
            expected = "refused: %s" % error if error else json.dumps(as_json(ours[name], datum, {}))
            print("%s\nwritten by %s\nbytes %s\nApache Avro: %s\nours:        %s\n" % (name, json.dumps(schema), data.hex(), expected, answer))
    print("seed %d: %d values, %d refused, %d differ" % (seed, len(cases), refused, wrong))
    sys.exit(1 if wrong or len(cases) < count else 0)


main()
