"""All sequences of up to five records over four timestamps, against naive references.

A reference is what the documentation says, said again as plainly as can be: it keeps every record and looks at all of them
each time. It shares nothing with the engine and nothing with Kafka Streams; `run --exhaustive --kafka` asks Kafka Streams too,
so that a mistake of a reference would not be taken for a truth.

Where records may be without a value, sequences of four are all that is asked for each time: those of five are a million for
each test, which `--long` runs."""
import itertools

LONGEST = 5
BATCH = 20_000  # sequences in memory at once


# ---- aggregates: the count of each window ----

class TimeWindows:
    """A record counts in every window of `size` that begins at a multiple of `advance`, holds it, and is not closed."""

    def __init__(self, size, advance, grace):
        self.size, self.advance, self.grace = size, advance, grace
        self.now, self.accepted = 0, {}

    def step(self, topic, key, value, at):
        self.now = max(self.now, at)
        changes = []
        for start in range(0, at + 1, self.advance):
            if at < start + self.size and start + self.size > self.now - self.grace:
                times = self.accepted.setdefault((key, start), [])
                times.append(at)
                changes.append((key, start, len(times), max(times)))
        return self.show(changes)

    def show(self, changes):
        return [f'"{key}"@{start} #{count} {at}' for key, start, count, at in changes]


class FinalWindows(TimeWindows):
    """The same, but a window speaks once, when no record can change it any more; and only when time has moved on."""

    def __init__(self, size, advance, grace):
        super().__init__(size, advance, grace)
        self.told = set()

    def step(self, topic, key, value, at):
        super().step(topic, key, value, at)
        closed = sorted((start, window_key) for window_key, start in self.accepted
                        if start + self.size <= self.now - self.grace and (window_key, start) not in self.told)
        self.told |= {(window_key, start) for start, window_key in closed}
        return self.show([(window_key, start, len(self.accepted[window_key, start]), max(self.accepted[window_key, start]))
                          for start, window_key in closed])


class Unlimited:
    """All records from a time on are in one window, which has no end."""

    def __init__(self, start):
        self.start, self.times = start, {}

    def step(self, topic, key, value, at):
        if at < self.start:
            return []
        times = self.times.setdefault(key, [])
        times.append(at)
        return [f'"{key}"@{self.start} #{len(times)} {max(times)}']


class SlidingWindows:
    """Windows [at - difference, at] of each record, and those that begin right behind a record, as far as they hold records."""

    def __init__(self, difference):
        self.difference, self.times = difference, {}

    def windows(self, times):
        starts = {at - self.difference for at in times} | {at + 1 for at in times}
        held = {start: [at for at in times if start <= at <= start + self.difference] for start in starts}
        return {start: inside for start, inside in held.items() if inside}

    def step(self, topic, key, value, at):
        before = self.windows(self.times.get(key, []))
        self.times.setdefault(key, []).append(at)
        after = self.windows(self.times[key])
        return sorted(f'"{key}"@{start} #{len(inside)} {max(inside)}' for start, inside in after.items() if inside != before.get(start))


class Sessions:
    """Records up to `gap` apart are together. Sessions that a record joins leave, and come back as one; but for one that is
    nothing but that moment."""

    def __init__(self, gap, grace):
        self.gap, self.grace, self.now, self.sessions = gap, grace, 0, {}

    def step(self, topic, key, value, at):
        self.now = max(self.now, at)
        sessions = self.sessions.setdefault(key, [])
        met = [times for times in sessions if min(times) - self.gap <= at <= max(times) + self.gap]
        merged = sorted(sum(met, []) + [at])
        if merged[-1] < self.now - self.grace - self.gap:
            return []
        gone = met if merged[0] != merged[-1] else []
        self.sessions[key] = [times for times in sessions if times not in met] + [merged]
        return [f'"{key}"@{max(times)}@{min(times)} null {max(times)}' for times in sorted(gone)] + \
               [f'"{key}"@{merged[-1]}@{merged[0]} #{len(merged)} {merged[-1]}']


# ---- joins ----

class StreamJoin:
    """Pairs of records of two topics up to `within` apart; who meets nobody leaves alone when the window is over (left, outer).
    What is older than the window and its grace, by the time of its own side, is forgotten."""

    def __init__(self, kind, within, grace):
        self.within, self.grace, self.now = within, grace, -1
        self.alone = {"inner": [], "left": ["in0"], "outer": ["in0", "in1"]}[kind]
        self.records = {"in0": [], "in1": []}
        self.waiting = []

    def pair(self, topic, value, other):
        return f'"{value}+{other}"' if topic == "in0" else f'"{other}+{value}"'

    def close(self):
        closed = sorted((at, topic == "in0", value, key, topic) for key, topic, value, at in self.waiting if at + self.within + self.grace < self.now)
        self.waiting = [wait for wait in self.waiting if wait[3] + self.within + self.grace >= self.now]
        return [f'"{key}" {self.pair(topic, value, "null")} {at}' for at, _, value, key, topic in closed]

    def remembered(self, topic):
        newest = max((at for _, _, at in self.records[topic]), default=0)
        return [record for record in self.records[topic] if record[2] > newest - 2 * self.within - self.grace]

    def step(self, topic, key, value, at):
        self.now = max(self.now, at)
        out = self.close() if at == self.now else []
        self.records[topic].append((key, value, at))
        other_topic = "in1" if topic == "in0" else "in0"
        others = [record for record in self.remembered(other_topic) if record[0] == key and abs(record[2] - at) <= self.within]
        for _, other, other_at in sorted(others, key=lambda record: record[2]):
            self.waiting = [wait for wait in self.waiting if (wait[0], wait[1], wait[3]) != (key, other_topic, other_at)]
            out.append(f'"{key}" {self.pair(topic, value, other)} {max(at, other_at)}')
        if not others and topic in self.alone:
            if at + self.within < self.now:
                out.append(f'"{key}" {self.pair(topic, value, "null")} {at}')
            else:
                self.waiting.append((key, topic, value, at))
        return out


class TableJoin:
    """The join of the latest rows of two tables, told whenever it may have changed. Rows are replaced by later arrivals."""

    def __init__(self, kind):
        self.kind, self.rows = kind, {"in0": {}, "in1": {}}

    def result(self, key):
        left, right = (self.rows[topic].get(key) for topic in ("in0", "in1"))
        if {"inner": left and right, "left": left, "outer": left or right}[self.kind]:
            return "+".join(row[0] if row else "null" for row in (left, right))
        return None

    def step(self, topic, key, value, at):
        before, had = self.result(key), self.rows[topic].get(key)
        self.rows[topic].pop(key, None)
        if value is not None:
            self.rows[topic][key] = (value, at)
        other = self.rows["in1" if topic == "in0" else "in0"].get(key)
        after = self.result(key)
        needs_other = self.kind == "inner" or (self.kind == "left" and topic == "in1")
        if not other and (needs_other or (value is None and had is None)):
            return []
        told_at = max(at, other[1]) if other else at
        return ['"%s" %s %d' % (key, f'"{after}"' if after else "null", told_at)] if other or before or after else []


class StreamTableJoin:
    """The row that a table holds when a record of a stream comes: rows are replaced by later arrivals, whatever their time."""

    def __init__(self, kind):
        self.kind, self.rows = kind, {}

    def step(self, topic, key, value, at):
        if topic == "in1":
            self.rows[key] = value
            return []
        row = self.rows.get(key)
        if value is None or (row is None and self.kind == "inner"):
            return []
        return [f'"{key}" "{value}+{row or "null"}" {at}']


# ---- suppress ----

class FinalCounts(TimeWindows):
    """Counts of windows, each told once: when time has passed its end and grace, in order of ends and keys."""

    def __init__(self, size, advance, grace):
        super().__init__(size, advance, grace)
        self.held = {}

    def show(self, changes):
        self.held |= {(start + self.size, key): (start, count, at) for key, start, count, at in changes}
        over = sorted(held for held in self.held if held[0] <= self.now - self.grace)
        rows = [(key, *self.held.pop((end, key))) for end, key in over]
        return super().show(rows)


class HeldBack:
    """The latest value of a key, so long after the first that waits; sooner where more than `most` keys wait."""

    def __init__(self, wait, most):
        self.wait, self.most, self.now, self.held = wait, most, 0, {}

    def step(self, topic, key, value, at):
        self.now = max(self.now, at)
        first = self.held.get(key, (at,))[0]
        self.held[key] = (first, value, at)
        out = []
        for first, key in sorted((first, key) for key, (first, _, _) in self.held.items()):
            if first <= self.now - self.wait or len(self.held) > self.most:
                _, value, at = self.held.pop(key)
                out.append(f'"{key}" "{value}" {at}' if value else f'"{key}" null {at}')
        return out


# ---- topologies, timestamps, alphabets ----

def counted(window):
    return [{"op": "stream", "id": "s", "topic": "in0"}, {"op": "group", "id": "g", "in": "s"},
            {"op": "count", "id": "t", "in": "g", "store": "counts", "value": "L", "window": window},
            {"op": "changes", "id": "c", "in": "t"}, {"op": "to", "in": "c", "topic": "out"}]


def joined(kind, within, grace):
    return [{"op": "stream", "id": "a", "topic": "in0"}, {"op": "stream", "id": "b", "topic": "in1"},
            {"op": "join", "id": "j", "in": "a", "other": "b", "name": "join", "fn": "pair", "kind": kind, "within": within, "grace": grace, "stores": []},
            {"op": "to", "in": "j", "topic": "out"}]


def looked_up(kind):
    return [{"op": "stream", "id": "a", "topic": "in0"}, {"op": "table", "id": "b", "topic": "in1", "store": "right"},
            {"op": "join_table", "id": "j", "in": "a", "other": "b", "fn": "pair", "kind": kind}, {"op": "to", "in": "j", "topic": "out"}]


def held_back(**bounds):
    return [{"op": "table", "id": "t", "topic": "in0", "store": "rows"}, {"op": "suppress", "id": "s", "in": "t", "label": "held", **bounds},
            {"op": "changes", "id": "c", "in": "s"}, {"op": "to", "in": "c", "topic": "out"}]


def counted_at_last(window):
    ops = counted(window)
    ops[3:4] = [{"op": "suppress", "id": "u", "in": "t", "label": "held", "until_window_closes": True}, {"op": "changes", "id": "c", "in": "u"}]
    return ops


def tables(kind):
    return [{"op": "table", "id": "a", "topic": "in0", "store": "left"}, {"op": "table", "id": "b", "topic": "in1", "store": "right"},
            {"op": "join_tables", "id": "j", "in": "a", "other": "b", "fn": "pair", "kind": kind},
            {"op": "changes", "id": "c", "in": "j"}, {"op": "to", "in": "c", "topic": "out"}]


def letters(topics, keys, times, values=("v",)):
    return list(itertools.product(topics, keys, values, times))


TESTS = {
    "tumbling": (counted({"kind": "time", "size": 10, "grace": 5}), lambda: TimeWindows(10, 10, 5), letters(["in0"], "kl", [100, 109, 110, 115]), 5),
    "hopping": (counted({"kind": "time", "size": 10, "advance": 5, "grace": 5}), lambda: TimeWindows(10, 5, 5), letters(["in0"], "kl", [100, 109, 110, 115]), 5),
    "on-close": (counted({"kind": "time", "size": 10, "grace": 5, "emit": "close"}), lambda: FinalWindows(10, 10, 5), letters(["in0"], "kl", [100, 109, 110, 125]), 5),
    "sliding": (counted({"kind": "sliding", "difference": 10, "grace": 100}), lambda: SlidingWindows(10), letters(["in0"], "kl", [100, 105, 110, 111]), 5),
    "session": (counted({"kind": "session", "gap": 5, "grace": 5}), lambda: Sessions(5, 5), letters(["in0"], "kl", [100, 105, 106, 117]), 5),
    **{f"stream-{kind}": (joined(kind, 10, 5), lambda kind=kind: StreamJoin(kind, 10, 5), letters(["in0", "in1"], "k", [102, 110, 111, 126]), 5)
       for kind in ("inner", "left", "outer")},
    "unlimited": (counted({"kind": "unlimited", "start": 105}), lambda: Unlimited(105), letters(["in0"], "kl", [100, 104, 105, 110]), 5),
    "suppress-final": (counted_at_last({"kind": "time", "size": 10, "grace": 5}), lambda: FinalCounts(10, 10, 5), letters(["in0"], "kl", [100, 109, 110, 125]), 5),
    "suppress-hopping": (counted_at_last({"kind": "time", "size": 10, "advance": 5, "grace": 5}), lambda: FinalCounts(10, 5, 5),
                         letters(["in0"], "kl", [100, 109, 112, 125]), 5),
    "suppress-time": (held_back(until=10), lambda: HeldBack(10, 9), letters(["in0"], "kl", [100, 105, 110, 115]), 5),
    "suppress-tombstones": (held_back(until=10), lambda: HeldBack(10, 9), letters(["in0"], "kl", [100, 105, 110, 115], ("v", None)), 4),
    "suppress-bound": (held_back(until=10, max_records=1), lambda: HeldBack(10, 1), letters(["in0"], "kl", [100, 105, 110, 115]), 5),
    "suppress-bound-tombstones": (held_back(until=10, max_records=1), lambda: HeldBack(10, 1), letters(["in0"], "kl", [100, 105, 110, 115], ("v", None)), 4),
    **{f"stream-table-{kind}": (looked_up(kind), lambda kind=kind: StreamTableJoin(kind), letters(["in0", "in1"], "k", [100, 101, 102, 103]), 5)
       for kind in ("inner", "left")},
    **{f"stream-table-tombstones-{kind}": (looked_up(kind), lambda kind=kind: StreamTableJoin(kind), letters(["in0", "in1"], "k", [100, 101, 102, 103], ("v", None)), 4)
       for kind in ("inner", "left")},
    **{f"table-only-rows-{kind}": (tables(kind), lambda kind=kind: TableJoin(kind), letters(["in0", "in1"], "k", [100, 101, 102, 103]), 5)
       for kind in ("inner", "left", "outer")},
    **{f"table-{kind}": (tables(kind), lambda kind=kind: TableJoin(kind), letters(["in0", "in1"], "k", [100, 101, 102, 103], ("v", None)), 4)
       for kind in ("inner", "left", "outer")},
}


def sequences(alphabet, longest):
    """Values are numbered, so that results tell records apart."""
    for length in range(1, longest + 1):
        for sequence in itertools.product(alphabet, repeat=length):
            yield [[topic, key, value and f"{value}{at}", time] for at, (topic, key, value, time) in enumerate(sequence)]


def expected_lines(reference, records):
    return [f"out {at} out {line}" for at, record in enumerate(records) for line in reference.step(*record)]


def cases_of(name, is_long):
    ops, _, alphabet, longest = TESTS[name]
    for number, records in enumerate(sequences(alphabet, LONGEST if is_long else longest)):
        yield {"name": f"{name}-{number}", "in_memory": True, "ops": ops, "input": records}


def batches(cases):
    cases = iter(cases)
    while batch := list(itertools.islice(cases, BATCH)):
        yield batch


def in_any_order(name, lines):
    """Windows that one record changes may be told in any order by the reference for sliding windows."""
    return sorted(lines) if name == "sliding" else lines


def first_difference(name, batch, results):
    """The first case that one of the engines does otherwise than the reference, as text; None: there is none."""
    for case, (theirs, ours) in zip(batch, results):
        wanted = in_any_order(name, expected_lines(TESTS[name][1](), case["input"]))
        for who, lines in (("Weir", ours), ("Kafka Streams", theirs)):
            got = wanted if lines is None else in_any_order(name, [line for line in lines if line.startswith(("out", "failed"))])
            if got != wanted:
                records = "\n".join(f"  {record}" for record in case["input"])
                return f"{case['name']}\n{records}\n  expected {wanted}\n  {who} {got}"
    return None


def compare(engines, name, with_kafka, is_long):
    """(number of sequences, the first that differs as text or None)"""
    count = 0
    for batch in batches(cases_of(name, is_long)):
        results = engines.run(batch, name) if with_kafka else [(None, ours) for ours in engines.run_weir(batch, name)]
        count += len(batch)
        problem = first_difference(name, batch, results)
        if problem:
            return count, problem
    return count, None
