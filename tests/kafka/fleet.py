"""Instances of `weir run` (example-count, if nothing else is said) on a real broker, with ports and state directories of their own.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from topics import topics

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import children  # noqa: E402
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "topology"))
from recompute import loads, to_ms  # noqa: E402

BOOTSTRAP = os.environ.get("BOOTSTRAP", "")
WEIR = str(pathlib.Path(os.environ.get("BUILD", "build/release")).resolve() / "weir")
SESSION_MS = 6000
LISTINGS = {"window": "windows", "session": "sessions"}
VIEW = "/v1/views/word-counts"
began = time.monotonic()


class Failure(Exception):
    pass


def say(text):
    print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)


def wait_for(what, condition, seconds=60):
    """Polls until the condition is true; returns what it returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise Failure(f"{what}: not within {seconds} s")


def expect(found, expected, what):
    if found != expected:
        raise Failure(f"{what}: {str(found)[:300]}, expected {str(expected)[:300]}")


def free_port():
    """Below the ports that systems give to outgoing connections, one of which might take it before the instance does."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def get(url, timeout=10):
    """(status, body); (0, None) while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else None
    except (OSError, ValueError):
        return 0, None


class Instance:
    def __init__(self, name, application, folder, topology="example-count", **settings):
        self.topology, self.name, self.application, self.folder, self.settings = topology, name, application, folder, settings
        self.state = folder / f"state-{name}"
        self.port = free_port()
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def command(self, **more):
        settings = {"bootstrap.servers": BOOTSTRAP, "application.id": self.application, "state.dir": str(self.state),
                    "consumer.session.timeout.ms": SESSION_MS, "state.flush.interval.ms": 500, **self.settings, **more}
        arguments = [WEIR, "run", self.topology, "--port", str(self.port)]
        for key, value in settings.items():
            arguments += ["--set", f"{key}={value}"]
        return arguments

    def start(self, failpoints=""):
        self.state.mkdir(parents=True, exist_ok=True)
        with open(self.folder / f"{self.name}.log", "ab") as log:
            self.process = children.start(self.command(), stdout=subprocess.PIPE, stderr=log,
                                          env={**os.environ, "WEIR_TEST_FAILPOINTS": failpoints})
        line = self.process.stdout.readline().decode().strip()
        if not line.startswith("http://"):
            raise Failure(f"{self.name} ended with status {self.process.wait()}:\n{self.log()[-2000:]}")
        return self

    def log(self):
        return (self.folder / f"{self.name}.log").read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """Whatever it does, and if it does anything."""
        if self.process and self.process.poll() is None:
            self.kill()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        expect(self.process.wait(timeout=60), 0, f"{self.name}: exit status")

    def get(self, path, **options):
        return get(f"http://{self.address}{path}", **options)

    def get_text(self, path):
        """(status, text), for who reads numbers exactly; (0, "") while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError:
            return 0, ""

    def ask(self, path, seconds=60):
        """(status, body) as a client gets it that does what a refusal says: while partitions change hands (a rebalance takes
        all of them from everybody for a moment, docs/operations.md) the answer is 503, to be asked for again later."""
        end = time.monotonic() + seconds
        while True:
            status, body = self.get(path)
            if status != 503 or time.monotonic() > end:
                return status, body
            if not body or "retry_after_ms" not in body:
                raise Failure(f"{self.name}: {path}: 503 without a time to ask again: {body}")
            time.sleep(0.05)  # sooner than told: the gap is short

    def rows(self, query="limit=10000"):
        """All rows, page by page; None while the listing is refused."""
        rows, cursor = {}, ""
        while True:
            status, body = self.get(f"{VIEW}/entries?{query}{cursor}")
            if status != 200:
                return None
            keys = [row["key"] for row in body["data"]]
            expect(keys, sorted(keys), f"{self.name}: order of the rows")
            rows.update({row["key"]: row["value"] for row in body["data"]})
            if not body["page"]["next"]:
                return rows
            cursor = "&cursor=" + body["page"]["next"]

    def rows_of(self, view):
        """All rows of any view, by key as `weir test --views` tells them apart; None while the listing is refused."""
        status, body = self.get(f"/v1/views/{view}")
        if status != 200:
            return None
        listing, rows, cursor = LISTINGS.get(body["kind"], "entries"), {}, ""
        while cursor is not None:
            status, text = self.get_text(f"/v1/views/{view}/{listing}?limit=1000{cursor}")
            if status != 200:
                return None
            page = loads(text)
            rows.update((key_of(row), row["value"]) for row in page["data"])
            following = page["page"]["next"]
            cursor = f"&cursor={urllib.parse.quote(following)}" if following else None
        return rows

    def post(self, path, body):
        request = urllib.request.Request(f"http://{self.address}{path}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def shares(self, role="active"):
        """Of all instances, as this one knows them; by instance."""
        status, body = self.get("/v1/instances")
        return {one["instance"]: set(one[role]) for one in body["data"]} if status == 200 else {}


def key_of(row):
    if "window" not in row:
        return row["key"]
    return f"{row['key']}@{to_ms(row['window']['start'])}/{to_ms(row['window']['end'])}"


def forget_topics(names):
    """These and all whose names begin so: the tests of a run share the broker, and some of them the topics."""
    old = [name for name in topics("--list") if any(name == one or name.startswith(f"{one}.") for one in names)]
    if old:
        topics("--delete", "--topic", "|".join(name.replace(".", "\\.") for name in old))
        wait_for("the topics are gone", lambda: not set(old) & set(topics("--list")), 120)


def create_words(partitions, topic="words"):
    """Made anew, for the tests of a run share the broker and the topic that the example reads."""
    if topic in topics("--list"):
        topics("--delete", "--topic", topic)
        wait_for(f"{topic} is gone", lambda: topic not in topics("--list"))
    subprocess.run([WEIR, "produce", topic, "--create", "--set", f"bootstrap.servers={BOOTSTRAP}", "--set",
                    f"embedded.partitions={partitions}"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def produce(words, topic="words"):
    text = "".join(f"{number}\t{word}\n" for number, word in enumerate(words)).encode()
    subprocess.run(["kcat", "-b", BOOTSTRAP, "-P", "-t", topic, "-K", "\t", "-X", "partitioner=murmur2_random"], input=text,
                   check=True, stderr=subprocess.DEVNULL)


def read_words(topic="words"):
    """All of the topic, for it may hold words of earlier runs."""
    text = subprocess.run(["kcat", "-b", BOOTSTRAP, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", r"%s\n"], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return text.decode().split()
