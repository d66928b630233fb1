#!/usr/bin/env python3
"""Recomputes the views of the topology `commerce` from its input records, independently of the topology's code.

usage: recompute_commerce.py [FILE...]      (standard input without a FILE)
       recompute_commerce.py --self-test

Lines are JSON objects: {"topic","key","value","ts"} as `weir generate` prints them, {"topic","partition","offset",
"timestamp","key","value"} as `weir consume` prints them, or what `kcat -J` prints. Records of one key must stand in the
order of their partition. Prints {view: {key: value}}; keys of windows are key@start in milliseconds, money is text.

It works on whole sets of events where the topology works on one record at a time, and in Decimal, so that an error of
one is not an error of both.
SPDX-License-Identifier: Apache-2.0"""
import datetime
import json
import sys
from collections import defaultdict
from decimal import Decimal

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SCALE = Decimal("0.0001")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
METRICS = {
    "ORDER_CREATED": ["orders.created"],
    "ORDER_CONFIRMED": ["orders.confirmed", "revenue.confirmed"],
    "ORDER_CANCELLED": ["orders.cancelled", "revenue.lost"],
    "NOTIFICATION_SENT": ["notifications.sent"],
    "NOTIFICATION_FAILED": ["notifications.failed"],
}
REQUIRED = {
    "orders.events": ("type", "event_id", "order_id", "timestamp"),
    "notifications.events": ("type", "event_id", "order_id", "timestamp"),
    "inventory.events": ("type", "event_id", "sku", "quantity", "available", "reserved", "timestamp"),
    "inventory.responses": ("order_id", "status"),
    "inventory.stock": ("quantity",),
}
TYPES = {
    "orders.events": {"ORDER_CREATED", "ORDER_CONFIRMED", "ORDER_CANCELLED"},
    "notifications.events": {"NOTIFICATION_SENT", "NOTIFICATION_FAILED"},
    "inventory.events": {"INVENTORY_RESERVED", "INVENTORY_RELEASED", "STOCK_SET"},
}
KEYED = {"orders.events", "notifications.events", "inventory.responses"}


def loads(text):
    return json.loads(text, parse_float=Decimal)


def to_ms(value):
    """Milliseconds of an ISO-8601 time, exactly."""
    if isinstance(value, int):
        return value
    delta = datetime.datetime.fromisoformat(value.replace("Z", "+00:00")) - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def read_value(value):
    """The event as an object; None: it cannot be read."""
    if isinstance(value, str):
        try:
            value = loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def read_records(lines):
    """(topic, key, event or None, record time) of every line that can be counted; an absent value is a tombstone."""
    for line in lines:
        if not line.strip():
            continue
        record = loads(line)
        topic, key = record["topic"], record.get("key")
        raw = record["payload"] if "payload" in record else record.get("value")
        time = record.get("ts", record.get("timestamp", 0))
        if topic not in REQUIRED or (topic in KEYED and key is None):
            continue
        if raw is None:
            if topic == "inventory.stock":
                yield topic, key, None, time
            continue
        event = read_value(raw)
        if event is None or any(event.get(name) is None for name in REQUIRED[topic]):
            continue
        if topic in TYPES and event["type"] not in TYPES[topic]:
            continue
        yield topic, key, event, to_ms(event["timestamp"]) if event.get("timestamp") is not None else time


def money(value):
    return Decimal(value or 0).quantize(SCALE)


def once(records, topic):
    """The records of a topic, each event_id of a key once: the first."""
    seen = set()
    for record_topic, key, event, time in records:
        if record_topic != topic:
            continue
        if event["event_id"]:
            if (key, event["event_id"]) in seen:
                continue
            seen.add((key, event["event_id"]))
        yield key, event, time


def add(table, key, count, amount):
    row = table.setdefault(key, [0, Decimal(0)])
    row[0] += count
    row[1] += amount


def metric_views(events):
    views = {name: {} for name in ("commerce-metrics", "commerce-metrics-per-minute", "commerce-metrics-per-hour",
                                   "commerce-metrics-per-day")}
    for _, event, time in events:
        amount = money(event.get("total")) if event["type"].startswith("ORDER") else Decimal(0)
        for metric in METRICS[event["type"]]:
            add(views["commerce-metrics"], metric, 1, amount)
            for suffix, size in (("minute", MINUTE), ("hour", HOUR), ("day", DAY)):
                add(views["commerce-metrics-per-" + suffix], f"{metric}@{time - time % size}", 1, amount)
    return views


def rows(table, count, amount):
    return {key: {count: row[0], amount: row[1]} for key, row in table.items()}


def sums_of_orders(orders):
    cancellations, customers, products = {}, {}, {}
    known = {}  # what an earlier event of the order said
    for key, event, _ in orders:
        said = known.setdefault(key, {})
        said.update({name: event[name] for name in ("customer_id", "items") if event.get(name)})
        if event["type"] == "ORDER_CANCELLED":
            add(cancellations, event.get("reason") or "unspecified", 1, money(event.get("total")))
        if event["type"] == "ORDER_CONFIRMED":
            add(customers, said.get("customer_id", "unknown"), 1, money(event.get("total")))
            for item in said.get("items", []):
                add(products, item["sku"], item["quantity"], item["quantity"] * money(item["unit_price"]))
    return {
        "commerce-cancellations": rows(cancellations, "count", "amount"),
        "commerce-customers": rows(customers, "orders", "spend"),
        "commerce-products": rows(products, "units", "revenue"),
    }


def latest(items, time):
    """The latest; of equals the last to come."""
    return max(enumerate(items), key=lambda pair: (time(pair[1]), pair[0]))[1] if items else None


def order_row(orders, responses, notifications):
    final = [pair for pair in orders if pair[0]["type"] != "ORDER_CREATED"]
    winner = latest(final or orders, lambda pair: pair[1])
    row = {}
    if winner:
        row["status"] = {"ORDER_CREATED": "PENDING", "ORDER_CONFIRMED": "CONFIRMED",
                         "ORDER_CANCELLED": "CANCELLED"}[winner[0]["type"]]
        row["updated"] = winner[1]
        row["reason"] = winner[0].get("reason")
        row["total"] = money(winner[0]["total"]) if winner[0].get("total") is not None else None
        row["customer_id"] = winner[0].get("customer_id")
        created = [time for event, time in orders if event["type"] == "ORDER_CREATED"]
        row["created"] = created[0] if created else None
    response = latest(responses, lambda pair: pair[1])
    row["reservation"] = response[0]["status"] if response else None
    told = [pair for pair in notifications if pair[0]["type"] == "NOTIFICATION_SENT"]
    notification = latest(told or notifications, lambda pair: pair[1])
    row["notification"] = notification[0]["type"].removeprefix("NOTIFICATION_") if notification else None
    return row


def order_view(orders, responses, notifications):
    by_key = defaultdict(lambda: ([], [], []))
    for index, events in enumerate((orders, responses, notifications)):
        for key, event, time in events:
            by_key[key][index].append((event, time))
    return {key: order_row(*lists) for key, lists in by_key.items()}


def stock_view(records):
    events, levels = defaultdict(list), {}
    for topic, key, event, time in records:
        if topic == "inventory.events":
            events[event["sku"]].append((event, time))
        elif topic == "inventory.stock":
            levels[key] = (event, time)
    levels = {sku: level for sku, level in levels.items() if level[0] is not None}
    view = {}
    for sku in set(events) | set(levels):
        event, level = latest(events.get(sku), lambda pair: pair[1]), levels.get(sku)
        if level and (not event or level[1] > event[1]):
            reserved = event[0]["reserved"] if event else 0
            view[sku] = {"quantity": level[0]["quantity"], "reserved": reserved,
                         "available": level[0]["quantity"] - reserved, "updated": level[1]}
        else:
            view[sku] = {"quantity": event[0]["available"] + event[0]["reserved"], "reserved": event[0]["reserved"],
                         "available": event[0]["available"], "updated": event[1]}
    return view


def quantile(numbers, per_mille):
    return sorted(numbers)[-(-len(numbers) * per_mille // 1000) - 1]


def confirmation_view(orders):
    created, confirmed = {}, {}
    for key, event, time in orders:
        if event["type"] == "ORDER_CREATED":
            created.setdefault(key, time)
        elif event["type"] == "ORDER_CONFIRMED":
            confirmed.setdefault(key, time)
    hours = defaultdict(list)
    for key in created.keys() & confirmed.keys():
        hours[f"all@{confirmed[key] - confirmed[key] % HOUR}"].append(max(0, confirmed[key] - created[key]))
    return {hour: {"count": len(waits), "p50_ms": quantile(waits, 500), "p95_ms": quantile(waits, 950),
                   "p99_ms": quantile(waits, 990)} for hour, waits in hours.items()}


def compute(lines):
    """All views of the records in these lines."""
    records = list(read_records(lines))
    orders = list(once(records, "orders.events"))
    notifications = list(once(records, "notifications.events"))
    responses = [(key, event, time) for topic, key, event, time in records if topic == "inventory.responses"]
    views = {name: rows(table, "count", "amount") for name, table in metric_views(orders + notifications).items()}
    views.update(sums_of_orders(orders))
    views["commerce-orders"] = order_view(orders, responses, notifications)
    views["commerce-stock"] = stock_view(records)
    views["commerce-confirmation-time"] = confirmation_view(orders)
    return views


def self_test():
    lines = [
        '{"topic":"orders.events","key":"o","ts":0,"value":{"type":"ORDER_CREATED","event_id":"1","order_id":"o",'
        '"total":1059.97,"timestamp":"2024-12-04T10:30:00.000Z"}}',
        '{"topic":"orders.events","key":"o","ts":0,"value":{"type":"ORDER_CONFIRMED","event_id":"2","order_id":"o",'
        '"customer_id":"c","items":[{"sku":"MOUSE-001","quantity":2,"unit_price":29.99}],"total":1059.97,'
        '"timestamp":"2024-12-04T10:30:02.500Z"}}',
        '{"topic":"orders.events","key":"p","ts":0,"value":"{broken"}',
        '{"topic":"inventory.stock","key":"A","ts":5,"value":{"quantity":50}}',
    ]
    views = compute(lines + lines[:2])
    assert views["commerce-metrics"]["revenue.confirmed"] == {"count": 1, "amount": Decimal("1059.97")}, views
    assert views["commerce-metrics-per-minute"]["orders.created@1733308200000"]["count"] == 1
    assert views["commerce-products"]["MOUSE-001"] == {"units": 2, "revenue": Decimal("59.98")}
    assert views["commerce-customers"]["c"]["orders"] == 1
    assert views["commerce-orders"]["o"]["status"] == "CONFIRMED"
    assert views["commerce-stock"]["A"] == {"quantity": 50, "reserved": 0, "available": 50, "updated": 5}
    assert views["commerce-confirmation-time"]["all@1733306400000"]["p50_ms"] == 2500
    print("ok")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    if any(name.startswith("-") for name in sys.argv[1:]):
        sys.exit(__doc__)
    lines = []
    for name in sys.argv[1:] or ["/dev/stdin"]:
        with open(name, encoding="utf-8", errors="replace") as file:
            lines.extend(file)
    json.dump(compute(lines), sys.stdout, indent=1, sort_keys=True, default=str)
    print()


if __name__ == "__main__":
    main()
