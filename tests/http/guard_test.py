"""Who may do what at the door: keys, roles, grants, hidden fields, peers. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import tempfile
import time
import unittest

from door import Door
from guarded import ROLES, Access, operations

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")
VIEW = "/v1/views/customer-totals"
KEY = f"{VIEW}/keys/customer-001"


def until(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("it did not happen in time")
        time.sleep(0.05)


class Guarded(unittest.TestCase):
    knobs = {}

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.access = Access(self.directory.name)
        self.prepare()
        self.door = Door(PROGRAM, FAKE_STILL=1, FAKE_http_access_file=self.access.path, **self.knobs)

    def tearDown(self):
        status, _ = self.door.close()
        self.directory.cleanup()
        self.assertEqual(status, 0)

    def prepare(self):
        pass

    def get(self, path, key=None, **headers):
        return self.door.get(path, **self.bearing(key), **headers)

    def post(self, path, body, key=None):
        return self.door.post(path, body, **self.bearing(key))

    @staticmethod
    def bearing(key):
        return {"Authorization": f"Bearer {key}"} if key else {}

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer.body)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")


class Roles(Guarded):
    def prepare(self):
        self.keys = {role: self.access.key(f"the-{role}", role) for role in ROLES}

    def ask(self, method, path, key):
        path = path.replace("{view}", "customer-totals").replace("{key}", "customer-001").replace("{topic}", "orders")
        path = path.replace("{name}", "best-customers").replace("{code}", "forbidden").replace("{file}", "app.js")
        body = None if method == "GET" else {}
        if path.endswith("/changes"):
            method = "HEAD"  # a GET has no end
        return self.door.ask(method, path, body, **self.bearing(key))

    def test_every_role_gets_exactly_the_routes_that_the_document_says(self):
        document = self.get("/v1/openapi.json", self.keys["admin"]).json
        asked = 0
        for method, path, roles in operations(document):
            for role in ROLES:
                answer = self.ask(method, path, self.keys[role])
                allowed = roles is None or role in roles
                self.assertEqual(answer.status == 403, not allowed, f"{role}: {method} {path}: {answer.status}")
                self.assertNotEqual(answer.status, 401, f"{role}: {method} {path}")
                asked += 1
        self.assertGreater(asked, 150)

    def test_without_credentials_only_public_routes_answer(self):
        document = self.get("/v1/openapi.json", self.keys["admin"]).json
        public = set()
        for method, path, roles in operations(document):
            answer = self.ask(method, path, None)
            self.assertEqual(answer.status == 401, roles is not None, f"{method} {path}: {answer.status}")
            if roles is None:
                public.add(path)
        self.assertEqual(public, {"/livez", "/readyz", "/startupz", "/health/live", "/health/ready", "/problems/{code}",
                                  "/", "/assets/{file}"})

    def test_only_an_admin_has_what_nobody_else_has_all_of(self):
        self.assertEqual(self.post("/v1/topics/orders/records", {"records": []}, self.keys["operator"]).status, 403)
        self.assertEqual(self.get("/v1/dead-letters", self.keys["producer"]).status, 403)
        self.assertEqual(self.get("/v1/dead-letters", self.keys["admin"]).status, 200)


class Keys(Guarded):
    def prepare(self):
        self.key = self.access.key("alice", "reader")
        self.old = self.access.key("alice", "reader", "until=2020-01-01")

    def test_a_key_opens_the_door(self):
        self.assertEqual(self.get(KEY, self.key).status, 200)

    def test_nothing_shown_is_401_and_says_how_to_come_in(self):
        answer = self.get(KEY)
        self.refused(answer, 401, "unauthenticated")
        self.assertEqual(answer.headers["www-authenticate"], 'Bearer realm="weir"')

    def test_what_is_wrong_with_a_key_is_not_told(self):
        wrong = [self.key[:-1] + ("0" if self.key[-1] != "0" else "1"), self.key[:-1], self.key + "0", self.old,
                 "weir_00000000_" + "0" * 64, "weir_", "", "x" * 4000, self.key.upper()]
        details = {(answer.status, answer.json["detail"]) for answer in (self.get(KEY, key) for key in wrong if key)}
        self.assertEqual({status for status, _ in details}, {401})
        self.assertEqual(len(details), 1)

    def test_other_schemes_and_two_keys_are_401(self):
        self.assertEqual(self.door.get(KEY, Authorization=f"Basic {self.key}").status, 401)
        head = f"GET {KEY} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        twice = head + f"Authorization: Bearer {self.key}\r\n" * 2 + "\r\n"
        self.assertIn(b"401", self.door.raw(twice.encode()).split(b"\r\n")[0])

    def test_a_key_is_replaced_while_the_door_is_open(self):
        fresh = self.access.key("alice", "reader")
        until(lambda: self.get(KEY, fresh).status == 200)
        self.assertEqual(self.get(KEY, self.key).status, 200)
        self.access.lines = [line for line in self.access.lines if self.key[5:13] not in line]
        self.access.write()
        until(lambda: self.get(KEY, self.key).status == 401)
        self.assertEqual(self.get(KEY, fresh).status, 200)

    def test_a_key_that_is_taken_away_ends_on_a_connection_that_has_used_it(self):
        request = f"GET {KEY} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.key}\r\n\r\n".encode()
        with self.door.connect() as connection:
            def status():
                connection.sendall(request)
                return connection.recv(65536).split(b" ")[1]
            self.assertEqual(status(), b"200")
            self.assertEqual(status(), b"200")
            self.access.lines = []
            self.access.write()
            until(lambda: status() == b"401")

    def test_a_broken_access_file_leaves_the_old_one_in_force(self):
        self.access.add("mallory admin")
        failed = b'weir_http_reloads_total{result="failed"} 1'
        until(lambda: failed in self.get("/metrics", self.key).body)
        self.assertEqual(self.get(KEY, self.key).status, 200)

    def test_a_misspelt_field_leaves_the_old_file_in_force(self):
        self.access.lines[0] += " hide=customer-totals.teir"
        self.access.write()
        failed = b'weir_http_reloads_total{result="failed"} 1'
        until(lambda: failed in self.get("/metrics", self.key).body)
        self.assertIn("tier", self.get(KEY, self.key).json["value"])
        self.access.lines[0] = self.access.lines[0].replace("teir", "tier")
        self.access.write()
        until(lambda: "tier" not in self.get(KEY, self.key).json["value"])


class Grants(Guarded):
    def prepare(self):
        self.open = self.access.key("open", "analyst")
        self.some = self.access.key("some", "analyst", "views=customer-*,stock-levels deny=customer-secrets")
        self.not_this = self.access.key("not-this", "analyst", "deny=customer-totals")
        self.masked = self.access.key("masked", "analyst", "hide=customer-totals.tier,*.tags")
        self.operator = self.access.key("operator", "operator")
        self.reader = self.access.key("masked-reader", "reader", "hide=customer-totals.tier,*.tags")

    def views(self, key):
        return {view["name"] for view in self.get("/v1/views", key).json["data"]}

    def test_views_that_are_not_granted_are_403_whether_they_exist_or_not(self):
        for path in [VIEW, KEY, f"{VIEW}/entries", f"{KEY}/windows", f"{VIEW}?x=1".split("?")[0]]:
            self.refused(self.get(path, self.not_this), 403, "forbidden")
        self.refused(self.get("/v1/views/other/keys/a", self.some), 403, "forbidden")
        self.refused(self.post(f"{VIEW}/keys:batch", {"keys": ["customer-001"]}, self.not_this), 403, "forbidden")
        self.refused(self.get(f"{KEY}?min_position=orders:0:1&wait_ms=1", self.not_this), 403, "forbidden")

    def test_a_listing_shows_the_views_that_may_be_read(self):
        self.assertIn("customer-totals", self.views(self.some))
        self.assertTrue(self.views(self.some) < self.views(self.open))
        self.assertEqual(self.views(self.open) - self.views(self.not_this), {"customer-totals"})

    def hot(self, key):
        return [hot["key"] for hot in self.get("/v1/hotkeys", key).json["data"]]

    def test_hot_keys_are_seen_by_who_may_read_all_views_of_them_or_whole_records(self):
        self.assertEqual(self.hot(self.operator), ["customer-007", "DE"])
        self.assertEqual(self.hot(self.open), ["customer-007", None])
        self.assertEqual(self.hot(self.not_this), [None, None])
        self.assertEqual(self.hot(self.some), [None, None])

    def test_a_denied_view_is_no_table(self):
        answer = self.post("/v1/sql", {"sql": "select count(*) from customer_totals"}, self.not_this)
        self.refused(answer, 400, "bad-query")
        self.refused(self.get("/v1/reports/best-customers", self.not_this), 400, "bad-query")
        document = self.get("/v1/openapi.json", self.not_this).json
        self.assertNotIn("view.customer-totals.value", document["components"]["schemas"])

    def test_hidden_fields_are_in_no_answer(self):
        answers = [self.get(KEY, self.masked), self.get(f"{VIEW}/entries", self.masked),
                   self.get(f"{VIEW}/entries", self.masked, Accept="text/csv"),
                   self.get(f"{VIEW}/entries", self.masked, Accept="application/x-ndjson"),
                   self.get(KEY, self.masked, Accept="text/csv"), self.get(VIEW, self.masked),
                   self.post(f"{VIEW}/keys:batch", {"keys": ["customer-001"]}, self.masked),
                   self.post("/v1/sql", {"sql": "select * from customer_totals"}, self.masked)]
        for answer in answers:
            self.assertEqual(answer.status, 200, answer.body)
            for hidden in (b"tier", b"tags", b"GOLD"):
                self.assertNotIn(hidden, answer.body)
        self.assertIn(b"tier", self.get(KEY, self.open).body)

    def test_hidden_fields_cannot_be_asked_for(self):
        for text in ("select tier from customer_totals", "select key from customer_totals where tier = 'GOLD'"):
            self.refused(self.post("/v1/sql", {"sql": text}, self.masked), 400, "bad-query")
        self.refused(self.get("/v1/reports/best-customers", self.reader), 400, "bad-query")
        schema = self.get("/v1/openapi.json", self.masked).json["components"]["schemas"]["view.customer-totals.value"]
        self.assertNotIn("tier", schema["properties"])

    def test_what_is_not_hidden_stays(self):
        whole = self.get(KEY, self.open).json["value"]
        part = self.get(KEY, self.masked).json["value"]
        self.assertEqual(part, {name: value for name, value in whole.items() if name not in ("tier", "tags")})


class Peers(Guarded):
    """Two doors: the second has the partitions that the first has not."""
    knobs = {"FAKE_PARTITIONS_HERE": 2}

    def prepare(self):
        self.open = self.access.key("open", "analyst")
        self.masked = self.access.key("masked", "reader", "hide=customer-totals.tier")
        self.not_this = self.access.key("not-this", "reader", "deny=customer-totals")
        self.peer = self.access.key("weir", "peer")
        self.peer_file = os.path.join(self.directory.name, "peer.key")
        with open(self.peer_file, "w") as file:
            file.write(self.peer + "\n")
        self.far = Door(PROGRAM, FAKE_STILL=1, FAKE_http_access_file=self.access.path, FAKE_PARTITIONS_HERE=2,
                        FAKE_PARTITIONS_FROM=2)
        self.knobs = dict(self.knobs, FAKE_PEER=f"127.0.0.1:{self.far.port}", FAKE_http_peer_key_file=self.peer_file)

    def tearDown(self):
        self.far.close()
        super().tearDown()

    def test_an_instance_asks_another_on_behalf_of_the_one_who_asks(self):
        whole = self.get(f"{VIEW}/entries?limit=1000", self.open).json["data"]
        part = self.get(f"{VIEW}/entries?limit=1000", self.masked).json["data"]
        here = self.get(f"{VIEW}/entries?limit=1000&partial=allow", self.open, X_Weir_Forwarded="x")
        self.assertEqual(here.status, 403)
        self.assertGreater(len(whole), 100)
        self.assertEqual([row["key"] for row in part], [row["key"] for row in whole])
        self.assertTrue(all("tier" in row["value"] for row in whole))
        self.assertFalse(any("tier" in row["value"] for row in part))

    def test_single_keys_of_another_instance_are_masked_too(self):
        rows = self.get(f"{VIEW}/entries?limit=1000", self.open).json["data"]
        for row in rows[:20]:
            value = self.get(f"{VIEW}/keys/{row['key']}", self.masked).json["value"]
            self.assertNotIn("tier", value)

    def ask_as_peer(self, key, principal):
        headers = {"X_Weir_Forwarded": "a:1", "X_Weir_Partitions": "2,3"}
        if principal:
            headers["X_Weir_Principal"] = principal
        return self.far.get(f"{VIEW}/entries", **self.bearing(key), **headers)

    def test_only_a_peer_may_speak_for_others(self):
        name = "key:" + self.open[5:13]
        self.assertEqual(self.ask_as_peer(self.peer, name).status, 200)
        for key in (self.open, self.masked, None):
            self.assertIn(self.ask_as_peer(key, name).status, (401, 403))

    def test_a_peer_has_the_rights_of_the_one_it_names_and_no_others(self):
        self.assertEqual(self.ask_as_peer(self.peer, "key:" + self.not_this[5:13]).status, 403)
        for name in (None, "key:00000000", "token:nobody", "anyone", "key:" + self.peer[5:13], "", "key:", "x" * 200):
            self.assertEqual(self.ask_as_peer(self.peer, name).status, 403, name)

    def test_a_peer_without_a_name_for_whom_it_asks_reads_nothing(self):
        self.assertEqual(self.far.get(f"{VIEW}/entries", **self.bearing(self.peer)).status, 403)


class Anyone(Guarded):
    def prepare(self):
        self.access.add("guest reader anyone views=customer-totals hide=*.tier")
        self.analyst = self.access.key("ana", "analyst")

    def test_a_line_for_anyone_lets_in_who_shows_nothing(self):
        self.assertNotIn("tier", self.get(KEY).json["value"])
        self.refused(self.post("/v1/sql", {"sql": "select 1"}), 403, "forbidden")

    def test_something_wrong_is_not_nothing(self):
        self.refused(self.get(KEY, "weir_00000000_" + "0" * 64), 401, "unauthenticated")


class Start(unittest.TestCase):
    def refuses(self, text, **knobs):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "access")
            with open(path, "w") as file:
                file.write(text)
            with self.assertRaises(RuntimeError):
                Door(PROGRAM, FAKE_http_access_file=path, **knobs)

    def test_a_wrong_access_file_ends_the_start(self):
        for text in ["alice", "alice reader", "alice king anyone", "alice reader key:1234", "a reader anyone views=",
                     "a reader anyone hide=tier", "a reader anyone until=soon", "a reader anyone x=1",
                     "a reader anyone\nb reader anyone", "a reader key:00000000:" + "0" * 63, "a reader anyone\0"]:
            self.refuses(text)

    def test_a_hidden_field_that_its_view_does_not_have_ends_the_start(self):
        for hidden in ("customer-totals.tire", "customer-totals.tier.name", "customer-totals.tags.x", "customer-totals.", "customer-totals.tier,customer-totals.Tier",
                       "revenue.tier", "customer-totals.spent.units"):
            self.refuses(f"a reader anyone hide={hidden}")

    def test_what_may_be_of_another_application_is_no_reason_to_refuse(self):
        with tempfile.TemporaryDirectory() as directory:
            access = Access(directory)
            access.add("a reader anyone views=customer-totals,sessions-* deny=nothing-here hide=other.tier,*.nowhere,customer-*.tier,*.tags")
            door = Door(PROGRAM, FAKE_STILL=1, FAKE_http_access_file=access.path)
            self.assertEqual(set(door.get(KEY).json["value"]), {"customer", "orders", "spent", "last_order"})
            self.assertEqual(door.close()[0], 0)


if __name__ == "__main__":
    unittest.main()
