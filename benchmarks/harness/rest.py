"""Point reads over REST: alone, while ingesting at half of the peak, and beside a bare libmicrohttpd.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import shutil
import subprocess
import time

from .bench import PARTITIONS, ROOT
from .engines import Job, Weir
from .process import Failure, Process, cpu_of, free_port, wait_for_port
from .throughput import Row, wait_committed, warm_up
from .workloads import VIEW

CONNECTIONS = 32


class RestRow(Row):
    """Named after who is asked, and when."""

    def __init__(self, what):
        super().__init__(VIEW, {"processing.guarantee": "at_least_once", "commit.interval.ms": 100, "num.stream.threads": 1}, 0, 0)
        self.what = what

    def name(self):
        """As it stands in the table."""
        return self.what


def ask(options, port, pid):
    """wrk for some seconds: its figures."""
    seconds = 2 if options.quick else 8
    before = cpu_of(pid)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", os.path.join(ROOT, "benchmarks/point.lua"),
               f"http://127.0.0.1:{port}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True,
                            env=dict(os.environ, KEYS=str(options.keys))).stdout
    answer = json.loads(output.splitlines()[-1])
    if answer["failed"] or not answer["requests"]:
        raise Failure(f"{answer['failed']} of {answer['requests']} requests failed")
    return {"requests_per_s": round(answer["requests"] / answer["seconds"]), "p50_us": answer["p50_us"], "p99_us": answer["p99_us"],
            "cpu_us_per_request": round((cpu_of(pid) - before) * 1e6 / answer["requests"], 2)}


def ask_while_ingesting(bench, options, weir, job, per_second):
    """The same, while rate.c produces that many records per second."""
    seconds = 6 if options.quick else 16
    rate = Process([bench.path("rate"), bench.bootstrap, job.inputs[0], "orders", options.keys, per_second, seconds],
                   bench.log("programs.log"), stdout=subprocess.PIPE)
    try:
        time.sleep(2)
        figures = ask(options, weir.port, weir.pid)
        rate.must_run()
        rate.wait()
        return {**figures, "ingested_per_s": per_second}
    finally:
        rate.kill()


def bare(bench, options):
    """http_bare.c: the event loop and nothing behind it."""
    port = free_port()
    process = Process([bench.path("http_bare"), port], bench.log("programs.log"))
    try:
        wait_for_port(port)
        return ask(options, port, process.pid)
    finally:
        process.kill()


def measure_weir(bench, options, report, row_alone, row_busy):
    """Loads a view, and takes the speed of that as the peak."""
    records = max(options.keys * 20, options.records // 4)
    topic = bench.fresh("benchmark-live")
    bench.program("load", bench.bootstrap, topic, PARTITIONS, "orders", records, options.keys)
    job = Job(bench, VIEW, [topic], row_alone.settings, "benchmark-rest")
    weir = Weir(job)
    try:
        weir.ready()
        peak = records / (wait_committed(bench, job, weir)["done_s"] - weir.ready_s)
        if not options.quick:  # thrown away: the broker's Java machine compiles, on a third of a core, what passes records on at once
            ask_while_ingesting(bench, options, weir, job, round(peak / 2))
        for _ in range(options.runs):
            report.add(row_alone, "weir", lambda: ask(options, weir.port, weir.pid), "rest")
            report.add(row_alone, "bare libmicrohttpd", lambda: bare(bench, options), "rest")
            report.add(row_busy, "weir", lambda: ask_while_ingesting(bench, options, weir, job, round(peak / 2)), "rest")
        weir.end()
    finally:
        weir.kill()
        job.clean()
        bench.delete(topic)


def measure_all(bench, options, report):
    """Needs wrk."""
    if not shutil.which("wrk"):
        report.notes.append("no REST rows: wrk is missing (Debian: wrk)")
        return
    warm_up(bench, options)
    rows = RestRow("REST point reads"), RestRow("REST point reads while ingesting")
    report.guard("REST", lambda: measure_weir(bench, options, report, *rows))
