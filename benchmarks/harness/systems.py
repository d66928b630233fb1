"""The systems that come with Weir, whole, at the rates that were promised of them. Weir only.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import shutil
import statistics
import subprocess
import time

from .bench import ROOT
from .engines import Job, Weir
from .process import LIMIT_S, Failure, Process, cpu_of, free_port, wait_for_port
from .throughput import Row
from .workloads import Workload

SYSTEMS = {name: Workload(name, (), "", "", topics=topics) for name, topics in {
    "commerce-saga": ("orders.commands", "orders.events", "inventory.requests", "inventory.responses", "inventory.events",
                      "inventory.stock", "notifications.requests", "notifications.events", "notifications.dlq"),
    "commerce": (),  # reads what commerce-saga writes
    "platform": ("sessions.events", "audit.events", "requests.events", "limits.questions", "platform.sessions.ended"),
    "aurore": ("aurore.events",),
}.items()}
SKUS = 500
DECIDED = '"type":"ORDER_CONFIRMED"'
EVENT_CONNECTIONS = 64
# An order makes four hops from topic to topic before it is decided. Each may wait for company, 20 ms in the producer and 20 ms in the broker
# (fetch.wait.max.ms), so that few large requests are made of many small ones. An answer waits for no more than a single partition may bring
# (fetch.message.max.bytes, 16 KiB at least): one that is behind would be fetched in pieces with a pause of 20 ms before each.
ORDER_SETTINGS = {"commit.interval.ms": 200, "linger.ms": 20, "consumer.fetch.min.bytes": 16384}
WARM_S = 20
LAG_PROMISED = 1000
LAG_LINE = re.compile(r'^weir_consumer_lag_records\{[^}]*topic="([^"]*)"[^}]*\} (\S+)$', re.MULTILINE)  # one for each partition


class SystemRow(Row):
    """Named after what was promised."""

    def __init__(self, options, system, what, more=None):
        settings = {"processing.guarantee": options.guarantees[0], "commit.interval.ms": options.commits[0],
                    "num.stream.threads": options.threads[0], **(more or {})}
        super().__init__(SYSTEMS[system], settings, 0, 0)
        self.what = what

    def name(self):
        """As it stands in the table."""
        return f"{self.workload.name}: {self.what}"


class System:
    """`weir run` of one system on topics of its own, as a context."""

    def __init__(self, bench, row, **environment):
        self.bench, self.job = bench, Job(bench, row.workload, [], row.settings, f"benchmark-{row.workload.name}")
        for topic in row.workload.topics:
            bench.delete(topic)
            bench.create(topic)
        self.weir = Weir(self.job, **environment)

    def __enter__(self):
        self.weir.ready()
        return self.weir

    def __exit__(self, *failure):
        self.weir.kill()
        self.job.clean()
        for topic in self.job.workload.topics:
            self.bench.delete(topic)


def lag_of(weir):
    """Records that were not processed yet, of all tasks; None while that is not known of all."""
    tasks = (weir.get("/v1/tasks") or {}).get("data") or []
    lags = [task["lag"] for task in tasks]
    return sum(lags) if lags and all(lag is not None and lag >= 0 for lag in lags) else None


def rows_in(weir, view):
    """How many rows a view has, exactly."""
    return (weir.get(f"/v1/views/{view}/count?exact=true") or {}).get("rows", -1)


def wait_rows(weirs, weir, view, count):
    """The moment a view had so many rows."""
    until = time.monotonic() + LIMIT_S
    while rows_in(weir, view) < count:
        for one in weirs:
            one.must_run()
        if time.monotonic() > until:
            raise Failure(f"{view} has {rows_in(weir, view)} rows instead of {count} after {LIMIT_S} s")
        time.sleep(0.1)
    return time.monotonic()


def send(bench, kind, records, per_second):
    """Runs domain.c in the background."""
    return Process([bench.path("domain"), bench.bootstrap, kind, records, per_second], bench.log("programs.log"),
                   stdout=subprocess.PIPE)


def send_all(bench, kind, records):
    """Runs domain.c to its end, as fast as it goes."""
    return bench.program("domain", bench.bootstrap, kind, records, 0)[0]


# ---- commerce: orders from the command to the views and the customer ----

def begin_reading(bench, topic, skip_s, seconds, text):
    """latency.c on the topic, when it has begun."""
    reader = Process([bench.path("latency"), bench.bootstrap, topic, skip_s, seconds, text], bench.log("programs.log"),
                     stdout=subprocess.PIPE)
    reader.child.stdout.readline()
    return reader


def lags_by_topic(weir):
    """Records that were not processed yet, of each partition, by topic."""
    lags = {}
    for topic, lag in LAG_LINE.findall((weir.get("/metrics") or b"").decode()):
        lags.setdefault(topic, []).append(int(float(lag)))
    return lags


def greatest(lags, counts):
    """Of the partitions, and of the topics."""
    of = [partitions for topic, partitions in lags if counts(topic)]
    return max(max(partitions) for partitions in of), max(sum(partitions) for partitions in of)


def lag_figures(name, looks):
    """Looks: when, of the partition and of the topic that lagged most."""
    return {**spread(f"partition_{name}", [lag for _, lag, _ in looks]), **spread(name, [lag for _, _, lag in looks]),
            f"{name}_above_s": longest_above([(at, lag) for at, _, lag in looks], LAG_PROMISED)}


def spread(name, looks):
    """Median, 95th percentile and the greatest."""
    return {f"{name}_p50": statistics.median(looks), f"{name}_p95": round(statistics.quantiles(looks, n=20)[-1]), f"{name}_max": max(looks)}


def longest_above(looks, most):
    """For how many seconds, at most, every look was above: until the first one that was not."""
    longest, began = 0, None
    for at, lag in looks:
        if began is not None:
            longest = max(longest, at - began)
        if lag <= most:
            began = None
        elif began is None:
            began = at
    return round(longest, 2)


def watch_lag(weirs, rate, skip_s):
    """While orders come, in records, at each look, of both topologies: the lag of the partition that lags most, as Kafka's clients
    tell it (records-lag-max), and of the topic, as deploy/alerts.yml looks at it; apart those of topics that a topology has made for
    itself, of which an order fills several times as many. And for how long, at most, a topic lagged by more than was promised."""
    looks, internal, began = [], [], time.monotonic()
    topics = SYSTEMS["commerce-saga"].topics
    while rate.poll() is None:
        for weir in weirs:
            weir.must_run()
        now = time.monotonic() - began
        if now > skip_s:
            lags = [pair for weir in weirs for pair in lags_by_topic(weir).items()]
            looks.append((now, *greatest(lags, lambda topic: topic in topics)))
            internal.append((now, *greatest(lags, lambda topic: topic not in topics)))
        time.sleep(0.25)
    return {**lag_figures("lag", looks), **lag_figures("internal_lag", internal)}


def counted(views):
    """How many orders were created, confirmed, and told to their customers."""
    metrics = {row["key"]: int(row["value"]["count"]) for row in views.rows_of("commerce-metrics")}
    return {name: metrics.get(name, 0) for name in ("orders.created", "orders.confirmed", "notifications.sent")}


def check_orders(weirs, sent):
    """Every order was decided, told, and counted by the views, once."""
    until = time.monotonic() + LIMIT_S
    while any(count < sent for count in counted(weirs[1]).values()) or any(lag_of(weir) != 0 for weir in weirs):
        for weir in weirs:
            weir.must_run()
        if time.monotonic() > until:
            raise Failure(f"of {sent} orders the views have {counted(weirs[1])} after {LIMIT_S} s")
        time.sleep(0.2)
    if any(count != sent for count in counted(weirs[1]).values()):
        raise Failure(f"of {sent} orders the views have {counted(weirs[1])}")


def warm_up(bench, options, weirs, per_second):
    """Orders at half the rate for a while, until all are worked off: the broker's Java machine compiles meanwhile. Returns their number."""
    rate = send(bench, "commands", per_second // 2 * (1 if options.quick else WARM_S), per_second // 2)
    try:
        sent = json.loads(rate.child.stdout.read())["sent"]
        check_orders(weirs, sent)
        return sent
    finally:
        rate.kill()


def take_orders(bench, options, weirs, service, per_second):
    """Orders at a fixed rate: latencies from the command until it is decided, and until its changes of the views are committed."""
    seconds, skip_s = (4, 2) if options.quick else (options.seconds, 5)
    warmed = warm_up(bench, options, weirs, per_second)
    changes = f"{weirs[1].job.application}-commerce-orders-changelog"
    readers = [begin_reading(bench, "orders.events", skip_s, seconds - skip_s, DECIDED),
               begin_reading(bench, changes, skip_s, seconds - skip_s, "")]
    before = [cpu_of(pid) for pid in (weirs[0].pid, weirs[1].pid, service.pid, bench.broker_pid)]
    rate = send(bench, "commands", per_second * seconds, per_second)
    try:
        lag = watch_lag(weirs, rate, skip_s)
        sent = json.loads(rate.child.stdout.read())
        decided, seen = (json.loads(reader.child.stdout.readline()) for reader in readers)
        check_orders(weirs, warmed + sent["sent"])
        after = [cpu_of(pid) for pid in (weirs[0].pid, weirs[1].pid, service.pid, bench.broker_pid)]
        used = [round((b - a) * 1e6 / sent["sent"], 1) if a is not None else 0 for a, b in zip(before, after)]
        return {"orders_per_s": round(sent["sent"] / sent["seconds"]), "decided_p50_ms": decided["p50_ms"],
                "decided_p99_ms": decided["p99_ms"], "seen_p50_ms": seen["p50_ms"], "seen_p99_ms": seen["p99_ms"],
                **lag, "late_ms": sent["latest_us"] / 1000,
                **dict(zip(("saga_us_per_order", "views_us_per_order", "service_us_per_order", "broker_us_per_order"), used))}
    finally:
        for process in (rate, *readers):
            process.kill()


def measure_orders(bench, options, rows, per_second):
    """Both topologies and a service that is notified, on one machine."""
    port = free_port()
    service = Process([bench.path("http_bare"), port, 2], bench.log("programs.log"))
    try:
        wait_for_port(port)
        with System(bench, rows[0], COMMERCE_NOTIFICATIONS_URL=f"http://127.0.0.1:{port}/notifications") as saga, \
                System(bench, rows[1]) as views:
            send_all(bench, "stock", SKUS)
            wait_rows([saga, views], saga, "saga-stock", SKUS)
            return take_orders(bench, options, (saga, views), service, per_second)
    finally:
        service.kill()


# ---- platform and aurore ----

def take_in(bench, row, kind, view, records):
    """So many records, as fast as they come, until all are rows of the view."""
    with System(bench, row) as weir:
        began, cpu, broker = time.monotonic(), cpu_of(weir.pid), bench.broker_cpu()
        send_all(bench, kind, records)
        seconds = wait_rows([weir], weir, view, records) - began
        figures = {"records": records, "records_per_s": round(records / seconds),
                   "cpu_us_per_record": round((cpu_of(weir.pid) - cpu) * 1e6 / records, 2)}
        if broker is not None:
            figures["broker_us_per_record"] = round((bench.broker_cpu() - broker) * 1e6 / records, 2)
        return {**figures, "peak_rss_mb": round(weir.end()["rss_mb"], 1)}


def take_sessions(bench, row, sessions):
    """Sessions, five to a user, until all are there."""
    with System(bench, row) as weir:
        began = time.monotonic()
        send_all(bench, "sessions", sessions)
        wait_rows([weir], weir, "platform-active-sessions", sessions // 5)
        until = began + LIMIT_S
        while lag_of(weir) != 0 and time.monotonic() < until:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        now = (weir.get("/v1/views/platform-concurrent-users/keys/all") or {}).get("value", {})
        if int(now.get("sessions", -1)) != sessions:
            raise Failure(f"{sessions} sessions began, and platform-concurrent-users says {now}")
        return {"sessions": sessions, "sessions_per_s": round(sessions / seconds), "peak_rss_mb": round(weir.end()["rss_mb"], 1)}


def post_events(bench, options, row, batch):
    """events.lua posts events; each answer says that they are durable."""
    with System(bench, row) as weir:
        seconds, cpu = 3 if options.quick else 10, cpu_of(weir.pid)
        command = ["wrk", "-t1", f"-c{EVENT_CONNECTIONS}", f"-d{seconds}s", "-s", os.path.join(ROOT, "benchmarks/events.lua"),
                   f"http://127.0.0.1:{weir.port}"]
        output = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ, BATCH=str(batch))).stdout
        answer = json.loads(output.splitlines()[-1])
        if answer["failed"] or not answer["requests"]:
            raise Failure(f"{answer['failed']} of {answer['requests']} requests failed")
        events = answer["requests"] * batch
        wait_rows([weir], weir, "aurore-events", events)
        return {"events_per_s": answer["events_per_second"], "p50_ms": answer["p50_us"] / 1000, "p99_ms": answer["p99_us"] / 1000,
                "cpu_us_per_event": round((cpu_of(weir.pid) - cpu) * 1e6 / events, 1)}


def measure_all(bench, options, report):
    """Each promise of a rate, as often as rows are run."""
    small = options.quick
    orders = [SystemRow(options, name, f"{options.orders:,} orders/s", ORDER_SETTINGS) for name in ("commerce-saga", "commerce")]
    audit, sessions = SystemRow(options, "platform", "audit events"), SystemRow(options, "platform", "sessions")
    events = {batch: SystemRow(options, "aurore", f"events posted, {batch} at a time") for batch in (1, 100)}
    for _ in range(options.runs):
        report.add(orders[0], "weir", lambda: measure_orders(bench, options, orders, 500 if small else options.orders), "orders")
        report.add(audit, "weir", lambda: take_in(bench, audit, "audit", "platform-audit-by-time", 50000 if small else 2000000), "records")
        report.add(sessions, "weir", lambda: take_sessions(bench, sessions, 50000 if small else 1000000), "sessions")
        if not shutil.which("wrk"):
            report.notes.append("no events posted: wrk is missing (Debian: wrk)")
            continue
        for batch, row in events.items():
            report.add(row, "weir", lambda r=row, b=batch: post_events(bench, options, r, b), "events")
