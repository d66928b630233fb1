"""Records per second, CPU and memory of a workload from the beginning of its topics to their end.
SPDX-License-Identifier: Apache-2.0"""
import json
import subprocess
import time

from . import commerce
from .engines import Job, KafkaStreams, KafkaStreamsPlain, Raw, RawAhead, Weir, WeirBundles
from .process import LIMIT_S, Failure, Process, say
from .workloads import COMMERCE, WORKLOADS

RAW = {"raw": Raw, "raw-ahead": RawAhead}
PROCESSORS = {"weir": Weir, "kafka-streams": KafkaStreams, "weir-bundles": WeirBundles, "kafka-streams-plain": KafkaStreamsPlain}
ENGINES = ("weir", "kafka-streams", *RAW, "weir-bundles", "kafka-streams-plain")
USUAL = ENGINES[:5]
WARM_RUNS = 3


class Row:
    """A workload with settings; every engine that has it is a cell."""

    def __init__(self, workload, settings, records, keys):
        self.workload, self.settings, self.records, self.keys = workload, settings, records, keys

    def name(self):
        """As it stands in the table."""
        return self.workload.name + (f", {self.keys:,} keys" if self.keys >= 1000000 else "")

    def cells(self, engines):
        """The engines that can run it."""
        if self.workload is COMMERCE:
            return [engine for engine in engines if engine in ("weir", "raw")]
        return [engine for engine in engines if (engine not in RAW or self.raw_is_meant()) and
                (engine != "weir-bundles" or self.workload.through)]

    def raw_is_meant(self):
        """Whether there is a raw loop for the row."""
        return bool(self.workload.raw) and self.settings["num.stream.threads"] == 1 and "memory.max.bytes" not in self.settings


def start(engine, job, records):
    """The process of an engine."""
    return RAW[engine](job, records) if engine in RAW else PROCESSORS[engine](job)


def wait_committed(bench, job, process):
    """The moment the group had committed all inputs, and how many records they hold."""
    watch = Process([bench.path("watch"), bench.bootstrap, job.application, *job.inputs], bench.log("programs.log"),
                    stdout=subprocess.PIPE)
    try:
        until = time.monotonic() + LIMIT_S
        while watch.poll() is None:
            process.must_run()
            if time.monotonic() > until:
                raise Failure(f"not everything was processed within {LIMIT_S} s: {process.last_words()}")
            time.sleep(0.01)
        watch.wait()
        return json.loads(watch.child.stdout.read())
    finally:
        watch.kill()


def verify(bench, row, job, records):
    """A failure unless the output is what expect.c says."""
    expected = bench.expect(row.workload.expect, records, row.keys)
    found = bench.check(f"{job.application}-{row.workload.output}", row.workload.check)
    compared = ("keys", "digest") if row.workload.check == "last" else ("records", "digest")
    wrong = [f"{name} {found[name]} instead of {expected[name]}" for name in compared if found[name] != expected[name]]
    if wrong:
        raise Failure("wrong output: " + ", ".join(wrong))


def finish_engine(bench, job, process):
    """Waits until everything is committed, then ends the process."""
    process.ready()
    done = wait_committed(bench, job, process)
    seconds = done["done_s"] - process.ready_s
    return done["records"], seconds, process.end()


def measure(bench, row, engine):
    """One run of one cell: its figures."""
    records = row.workload.divided(row.records)
    inputs = [bench.input(shape, count, row.keys) for shape, count in zip(row.workload.shapes, records)]
    job = Job(bench, row.workload, [topic for topic, _ in inputs], row.settings, f"benchmark-{row.workload.name}-{engine}")
    bench.create(job.out)
    process = None
    try:
        broker = bench.broker_cpu()
        process = start(engine, job, sum(totals["records"] for _, totals in inputs))
        taken, seconds, used = process.finish() if engine in RAW else finish_engine(bench, job, process)
        figures = process.figures_of(taken, seconds, used)
        if broker is not None:
            figures["broker_cpu_s_per_million"] = round((bench.broker_cpu() - broker) * 1e6 / taken, 3)
        verify(bench, row, job, records[0])
        return figures
    finally:
        if process:
            process.kill()
        job.clean()


def measure_cell(bench, row, engine):
    """One run of one cell, commerce included."""
    return commerce.measure(bench, row, engine) if row.workload is COMMERCE else measure(bench, row, engine)


def rows_of(options):
    """The rows that were asked for."""
    rows = []
    for name in options.rows:
        base, _, keys = name.partition(":")
        for guarantee in options.guarantees:
            for commit in options.commits:
                for threads in options.threads:
                    settings = {"processing.guarantee": guarantee, "commit.interval.ms": commit, "num.stream.threads": threads}
                    if options.memory:
                        settings["memory.max.bytes"] = options.memory
                    rows.append(Row(WORKLOADS[base], settings, options.records, int(keys or options.keys)))
    return rows


def row_of(options, name, guarantee, memory=None):
    """A throughput row with one thread and the first commit interval."""
    settings = {"processing.guarantee": guarantee, "commit.interval.ms": options.commits[0], "num.stream.threads": 1}
    if memory:
        settings["memory.max.bytes"] = memory
    return Row(WORKLOADS[name], settings, options.records, options.keys)


def warm_up(bench, options):
    """The broker's Java machine compiles what it runs often: whoever is measured first would pay for all."""
    if options.quick or bench.is_warm:
        return
    say("warming up")
    row = row_of(options, "count", "at_least_once")
    for _ in range(WARM_RUNS):
        measure(bench, row, "weir")
    bench.is_warm = True


def measure_all(bench, options, report):
    """Engines alternate within a row, rows within a run."""
    rows = rows_of(options)
    warm_up(bench, options)
    for number in range(options.runs):
        say(f"run {number + 1} of {options.runs}")
        for row in rows:
            for engine in row.cells(options.engines):
                report.add(row, engine, lambda r=row, e=engine: measure_cell(bench, r, e))
