"""Recomputes the views of the topology `joins` from its input records, independently of the topology's code.

Joins of tables are computed from the last rows, the join of two streams from all pairs of records; only the demand, a
stream joined with a table, depends on the order of arrival.
SPDX-License-Identifier: Apache-2.0"""
from collections import defaultdict
from decimal import Decimal

from recompute import HOUR, of_topic, read_records, to_ms

SOURCES = ("commerce", "continental", "joins")  # the generators whose events are read together
LEFT_OUT = {"inventory.events", "inventory.responses", "notifications.events"}  # of those, what the topology does not read
EXTRA = ["""{"topic":"orders.events","key":"patient-%d","ts":1733308200000,"value":{"type":"ORDER_CREATED","event_id":"p-%d",
    "order_id":"patient-%d","customer_id":"customer-%03d","items":[{"sku":"%s","quantity":%d,"unit_price":10.50}],"total":10.50,
    "timestamp":"2024-12-04T10:30:00.000Z"}}""".replace("\n", "") % (i, i, i, i + 1, ("LAPTOP-001", "MOUSE-001", "NOTHING")[i % 3], 10 + 40 * i)
         for i in range(12)]  # orders that wait, some of them for ever
FINAL = {"ORDER_CONFIRMED": "CONFIRMED", "ORDER_CANCELLED": "CANCELLED"}


def once(records, identity):
    seen = set()
    for record in records:
        if identity(record) not in seen:
            seen.add(identity(record))
            yield record


def known_orders(events):
    orders = {}
    for record in events:
        order = orders.setdefault(record.key, {"status": "PENDING", "items": [], "total": 0})
        event = record.value
        order["status"] = FINAL.get(event["type"], order["status"])
        order["customer"] = event.get("customer_id", order.get("customer"))
        order["items"] = event.get("items") or order["items"]
        order["total"] = event.get("total", order["total"])
    return orders


def waiting_views(orders, stock):
    lines, per_sku = {}, defaultdict(lambda: {"orders": 0, "units": 0})
    for order, row in orders.items():
        for item in row["items"] if row["status"] == "PENDING" else []:
            sku, quantity = item["sku"], item["quantity"]
            if sku in stock and quantity <= stock[sku]:
                continue
            lines[f"{order}/{sku}"] = {"orderId": order, "sku": sku, "quantity": quantity, "amount": quantity * item["unit_price"],
                                       "stock": stock.get(sku)}
            per_sku[sku]["orders"] += 1
            per_sku[sku]["units"] += quantity
    return lines, per_sku


def demand(records, order_events):
    chosen, stock = {id(record) for record in order_events}, {}
    rows = defaultdict(lambda: {"orders": 0, "units": 0, "short": 0})
    for record in records:
        if record.topic == "inventory.stock" and record.value is not None:
            stock[record.key] = record.value["quantity"]
        if id(record) not in chosen or record.value["type"] != "ORDER_CREATED":
            continue
        for item in record.value["items"]:
            row = rows[item["sku"]]
            row["orders"] += 1
            row["units"] += item["quantity"]
            row["short"] += item["sku"] not in stock or item["quantity"] > stock[item["sku"]]
    return rows


def campaign_sales(records, order_events, eliminations):
    campaigns = {record.key: record.value["sku"] for record in of_topic(records, "campaigns")}
    rows = defaultdict(lambda: {"sales": 0, "units": 0, "revenue": Decimal(0)})
    lines = [(item, to_ms(record.value["timestamp"])) for record in order_events if record.value["type"] == "ORDER_CREATED"
             for item in record.value["items"]]
    for record in eliminations:
        contract, at = record.value["contractId"], to_ms(record.value["verifiedAt"])
        for item, ordered in lines:
            if campaigns.get(contract) == item["sku"] and 0 <= ordered - at <= HOUR:
                rows[contract]["sales"] += 1
                rows[contract]["units"] += item["quantity"]
                rows[contract]["revenue"] += item["quantity"] * item["unit_price"]
    return rows


def contract_views(records, eliminations, per_user):
    paid = defaultdict(lambda: {"eliminations": 0, "coins": Decimal(0)})
    for record in eliminations:
        paid[record.value["contractId"]]["eliminations"] += 1
        paid[record.value["contractId"]]["coins"] += record.value["coinsAmount"]
    contracts = {record.key: record.value for record in of_topic(records, "contracts")}
    none = {"eliminations": 0, "coins": 0}
    with_payouts = {key: {"target": row["target"], "reward": row["reward"], "status": row["status"], "orders": 0, "spend": 0,
                          **paid.get(key, none)} for key, row in contracts.items()}
    return with_payouts, {key: {**row, **per_user.get(row["target"], {})} for key, row in with_payouts.items()}


def compute(lines):
    records = list(read_records(lines))
    events = list(once((record for record in of_topic(records, "orders.events") if record.key is not None),
                       lambda record: (record.key, record.value["event_id"])))
    eliminations = list(once(of_topic(records, "eliminations.verified"), lambda record: record.value["eliminationId"]))
    stock = {record.key: record.value["quantity"] for record in of_topic(records, "inventory.stock")}
    orders = known_orders(events)
    per_user = defaultdict(lambda: {"orders": 0, "spend": Decimal(0)})
    for row in orders.values():
        if row["status"] != "CANCELLED" and row["customer"]:
            per_user[row["customer"]]["orders"] += 1
            per_user[row["customer"]]["spend"] += row["total"]
    waiting, per_sku = waiting_views(orders, stock)
    with_payouts, with_orders = contract_views(records, eliminations, per_user)
    return {"joins-waiting-orders": waiting, "joins-waiting-per-sku": per_sku, "joins-orders-per-user": per_user,
            "joins-demand": demand(records, events), "joins-campaign-sales": campaign_sales(records, events, eliminations),
            "joins-contracts-with-payouts": with_payouts, "joins-contracts-with-orders": with_orders}
