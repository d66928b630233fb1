"""Rate limits, other origins, and the audit file. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import unittest

from guard_test import KEY, VIEW, Guarded, until


class Rates(Guarded):
    knobs = {"FAKE_http_rate_limit_principal": 20, "FAKE_http_rate_limit_address": 10}

    def prepare(self):
        self.alice = self.access.key("alice", "reader")
        self.also_alice = self.access.key("alice", "reader")
        self.bob = self.access.key("bob", "reader")

    def statuses(self, count, key, **headers):
        return [self.get(KEY, key, **headers).status for _ in range(count)]

    def test_more_than_the_limit_is_429_and_says_when_to_come_again(self):
        self.assertIn(429, self.statuses(60, self.alice))
        answer = self.get(KEY, self.alice)
        self.refused(answer, 429, "too-many-requests")
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        self.assertEqual(answer.headers["ratelimit-policy"], '"principal";q=20;w=60')
        self.assertRegex(answer.headers["ratelimit"], r'^"principal";r=0;t=\d+$')

    def test_good_answers_tell_what_is_left(self):
        left = [int(re.match(r'"principal";r=(\d+);t=\d+$', self.get(KEY, self.bob).headers["ratelimit"])[1]) for _ in range(3)]
        self.assertLess(left[2], left[0])

    def test_a_principal_has_one_limit_whatever_its_key_its_address_or_the_way_it_writes_the_path(self):
        self.statuses(10, self.alice)
        self.assertIn(429, self.statuses(40, self.also_alice, X_Forwarded_For="10.0.0.1"))
        for path in (KEY + "?consistency=any", VIEW, "/v1/views"):
            self.assertEqual(self.get(path, self.alice).status, 429)
        self.assertEqual(self.door.ask("HEAD", KEY, **self.bearing(self.alice)).status, 429)
        self.assertEqual(self.get(KEY, self.bob).status, 200)

    def test_those_who_show_nothing_count_by_address(self):
        statuses = self.statuses(30, None)
        self.assertEqual(statuses[0], 401)
        self.assertIn(429, statuses)
        self.assertEqual(self.get(KEY, self.bob).status, 200)

    def test_probes_are_not_limited(self):
        self.assertEqual({self.get("/livez").status for _ in range(40)}, {200})


class Failures(Guarded):
    def test_wrong_credentials_are_limited_without_any_setting(self):
        request = f"GET {KEY} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n".encode()
        with self.door.connect() as connection:
            seen = set()
            for _ in range(2000):
                connection.sendall(request)
                seen.add(connection.recv(65536).split(b" ")[1])
                if b"429" in seen:
                    break
        self.assertEqual(seen, {b"401", b"429"})


class Origins(Guarded):
    knobs = {"FAKE_http_cors_origins": "https://board.example, http://localhost:3000"}

    def prepare(self):
        self.key = self.access.key("alice", "reader")

    def test_pages_of_listed_origins_may_read_answers(self):
        answer = self.get(KEY, self.key, Origin="https://board.example")
        self.assertEqual(answer.headers["access-control-allow-origin"], "https://board.example")
        self.assertIn("Origin", answer.headers["vary"].split(", "))
        self.assertNotIn("access-control-allow-credentials", answer.headers)
        self.assertEqual(self.get(KEY, Origin="http://localhost:3000").headers["access-control-allow-origin"],
                         "http://localhost:3000")

    def test_pages_of_other_origins_may_not(self):
        for origin in ("https://evil", "null", "https://board.example.evil", "https://board", "board.example", "*",
                       "https://board.example,", ",", ""):
            self.assertNotIn("access-control-allow-origin", self.get(KEY, self.key, Origin=origin).headers, origin)

    def test_a_browser_may_ask_first(self):
        answer = self.door.ask("OPTIONS", KEY, Origin="https://board.example", Access_Control_Request_Method="GET",
                               Access_Control_Request_Headers="authorization")
        self.assertEqual(answer.status, 204)
        self.assertIn("Authorization", answer.headers["access-control-allow-headers"])
        self.assertEqual(answer.headers["access-control-max-age"], "600")
        for headers in ({"Origin": "https://evil", "Access_Control_Request_Method": "GET"}, {"Origin": "https://board.example"}):
            self.assertEqual(self.door.ask("OPTIONS", KEY, **headers).status, 405)


class Audit(Guarded):
    def prepare(self):
        self.file = os.path.join(self.directory.name, "audit")
        self.knobs = {"FAKE_http_audit_file": self.file}
        self.alice = self.access.key("alice", "analyst")
        self.shop = self.access.key("shop", "producer")

    def lines(self):
        with open(self.file) as file:
            return [json.loads(line) for line in file]

    def test_what_changes_something_or_is_refused_is_one_line_each(self):
        self.assertEqual(self.get(KEY, self.alice).status, 200)
        self.post("/v1/sql", {"sql": "select 'a canary'"}, self.alice)
        self.post("/v1/topics/orders/records", {"records": []}, self.shop)
        self.post("/v1/topics/orders/records", {"records": []}, self.alice)
        self.get("/v1/dead-letters?x=canary", self.shop)
        self.get(KEY, "weir_00000000_" + "c" * 64)
        lines = self.lines()
        self.assertEqual([(line.get("principal"), line["method"], line["path"], line["status"]) for line in lines],
                         [("alice", "POST", "/v1/sql", 200), ("shop", "POST", "/v1/topics/orders/records", 400),
                          ("alice", "POST", "/v1/topics/orders/records", 403), ("shop", "GET", "/v1/dead-letters", 403),
                          (None, "GET", KEY, 401)])
        self.assertEqual(lines[0]["credential"], "key:" + self.alice[5:13])
        self.assertEqual({line["from"] for line in lines}, {"::ffff:127.0.0.1"})
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)

    def test_no_secret_and_no_value_is_written(self):
        self.post("/v1/sql", {"sql": "select 'a canary'"}, self.alice)
        self.get("/v1/sql?q=select%20'a%20canary'", self.alice)
        self.get(f"{VIEW}/entries?prefix=canary", self.shop)
        with open(self.file) as file:
            text = file.read()
        self.assertEqual(len(text.splitlines()), 3, text)
        for secret in ("canary", self.alice[14:], self.shop[14:], "Bearer"):
            self.assertNotIn(secret, text)

    def test_a_trace_is_named_and_a_malformed_one_is_not(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        for parent in (f"00-{trace}-00f067aa0ba902b7-01", f"00-{trace}", '00-"canary"'):
            self.door.get(KEY, traceparent=parent)
        self.assertEqual([line.get("trace_id") for line in self.lines()], [trace, None, None])

    def test_a_path_cannot_forge_a_line(self):
        self.get('/v1/views/%0a{"principal":"root"}/keys/a', None)
        self.door.raw(b'GET /v1/views/a"b\\c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        self.assertTrue(all("status" in line for line in self.lines()))
        self.assertNotIn("root", {line.get("principal") for line in self.lines()})

    def test_it_goes_on_in_a_new_file_when_the_old_one_is_moved_away(self):
        os.rename(self.file, self.file + ".1")
        until(lambda: os.path.exists(self.file))
        self.get(KEY)
        self.assertEqual(len(self.lines()), 1)


if __name__ == "__main__":
    unittest.main()
