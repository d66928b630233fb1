"""Recomputes the views of the topology `tradex` from its input records, independently of the topology's code.

Where the order of arrival decides (a decrease that is refused, who registered first, the catalogue of a sale) records
are taken in that order; everything else is computed from whole sets of events.
SPDX-License-Identifier: Apache-2.0"""
from collections import Counter, defaultdict
from decimal import Decimal

from recompute import DAY, HOUR, of_topic, read_records, to_ms, to_text, window

SOLD = {"confirmed", "processing", "shipped", "delivered"}
LOW_STOCK = 10


def users_of(records):
    """user.registered, and what the commands on the way there cause."""
    users, emails = {}, {}
    for record in records:
        if record.value is None:
            continue
        if record.topic == "user.registered":
            users[record.value["userId"]] = record.value
        elif record.topic == "auth.commands" and record.value["command"] == "REGISTER_USER":
            data = record.value["data"]
            if data["email"] in emails:
                continue
            user = emails[data["email"]] = f"user-0-{record.offset}"
            users[user] = {"userId": user, "email": data["email"], "role": data.get("role", "buyer"),
                           "createdAt": to_text(record.ts)}
    return users, emails


def catalogue_of(records):
    catalogue = {}
    for record in of_topic(records, "catalog.commands"):
        data = record.value["data"]
        if record.value["command"] == "CREATE_PRODUCT":
            catalogue[data["sku"]] = {"name": data["name"], "description": data.get("description"), "price": data["price"],
                                      "category": data.get("category", "unknown"), "seller": record.key or "unknown"}
    return catalogue


def stock_of(records):
    stock, seen = {}, set()
    for record in records:
        if record.value is None or record.topic not in ("catalog.commands", "stock.updated"):
            continue
        if record.topic == "catalog.commands":
            data = record.value["data"]
            if record.value["command"] != "CREATE_PRODUCT":
                continue
            product, kind, quantity, at = data["sku"], "initial", data.get("stock", 0), record.ts
            identity = (product, kind)
        else:
            event = record.value
            product, kind, quantity, at = event["productId"], event["operation"], event["quantity"], to_ms(event["updatedAt"])
            identity = (product, kind, quantity, at)
        if identity in seen:
            continue
        seen.add(identity)
        row = stock.setdefault(product, {"quantity": 0, "updatedAt": 0, "refused": 0})
        if kind == "decrease" and quantity > row["quantity"]:
            row["refused"] += 1
            row["lastRefused"] = {"productId": product, "requested": quantity, "available": row["quantity"], "updatedAt": to_text(at)}
            continue
        row["quantity"] += -quantity if kind == "decrease" else quantity
        row["updatedAt"] = max(row["updatedAt"], at)
    return {product: {**row, "updatedAt": to_text(row["updatedAt"])} for product, row in stock.items()}


def created_by_command(record):
    data = record.value["data"]
    return {"orderId": f"order-0-{record.offset}", "userId": data["userId"], "items": data["items"], "status": "pending",
            "totalAmount": sum(item["quantity"] * item["price"] for item in data["items"]), "createdAt": to_text(record.ts)}


def orders_of(records):
    """orderId -> the first order.created; orderId -> statuses in order of arrival, each (status, time) once."""
    created, statuses = {}, defaultdict(list)
    for record in records:
        if record.value is None or record.topic not in ("order.commands", "order.created", "order.updated"):
            continue
        event = created_by_command(record) if record.topic == "order.commands" else record.value
        order = event["orderId"]
        if record.topic != "order.updated" and order in created:
            continue
        if record.topic != "order.updated":
            created[order] = event
        change = (event["status"], to_ms(event["updatedAt"] if record.topic == "order.updated" else event["createdAt"]))
        if change not in statuses[order]:
            statuses[order].append(change)
    return created, statuses


def histories_of(statuses):
    return {order: [{"status": status, "at": to_text(at)} for status, at in sorted(changes, key=lambda change: change[1])]
            for order, changes in statuses.items()}


def joined_orders(created, histories, users, catalogue):
    orders = {}
    for order, history in histories.items():
        event = created.get(order)
        row = {"status": history[-1]["status"], "updatedAt": history[-1]["at"], "items": []}
        if event:
            user = users.get(event["userId"], {})
            row.update(userId=event["userId"], email=user.get("email"), role=user.get("role"),
                       totalAmount=event["totalAmount"], createdAt=event["createdAt"])
            row["items"] = [{"orderId": order, "line": i, **item, "name": catalogue.get(item["productId"], {}).get("name"),
                             "category": catalogue.get(item["productId"], {}).get("category")}
                            for i, item in enumerate(event["items"])]
        orders[order] = row
    return orders


def sales_views(created, statuses, catalogue):
    views = defaultdict(lambda: defaultdict(lambda: {"units": 0, "revenue": Decimal(0)}))
    for order, changes in statuses.items():
        sold = [at for status, at in changes if status in SOLD]  # in order of arrival
        for item in created[order]["items"] if sold and order in created else []:
            product = catalogue.get(item["productId"], {"category": "unknown", "seller": "unknown"})
            for name, key in (("product", item["productId"]), ("category", product["category"]), ("seller", product["seller"])):
                for span, size in (("hour", HOUR), ("day", DAY)):
                    row = views[f"tradex-sales-per-{name}-per-{span}"][window(key, sold[0], size)]
                    row["units"] += item["quantity"]
                    row["revenue"] += item["quantity"] * item["price"]
    return views


def compute(lines):
    """Views whose every row must be as here."""
    records = list(read_records(lines))
    users, emails = users_of(records)
    catalogue, stock = catalogue_of(records), stock_of(records)
    created, statuses = orders_of(records)
    histories = histories_of(statuses)
    products = {sku: {**entry, "stock": stock[sku]["quantity"]} for sku, entry in catalogue.items()}
    views = {
        "tradex-users": users,
        "tradex-emails": emails,
        "tradex-users-per-role": Counter(user["role"] for user in users.values()),
        "tradex-products": products,
        "tradex-low-stock": {sku: row for sku, row in products.items() if row["stock"] < LOW_STOCK},
        "tradex-stock": stock,
        "tradex-refused-decreases": {product: row for product, row in stock.items() if row["refused"]},
        "tradex-orders": joined_orders(created, histories, users, catalogue),
        "tradex-order-history": {order: {"changes": history} for order, history in histories.items()},
        "tradex-orders-per-status": Counter(history[-1]["status"] for history in histories.values()),
    }
    views.update(sales_views(created, statuses, catalogue))
    return views
