"""Recomputes the views of the topology `commerce-saga` from its input records, independently of the topology's code: one record
after the other, each to its end.
SPDX-License-Identifier: Apache-2.0"""
from decimal import Decimal

from recompute import of_topic, read_records, to_ms, to_text


class Shop:
    def __init__(self):
        self.stock, self.orders, self.reservations, self.notified = {}, {}, {}, {}

    def change(self, sku, at, reserved):
        row = self.stock[sku]
        row["reserved"] += reserved
        row["updated"] = max(at, row["updated"] + 1)

    def set_level(self, record):
        at = to_ms(record.value["timestamp"])
        row = self.stock.setdefault(record.key, {"level": 0, "level_at": 0, "reserved": 0, "updated": 0})
        row.update(level=record.value["quantity"], level_at=at)
        self.change(record.key, max(at, record.ts), 0)

    def reserve(self, order_id, items, at):
        wanted = {}
        for item in items:
            wanted[item["sku"]] = wanted.get(item["sku"], 0) + item["quantity"]
        for sku, quantity in wanted.items():
            row = self.stock.get(sku, {"level": 0, "reserved": 0})
            if quantity > row["level"] - row["reserved"]:
                why = {"sku": sku, "available": max(0, row["level"] - row["reserved"]), "requested": quantity}
                self.reservations[order_id] = {"state": "REFUSED", "items": [], **why}
                return why
        for sku, quantity in wanted.items():
            self.change(sku, at, quantity)
        self.reservations[order_id] = {"state": "RESERVED",
                                       "items": [{"sku": sku, "quantity": quantity} for sku, quantity in wanted.items()]}
        return None

    def take_command(self, command):
        if command["order_id"] in self.orders:
            return
        at = to_ms(command["timestamp"])
        why = self.reserve(command["order_id"], command["items"], at)
        total = sum((item["quantity"] * Decimal(item["unit_price"]) for item in command["items"]), Decimal(0))
        self.orders[command["order_id"]] = {
            "customer_id": command["customer_id"], "items": command["items"], "total": total,
            "status": "CANCELLED" if why else "CONFIRMED", "created": to_text(at), "decided": to_text(at),
            **({"reason": "INSUFFICIENT_STOCK", **why} if why else {})}
        self.notified[f"{command['order_id']}/ORDER_{'CANCELLED' if why else 'CONFIRMED'}"] = at

    def stock_view(self):
        return {sku: {"level": row["level"], "level_at": to_text(row["level_at"]), "reserved": row["reserved"],
                      "available": max(0, row["level"] - row["reserved"]), "quantity": max(row["level"], row["reserved"]),
                      "updated": to_text(row["updated"])} for sku, row in self.stock.items()}


def compute(lines):
    shop, records = Shop(), list(read_records(lines))
    for record in records:
        if record.value is None:
            continue
        if record.topic == "inventory.stock":
            shop.set_level(record)
        elif record.topic == "orders.commands":
            shop.take_command(record.value)
    assert len(shop.orders) == len({record.key for record in of_topic(records, "orders.commands")})
    return {"saga-orders": shop.orders, "saga-stock": shop.stock_view(), "saga-reservations": shop.reservations,
            "saga-notified": shop.notified}
