"""End-to-end latency at a fixed rate: from the stamp of the input's producer to a reader of the output.
SPDX-License-Identifier: Apache-2.0"""
import json
import subprocess

from .engines import Job
from .process import Failure, Process
from .throughput import Row, start, verify, wait_committed, warm_up
from .workloads import WORKLOADS

PER_SECOND = 20000
LATENCY_WORKLOADS = ("stateless", "tumbling", "stream-table", "count")
THROUGHPUT_ALONE = ("raw-ahead", "weir-bundles")  # engines that have no row here


def settings_of(engine, guarantee, commit, linger):
    """An engine's own names for the same settings. Kafka Streams gets no cache: with one it forwards only at a commit."""
    settings = {"processing.guarantee": guarantee, "commit.interval.ms": commit, "num.stream.threads": 1}
    if engine != "kafka-streams":
        return {**settings, "linger.ms": linger}
    return {**settings, "producer.linger.ms": linger, "statestore.cache.max.bytes": 0, "poll.ms": 10}


def lasting(seconds, skip_s):
    """How long records come."""
    return seconds + skip_s + 2


def read_ages(bench, job, process, seconds, keys, skip_s):
    """What latency.c measures while rate.c produces."""
    reader = Process([bench.path("latency"), bench.bootstrap, job.out, skip_s, seconds], bench.log("programs.log"),
                     stdout=subprocess.PIPE)
    rate = None
    try:
        reader.child.stdout.readline()  # it has begun
        rate = Process([bench.path("rate"), bench.bootstrap, job.inputs[0], "orders", keys, PER_SECOND,
                        lasting(seconds, skip_s)],
                       bench.log("programs.log"), stdout=subprocess.PIPE)
        ages = json.loads(reader.child.stdout.readline())
        process.must_run()
        sent = json.loads(rate.child.stdout.readline())
        rate.wait()
        return ages, sent
    finally:
        reader.kill()
        if rate:
            rate.kill()


def verify_live(bench, row, job, sent):
    """Windows lie where the wall clock was, which no rule knows: then one change per record is all that is checked."""
    if row.workload.expect != "tumbling":
        verify(bench, row, job, sent)
        return
    found = bench.check(job.out, "all")["records"]
    if found != sent:
        raise Failure(f"wrong output: {found} changes for {sent} records")


def measure(bench, options, row, engine):
    """One run of one cell: its figures."""
    inputs = [bench.fresh("benchmark-live")]
    bench.create(inputs[0])
    tables = [bench.input(shape, row.keys, row.keys) for shape in row.workload.shapes[1:]]
    inputs += [topic for topic, _ in tables]
    settings = settings_of(engine, row.settings["processing.guarantee"], row.settings["commit.interval.ms"], row.linger)
    job = Job(bench, row.workload, inputs, settings, f"benchmark-latency-{engine}")
    bench.create(job.out)
    process = None
    seconds, skip_s = (5, 2) if options.quick else (20, 10)
    try:
        process = start(engine, job, PER_SECOND * lasting(seconds, skip_s) + sum(totals["records"] for _, totals in tables))
        if engine != "raw":
            process.ready()
        ages, sent = read_ages(bench, job, process, seconds, row.keys, skip_s)
        if engine == "raw":
            process.finish()
        else:
            wait_committed(bench, job, process)
            process.end()
        verify_live(bench, row, job, sent["sent"])
        return {"records_per_s": ages["per_s"], "p50_ms": ages["p50_ms"], "p99_ms": ages["p99_ms"], "p999_ms": ages["p999_ms"],
                "max_ms": ages["max_ms"], "stamps_late_ms": sent["latest_us"] / 1000}
    finally:
        if process:
            process.kill()
        job.clean()
        bench.delete(inputs[0])


class LatencyRow(Row):
    """A row of throughput with a linger time."""

    def __init__(self, workload, guarantee, commit, linger, keys):
        super().__init__(workload, {"processing.guarantee": guarantee, "commit.interval.ms": commit, "num.stream.threads": 1,
                                    "linger.ms": linger}, 0, keys)
        self.linger = linger

    def name(self):
        """As it stands in the table."""
        return f"{self.workload.name}, linger {self.linger} ms"


def measure_all(bench, options, report, settings=((100, 5), (10, 10))):
    """For each pair of commit interval and linger: default settings, and everything at 10 ms."""
    names = [name for name in options.rows if name in LATENCY_WORKLOADS[-1 if options.quick else 0:]]
    rows = [LatencyRow(WORKLOADS[name], guarantee, commit, linger, options.keys) for name in names
            for guarantee in options.guarantees for commit, linger in settings]
    engines = [engine for engine in options.engines if engine == "weir" or not (options.quick or engine in THROUGHPUT_ALONE)]
    warm_up(bench, options)
    for _ in range(options.runs):
        for row in rows:
            for engine in engines:
                report.add(row, engine, lambda r=row, e=engine: measure(bench, options, r, e), "latency")
