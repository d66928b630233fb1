"""Generated records: out of order, at equal times, at the edges of windows; tombstones, missing and odd keys."""
import struct


class Records:
    """Of one case, one after the other."""

    def __init__(self, rng, topology, binary):
        self.rng, self.topology = rng, topology
        keys = [f"k{i}" for i in range(rng.choice([1, 2, 3, 5]))]
        if rng.random() < 0.2:
            keys.append("")
        if binary:
            keys += ["\x00", "\xff\x00", "k0\x00"]
        self.keys = keys
        self.hot = rng.random() < 0.3
        self.tombstones = rng.choice([0, 0.1, 0.1, 0.4])
        self.missing_keys = 0 if topology.must_have_keys else rng.choice([0, 0, 0.05])
        self.late = rng.choice([0, 0.25, 0.5])
        self.headers = rng.choice([0, 0, 0.2])
        self.binary = binary
        self.now = rng.choice([0, 0, 1_000_000, 1_700_000_000_000])

    def time(self):
        rng, unit = self.rng, self.topology.unit
        kind = rng.random()
        if kind < 0.25:
            pass
        elif kind < 0.75:
            self.now += rng.randint(0, 2 * unit)
        elif kind < 0.9:
            edge = rng.choice(self.topology.edges) or unit
            self.now = (self.now // edge + 1) * edge + rng.choice([-1, 0, 0, 1])
        else:
            self.now += rng.choice(self.topology.edges) * rng.randint(1, 3) + rng.choice([-1, 0, 1])
        at = self.now
        if rng.random() < self.late:
            at -= rng.choice(self.topology.edges) * rng.randint(0, 2) + rng.choice([-1, 0, 0, 1])
        return max(at, self.topology.at_least)

    def number(self):
        """Eight bytes, as LongSerializer writes them; some that are no number."""
        rng = self.rng
        if rng.random() < 0.1:
            return rng.choice(["", "seven..", "\x00" * 9])
        return struct.pack(">q", rng.choice([rng.randint(-5, 99), rng.randint(-5, 99), -2**40, 2**40])).decode("latin-1")

    def value(self, topic):
        rng = self.rng
        if rng.random() < self.tombstones:
            return None
        if topic in self.topology.number_topics:
            return self.number()
        if rng.random() < 0.03:
            return ""
        if self.binary and rng.random() < 0.2:
            return "".join(chr(rng.randint(0, 255)) for _ in range(rng.randint(1, 4)))
        return rng.choice("abc") + str(rng.randint(0, 99))

    def record(self):
        rng = self.rng
        if "wall" in self.topology.clocks and rng.random() < 0.1:
            return [rng.randint(1, 4) * self.topology.unit]
        key = self.keys[0] if self.hot and rng.random() < 0.7 else rng.choice(self.keys)
        if rng.random() < self.missing_keys:
            key = None
        topic = rng.choice(self.topology.topics)
        record = [topic, key, self.value(topic), self.time()]
        if rng.random() < self.headers:
            record.append([[rng.choice(["a", "b"]), rng.choice(["1", "", None])] for _ in range(rng.randint(1, 2))])
        return record
