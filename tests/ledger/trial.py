"""One trial of tests/ledger/ledger.c on a Kafka broker: instances read entries at a steady rate while faults strike, then the
outputs, the views, the changelogs and a recomputation from the input are compared. What strikes is a test's own affair: it
gives Trial.plan() and says in Trial.check() how often each fault must have fired.
SPDX-License-Identifier: Apache-2.0"""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import bundle
import ledger
from ledger import Failure, Record, wait_for

BUILD = str(pathlib.Path(os.environ.get("BUILD", "build/release")).resolve())
SESSION_MS, TRANSACTION_MS = 6000, 7000
MEMORY_MAX = 96 << 20  # memory.max.bytes
MEMORY_MB_MAX = 128
began = time.monotonic()


def say(text):
    print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)


class Kafka:
    """A cluster as a test sees it, through kcat and the command."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.produce = ["kcat", "-b", bootstrap, "-P", "-K", "\t", "-X", "partitioner=murmur2_random", "-X", "enable.idempotence=true",
                        "-X", "linger.ms=5"]

    def read(self, topic, form="", isolation="read_committed"):
        """Of the whole topic, in order of partition and offset."""
        command = ["kcat", "-b", self.bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-Z", "-X", f"isolation.level={isolation}",
                   "-X", "check.crcs=true", "-f", r"%p\t%o\t%k\t%s\n", *(["-s", form] if form else [])]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        records = []
        for line in text.decode().splitlines():
            partition, offset, key, value = line.split("\t")
            value = None if value == "NULL" else int(value) if form else value
            records.append(Record(int(partition), int(offset), key, value))
        return sorted(records, key=lambda record: record[:2])

    def read_integers(self, topic):
        return self.read(topic, "value=q")

    def read_bundled(self, topic):
        """Of a repartition topic whose records may share messages; their offsets are those that views tell."""
        command = ["kcat", "-b", self.bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-X", "isolation.level=read_committed",
                   "-X", "check.crcs=true", "-f", r"%p %o %K %S\n%k%s"]
        rest, records, shared = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout, [], 0
        while rest:
            head, _, rest = rest.partition(b"\n")
            partition, offset, key_size, value_size = (max(int(number), 0) for number in head.split())
            key, value, rest = rest[:key_size], rest[key_size:key_size + value_size], rest[key_size + value_size:]
            found = bundle.records(key, value)
            shared += len(found) > 1
            records += [Record(partition, bundle.offset(offset, number, len(found)), one.decode(), None) for number, (one, _) in enumerate(found)]
        if not shared:
            raise Failure(f"void: no two records of {topic} share a message")
        return sorted(records, key=lambda record: record[:2])

    def create_topics(self, run):
        for name in ledger.TOPICS:
            made = subprocess.run([f"{BUILD}/weir", "produce", f"{run}-{name}", "--create", "--set",
                                   f"bootstrap.servers={self.bootstrap}", "--set", f"embedded.partitions={ledger.PARTITIONS}"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if made.returncode != 0:
                raise Failure(made.stdout.decode())


def lines(pairs):
    return "".join(f"{key}\t{value}\n" for key, value in pairs).encode()


class Feeder(threading.Thread):
    """Entries at a steady rate, until told that it is enough."""

    def __init__(self, kafka, topic, rate, least):
        super().__init__(daemon=True)
        self.command, self.rate, self.least = [*kafka.produce, "-t", topic], rate, least
        self.sent = 0
        self.enough = threading.Event()
        self.failure = None

    def run(self):
        try:
            with subprocess.Popen(self.command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
                start = time.monotonic()
                while self.sent < self.least or not self.enough.is_set():
                    due = int((time.monotonic() - start) * self.rate) - self.sent
                    if due > 0:
                        child.stdin.write(lines(ledger.entries(self.sent, due)))
                        child.stdin.flush()
                        self.sent += due
                    time.sleep(0.02)
                child.stdin.close()
                if child.wait() != 0:
                    self.failure = "kcat could not produce all entries"
        except OSError as error:
            self.failure = str(error)


class Trial:
    """Three instances; `reached_by` is the bootstrap.servers they are given, where it is not the cluster's own."""

    faults = []  # names of what may strike

    def __init__(self, options, number, folder, kafka, reached_by=None):
        self.options, self.folder, self.kafka, self.reached_by = options, folder, kafka, reached_by or kafka.bootstrap
        self.exactly_once = options.guarantee == "exactly_once_v2"
        self.has_standbys = options.standbys and number % 2 == 0
        self.name = f"ledger-{os.getpid()}-{number}"
        self.dice = random.Random(options.seed + number)
        self.instances = [self.instance(name) for name in "abc"]
        self.fired = {fault: 0 for fault in self.faults}
        self.samples = ledger.Samples(self.name)
        self.sampling = threading.Event()
        self.memory_mb = 0

    def plan(self):
        """The faults of a run: functions that take the instance they strike."""
        raise NotImplementedError

    def check(self, aborted, looked):
        """Raises Failure when a fault did not strike as often as it must."""
        raise NotImplementedError

    def instance(self, name):
        settings = {"bootstrap.servers": self.reached_by, "processing.guarantee": self.options.guarantee,
                    "consumer.session.timeout.ms": SESSION_MS, "state.flush.interval.ms": 500, "memory.max.bytes": MEMORY_MAX,
                    "repartition.purge.interval.ms": 2**31 - 1}  # Samples reads the topic to its beginning
        if self.options.bundles:
            settings["repartition.bundles"] = "true"
        if self.has_standbys:
            settings["num.standby.replicas"] = 1
        if self.exactly_once:
            settings["producer.transaction.timeout.ms"] = TRANSACTION_MS
        if name != "c":  # the third one is a dynamic member: its partitions move when its session is over
            settings["group.instance.id"] = f"{self.name}-{name}"
        return ledger.Instance(BUILD, self.name, name, self.folder, settings)

    @staticmethod
    def commits(instance):
        """That the instance counted since its start; 0 while it does not answer."""
        try:
            with urllib.request.urlopen(instance.url + "/metrics", timeout=2) as answer:
                for line in answer.read().decode().splitlines():
                    if line.startswith("weir_commit_duration_seconds_count"):
                        return float(line.rpartition(" ")[2])
        except OSError:
            pass
        return 0

    def progress(self, instance, seconds=30):
        """Until the instance has committed something new."""
        before = self.commits(instance)
        wait_for(f"a commit of {instance.name}", lambda: self.commits(instance) > before or not instance.is_alive(), seconds)

    def revive(self, instance, failpoints=""):
        time.sleep(self.dice.uniform(0, 0.3))
        instance.start(failpoints)

    def sample(self):
        while not self.sampling.is_set():
            instance = self.dice.choice(self.instances)
            if instance.is_alive():
                self.samples.take(instance, f"region-{self.dice.randrange(ledger.REGIONS)}")
            time.sleep(0.02)

    def execute(self):
        subprocess.run([*self.kafka.produce, "-t", f"{self.name}-accounts"], input=lines(ledger.accounts()), check=True,
                       stderr=subprocess.DEVNULL)
        for instance in self.instances:
            instance.start()
        wait_for("the accounts", lambda: len(ledger.rows_of_all(self.instances, "accounts") or {}) == ledger.ACCOUNTS, 60)
        feeder = Feeder(self.kafka, f"{self.name}-entries", self.options.rate, self.options.entries)
        sampler = threading.Thread(target=self.sample, daemon=True)
        feeder.start()
        sampler.start()
        for number, fault in enumerate(self.plan()):
            fault(self.instances[number % len(self.instances)])
            self.note_memory()
        feeder.enough.set()
        feeder.join(120)
        if feeder.failure or feeder.is_alive():
            raise Failure(feeder.failure or "the feeder does not end")
        self.judge(feeder.sent)
        self.sampling.set()
        sampler.join(10)

    def note_memory(self):
        """The most that an instance has had since its start."""
        for instance in self.instances:
            if instance.is_alive():
                with open(f"/proc/{instance.process.pid}/status") as status:
                    found = [int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")]
                self.memory_mb = max([self.memory_mb, *found])
        if self.memory_mb > MEMORY_MB_MAX:
            raise Failure(f"an instance had {self.memory_mb} MB, at most {MEMORY_MB_MAX} whatever the brokers do")

    def judge(self, sent):
        entered = len(self.kafka.read(f"{self.name}-entries"))
        if entered != sent:
            raise Failure(f"the input holds {entered} of {sent} entries; the test itself is wrong")
        wait_for("everything to be counted", lambda: ledger.is_settled(self.instances, entered), 90)
        self.sampling.set()
        views = {name: ledger.rows_of_all(self.instances, name) for name in ("region-counts", "account-counts")}
        for instance in self.instances:
            instance.stop()
        judgement = ledger.Judgement(self.name, self.kafka.read, self.kafka.read_integers, self.exactly_once)
        judgement.topics()
        judgement.views(views.get)
        booked = f"{self.name}-booked"
        aborted = len(self.kafka.read(booked, isolation="read_uncommitted")) - len(self.kafka.read(booked))
        read = self.kafka.read_bundled if self.options.bundles else self.kafka.read
        looked = self.samples.check(read) if self.exactly_once else len(self.samples.taken)
        say(f"{entered} entries, faults: {self.fired}, aborted records in one output: {aborted}, reads checked: {looked}, "
            f"lost {judgement.lost}, doubled {judgement.doubled}, "
            f"at most {self.memory_mb} MB in an instance")
        judgement.end()
        self.check(aborted, looked)

    def must_have_fired(self, least):
        for fault, count in least.items():
            if self.fired[fault] < count:
                raise Failure(f"void: {fault} struck {self.fired[fault]} times, not {count}")


def one_run(options, number, make):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-ledger-"))
    trial = make(options, number, folder)
    standbys = "with standbys" if trial.has_standbys else "without standbys"
    say(f"run {number + 1} of {options.runs}, {options.guarantee}, {standbys}, seed {options.seed + number}, logs in {folder}")
    try:
        trial.kafka.create_topics(trial.name)
        trial.execute()
    finally:
        trial.sampling.set()
        for instance in trial.instances:
            if instance.is_alive():
                instance.process.kill()
                instance.process.wait()
    if not options.keep:
        shutil.rmtree(folder)


def read_options(about):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--guarantee", choices=["exactly_once_v2", "at_least_once"], default="exactly_once_v2")
    parser.add_argument("--long", action="store_true", help="more entries, more faults")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", time.time())))
    parser.add_argument("--rate", type=int, default=0, help="entries per second")
    parser.add_argument("--entries", type=int, default=0, help="at least so many")
    parser.add_argument("--standbys", action="store_true", help="the first run and every second one from there keeps a standby of every task")
    parser.add_argument("--bundles", action="store_true", help="records of the repartition topic share messages")
    parser.add_argument("--keep", action="store_true", help="keep logs and state also after success")
    options = parser.parse_args()
    options.rate = options.rate or (2000 if options.long else 1000)
    options.entries = options.entries or (220_000 if options.long else 20_000)
    return options


def run(options, make):
    """make(options, number, folder): the trial of a run. Ends the process with 1 at the first run that is wrong or void."""
    if not shutil.which("kcat"):
        print("skipped: no kcat")
        sys.exit(77)
    for number in range(options.runs):
        try:
            one_run(options, number, make)
        except (Failure, OSError, subprocess.CalledProcessError, json.JSONDecodeError) as failure:
            say(f"FAILED with seed {options.seed + number}: {failure}")
            sys.exit(1)
    say("passed")
