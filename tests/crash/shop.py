"""What must hold of orders when commerce-saga has worked off all commands, whatever died meanwhile.
SPDX-License-Identifier: Apache-2.0"""
from collections import Counter, defaultdict


def check_stock(commands, levels, orders, stock):
    reserved = Counter()
    assert set(orders) == set(commands), "orders are not those that were asked for"
    for row in orders.values():
        if row["status"] == "CONFIRMED":
            for item in row["items"]:
                reserved[item["sku"]] += item["quantity"]
    for sku, row in stock.items():
        assert row["reserved"] == reserved[sku] <= levels[sku], f"{sku}: {row}, but {reserved[sku]} were confirmed"
        assert row["available"] == levels[sku] - reserved[sku], f"{sku}: {row}"
    refused = [row for row in orders.values() if row["status"] == "CANCELLED"]
    assert refused and reserved, "there was never too little, or never enough"
    for row in refused:
        assert row["available"] < row["requested"], row
        assert row["available"] >= levels[row["sku"]] - reserved[row["sku"]], f"refused although it was there: {row}"


def check_topics(consume, service, orders, guarantee):
    """When all that was given up was replayed: each event once, by its id; exactly once: once. consume: the records of a topic. Returns how many notifications were given up, and how
    many events said again."""
    ids = defaultdict(Counter)
    for topic in ("orders.events", "inventory.events", "notifications.events"):
        for record in consume(topic):
            ids[topic][record["value"]["event_id"]] += 1
    outcomes = [event for event in ids["orders.events"] if not event.endswith("/created")]
    assert sorted(outcomes) == sorted(f"{order}/{row['status'].lower()}" for order, row in orders.items())
    wanted = {f"{order}/ORDER_{row['status']}" for order, row in orders.items()}
    told = {event.removesuffix("/notification") for event in ids["notifications.events"] if event.endswith("/notification")}
    failed = {event.removesuffix("/notification/failed") for event in ids["notifications.events"] if event.endswith("/failed")}
    assert told == wanted and failed <= wanted, "outcomes of notifications"
    given_up = {f"{record['key']}/{record['value']['original_notification']['type']}" for record in consume("notifications.dlq")}
    assert not service.wrong, service.wrong[0]
    assert failed == given_up, "what failed is what was given up"
    assert set(service.done) == wanted, "somebody was not told"
    if guarantee == "exactly_once_v2":
        assert max(max(counts.values()) for counts in ids.values()) == 1, "an event was said twice"
    return len(given_up), sum(sum(counts.values()) - len(counts) for counts in ids.values())


def check_call(key, path, request):
    assert key == f"{request['order_id']}/{request['type']}" and path == "/notifications", (key, path)
