"""Generated cases: a topology of a few operations and the records that go through it, from a seed.

A case is one JSON object; java/Build.java and build.c build the topology, java/Run.java and run_cases.c run it:
  name, ops, input  [topic, key, value, timestamp, [[header, value]…]], or [milliseconds] to turn the wall clock
  binary     keys and values are any bytes, written as the characters 0 to 255
  in_memory  Kafka Streams keeps its stores in memory and not in RocksDB
  reuse_topics  a table's topic is its changelog (topology.optimization)
  dead_letters  what cannot be read or processed goes to a topic, and is not only counted
"""
import random

from records import Records

TIMESTAMPS = ["shifted", "stalled", "negative"]
TESTS = ["all", "live", "dead", "even", "most", "key-even", "none", "fragile"]
VALUES = ["same", "bang", "keyed", "short", "blank", "empty", "weigh", "parity", "fragile"]
FOREIGN_KEYS = ["spread", "spread", "foreign", "same"]
KEYS = ["same", "spread", "spread", "foreign", "mixed", "mixed", "fragile"]
FLATS = ["same", "both", "twice"]
REDUCERS = {"S": ["join", "join", "last", "fragile"], "L": ["sum", "last", "most"]}
AGGREGATORS = {"S": ["join", "join", "log", "fragile"], "L": ["sum", "total", "most"]}
WINDOWS = ["time", "time", "time", "sliding", "session", "session", "unlimited"]
KEYS_OF = {"time": "T", "sliding": "T", "unlimited": "T", "session": "E"}
UNLOGGED = ["table", "to_table", "filter", "filter_not", "map_values", "transform_values", "count", "reduce", "aggregate", "cogroup", "join_tables", "join_foreign"]
JOINERS = ["pair"] * 4 + ["gap", "fragile"]


class Handle:
    """A stream, table or group while a topology grows: what may be done with it follows from its types."""

    def __init__(self, name, kind, key="S", value="S", window=None, moved=False, topics=frozenset(), sources=None, is_behind=False):
        self.name, self.kind, self.key, self.value, self.window, self.moved = name, kind, key, value, window, moved
        self.used = False
        self.versioned = False  # a table that can be asked what it was at a time
        self.kept = True  # a table that keeps no rows may not be asked for what a change replaces
        self.stored = False  # its operation has a store; without one Kafka Streams does not know how to write its values
        self.is_readable = True  # false: Kafka Streams finds no rows of it (a cogrouped table of windows)
        self.of_versions = False  # a versioned table is among what it is made of
        self.topics, self.is_behind = topics, is_behind  # that it is made of; an internal topic lies between
        self.sources = topics if sources is None else sources  # through which its records come into their task

    def types(self):
        return [self.key, self.value, str(self.window)]


def agree_on_time(*handles):
    """Behind an internal topic Weir judges lateness by the stream time of the input that a record came from, Kafka Streams by
    that of the reading task (DECISIONS 12): with one input they are the same (Topology.inputs_of)."""
    return len(frozenset().union(*(handle.topics for handle in handles))) <= 1 or not any(handle.is_behind for handle in handles)


class Topology:
    def __init__(self, rng):
        self.rng = rng
        self.ops, self.handles = [], []
        self.names = 0
        self.unit = rng.choice([1, 10, 1000, 30_000])  # of windows and of steps in time, in milliseconds
        self.edges = [self.unit]  # distances in time where something changes
        self.clocks = set()
        self.topics = []
        self.read_twice = set()
        self.plain_topics = []  # that several streams may be of
        self.number_topics = set()  # of these topics values are numbers
        self.at_least = 0  # the earliest time
        self.outputs = {}  # the latest topic that is written to, of each kind of records
        self.partitions = rng.choice([None, None, 1, 7])  # of what is repartitioned: the same for all that may meet
        self.globals = []
        self.global_stores = []
        self.must_have_keys = False
        self.self_joins = set()  # kinds of joins of a stream with itself

    # ---- pieces ----

    def new_name(self, letter):
        self.names += 1
        return f"{letter}{self.names}"

    def op(self, what, **fields):
        fields = {name: value for name, value in fields.items() if value is not None}
        if "store" in fields and what in UNLOGGED and self.rng.random() < 0.1:
            fields["no_log"] = True
        self.ops.append({"op": what, **fields})

    def add(self, what, like, kind=None, **fields):
        """Adds an operation behind `like` and a handle for what comes out of it."""
        types = {name: fields.pop(name, getattr(like, name)) for name in ("key", "window", "moved")}
        out, beside = fields.pop("out", like.value), fields.pop("beside", [])
        made = Handle(self.new_name("h"), kind or like.kind, value=out, **self.inputs_of(what, like, beside, fields.get("name")), **types)
        made.kept = fields.get("store") is not None or like.kept
        made.is_readable = like.is_readable or fields.get("store") is not None
        made.stored = fields.get("store") is not None or (like.stored and what in ("filter", "filter_not"))
        is_step = what in ("filter", "filter_not", "map_values") and fields.get("store") is None
        made.versioned = fields.get("history") is not None or (is_step and like.versioned)
        made.of_versions = made.versioned or any(handle.of_versions for handle in [like, *beside])
        for other in beside:
            other.used = True
        self.op(what, id=made.name, **{"in": like.name}, **fields, type=made.types())
        self.handles.append(made)
        like.used = True
        return made

    def inputs_of(self, what, like, beside, name):
        """What a task sends through an internal topic has the time of the source that caused it. Its other sources may be ahead,
        though all are of one topic, and so may a record that has met theirs: then they count as inputs."""
        handles, through = [like, *beside], name if what != "join" else None
        topics = frozenset().union(*(handle.topics for handle in handles))
        sources = like.sources if what == "join_table" else frozenset().union(*(handle.sources for handle in handles))
        if what == "join_foreign":
            sources |= {"subscriptions"}
        if through and len(sources) > 1:
            topics |= sources
        return {"topics": topics, "sources": frozenset([through]) if through else sources,
                "is_behind": through is not None or any(handle.is_behind for handle in handles)}

    def pick(self, kind, wanted=lambda handle: True):
        """Prefers what nobody reads yet."""
        found = [h for h in self.handles if h.kind == kind and wanted(h)]
        fresh = [h for h in found if not h.used]
        if fresh and self.rng.random() < 0.8:
            found = fresh
        return self.rng.choice(found) if found else None

    # ---- sources ----

    def new_topic(self):
        self.topics.append(f"in{len(self.topics)}")
        return self.topics[-1]

    def source(self, kind, kept=None):
        rng = self.rng
        if kind == "stream" and self.plain_topics and rng.random() < 0.2:
            return self.read_again(rng.choice(self.plain_topics))
        topic = self.new_topic()
        made = Handle(self.new_name("h"), kind, topics=frozenset([topic]))
        made.kept = rng.random() < 0.85 if kept is None else kept
        made.stored = kind == "table" and made.kept
        store = self.new_name("store-") if made.stored else None
        history = self.history(store)
        made.versioned = made.of_versions = history is not None
        also = [self.new_topic()] if kind == "stream" and rng.random() < 0.1 else None
        timestamp = rng.choice(TIMESTAMPS) if rng.random() < 0.15 else None
        if kind == "stream" and rng.random() < 0.1:
            made.value = "L"
            self.number_topics |= {topic, *(also or [])}
        made.topics |= frozenset(also or [])
        made.sources = made.topics
        if kind == "stream" and not also and not timestamp and made.value == "S":
            self.plain_topics.append(topic)
        pattern = f"in({topic[2:]}|{also[0][2:]})" if also and len(self.topics) % 2 == 0 else None
        self.op(kind, id=made.name, topic=topic, also=also, pattern=pattern, timestamp=timestamp, store=store, history=history, type=made.types())
        self.handles.append(made)
        return made

    def read_again(self, topic):
        made = Handle(self.new_name("h"), "stream", topics=frozenset([topic]))
        self.read_twice.add(topic)
        self.op("stream", id=made.name, topic=topic, type=made.types())
        self.handles.append(made)
        return made

    def kept_source(self):
        return self.source("table", True)

    def history(self, store, window=None):
        """Of a store that keeps versions; None: it keeps none."""
        if not store or window or self.rng.random() >= 0.3:
            return None
        history = self.rng.choice([1, 3, 10, 30]) * self.unit
        self.edges.append(history)
        return history

    def kept_in(self, store):
        return {"store": store, "history": self.history(store)}

    def stream(self, wanted=lambda handle: True):
        return self.pick("stream", wanted) or self.source("stream")

    def table(self, wanted=lambda handle: True):
        return self.pick("table", wanted) or self.source("table")

    # ---- operations ----

    def stream_or_table(self):
        return self.table() if self.rng.random() < 0.4 else self.stream()

    def store_of(self, like):
        """Tables may keep their rows; a windowed one would keep them in a plain store in Kafka Streams."""
        return self.new_name("store-") if like.kind == "table" and like.key == "S" and self.rng.random() < 0.5 else None

    def filter(self):
        like = self.stream_or_table()
        self.add(self.rng.choice(["filter", "filter_not"]), like, fn=self.rng.choice(TESTS), **self.kept_in(self.store_of(like)), **self.named(like))

    def named(self, like):
        return {"as": self.new_name("my-")} if like.kind == "stream" and self.rng.random() < 0.1 else {}

    def value_function(self, like):
        fn = self.rng.choice(VALUES)
        return fn, "L" if fn in ("weigh", "parity") else like.value if fn in ("same", "fragile") else "S"

    def map_values(self):
        like = self.stream_or_table()
        fn, out = self.value_function(like)
        self.add("map_values", like, fn=fn, value=out, out=out, **self.kept_in(self.store_of(like)), **self.named(like))

    def transform_values(self):
        """By a function that may keep a store of its own; then the result is kept too, so that nobody asks the function again."""
        like = self.table()
        if like.key == "S" and self.rng.random() < 0.6:
            self.add("transform_values", like, keeps=self.new_name("store-"), store=self.new_name("store-"), value="S", out="S")
        else:
            fn, out = self.rng.choice([("bang", "S"), ("weigh", "L"), ("blank", "S")])
            self.add("transform_values", like, fn=fn, store=self.store_of(like), value=out, out=out)

    def map(self):
        like = self.stream()
        value_fn, out = self.value_function(like)
        self.add("map", like, fn=self.rng.choice(KEYS), value_fn=value_fn, value=out, out=out, key="S", window=None, moved=True)

    def select_key(self):
        like = self.stream()
        self.add("select_key", like, fn=self.rng.choice(KEYS), key="S", window=None, moved=True, **self.named(like))

    def flat_map_values(self):
        like = self.stream()
        self.add("flat_map_values", like, fn=self.rng.choice(["once", "some", "twice"]), value=like.value)

    def foreach(self):
        self.op("foreach", **{"in": self.stream().name})

    def repartition(self):
        like = self.stream(lambda h: h.key == "S")
        self.add("repartition", like, name=self.new_name("by-"), partitions=self.partitions, moved=False)

    def to_table(self):
        like = self.stream(lambda h: h.key == "S" and not h.moved)
        self.add("to_table", like, "table", **self.kept_in(self.new_name("store-")))

    def flat_map(self):
        like = self.stream()
        self.add("flat_map", like, fn=self.rng.choice(FLATS), value=like.value, key="S", window=None, moved=True)

    def peek(self):
        like = self.stream()
        self.add("peek", like, **self.named(like))

    def branch(self):
        like = self.stream()
        fns = [self.rng.choice(TESTS) for _ in range(self.rng.randint(1, 3))]
        rest = self.rng.random() < 0.5
        self.op("branch", **{"in": like.name}, fns=fns, rest=rest, ids=self.copies(like, len(fns) + rest), type=like.types())

    def copies(self, like, count):
        """Names of new handles for streams like this one."""
        made = [Handle(self.new_name("h"), "stream", like.key, like.value, like.window, like.moved, like.topics, like.sources, like.is_behind) for _ in range(count)]
        for handle in made:
            handle.of_versions = like.of_versions
        self.handles += made
        like.used = True
        return [handle.name for handle in made]

    def merge(self):
        left = self.stream()
        is_other = lambda h: h.types() == left.types() and not h.topics & left.topics & self.read_twice  # Weir merges no topic with itself
        alike = [h for h in self.handles if h.kind == "stream" and h is not left and is_other(h)]
        others = self.rng.sample(alike, min(len(alike), self.rng.choice([1, 1, 2])))
        if not others and left.types() == ["S", "S", "None"]:
            others = [source for source in [self.source("stream")] if is_other(source)]
        if others:
            self.add("merge", left, beside=others, others=[h.name for h in others], moved=left.moved or any(h.moved for h in others))

    def rekey(self):
        self.add("rekey", self.stream(), name=self.new_name("by-"), fn=self.rng.choice(KEYS), key="S", window=None, moved=False)

    def grouped(self):
        if self.rng.random() < 0.4:
            like = self.stream()
            return self.add("group_by", like, "grouped", name=self.new_name("by-"), fn=self.rng.choice(KEYS), key="S", window=None, moved=False)
        return self.add("group", self.stream(lambda h: h.key == "S" and not h.moved), "grouped")

    def window(self):
        """A kind of window, and distances in time at which something happens to it."""
        kind = self.rng.choice(WINDOWS)
        size, grace = self.rng.choice([2, 5, 10]) * self.unit, self.rng.choice([0, 0, 1, 3, 10]) * self.unit
        window = {"kind": kind}
        if kind == "unlimited":
            window["start"] = self.rng.choice([0, 0, 1_000_000 + size])
        else:
            window[{"time": "size", "sliding": "difference", "session": "gap"}[kind]] = size
            window["grace"] = grace
            self.edges += [size, grace, size + grace]
            if self.rng.random() < 0.2:
                window["retention"] = size * (2 if kind == "sliding" else 1) + grace + self.rng.choice([0, 1, size])
            if self.rng.random() < 0.25:
                window["emit"] = "close"
                window["retention"] = 10_000_000_000  # Kafka Streams forgets what it has let go before it was told
        if kind == "time" and self.rng.random() < 0.4:
            window["advance"] = self.rng.choice([size // 2, size // 5, size - 1, size]) or 1
            self.edges.append(window["advance"])
        self.at_least = 1 if kind == "session" else self.at_least  # a session [0, 0] looks like no window
        return window

    def aggregate(self):
        grouped = self.grouped()
        what = self.rng.choice(["count", "reduce", "aggregate"])
        window = self.window() if agree_on_time(grouped) and self.rng.random() < 0.6 else None
        value = {"count": "L", "reduce": grouped.value, "aggregate": self.rng.choice("SL")}[what]
        fn = {"count": None, "reduce": self.rng.choice(REDUCERS[value]), "aggregate": self.rng.choice(AGGREGATORS[value])}[what]
        store = self.new_name("store-")
        self.add(what, grouped, "table", store=store, history=self.history(store, window), fn=fn, window=window, key=KEYS_OF[window["kind"]] if window else "S", value=value, out=value)
        if window:
            self.ops[-1]["window"] = window

    def regroup(self):
        table = self.pick("table", lambda h: h.kept) or self.kept_source()
        value_fn, value = self.value_function(table)
        grouped = self.add("group_by", table, "grouped", name=self.new_name("by-"), fn=self.rng.choice(KEYS), value_fn=value_fn,
                           key="S", window=None, value=value, out=value)
        what = self.rng.choice(["count", "reduce", "aggregate"])
        value = {"count": "L", "reduce": grouped.value, "aggregate": self.rng.choice("SL")}[what]
        folds = {} if what == "count" else {"S": {"fn": "join", "subtract": "cut"}, "L": {"fn": "sum", "subtract": "less"}}[value]
        self.add(what, grouped, "table", **self.kept_in(self.new_name("store-")), value=value, out=value, **folds)

    def changes(self):
        table = self.pick("table")
        if table is not None:
            self.add("changes", table, "stream")

    def join(self):
        plain = lambda h: h.key == "S" and not h.moved
        left = self.stream(plain)
        right = self.pick("stream", plain) if self.rng.random() < 0.7 else None
        right = right or self.source("stream")
        if not agree_on_time(left, right) or (left is not right and left.topics & right.topics & self.read_twice):
            return  # of the latter Kafka Streams makes no self-join
        kind = self.rng.choice(["inner", "left", "outer"])
        # Weir deletes an unmatched record before the function is called, Kafka Streams behind it.
        joiners = JOINERS if kind == "inner" else [fn for fn in JOINERS if fn != "fragile"]
        name, size = self.new_name("join-"), self.rng.choice([1, 3, 10]) * self.unit
        reach = {"within": size}
        if self.rng.random() < 0.25:
            reach = self.rng.choice([{"before": size, "after": 0}, {"before": 0, "after": size}, {"before": size, "after": 2 * size},
                                     {"before": -self.unit, "after": size + self.unit}])
        grace = self.rng.choice([0, 0, self.unit, 5 * self.unit])
        self.edges += [size, size + grace, 2 * size + grace]
        stores = {"inner": ["this-join-store", "other-join-store"], "left": ["this-join-store", "outer-other-join-store", "left-shared-join-store"],
                  "outer": ["outer-this-join-store", "outer-other-join-store", "outer-shared-join-store"]}[kind]
        if left is right:
            self.self_joins.add(kind)
            stores = stores[:1] if kind == "inner" else stores
        self.add("join", left, beside=[right], other=right.name, name=name, fn=self.rng.choice(joiners), out="S", grace=grace, **reach,
                 stores=[f"{name}-{store}" for store in stores])
        self.ops[-1]["kind"] = kind

    def depends_on_stores(self):
        """Kafka Streams' window stores in memory learn of time from records without a value too, those on disk do not; when
        windows close both tell them in different orders; and a session that ends where the store does is a drop in memory only."""
        windows = [op.get("window") or {} for op in self.ops]
        return any(op["op"] == "join" for op in self.ops) or any("emit" in window or "gap" in window for window in windows)

    def join_table(self):
        left = self.stream(lambda h: not h.moved)
        right = self.pick("table", lambda h: h.key == left.key and h.window == left.window and h.kept and h.is_readable)
        if right is None and left.key == "S":
            right = self.kept_source()
        if right is not None:
            self.look_up(left, right)

    def look_up(self, left, right):
        waiting = self.waiting(right)
        joiners = [fn for fn in JOINERS if fn != "fragile"] if waiting else JOINERS
        self.add("join_table", left, beside=[right], other=right.name, kind=None, out="S", **waiting, **{"fn": self.rng.choice(joiners)})
        is_keyless = left.is_behind and "grace" in self.ops[-1]  # a left join lets records without a key through, at which Kafka Streams fails
        self.ops[-1]["kind"] = self.rng.choice(["inner"] if is_keyless else ["inner", "left"])

    def look_up_own(self):
        """A table of windows, by those of its own changes that were held back."""
        table = self.pick("table", lambda h: h.window and h.is_readable and self.may_be_held(h)) or self.windowed_twins()[1]
        self.look_up(self.add("changes", self.hold(table), "stream"), table)

    def holds_back(self):
        """What fails behind such an operation is a dead letter with the place of another record in Kafka Streams."""
        return any(op["op"] == "suppress" or (op["op"] == "join_table" and "grace" in op) for op in self.ops)

    def waiting(self, table):
        """Of a stream-table join: records wait for the row of their time."""
        if not table.versioned or self.rng.random() < 0.3:
            return {}
        grace = self.rng.choice([1, 2]) * self.unit // 2 or 1  # no history is shorter
        self.edges.append(grace)
        name = self.new_name("wait-")
        self.must_have_keys = True  # Kafka Streams fails at a record that has none
        return {"as": name, "grace": grace, "store": name + "-Buffer"}

    def windowed_twins(self):
        """Two tables of the same windows of one group."""
        group = self.add("group", self.stream(lambda h: h.key == "S" and not h.moved and agree_on_time(h)), "grouped")
        window = self.window()
        key = KEYS_OF[window["kind"]]
        twins = []
        for what, fn in (("count", None), ("aggregate", self.rng.choice(AGGREGATORS["S"]))):
            value = "L" if what == "count" else "S"
            twins.append(self.add(what, group, "table", store=self.new_name("store-"), fn=fn, window=window, key=key, value=value, out=value))
            self.ops[-1]["window"] = window
        return twins

    def join_tables(self):
        if self.rng.random() < 0.2:
            left, right = self.windowed_twins()
        else:
            left = self.pick("table", lambda h: h.key == "S" and h.kept) or self.kept_source()
            right = self.pick("table", lambda h: h is not left and h.key == "S" and h.kept) or self.kept_source()
        store = self.new_name("store-") if left.key == "S" and self.rng.random() < 0.5 else None
        self.add("join_tables", left, beside=[right], other=right.name, **self.kept_in(store), out="S", fn=self.rng.choice(JOINERS))
        self.ops[-1]["kind"] = self.rng.choice(["inner", "left", "outer"])

    def join_foreign(self):
        is_plain = lambda h: h.key == "S" and h.stored
        left = self.pick("table", is_plain) or self.kept_source()
        right = self.pick("table", lambda h: h is not left and is_plain(h)) or self.kept_source()
        store = self.new_name("store-") if self.rng.random() < 0.5 else None
        made = self.add("join_foreign", left, beside=[right], other=right.name, name=self.new_name("fk-"), by=self.rng.choice(FOREIGN_KEYS),
                        **self.kept_in(store), out="S", fn=self.rng.choice(JOINERS))
        made.kept = made.stored = store is not None
        self.ops[-1]["kind"] = self.rng.choice(["inner", "left"])

    def join_global(self):
        like = self.stream()
        if not self.globals or self.rng.random() < 0.3:
            self.globals.append(self.new_name("h"))
            self.op("global", id=self.globals[-1], topic=self.new_topic(), store=self.new_name("store-"))
        self.add("join_global", like, other=self.rng.choice(self.globals), by=self.rng.choice(KEYS), fn=self.rng.choice(JOINERS), out="S")
        self.ops[-1]["kind"] = self.rng.choice(["inner", "left"])

    def consult(self):
        """A processor looks into a global store that another one writes."""
        like = self.stream()
        if not self.global_stores or self.rng.random() < 0.3:
            self.global_stores.append((self.new_name("h"), self.new_name("store-")))
            self.op("global_store", id=self.global_stores[-1][0], topic=self.new_topic(), store=self.global_stores[-1][1])
        other, store = self.rng.choice(self.global_stores)
        self.add("consult", like, other=other, store=store, out="S")

    def may_be_held(self, table):
        return table.kept and table.stored and not table.versioned and agree_on_time(table)

    def suppress(self):
        like = self.pick("table", self.may_be_held)
        if like is not None:
            self.hold(like)

    def hold(self, like):
        """Until windows close, for a time, or until there are too many."""
        rng = self.rng
        if like.window and like.window["kind"] != "unlimited" and "emit" not in like.window and rng.random() < 0.6:
            bounds = {"until_window_closes": True, "max_records": rng.choice([None, None, 100_000])}
        else:
            bounds = {"until": rng.choice([1, 3, 10]) * self.unit, "max_records": rng.choice([None, 1, 2, 4]), "max_bytes": rng.choice([None, None, 100, 250])}
            self.edges.append(bounds["until"])
        held = self.add("suppress", like, label=self.new_name("held-"), **bounds)
        held.stored = True
        return held

    def cogroup(self):
        groups = [self.grouped() for _ in range(self.rng.choice([1, 2, 2, 3]))]
        value = self.rng.choice("SL")
        may_be_windowed = agree_on_time(*groups) and not any(group.of_versions for group in groups)
        window = self.window() if may_be_windowed and self.rng.random() < 0.4 else None
        if window and window.pop("emit", None):
            window.pop("retention")
        self.add("cogroup", groups[0], "table", beside=groups[1:], others=[group.name for group in groups[1:]],
                 fns=[self.rng.choice(AGGREGATORS[value]) for _ in groups], store=self.new_name("store-"), window=window,
                 key=KEYS_OF[window["kind"]] if window else "S", value=value, out=value)
        if window:
            self.ops[-1]["window"] = window
            self.handles[-1].is_readable = False

    def route(self):
        like = self.stream(lambda h: h.key == "S")
        like.moved = True
        names = [self.new_name("child-"), self.new_name("child-")]
        self.op("route", **{"in": like.name}, children=names, ids=self.copies(like, 2), label=self.new_name("route-"), type=like.types())

    def process(self):
        like = self.stream()
        every = self.rng.choice([0, 2, 5]) * self.unit
        clock = self.rng.choice(["stream", "wall"]) if every else None
        made = self.add("process", like, store=self.new_name("store-"), every=every or None, clock=clock, key="S", window=None, moved=True, out="L")
        made.topics |= frozenset(["a punctuator"] if every else [])

    def shelve(self):
        like = self.stream(lambda h: h.key == "S")
        self.add("shelve", like, store=self.new_name("store-"), size=self.rng.choice([1, 2, 5]) * self.unit,
                 is_session=self.rng.random() < 0.5, out="S")

    def survey(self):
        self.add("survey", self.stream(lambda h: h.key == "S"), store=self.new_name("store-"), out="S")

    def process_values(self):
        self.add("process_values", self.stream(), store=self.new_name("store-"), out="S")

    OPERATIONS = {
        filter: 3, map: 2, select_key: 2, flat_map_values: 2, foreach: 1, repartition: 3, to_table: 3, regroup: 4, process_values: 2, map_values: 3,
        flat_map: 2, peek: 1, branch: 2, merge: 2, rekey: 3, aggregate: 8, changes: 3, join: 5, join_table: 4, join_tables: 5, join_foreign: 4,
        join_global: 3, process: 2, suppress: 4, look_up_own: 2, cogroup: 3, route: 1, transform_values: 2, shelve: 1, survey: 1,
        consult: 2,
    }

    def grow(self, count):
        for _ in range(count):
            operation = self.rng.choices(list(self.OPERATIONS), list(self.OPERATIONS.values()))[0]
            operation(self)
        for handle in list(self.handles):
            if handle.kind == "table" and not handle.used:
                self.add("changes", handle, "stream")
        for handle in self.handles:
            if handle.kind == "stream" and not handle.used:
                self.write(handle)
        self.choose_clocks()

    def write(self, handle):
        if self.rng.random() < 0.1:
            self.op("to_computed", **{"in": handle.name}, topics=[self.new_name("out-"), self.new_name("out-")])
        else:
            types = tuple(handle.types())
            if types not in self.outputs or self.rng.random() < 0.9:
                self.outputs[types] = self.new_name("out-")
            self.op("to", **{"in": handle.name}, topic=self.outputs[types])

    def choose_clocks(self):
        """The driver of Kafka Streams has one stream time for all sub-topologies, so only one may look at it."""
        is_one = len(self.topics) == 1 and not any("name" in op for op in self.ops)
        for op in self.ops:
            if op.get("clock") == "stream" and not is_one:
                op["clock"] = "wall"
            self.clocks.add(op.get("clock"))


def generate(seed, records):
    rng = random.Random(f"weir-{seed}")
    topology = Topology(rng)
    topology.source(rng.choice(["stream", "stream", "table"]))
    topology.grow(rng.randint(1, 6))
    if "inner" in topology.self_joins and len(topology.self_joins) > 1:
        return generate(f"{seed}'", records)  # Weir has one store for inner self-joins, Kafka Streams for all or none
    binary = rng.random() < 0.2
    source = Records(rng, topology, binary)
    keeps_letters = rng.random() < 0.3 and not topology.holds_back()
    return {"name": f"seed-{seed}", "binary": binary, "in_memory": rng.random() < 0.7 and not topology.depends_on_stores(), "self_join": "inner" in topology.self_joins,
            "reuse_topics": rng.random() < 0.2, "dead_letters": keeps_letters, "handlers": keeps_letters and rng.random() < 0.5, "ops": topology.ops,
            "input": [source.record() for _ in range(rng.randint(1, 2 * records))]}
