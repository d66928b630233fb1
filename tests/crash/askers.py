"""Clients that ask POST /limits of `weir run platform` whether they may, all for the same limit, and the judgement of what they were
told. SPDX-License-Identifier: Apache-2.0"""
import http.client
import json
import random
import threading
import time
from datetime import datetime

LIMIT, WINDOW_MS = 60, 60_000
CLIENTS, QUESTIONS = 50, 3
DEADLINE_S = 150


class Asker(threading.Thread):
    """Asks its questions one after the other, each until it is answered, by whatever instance; a question keeps its id."""

    def __init__(self, subject, number, addresses):
        super().__init__(daemon=True)
        self.subject, self.number, self.addresses, self.told, self.again, self.error = subject, number, addresses, {}, 0, None

    def ask(self, identity):
        host, port = random.choice(self.addresses()).split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        try:
            connection.request("POST", "/limits", json.dumps({"client": self.subject}),
                               {"Content-Type": "application/json", "Idempotency-Key": f'"{identity}"'})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), json.loads(answer.read())
        finally:
            connection.close()

    def take(self, identity):
        """True: it is answered."""
        try:
            status, headers, body = self.ask(identity)
        except (OSError, http.client.HTTPException, ValueError):
            return False  # killed meanwhile
        if status == 503:
            assert "Retry-After" in headers, (headers, body)
            return False
        assert status in (200, 429) and body["key"] == identity, (status, body)
        assert body["value"]["allow"] == (status == 200) and ("Retry-After" in headers) == (status == 429), (status, headers, body)
        self.told[identity] = body["value"]
        return True

    def run(self):
        end = time.monotonic() + DEADLINE_S
        try:
            for i in range(QUESTIONS):
                identity = f"{self.subject}-{self.number}-{i}"
                while not self.take(identity):
                    assert time.monotonic() < end, f"{identity} is not answered within {DEADLINE_S} s"
                    self.again += 1
                    time.sleep(0.1)
        except AssertionError as error:
            self.error = error


def start_askers(subject, addresses):
    askers = [Asker(subject, number, addresses) for number in range(CLIENTS)]
    for asker in askers:
        asker.start()
    return askers


def answered(askers):
    return sum(len(asker.told) for asker in askers)


def at_ms(told):
    return round(datetime.fromisoformat(told["at"].replace("Z", "+00:00")).timestamp() * 1000)


def judge(askers, granted):
    """Never more than the limit within any window, all of it when everybody has asked, and each question counted once; granted: what
    the view says. Returns a text."""
    for asker in askers:
        asker.join(DEADLINE_S)
        if asker.error:
            raise asker.error
    told = [row for asker in askers for row in asker.told.values()]
    assert len(told) == CLIENTS * QUESTIONS, f"{len(told)} questions are answered"
    times = sorted(at_ms(row) for row in told if row["allow"])
    for i, at in enumerate(times):
        within = sum(other > at - WINDOW_MS for other in times[:i + 1])
        assert within <= LIMIT, f"{within} were granted within a minute"
    is_short = max(map(at_ms, told)) - min(map(at_ms, told)) < WINDOW_MS
    assert len(times) == LIMIT if is_short else len(times) >= LIMIT, f"{len(times)} were granted"
    row = granted()
    assert (row["allowed"], row["denied"]) == (len(times), len(told) - len(times)), f"{len(times)} of {len(told)} were told yes, and {row}"
    return f"{len(times)} of {len(told)} granted, {sum(asker.again for asker in askers)} asked again"
