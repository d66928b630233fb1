"""Recomputes the views of the topology `continental` from its input records and from what came of the calls (continental.closings),
independently of the topology's code.
SPDX-License-Identifier: Apache-2.0"""
from collections import defaultdict
from decimal import Decimal

from recompute import DAY, HOUR, MINUTE, of_topic, read_records, to_ms, window

IGNORED = {"p50Ms", "p95Ms", "p99Ms", "sketch"}
RANKS, RATE_UNIT = 100, Decimal(10000)


def counted_once(closings):
    """An elimination is given up once, and closed once."""
    seen = set()
    for record in closings:
        identity = record.value["eliminationId"], record.value["outcome"]
        if identity not in seen:
            seen.add(identity)
            yield record.value


def contracts_of(contracts, closings):
    latest = {record.key: record.value for record in closings}
    rows = {}
    for record in contracts:
        rows[record.key] = {name: record.value[name] for name in ("target", "reward", "status", "openedAt")}
        closing = latest.get(record.key)
        if closing:
            rows[record.key].update(closing=closing["outcome"], assassinId=closing["assassinId"], attempts=closing["attempts"],
                                    error=closing.get("error"), closedAt=closing["at"] if closing["outcome"] == "CLOSED" else None)
    return rows


def paid(outcomes):
    assassins = defaultdict(lambda: {"eliminations": 0, "coins": Decimal(0)})
    for outcome in outcomes:
        assassins[outcome["assassinId"]]["eliminations"] += 1
        assassins[outcome["assassinId"]]["coins"] += outcome["coinsAmount"]
    return dict(assassins)


def board(assassins):
    ranked = sorted(assassins.items(), key=lambda pair: (-pair[1]["coins"], pair[0]))[:RANKS]
    return {"all": {"assassins": [{"rank": i + 1, "assassinId": name, **row} for i, (name, row) in enumerate(ranked)]}}


def coins_per(size, outcomes):
    windows = defaultdict(lambda: {"payments": 0, "coins": Decimal(0)})
    for outcome in outcomes:
        row = windows[window("all", to_ms(outcome["at"]), size)]
        row["payments"] += 1
        row["coins"] += outcome["coinsAmount"]
    return dict(windows)


def load_per_minute(outcomes):
    windows = defaultdict(lambda: {"closed": 0, "failed": 0, "errors": 0, "totalMs": 0})
    for outcome in outcomes:
        row, is_closed = windows[window("all", to_ms(outcome["at"]), MINUTE)], outcome["outcome"] == "CLOSED"
        row["closed" if is_closed else "failed"] += 1
        row["errors"] += outcome["attempts"] - is_closed
        row["totalMs"] += to_ms(outcome["at"]) - to_ms(outcome["acceptedAt"])
    for row in windows.values():
        row["retryRate"] = row["errors"] * RATE_UNIT // max(1, row["errors"] + row["closed"]) / RATE_UNIT
        row["meanMs"] = row["totalMs"] // (row["closed"] + row["failed"])
    return dict(windows)


def compute(lines):
    records = list(read_records(lines))
    closings = of_topic(records, "continental.closings")
    outcomes = list(counted_once(closings))
    closed = [outcome for outcome in outcomes if outcome["outcome"] == "CLOSED"]
    assassins = paid(closed)
    return {
        "continental-contracts": contracts_of(of_topic(records, "contracts"), closings),
        "continental-assassins": assassins,
        "continental-leaderboard": board(assassins),
        "continental-coins-per-hour": coins_per(HOUR, closed),
        "continental-coins-per-day": coins_per(DAY, closed),
        "continental-closings-per-minute": load_per_minute(outcomes),
    }
