"""One broker, its topics, and the programs that are run on it. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import subprocess
import tempfile

from .process import Failure, Process, cpu_of, say

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARTITIONS = 4


def scripts_kafka(environment, *arguments):
    """scripts/kafka with these arguments; what it prints."""
    done = subprocess.run([os.path.join(ROOT, "scripts/kafka"), *arguments], env=environment, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"scripts/kafka {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


class Bench:
    """Everything a measurement needs. Use it as a context: the broker is gone at its end."""

    def __init__(self, options):
        self.options = options
        self.scratch = tempfile.mkdtemp(prefix="weir-benchmarks-", dir=options.scratch)
        self.weir = os.path.join(options.build, "weir")
        self.programs = os.path.join(options.build, "benchmarks")
        self.bootstrap, self.broker_pid = options.bootstrap, None
        self.environment = dict(os.environ)
        self.number = 0
        self.inputs, self.expected = {}, {}
        self.is_warm = False  # the broker

    def __enter__(self):
        if not self.bootstrap:
            self.start_broker()
        return self

    def __exit__(self, *failure):
        if not self.options.bootstrap:
            scripts_kafka(self.environment, "down", "--wipe")

    def start_broker(self):
        """A broker of our own."""
        port = os.environ.get("KAFKA_PORT", "19292")
        self.environment.update(KAFKA_PORT=port, KAFKA_DATA=os.path.join(self.scratch, "kafka"))
        self.environment.setdefault("KAFKA_HEAP", "1g")
        answer = scripts_kafka(self.environment, "up")
        self.broker_pid = int(re.search(r"pid=(\d+)", answer).group(1))
        self.bootstrap = f"127.0.0.1:{port}"

    def broker_cpu(self):
        """CPU seconds of the broker so far; None if it is not ours."""
        return cpu_of(self.broker_pid)

    def log(self, name):
        """Path of a log file."""
        return os.path.join(self.scratch, name)

    def fresh(self, stem):
        """A name that was not used before: of an application, a topic, a directory."""
        self.number += 1
        return f"{stem}-{os.getpid()}-{self.number}"

    def path(self, program):
        """Path of one of our programs."""
        return os.path.join(self.programs, program)

    def program(self, name, *arguments):
        """Runs one of our programs to its end: its JSON and its figures."""
        process = Process([self.path(name), *arguments], self.log("programs.log"), stdout=subprocess.PIPE)
        output = process.child.stdout.read()
        figures = process.wait()
        return json.loads(output), figures

    def create(self, topic):
        """An empty topic."""
        self.program("load", self.bootstrap, topic, PARTITIONS, "empty")

    def delete(self, prefix):
        """All topics whose names begin so."""
        self.program("topics", self.bootstrap, "delete", prefix)

    def input(self, shape, records, keys):
        """The topic with these records, loaded once; and how many there are."""
        records = keys if shape == "products" else records
        asked = (shape, records, keys)
        if asked not in self.inputs:
            topic = self.fresh(f"benchmark-{shape}")
            say(f"loading {records:,} {shape}")
            totals, _ = self.program("load", self.bootstrap, topic, PARTITIONS, shape, records, keys)
            self.inputs[asked] = (topic, totals)
        return self.inputs[asked]

    def forget(self, shape, records, keys):
        """Deletes an input that is not needed any more."""
        topic, _ = self.inputs.pop((shape, records, keys), (None, None))
        if topic:
            self.delete(topic)

    def expect(self, workload, records, keys):
        """What the workload must write: {"records", "keys", "digest"}."""
        asked = (workload, records, keys)
        if asked not in self.expected:
            self.expected[asked] = self.program("expect", *asked)[0]
        return self.expected[asked]

    def check(self, topic, how):
        """What a topic holds, in the same form."""
        return self.program("check", self.bootstrap, topic, how)[0]
