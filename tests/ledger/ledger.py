"""What must be true of tests/ledger/ledger.c, whatever crashed: entries, instances to be killed, and the judgement.

Expected is computed from the input topic as it is read back, found from the outputs and the changelogs as a reader of committed
records sees them, and from the views over REST. Exactly once: the i-th result is the fold of the first i inputs, no result is
missing and none comes twice. At least once: none is missing, and the views are exact all the same.
SPDX-License-Identifier: Apache-2.0"""
import collections
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import children  # noqa: E402

ACCOUNTS, REGIONS, BAD_EVERY, PARTITIONS = 200, 7, 400, 4
TOPICS = ["accounts", "entries", "booked", "regions", "numbers", "entries.dlq"]  # behind the name of the run
Record = collections.namedtuple("Record", "partition offset key value")


class Failure(Exception):
    pass


def account(number):
    return f"account-{number % ACCOUNTS:03d}"


def region(key):
    return f"region-{int(key[-3:]) % REGIONS}"


def accounts():
    return [(account(i), region(account(i))) for i in range(ACCOUNTS)]


def entries(first, count):
    """Numbered without a gap; account and goodness follow from the number."""
    return [(account(n * 7919), f"bad{n}" if n % BAD_EVERY == BAD_EVERY - 1 else str(n)) for n in range(first, first + count)]


def number_of(text):
    return int(text[3:]) if text.startswith("bad") else int(text)


# ---- instances ----


class Instance:
    """One `weir run ledger.so` with a state directory of its own."""

    def __init__(self, build, run, name, folder, settings):
        self.build, self.name, self.settings = build, name, {"application.id": run, **settings}
        self.state, self.log = folder / f"state-{name}", folder / f"{name}.log"
        self.process = self.url = None
        self.starts = 0

    def start(self, failpoints=""):
        command = [f"{self.build}/weir", "run", f"{self.build}/tests/ledger.so", "--port", "0"]
        for key, value in {**self.settings, "state.dir": str(self.state)}.items():
            command += ["--set", f"{key}={value}"]
        self.state.mkdir(parents=True, exist_ok=True)
        self.starts += 1
        with open(self.log, "ab") as log:
            log.write(f"--- start {self.starts} {failpoints}\n".encode())
            log.flush()
            self.process = children.start(command, stdout=subprocess.PIPE, stderr=log,
                                          env={**os.environ, "LEDGER": self.settings["application.id"], "WEIR_TEST_FAILPOINTS": failpoints})
        line = self.process.stdout.readline().decode().strip()
        if not line.startswith("http://"):
            raise Failure(f"{self.name} did not start, status {self.process.wait(30)}: {self.last_lines()}")
        self.url = line

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """False: it was dead already."""
        alive = self.is_alive()
        self.process.kill()
        return self.process.wait() == -signal.SIGKILL and alive

    def wait_for_death(self, seconds):
        """Of its own doing, by SIGKILL."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if status != -signal.SIGKILL:
            raise Failure(f"{self.name} ended with status {status}: {self.last_lines()}")
        return True

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        if status != 0:
            raise Failure(f"{self.name} ended with status {status} after SIGTERM: {self.last_lines()}")

    def last_lines(self):
        return " / ".join(self.log.read_text(errors="replace").splitlines()[-4:])

    def log_of_this_start(self):
        return self.log.read_text(errors="replace").rpartition("--- start")[2]

    def get(self, path, timeout=10):
        """(status, body); (0, None) while nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, None
        except OSError:
            return 0, None

    def rows(self, view):
        """Of the partitions here; None: not ready."""
        found, cursor = {}, ""
        while True:
            status, body = self.get(f"/v1/views/{view}/entries?limit=1000&partial=allow{cursor}")
            if status != 200:
                return None
            for row in body["data"]:
                found[row["key"]] = row["value"]
            if not body["page"]["next"]:
                return found
            cursor = "&cursor=" + urllib.parse.quote(body["page"]["next"])


def rows_of_all(instances, view):
    """Union over the instances; None: some are not ready, or a key has two owners."""
    total, here = {}, {}
    for instance in instances:
        status, body = instance.get(f"/v1/views/{view}")
        here[instance] = body["partitions_here"] if status == 200 else 0
    if sum(here.values()) != PARTITIONS:
        return None
    for instance in (instance for instance in instances if here[instance] > 0):
        rows = instance.rows(view)
        if rows is None or rows.keys() & total.keys():
            return None
        total.update(rows)
    return total


# ---- dirty reads ----


class Samples:
    """Answers of the view behind the repartition, with the position each claims to contain."""

    def __init__(self, run):
        self.topic = f"{run}-by-region-repartition"
        self.taken = []

    def take(self, instance, key):
        status, body = instance.get(f"/v1/views/region-counts/keys/{key}", timeout=2)
        if status == 200:
            position = body["metadata"]["position"].get(self.topic, {})
            self.taken.append((key, body["value"], {int(p): offset for p, offset in position.items()}))

    def check(self, read):
        """Each value is the number of committed records below its position."""
        below = collections.defaultdict(list)
        for record in read(self.topic):
            below[record.partition, record.key].append(record.offset)
        for key, value, position in self.taken:
            expected = sum(offset < end for partition, end in position.items() for offset in below[partition, key])
            if value != expected:
                raise Failure(f"a read of {key} at {position} gave {value}, committed below it are {expected}")
        return len(self.taken)


# ---- the judgement ----


class Judgement:
    """read(topic): committed records in order of partition and offset; integers(topic): the same with 8-byte values. Topics of the
    run, and the changelogs of an application of the same name."""

    def __init__(self, run, read, integers, exactly_once):
        self.run, self.exactly_once = run, exactly_once
        self.read, self.integers = (lambda name: read(f"{run}-{name}")), (lambda name: integers(f"{run}-{name}"))
        self.lost = self.doubled = 0
        self.problems = []

    def count(self, what, found, expected):
        """Two bags of things that must be equal, or, at least once, contained."""
        lost, more = expected - found, found - expected
        unknown = [thing for thing in more if thing not in expected]
        self.lost += sum(lost.values())
        self.doubled += sum(more.values())
        if lost:
            self.problems.append(f"{what}: {sum(lost.values())} lost, e.g. {list(lost)[:3]}")
        if unknown or (more and self.exactly_once):
            self.problems.append(f"{what}: {sum(more.values())} too many, e.g. {list(more)[:3]}")

    def sequences(self, what, records, totals):
        """Per key or partition the values 1, 2, 3 … in order."""
        found = collections.defaultdict(list)
        for name, value in records:
            found[name].append(value)
        for name, total in totals.items():
            self.count(f"{what} of {name}", collections.Counter(found[name]), collections.Counter(range(1, total + 1)))
            if self.exactly_once and found[name] != sorted(found[name]):
                self.problems.append(f"{what} of {name}: out of order")
        for name in found.keys() - totals.keys():
            self.problems.append(f"{what}: {name} should not be there")

    def topics(self):
        entered = self.read("entries")
        good = [e for e in entered if not e.value.startswith("bad")]
        self.count("booked", collections.Counter((b.key, b.value) for b in self.read("booked")),
                   collections.Counter((e.key, f"{region(e.key)}|{e.value}") for e in entered))
        self.sequences("counts", [(r.key, r.value) for r in self.integers("regions")],
                       collections.Counter(region(e.key) for e in entered))
        self.sequences("numbers", [(n.partition, n.value) for n in self.integers("numbers")],
                       collections.Counter(e.partition for e in good))
        self.count("dead letters", collections.Counter((d.key, d.value) for d in self.read("entries.dlq")),
                   collections.Counter((e.key, e.value) for e in entered if e.value.startswith("bad")))
        return len(entered)

    def view(self, name, rows, changelog, expected):
        """View = recomputation = changelog."""
        folded = {r.key: r.value for r in self.integers(changelog)}
        folded = {key: value for key, value in folded.items() if value is not None}  # a first write that was undone leaves a deletion
        for found, what in ((rows, "view"), (folded, "changelog")):
            wrong = {k: (found.get(k), expected.get(k)) for k in found.keys() | expected.keys() if found.get(k) != expected.get(k)}
            if wrong:
                self.problems.append(f"{what} {name}: {len(wrong)} of {len(expected)} rows are wrong: {list(wrong.items())[:4]}")

    def views(self, rows_of):
        entered = self.read("entries")
        self.view("region-counts", rows_of("region-counts"), "region-counts-changelog",
                  collections.Counter(region(e.key) for e in entered))
        self.view("account-counts", rows_of("account-counts"), "account-counts-changelog",
                  collections.Counter(e.key for e in entered))

    def end(self):
        if self.problems:
            raise Failure("; ".join(self.problems[:6]))


def is_settled(instances, entered):
    """All that was entered has been counted behind the repartition and in front of it."""
    regions, by_account = rows_of_all(instances, "region-counts"), rows_of_all(instances, "account-counts")
    return regions is not None and by_account is not None and sum(regions.values()) >= entered <= sum(by_account.values())


def wait_for(what, condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.1)
    raise Failure(f"{what}: not within {seconds} s")
