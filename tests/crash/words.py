"""What tests have in common that count words with `weir run example-count` on the embedded log, exactly once, while something fails below it:
whatever becomes of the process, every word that was acknowledged is there afterwards, and the view counts what the topic holds.
SPDX-License-Identifier: Apache-2.0"""
import collections
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import children  # noqa: E402

BATCH, PATIENCE_S = 20, 60
BROKEN = (OSError, http.client.HTTPException, ValueError)


class Words:
    def __init__(self, weir, name, chance):
        self.weir, self.name, self.chance = weir, name, chance
        self.folder = tempfile.mkdtemp(prefix="weir-words-")
        self.errors = os.path.join(self.folder, "weir.log")
        self.sent, self.acknowledged = collections.Counter(), collections.Counter()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def settings(self):
        return ["--set", f"log.dir={self.folder}/log", "--set", f"state.dir={self.folder}/state"]

    def start(self, **environment):
        command = [self.weir, "run", "example-count", "--port", str(self.port), *self.settings(), "--set", "commit.interval.ms=20",
                   "--set", "state.flush.interval.ms=100", "--set", "processing.guarantee=exactly_once_v2"]
        with open(self.errors, "ab") as errors:
            self.child = children.start(command, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **environment})

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wait(self, what, condition):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except BROKEN:
                pass
            time.sleep(0.05)
        self.fail(f"{what}: not within {PATIENCE_S} s")

    def wait_until_it_answers_or_ends(self):
        self.wait("an answer", lambda: self.child.poll() is not None or self.ask("GET", "/livez")[0] == 200)

    def said(self):
        with open(self.errors, errors="replace") as file:
            return file.read()

    def fail(self, why):
        print(self.said()[-4000:], file=sys.stderr)
        sys.exit(f"FAILED: {self.name}: {why} (see {self.folder})")

    def produce(self):
        words = collections.Counter(f"word-{self.chance.randrange(60)}" for _ in range(BATCH))
        self.sent += words
        records = [{"value": word} for word in words.elements()]
        try:
            if self.ask("POST", "/v1/topics/words/records", json.dumps({"records": records}))[0] == 202:
                self.acknowledged += words
        except BROKEN:
            pass

    def terminate(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            return self.fail("SIGTERM does not end it")

    def topic(self):
        lines = subprocess.run([self.weir, "consume", "words", *self.settings()], stdout=subprocess.PIPE, text=True,
                               check=True)
        return collections.Counter(json.loads(line)["value"] for line in lines.stdout.splitlines())

    def rows(self):
        status, body = self.ask("GET", "/v1/views/word-counts/entries?limit=10000")
        return {row["key"]: row["value"] for row in json.loads(body)["data"]} if status == 200 else None

    def judge(self):
        """Starts it again where nothing fails any more."""
        self.start()
        self.wait("words after it", lambda: self.ask("GET", "/readyz")[0] == 200)
        before = sum(self.acknowledged.values())
        self.wait("an acknowledgement", lambda: self.produce() or sum(self.acknowledged.values()) > before)
        held = {}

        def same():
            held["rows"], held["topic"] = self.rows(), self.topic()
            return held["rows"] == dict(held["topic"])
        end = time.monotonic() + PATIENCE_S
        while not same():
            if time.monotonic() > end:
                self.fail(f"the view has {held['rows']}, the topic {dict(held['topic'])}")
            time.sleep(0.2)
        lost = self.acknowledged - held["topic"]
        more = held["topic"] - self.sent
        if lost or more:
            self.fail(f"acknowledged and not there: {dict(lost)}; there and never sent: {dict(more)}")
        status = self.terminate()
        if status != 0:
            self.fail(f"it ended with {status}")

    def done(self):
        shutil.rmtree(self.folder)
