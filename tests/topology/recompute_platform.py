"""Recomputes the views of the topology `platform` from its input records, independently of the topology's code.

Sessions, breakers, rate limits and decisions depend on the order of arrival and are played through; percentiles are those of all
latencies of a window, sorted, and may differ by 1 %, which is what the sketch promises.
SPDX-License-Identifier: Apache-2.0"""
from collections import defaultdict
from decimal import ROUND_DOWN, Decimal

from recompute import HOUR, MINUTE, of_topic, read_records, to_ms, to_text, window

SESSION_LIFE, SESSIONS_MAX, GAP = 30 * MINUTE, 5, 30 * MINUTE
LIMIT, LOGINS, OUTCOMES, OPEN_MS = 60, 5, 20, 30_000
APPROXIMATE = {"p50Ms", "p95Ms", "p99Ms"}
IGNORED = {"sketch"}


class Sessions:
    """All users at once; expiry is looked for whenever time has reached another whole minute."""

    def __init__(self):
        self.active, self.ended, self.now, self.minute = defaultdict(dict), {}, -1, None

    def end(self, user, session, reason, at):
        del self.active[user][session]
        self.ended[session] = {"sessionId": session, "userId": user, "reason": reason, "at": to_text(at)}

    def take(self, event):
        user, session, at = event["userId"], event["sessionId"], to_ms(event["timestamp"])
        mine = self.active[user]
        if session not in self.ended:
            if session in mine:
                if event["type"] == "ENDED":
                    self.end(user, session, "ENDED", at)
                else:
                    mine[session]["accessedAt"] = max(mine[session]["accessedAt"], at)
                    if event["type"] == "CREATED":
                        mine[session]["createdAt"] = min(mine[session]["createdAt"], at)
            elif event["type"] != "ENDED":
                mine[session] = {"sessionId": session, "createdAt": at, "accessedAt": at, "ip": event.get("ip"),
                                 "userAgent": event.get("userAgent")}
                if len(mine) > SESSIONS_MAX:
                    oldest = min(mine, key=lambda name: (mine[name]["createdAt"], name == session))
                    self.end(user, oldest, "LIMIT", at)
        self.tick(at)

    def tick(self, at):
        self.now = max(self.now, at)
        if self.now // MINUTE == self.minute:
            return
        self.minute = self.now // MINUTE
        for user, mine in self.active.items():
            for session in [name for name, row in mine.items() if row["accessedAt"] + SESSION_LIFE <= self.now]:
                self.end(user, session, "EXPIRED", mine[session]["accessedAt"] + SESSION_LIFE)

    def rows(self):
        return {user: {"sessions": [{**row, "createdAt": to_text(row["createdAt"]), "accessedAt": to_text(row["accessedAt"])}
                                    for row in sorted(mine.values(), key=lambda row: row["createdAt"])]}
                for user, mine in self.active.items() if mine}


def visits(events):
    """Session windows of all events of a user, as if they had come in order."""
    rows = {}
    for user, times in events.items():
        start = last = None
        for at in sorted(times):
            if start is None or at - last > GAP:
                start, count = at, 0
            elif count:
                del rows[f"{user}@{start}/{last}"]
            last, count = at, count + 1
            rows[f"{user}@{start}/{last}"] = count
    return rows


def audit_views(records):
    views = defaultdict(dict)
    for record in of_topic(records, "audit.events"):
        event = record.value
        actor, action, resource, time = event["actor"], event["action"], event["resource"], event["timestamp"]
        views["platform-audit-by-time"]["/".join((time, actor, action, resource))] = event
        views["platform-audit-by-actor"]["/".join((actor, time, action, resource))] = event
        views["platform-audit-by-resource"]["/".join((resource, time, action, actor))] = event
    return views


def rank(latencies, per_mille):
    return sorted(latencies)[-(-len(latencies) * per_mille // 1000) - 1]


def rate(count, of):
    return (Decimal(count) / of).quantize(Decimal("0.0001"), rounding=ROUND_DOWN)


def load_views(requests):
    groups = defaultdict(lambda: defaultdict(list))
    for event in requests:
        for view, size in (("platform-requests-per-minute", MINUTE), ("platform-requests-per-hour", HOUR)):
            groups[view, size][window(event["route"], to_ms(event["timestamp"]), size)].append(event)
    views = defaultdict(dict)
    for (view, size), windows in groups.items():
        for key, events in windows.items():
            latencies, errors = [event["latencyMs"] for event in events], sum(event["status"] >= 500 for event in events)
            views[view][key] = {"requests": len(events), "errors": errors, "perSecond": rate(len(events), size // 1000),
                                "errorRate": rate(errors, len(events)), "p50Ms": rank(latencies, 500),
                                "p95Ms": rank(latencies, 950), "p99Ms": rank(latencies, 990)}
    return views


def breakers(requests):
    rows = {}
    for event in requests:
        at, failed = to_ms(event["timestamp"]), event["status"] >= 500
        row = rows.setdefault(event["route"].strip("/").split("/")[0], {"state": "CLOSED", "since": at, "opened": 0, "latest": []})
        if row["state"] == "OPEN" and at >= row["since"] + OPEN_MS:
            row["state"] = "HALF_OPEN"
        if row["state"] == "HALF_OPEN":
            row.update(state="OPEN" if failed else "CLOSED", since=at, latest=[], opened=row["opened"] + failed)
        elif row["state"] == "CLOSED":
            row["latest"] = (row["latest"] + [failed])[-OUTCOMES:]
            if len(row["latest"]) == OUTCOMES and sum(row["latest"]) * 2 >= OUTCOMES:
                row.update(state="OPEN", since=at, latest=[], opened=row["opened"] + 1)
    return {service: {"state": row["state"], "since": to_text(row["since"]), "opened": row["opened"], "counted": len(row["latest"]),
                      "outcomes": int("".join("01"[failed] for failed in row["latest"]) or "0", 2)} for service, row in rows.items()}


def rate_limits(requests):
    allowed, rows = defaultdict(lambda: defaultdict(int)), {}
    for event in requests:
        client, at = event["client"], to_ms(event["timestamp"])
        minute = max(at // MINUTE, rows[client]["minute"] if client in rows else 0)
        rest = MINUTE - max(0, at - minute * MINUTE)
        used = allowed[client][minute] + allowed[client][minute - 1] * rest // MINUTE
        allow = used < LIMIT
        allowed[client][minute] += allow
        rows[client] = {"limit": LIMIT, "allow": allow, "remaining": LIMIT - used - 1 if allow else 0, "minute": minute,
                        "reset": to_text((minute + 1) * MINUTE), "current": allowed[client][minute],
                        "previous": allowed[client][minute - 1], "denied": rows.get(client, {"denied": 0})["denied"] + (not allow)}
    return rows


def decide(state, question):
    """One question against all that was granted in the 60 seconds before it."""
    cost, limit = question.get("cost") or 1, state["limit"]
    now = state["latest"] = max(state["latest"], to_ms(question["askedAt"]))
    grants = [(at, granted) for at, granted in state["grants"] if at > now - MINUTE]
    allow = sum(granted for _, granted in grants) + cost <= limit
    state["allowed" if allow else "denied"] += 1
    if allow:
        grants.append((now, cost))
    state["grants"], remaining = grants, limit - sum(granted for _, granted in grants)
    wanted = remaining + 1 if allow else cost
    reset = next(at for at, _ in sorted(grants) if remaining + sum(granted for then, granted in grants if then <= at) >= wanted)
    return {"allow": allow, "cost": cost, "limit": limit, "remaining": remaining, "reset": to_text(reset + MINUTE), "at": to_text(now)}


def granted_row(state):
    merged = defaultdict(int)
    for at, granted in state["grants"]:
        merged[at] += granted
    return {"grants": [{"at": to_text(at), "cost": merged[at]} for at in sorted(merged)], "used": sum(merged.values()),
            "limit": state["limit"], "latest": to_text(state["latest"]), "allowed": state["allowed"], "denied": state["denied"]}


def decision_views(questions):
    """Both tables forget what nobody has asked for in an hour."""
    answers, states, asked, now = {}, {}, {}, 0
    for question in questions:
        at, identity = to_ms(question["askedAt"]), question["questionId"]
        now = max(now, at)
        policy = "login" if (question.get("route") or "").startswith("/login") else "default"
        key = f"{question['client']}/{policy}"
        if identity in answers and asked[identity] + HOUR > now:
            continue
        if key not in states or asked[key] + HOUR <= now:
            states[key] = {"grants": [], "latest": 0, "allowed": 0, "denied": 0, "limit": LOGINS if policy == "login" else LIMIT}
        answers[identity] = {"client": question["client"], "policy": policy, **decide(states[key], question)}
        asked[key] = asked[identity] = at
    return {"platform-decisions": {key: row for key, row in answers.items() if asked[key] + HOUR > now},
            "platform-granted": {key: granted_row(state) for key, state in states.items() if asked[key] + HOUR > now}}


def compute(lines):
    records = list(read_records(lines))
    sessions, times = Sessions(), defaultdict(list)
    for record in of_topic(records, "sessions.events"):
        sessions.take(record.value)
        times[record.value["userId"]].append(to_ms(record.value["timestamp"]))
    requests = [record.value for record in of_topic(records, "requests.events")]
    active = sessions.rows()
    views = {
        "platform-active-sessions": active,
        "platform-ended-sessions": sessions.ended,
        "platform-concurrent-users": {"all": {"users": len(active), "sessions": sum(len(row["sessions"]) for row in active.values())}},
        "platform-visits": visits(times),
        "platform-circuit-breakers": breakers(requests),
        "platform-rate-limits": rate_limits(requests),
    }
    views.update(audit_views(records))
    views.update(load_views(requests))
    views.update(decision_views([record.value for record in of_topic(records, "limits.questions")]))
    return views
