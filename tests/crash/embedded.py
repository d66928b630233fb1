"""What tests have in common that kill `weir run` on the embedded log while a service it calls is in trouble.
SPDX-License-Identifier: Apache-2.0"""
import http.server
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import children  # noqa: E402

SEED = int(os.environ.get("SEED", str(int(time.time()))))
DEADLINE_S = 150
chance = random.Random(SEED)


class Service(http.server.ThreadingHTTPServer):
    """Does what it is asked, at most once per idempotency key; `calls` counts what it was asked. check(key, path, event) says no by an
    AssertionError; trouble is what may happen to a call, with weights."""
    daemon_threads = True

    def __init__(self, check, trouble):
        super().__init__(("127.0.0.1", 0), Handler)
        self.check, self.trouble = check, trouble
        self.lock, self.calls, self.done, self.is_down, self.wrong = threading.Lock(), Counter(), {}, False, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def choose(self, _key):
        """What happens to a call."""
        return "down" if self.is_down else chance.choices(list(self.trouble), list(self.trouble.values()))[0]

    def handle_error(self, request, address):
        pass  # an instance that was killed hangs up


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def take(self, key, event):
        service = self.server
        with service.lock:
            try:
                service.check(key, self.path, event)
            except AssertionError as error:
                service.wrong.append(error)
            service.calls[key] += 1
            trouble = service.choose(key)
            if trouble in ("", "lost", "slow"):
                service.done.setdefault(key, event)
        return trouble

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])), parse_float=Decimal)
        trouble = self.take(self.headers["Idempotency-Key"], event)
        if trouble == "slow":
            time.sleep(6)  # the answer comes after the timeout
        if trouble in ("lost", "down"):
            self.close_connection = True
            self.connection.close()
            return
        self.send_response({"busy": 503, "refused": 404}.get(trouble, 200))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass  # hung up on purpose


def settings_of(folder):
    return ["--set", f"state.dir={folder}/state", "--set", f"log.dir={folder}/log"]


class Instance:
    def __init__(self, weir, topology, folder, environment, *settings):
        self.process = children.start([weir, "run", topology, "--port", "0", *settings_of(folder), *settings],
                                      stdout=subprocess.PIPE, env={**os.environ, **environment})
        self.url = self.process.stdout.readline().decode().strip()
        assert self.url.startswith("http://"), "weir run does not serve"

    def rows(self, view):
        rows, cursor = [], ""
        while cursor is not None:
            with urllib.request.urlopen(f"{self.url}/v1/views/{view}/entries?limit=500{cursor}", timeout=30) as answer:
                page = json.loads(answer.read(), parse_float=Decimal)
            rows += page["data"]
            cursor = f"&cursor={page['page']['next']}" if page["page"]["next"] else None
        return {row["key"]: row["value"] for row in rows}

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait(30)


def wait_for(what, condition):
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        try:
            answer = condition()
        except (urllib.error.URLError, ConnectionError):
            answer = None
        if answer:
            return answer
        time.sleep(0.1)
    sys.exit(f"FAILED: {what}: not within {DEADLINE_S} s (seed {SEED})")


def generate(weir, system, count):
    """Lines of events, by topic."""
    lines = subprocess.run([weir, "generate", system, "--events", str(count), "--rate", "4", "--seed", str(SEED)],
                           capture_output=True, text=True, check=True).stdout.splitlines(keepends=True)
    by_topic = {}
    for line in lines:
        by_topic.setdefault(json.loads(line)["topic"], []).append(line)
    return by_topic


def produce(weir, folder, topic, lines):
    subprocess.run([weir, "produce", topic, "--create", *settings_of(folder)], check=True, text=True, input="".join(lines))
