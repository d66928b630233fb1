"""A normal client beside those that only hold connections: it is let in, and it does not wait.
`storm_test.py SERVER --figures` prints what it waits (docs/security.md), beside slowhttptest if that is installed.
SPDX-License-Identifier: Apache-2.0"""
import os
import resource
import shutil
import subprocess
import sys
import time
import unittest

from door import Door

LIMIT_CONNECTIONS = 1000  # api/http/limits.h
READ = b"GET /v1/views/customer-totals/keys/customer-001 HTTP/1.1\r\nHost: a\r\n\r\n"
SLOW_HEAD = b"GET /v1/views/customer-totals HTTP/1.1\r\nHost: a\r\nX-Slow: "
SLOW_BODY = b"POST /v1/sql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"


def crowd(door, count, first=b""):
    """Connections that say nothing more."""
    held = []
    for _ in range(count):
        connection = door.connect(timeout=30)
        connection.sendall(first)
        held.append(connection)
    return held


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1000) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def read(connection):
    connection.sendall(READ)
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]


def waits(door, seconds, fresh):
    """Milliseconds of each request, sorted; on one connection, or each on a fresh one."""
    out, kept, end = [], None if fresh else door.connect(30), time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        if fresh:
            with door.connect(30) as connection:
                read(connection)
        else:
            read(kept)
        out.append((time.perf_counter() - began) * 1000)
        time.sleep(0.001)
    if kept:
        kept.close()
    return sorted(out)


class Crowds(unittest.TestCase):
    def setUp(self):
        self.door = Door(os.environ["WEIR_FAKE_SERVER"])
        self.held = []

    def tearDown(self):
        for connection in self.held:
            connection.close()
        status, _ = self.door.close()
        self.assertEqual(status, 0)

    def gave_way(self):
        text = self.door.get("/metrics").body.decode()
        return int(text.split('reason="gave_way"} ')[1].split("\n")[0])

    def holds(self, first):
        self.held = crowd(self.door, LIMIT_CONNECTIONS + 100, first)
        self.assertEqual(self.door.get("/v1/views/customer-totals/keys/customer-001").status, 200)

    def test_idle_connections_give_way_the_oldest_first(self):
        self.holds(b"")
        self.assertGreaterEqual(self.gave_way(), 100)
        self.assertEqual([is_open(connection) for connection in (self.held[0], self.held[-1])], [False, True])

    def test_heads_that_do_not_end_give_way(self):
        self.holds(SLOW_HEAD)

    def test_bodies_that_do_not_come_give_way(self):
        self.holds(SLOW_BODY)

    def test_who_was_answered_last_stays_while_others_come(self):
        with self.door.connect(30) as mine:
            for _ in range(LIMIT_CONNECTIONS + 100):
                self.held += crowd(self.door, 1)
                read(mine)


def figures():
    door = Door(os.environ["WEIR_FAKE_SERVER"])

    def show(name, held=()):
        for fresh in (False, True):
            of = waits(door, 5, fresh)
            print(f"{name:34} {'each on a fresh connection' if fresh else 'on one connection':27} {len(of):6} answers, "
                  f"p50 {of[len(of) // 2]:.2f} ms, p99 {of[len(of) * 99 // 100]:.2f} ms, longest {of[-1]:.1f} ms")
        for connection in held:
            connection.close()
        time.sleep(0.5)

    show("alone")
    show(f"{LIMIT_CONNECTIONS} idle connections", crowd(door, LIMIT_CONNECTIONS))
    show(f"{LIMIT_CONNECTIONS} unfinished heads", crowd(door, LIMIT_CONNECTIONS, SLOW_HEAD))
    attacks = {"-H": "slow heads (slowhttptest -H)", "-B": "slow bodies (slowhttptest -B)", "-X": "slow reading (slowhttptest -X)"}
    for option, name in attacks.items() if shutil.which("slowhttptest") else ():
        url = f"http://127.0.0.1:{door.port}/" + ("v1/sql" if option == "-B" else "v1/views/customer-totals/entries?limit=10000")
        attack = subprocess.Popen(["slowhttptest", option, "-c", "1000", "-r", "500", "-i", "5", "-l", "30", "-u", url],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(4)
        show(name)
        attack.terminate()
        attack.wait()
    return door.close()[0]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    if "--figures" in sys.argv:
        os.environ.setdefault("WEIR_FAKE_SERVER", sys.argv[1])
        sys.exit(figures())
    unittest.main()
