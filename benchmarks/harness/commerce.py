"""The topology `commerce`: Weir only, beside itself over time. SPDX-License-Identifier: Apache-2.0"""
import time

from .bench import PARTITIONS
from .engines import Job, Raw, Weir
from .process import LIMIT_S, Failure
from .workloads import COMMERCE


def cents(amount):
    """12.5 -> 1250"""
    whole, _, fraction = str(amount).partition(".")
    return int(whole) * 100 + int((fraction + "00")[:2])


def expected_metrics(totals):
    """The view commerce-metrics as the loader's totals say it must be."""
    created, confirmed, cancelled = ((totals[name], totals[name + "_cents"])
                                     for name in ("created", "confirmed", "cancelled"))
    return {"orders.created": created, "orders.confirmed": confirmed, "orders.cancelled": cancelled,
            "revenue.confirmed": confirmed, "revenue.lost": cancelled}


def is_done(weir, records, expected):
    """No task has lag, and the view has counted everything."""
    tasks = (weir.get("/v1/tasks") or {}).get("data") or []
    if not tasks or any(task["lag"] != 0 or task["state"] != "running" for task in tasks):
        return False
    if sum(task["records"] for task in tasks if task["subtopology"] == 0) < records:
        return False
    answers = {name: weir.get(f"/v1/views/commerce-metrics/keys/{name}") for name in expected}
    return all(answer and answer["value"]["count"] >= expected[name][0] for name, answer in answers.items())


def wait_done(weir, records, expected):
    """The moment everything was processed and visible."""
    until = time.monotonic() + LIMIT_S
    while not is_done(weir, records, expected):
        weir.must_run()
        if time.monotonic() > until:
            raise Failure(f"not everything was processed within {LIMIT_S} s: {weir.get('/v1/tasks')}")
        time.sleep(0.02)
    return time.monotonic()


def check_metrics(weir, expected):
    """The view to the cent."""
    found = {row["key"]: (int(row["value"]["count"]), cents(row["value"]["amount"])) for row in weir.rows_of("commerce-metrics")}
    if found != expected:
        raise Failure(f"commerce-metrics holds {found} instead of {expected}")


def prepare_topics(bench, records):
    """Its topics have names of their own: made anew for each run."""
    for topic in COMMERCE.topics:
        bench.delete(topic)
    totals, _ = bench.program("load", bench.bootstrap, COMMERCE.topics[0], PARTITIONS, "commerce", records)
    for topic in COMMERCE.topics[1:]:
        bench.create(topic)
    return totals


def measure_raw(bench, row):
    """What reading the events alone costs."""
    records = row.records // 8 * 2
    topic = COMMERCE.topics[0]
    bench.delete(topic)
    bench.program("load", bench.bootstrap, topic, PARTITIONS, "commerce", records)
    raw = Raw(Job(bench, COMMERCE, [topic], row.settings, "benchmark-commerce-raw"), records)
    try:
        taken, seconds, used = raw.finish()
        return raw.figures_of(taken, seconds, used)
    finally:
        raw.kill()
        bench.delete(topic)


def measure(bench, row, engine):
    """One run: its figures."""
    if engine == "raw":
        return measure_raw(bench, row)
    records = row.records // 8 * 2
    expected = expected_metrics(prepare_topics(bench, records))
    job = Job(bench, COMMERCE, [], row.settings, "benchmark-commerce")
    broker = bench.broker_cpu()
    weir = Weir(job)
    try:
        weir.ready()
        seconds = wait_done(weir, records, expected) - weir.ready_s
        check_metrics(weir, expected)
        figures = weir.figures_of(records, seconds, weir.end())
        if broker is not None:
            figures["broker_cpu_s_per_million"] = round((bench.broker_cpu() - broker) * 1e6 / records, 3)
        return figures
    finally:
        weir.kill()
        job.clean()
