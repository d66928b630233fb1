"""Makes a failing case small: operations and records are left out as long as it fails in the same way."""
import copy

from engines import kind_of_difference


def inputs_of(op):
    return [op[name] for name in ("in", "other") if name in op] + op.get("others", [])


def outputs_of(op):
    return op.get("ids", [op["id"]] if "id" in op else [])


def without_op(case, index):
    """The case without the operation and all that depends on it."""
    gone, ops = set(outputs_of(case["ops"][index])), []
    for i, op in enumerate(case["ops"]):
        if i == index or gone & set(inputs_of(op)):
            gone |= set(outputs_of(op))
        else:
            ops.append(op)
    return with_ops(case, ops)


def around_op(case, index):
    """The case with the operation's readers behind its input."""
    op = case["ops"][index]
    before = {name: other for other in case["ops"] for name in outputs_of(other)}.get(op.get("in"))
    if not before or not outputs_of(op) or before["type"] != op["type"]:
        return None
    ops = copy.deepcopy([other for i, other in enumerate(case["ops"]) if i != index])
    for other in ops:
        for name in ("in", "other"):
            if other.get(name) in outputs_of(op):
                other[name] = op["in"]
        if "others" in other:
            other["others"] = [op["in"] if name in outputs_of(op) else name for name in other["others"]]
    return with_ops(case, ops)


def with_ops(case, ops):
    topics = {topic for op in ops if op["op"] in ("stream", "table", "global", "global_store") for topic in [op["topic"], *op.get("also", [])]}
    records = [record for record in case["input"] if len(record) == 1 or record[0] in topics]
    return {**case, "ops": ops, "input": records}


def is_whole(case):
    """Something is there, and every group is aggregated: one that is not is no node in Kafka Streams."""
    read = {name for op in case["ops"] for name in inputs_of(op)}
    return case["ops"] and all(op["id"] in read for op in case["ops"] if op["op"].startswith("group"))


def smaller_ops(case):
    for index in range(len(case["ops"])):
        yield without_op(case, index)
        yield around_op(case, index)


def smaller_inputs(case):
    records = case["input"]
    size = len(records)
    while size >= 1:
        for start in range(0, len(records), size):
            yield {**case, "input": records[:start] + records[start + size:]}
        size //= 2


def simpler_records(case):
    for index, record in enumerate(case["input"]):
        if len(record) > 4:
            yield {**case, "input": case["input"][:index] + [record[:4]] + case["input"][index + 1:]}


def shrink(engines, case, kind):
    """The smallest case found that still differs in `kind`, and what the engines say of it."""
    best = None
    while True:
        for family in (smaller_ops, smaller_inputs, simpler_records):
            candidates = [candidate for candidate in family(case) if candidate and is_whole(candidate)][:400]
            results = engines.run(candidates, "shrink")
            failing = [(candidate, result) for candidate, result in zip(candidates, results)
                       if kind_of_difference(*result) == kind and is_fair(case, kind, result)]
            if failing:
                case, best = min(failing, key=lambda item: (len(item[0]["ops"]), len(item[0]["input"])))
                break
        else:
            return case, best


def is_fair(case, kind, result):
    """A topology that Weir rightly refuses, or that the oracle cannot build, is no smaller form of a failure."""
    expected, actual = result
    if any(line.startswith("failed") for line in expected):
        return False
    return kind != "failed" or any(line.startswith("describe") for line in actual)
