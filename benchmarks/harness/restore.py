"""From the launch of a process to its first answer: with no local state, and with the state of a clean stop.
SPDX-License-Identifier: Apache-2.0"""
import shutil
import time

from .engines import Job, KafkaStreams, Weir
from .process import Failure, cpu_of
from .throughput import Row, wait_committed
from .workloads import VIEW

KEY = "key-00000001"


def launch(engine, job):
    """The process, asked for KEY as soon as it runs."""
    return KafkaStreams(job, f"ask={KEY}") if engine == "kafka-streams" else Weir(job)


def answer_of(process):
    """The value of KEY, or None while there is none."""
    if isinstance(process, KafkaStreams):
        found = process.said("answered")
    else:
        found = process.get(f"/v1/views/counts/keys/{KEY}")
    return found and int(found["value"])


def rows_and_sum(process):
    """Of the whole store."""
    if isinstance(process, KafkaStreams):
        process.wait_until(lambda: process.said("summed"), "summed")
        found = process.said("summed")
        return found["rows"], found["sum"]
    rows = total = 0
    for row in process.rows_of("counts"):
        rows, total = rows + 1, total + int(row["value"])
    return rows, total


def is_ready(process):
    """Whether all of its state is there."""
    return process.said("running") if isinstance(process, KafkaStreams) else process.get("/readyz") is not None


def wait_ready(process):
    """Seconds from the launch until all state is there, until the first answer, and CPU until both."""
    moments = {}
    def look():
        for name, is_so in (("first_answer_s", answer_of(process) is not None), ("ready_s", is_ready(process))):
            if is_so:
                moments.setdefault(name, time.monotonic() - process.began)
        return len(moments) == 2
    process.wait_until(look, "ready, with an answer")
    return moments, cpu_of(process.pid)


def measure_launch(engine, job, keys, records):
    """One launch: its figures, once everything is checked."""
    process = launch(engine, job)
    try:
        moments, cpu = wait_ready(process)
        value, (rows, total) = answer_of(process), rows_and_sum(process)
        if (value, rows, total) != (2, keys, 2 * keys):
            raise Failure(f"{KEY} is {value}, {rows} rows sum up to {total}; 2, {keys} and {2 * keys} were written")
        return figures(moments["ready_s"], moments["first_answer_s"], cpu, process.end(), records)
    finally:
        process.kill()


def fill(bench, engine, job):
    """Runs the count once over all records, so that its changelog is there."""
    process = launch(engine, job)
    try:
        process.ready()
        wait_committed(bench, job, process)
        process.end()
    finally:
        process.kill()


def figures(ready, answer, cpu, used, records):
    """Those of one launch."""
    return {"ready_s": round(ready, 3), "first_answer_s": round(answer, 3), "cpu_s": round(cpu, 2),
            "records_per_s": round(records / ready), "peak_rss_mb": round(used["rss_mb"], 1)}


def measure_raw(bench, changelog, keys):
    """The bare loop over the changelog that Weir wrote."""
    answer, used = bench.program("raw_restore", bench.bootstrap, changelog)
    if (answer["rows"], answer["sum"]) != (keys, 2 * keys):
        raise Failure(f"{answer['rows']} rows sum up to {answer['sum']} instead of {keys} and {2 * keys}")
    return figures(answer["seconds"], answer["seconds"], used["cpu_s"], used, answer["records"])


class RestoreRow(Row):
    """Named after what is there when the process starts."""

    def __init__(self, what, settings, keys):
        super().__init__(VIEW, settings, 2 * keys, keys)
        self.what = what

    def name(self):
        """As it stands in the table."""
        return f"{self.what}, {self.keys:,} keys"


def measure_engine(bench, options, report, engine, keys):
    """All launches of one engine, on one changelog."""
    settings = {"processing.guarantee": options.guarantees[0], "commit.interval.ms": 100, "num.stream.threads": 1}
    empty, kept = (RestoreRow(what, settings, keys) for what in ("restore from the changelog", "start with its state"))
    topic = bench.input("sequence", 2 * keys, keys)[0]
    job = Job(bench, VIEW, [topic], settings, f"benchmark-restore-{engine}")
    changelog = f"{job.application}-counts-changelog"
    try:
        fill(bench, engine, job)
        written = bench.check(changelog, "last")["records"]
        for _ in range(options.runs):
            shutil.rmtree(job.state)
            report.add(empty, engine, lambda: measure_launch(engine, job, keys, written), "restore")
            report.add(kept, engine, lambda: measure_launch(engine, job, keys, 0), "restore")
            if engine == "weir" and "raw" in options.engines:
                report.add(empty, "raw", lambda: measure_raw(bench, changelog, keys), "restore")
    finally:
        job.clean()


def measure_all(bench, options, report):
    """Each engine on the changelog that it wrote itself."""
    for keys in options.restore_keys:
        for engine in options.engines:
            if engine == "weir" or (engine == "kafka-streams" and not options.quick):
                report.guard(f"restore, {engine}", lambda e=engine, k=keys: measure_engine(bench, options, report, e, k))
