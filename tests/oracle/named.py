"""The named topologies: the same JSON lines through `weir test named.so:NAME` and through Kafka Streams, line by line."""
import json
import os
import random
import subprocess


# Topologies of Kafka Streams whose verbs Weir has not yet.
NOT_YET = set()


def line(topic, key, value, at):
    return json.dumps({"topic": topic, "key": key, "value": value, "ts": at}) + "\n"


def write_input(file, name, topics, records, null_keys, variant):
    """Keys k0 to k4, values "FK:N", tombstones, a quarter of the records late; often at the edge of a window of 5 s."""
    rng = random.Random(f"{name}-{records}-{variant}")
    now = 1_000_000
    with open(file, "w") as out:
        for _ in range(records):
            step = 15_000 + rng.randrange(25_000) if rng.random() < 0.03 else rng.randrange(1501)
            moved = now + step
            if rng.random() < 0.12:
                moved = (moved + 4999) // 5000 * 5000 + rng.choice([-1, 0, 0, 0, 1])
            now = max(now, moved)
            late = 0
            if rng.random() < 0.25:
                late = rng.choice([rng.randrange(40_000), rng.randrange(1, 7) * 5000 + rng.randrange(-1, 2), rng.randrange(8000), rng.randrange(8000)])
            foreign = "-" if rng.random() < 0.05 else f"k{rng.randrange(5)}"
            value = None if rng.random() < 0.08 else f"{foreign}:{rng.randrange(120) - 20}"
            key = None if rng.random() < null_keys else f"k{rng.randrange(5)}"
            out.write(line(rng.choice(topics), key, value, now - late))


def lines_of(file):
    with open(file) as lines:
        return [json.loads(text) for text in lines]


def first_difference(expected, actual):
    for at in range(max(len(expected), len(actual))):
        theirs, ours = (lines[at] if at < len(lines) else None for lines in (expected, actual))
        if theirs != ours:
            return f"line {at + 1} of {len(expected)} and {len(actual)}\n  Kafka Streams {json.dumps(theirs)}\n  Weir          {json.dumps(ours)}"
    return None


class Named:
    def __init__(self, engines):
        self.engines = engines
        self.weir = os.path.join(engines.build, "weir")
        self.plugin = os.path.join(engines.build, "tests", "oracle", "named.so")

    def file(self, *parts):
        return os.path.join(self.engines.work, "-".join(str(part) for part in parts) + ".jsonl")

    def topologies(self):
        """(name, input topics) of all that Weir can build."""
        file = self.file("list")
        self.engines.ask("list", file)
        self.engines.answered()
        with open(file) as lines:
            return [(name, topics.split(",")) for name, topics in (text.split() for text in lines) if name not in NOT_YET]

    def compare(self, sizes, null_keys, variant):
        """What differs, by topology and size."""
        runs = [(name, topics, size) for size in sizes for name, topics in self.topologies()]
        with open(self.file("batch"), "w") as batch:
            for name, topics, size in runs:
                write_input(self.file(name, size, "in"), name, topics, size, null_keys, variant)
                batch.write(f"{name} {self.file(name, size, 'in')} {self.file(name, size, 'expected')}\n")
        self.engines.ask("named", self.file("batch"))
        problems = [self.run(name, size) for name, _, size in runs]
        self.engines.answered()
        for at, (name, _, size) in enumerate(runs):
            problems[at] = problems[at] or first_difference(lines_of(self.file(name, size, "expected")), lines_of(self.file(name, size, "actual")))
        return {f"{name} with {size} records": problem for (name, _, size), problem in zip(runs, problems) if problem}, len(runs)

    def run(self, name, size):
        """Weir's side. None: it ran."""
        with open(self.file(name, size, "in")) as lines, open(self.file(name, size, "actual"), "w") as out:
            done = subprocess.run([self.weir, "test", f"{self.plugin}:{name}"], stdin=lines, stdout=out, stderr=subprocess.PIPE, text=True)
        return None if done.returncode == 0 else f"exit {done.returncode}: {done.stderr.strip()}"
