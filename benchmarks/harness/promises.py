"""How long those wait who ask platform and continental, under load, for what was promised of them. Weir only.
SPDX-License-Identifier: Apache-2.0"""
import http.client
import json
import os
import shutil
import statistics
import subprocess
import threading
import time

from .bench import ROOT
from .process import LIMIT_S, Failure, Process, cpu_of, free_port, wait_for_port
from .rest import CONNECTIONS
from .systems import SYSTEMS, System, SystemRow, lag_of, send_all, wait_rows
from .workloads import Workload

SYSTEMS.setdefault("continental", Workload("continental", (), "", "", topics=(
    "contracts", "eliminations.verified", "continental.closings", "continental.alerts")))
PROBES = ("/health", "/health/live", "/health/ready", "/health/detailed")
REPORTS = ("figures", "leaderboard", "closings-per-minute", "coins-per-hour", "contracts", "breakers")
SESSION = "/v1/views/platform-active-sessions/keys/user-%07d"


def milliseconds(waits):
    """p50, p99 and the greatest of some waits in seconds."""
    waits = sorted(waits)
    return {"p50_ms": round(statistics.median(waits) * 1000, 2), "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 2),
            "max_ms": round(waits[-1] * 1000, 2)}


class Prober:
    """Asks the probes in turn, ten times a second, each time on a connection of its own, as an orchestrator does."""

    def __init__(self, port):
        self.port, self.waits, self.failed, self.over = port, [], 0, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def ask(self, path):
        """How long the answer took."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        self.waits.append(time.monotonic() - began)
        self.failed += answer.status != 200

    def run(self):
        """Until it is stopped."""
        number = 0
        while not self.over.wait(0.1):
            self.ask(PROBES[number % len(PROBES)])
            number += 1

    def stop(self):
        """What it saw."""
        self.over.set()
        self.thread.join()
        if self.failed or not self.waits:
            raise Failure(f"{self.failed} of {len(self.waits)} probes failed")
        return milliseconds(self.waits)


def ask_for_sessions(options, weir, users):
    """wrk at its fastest: one user's sessions after the other."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{3 if options.quick else 15}s", "-s", os.path.join(ROOT, "benchmarks/point.lua"),
               f"http://127.0.0.1:{weir.port}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ, KEYS=str(users), PATTERN=SESSION)).stdout
    answer = json.loads(output.splitlines()[-1])
    if answer["failed"] or not answer["requests"]:
        raise Failure(f"{answer['failed']} of {answer['requests']} requests failed")
    return answer


def ask_platform(bench, options, row, sessions):
    """Requests as fast as they are answered, of sessions that are in store, and probes beside them."""
    with System(bench, row) as weir:
        send_all(bench, "sessions", sessions)
        wait_rows([weir], weir, "platform-active-sessions", sessions // 5)
        while lag_of(weir) != 0:
            time.sleep(0.05)
        cpu, prober = cpu_of(weir.pid), Prober(weir.port)
        answer = ask_for_sessions(options, weir, sessions // 5)
        used, probes = cpu_of(weir.pid) - cpu, prober.stop()
        return {"requests_per_s": round(answer["requests"] / answer["seconds"]), "p50_ms": answer["p50_us"] / 1000,
                "p95_ms": answer["p95_us"] / 1000, "p99_ms": answer["p99_us"] / 1000,
                "cpu_us_per_request": round(used * 1e6 / answer["requests"], 2), "health_p99_ms": probes["p99_ms"],
                "health_max_ms": probes["max_ms"]}


# ---- continental ----

def now_text():
    """The wall clock, as events say it."""
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


def eliminate(weir, stem, count):
    """So many eliminations, verified now."""
    records = [{"key": f"{stem}-{i}", "value": {"eliminationId": f"{stem}-{i}", "contractId": f"{stem}-{i}", "assassinId": f"a-{i % 200}",
                                                "coinsAmount": 100, "verifiedAt": now_text()}} for i in range(count)]
    connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=60)
    connection.request("POST", "/v1/topics/eliminations.verified/records", json.dumps({"records": records}), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    if status not in (200, 202):
        raise Failure(f"eliminations are answered with {status}")


def closed(weir):
    """How many, as the view of all minutes says; and the greatest p99 of a minute, from verification to outcome."""
    page = weir.get("/v1/views/continental-closings-per-minute/windows?from=2020-01-01T00:00:00Z&limit=1000") or {"data": []}
    values = [row["value"] for row in page["data"]]
    return sum(int(value["closed"]) for value in values), max((int(value["p99Ms"]) for value in values), default=0)


def wait_closed(weir, count):
    """The moment the metric said so."""
    until = time.monotonic() + LIMIT_S
    while closed(weir)[0] < count:
        weir.must_run()
        if time.monotonic() > until:
            raise Failure(f"{closed(weir)[0]} of {count} are closed after {LIMIT_S} s")
        time.sleep(0.01)
    return time.monotonic()


def watch_metrics(weir, per_second, seconds):
    """Eliminations at a fixed rate; from the moment one was posted until the metric has counted it."""
    waits, sent, began = [], 0, time.monotonic()
    for second in range(seconds):
        time.sleep(max(0, began + second - time.monotonic()))
        posted = time.monotonic()
        eliminate(weir, f"c-{second}", per_second)
        sent += per_second
        waits.append(wait_closed(weir, sent) - posted)
    return waits


def ask_reports(weir):
    """Each report of the board, ten times."""
    waits = []
    for name in REPORTS * 10:
        began = time.monotonic()
        if weir.get(f"/v1/reports/continental-{name}") is None:
            raise Failure(f"the report continental-{name} is not answered")
        waits.append(time.monotonic() - began)
    return waits


def watch_continental(bench, options, row, per_second):
    """With a contracts service that is well."""
    port = free_port()
    service = Process([bench.path("http_bare"), port, 2], bench.log("programs.log"))
    try:
        wait_for_port(port)
        with System(bench, row, CONTINENTAL_CONTRACTS_URL=f"http://127.0.0.1:{port}/contracts") as weir:
            metrics = milliseconds(watch_metrics(weir, per_second, 3 if options.quick else 20))
            reports = milliseconds(ask_reports(weir))
            return {"eliminations_per_s": per_second, "closed_p99_ms": closed(weir)[1], "metric_p50_ms": metrics["p50_ms"],
                    "metric_max_ms": metrics["max_ms"], "report_p50_ms": reports["p50_ms"], "report_max_ms": reports["max_ms"]}
    finally:
        service.kill()


def measure_all(bench, options, report):
    """Each of the two, as often as rows are run."""
    if not shutil.which("wrk"):
        report.notes.append("no promises: wrk is missing (Debian: wrk)")
        return
    small = options.quick
    asked, watched = SystemRow(options, "platform", "sessions asked for"), SystemRow(options, "continental", "closings watched")
    for _ in range(options.runs):
        report.add(asked, "weir", lambda: ask_platform(bench, options, asked, 50000 if small else 1000000), "requests")
        report.add(watched, "weir", lambda: watch_continental(bench, options, watched, 20 if small else 200), "closings")
