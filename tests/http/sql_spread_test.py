"""SQL over several instances: answers are those of one instance that has everything, or refusals. SPDX-License-Identifier: Apache-2.0"""
import os
import random
import socket
import tempfile
import threading
import time
import unittest

from door import Door
from guarded import Access

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")
SEED = int(os.environ.get("SEED", "20261126"))
QUERIES = 600


class Queries:
    """Generated: over views of every kind, with what is pushed down, what is not, joins, groups, windows and orders. Whatever has a limit has an
    order that leaves nothing open."""

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def pick(self, *items):
        return self.chance.choice(items)

    def customer(self):
        return f"'customer-{self.chance.randrange(-10, 510):03}'"

    def minute(self):
        return f"'2024-12-04T{self.pick('09', '10')}:{self.chance.randrange(60):02}:00.000Z'"

    def of_customers(self, table):
        return self.pick(f"{table}.key = {self.customer()}", f"{table}.key >= {self.customer()}", f"{table}.key < {self.customer()}",
                         f"{table}.key between {self.customer()} and {self.customer()}", f"{table}.key glob 'customer-{self.chance.randrange(5)}*'",
                         f"{table}.key in ({self.customer()}, {self.customer()}, 'nobody')", f"{table}.tier = '{self.pick('GOLD', 'SILVER', 'NONE')}'",
                         f"{table}.orders > {self.chance.randrange(30)}", f"{table}.note is {self.pick('', 'not ')}null",
                         f"{table}.partition = {self.chance.randrange(4)}", "1")

    def customers(self):
        where = self.pick(" and ", " or ").join(self.of_customers("t") for _ in range(self.chance.randrange(1, 4)))
        return self.pick(
            f"select * from customer_totals t where {where} order by key {self.pick('', 'desc')} limit {self.chance.randrange(1, 60)}",
            f"select t.tier, count(*), sum(t.spent_units), min(t.key), max(t.timestamp) from customer_totals t where {where} group by 1 order by 1",
            f"select key, rank() over (partition by tier order by spent_units, key) from customer_totals t where {where} order by 1",
            f"select count(*), count(distinct json_array_length(tags)) from customer_totals t where {where}")

    def revenue(self):
        where = " and ".join(self.pick(f"key = '{self.pick('AT', 'DE', 'US', 'XX')}'", f"key > '{self.pick('A', 'E', 'J')}'",
                                       f"window_start >= {self.minute()}", f"window_start < {self.minute()}", f"window_start = {self.minute()}",
                                       "orders > 20") for _ in range(self.chance.randrange(1, 4)))
        return self.pick(f"select * from revenue where {where} order by key, window_start",
                         f"select key, count(*), sum(sum_units) from revenue where {where} group by key order by key",
                         f"select key, window_start, sum(orders) over (partition by key order by window_start) from revenue where {where} order by 1, 2")

    def others(self):
        return self.pick("select * from prices order by key", f"select * from prices where key = '{self.pick('ink', 'pen', 'no')}'",
                         f"select key, value from stock where key {self.pick('>', '<', '=')} {self.chance.randrange(990, 1070)} order by key",
                         f"select key, author, stars, extra from notes_by_author where stars = {self.chance.randrange(6)} order by key",
                         f"select author, count(*) from notes_by_time where key glob '2024-12-04T10:{self.chance.randrange(6)}*' group by 1 order by 1",
                         "select key, value from odd_strings order by key")

    def joined(self):
        return self.pick(f"select a.key, b.key, a.orders - b.orders from customer_totals a join customer_totals b on b.key = a.key where {self.of_customers('a')} "
                         f"and {self.of_customers('b')} order by 1, 2",
                         f"select t.tier, sum(r.orders) from customer_totals t, revenue r where t.key = {self.customer()} and r.window_start > {self.minute()} "
                         "group by 1",
                         f"select key from customer_totals t where {self.of_customers('t')} and orders > (select avg(orders) from customer_totals) order by 1",
                         f"with a as (select key k, orders o from customer_totals t where {self.of_customers('t')}) select count(*), sum(o) from a where exists "
                         "(select 1 from customer_totals where key = k and orders = o)")

    def next(self):
        return self.pick(self.customers, self.customers, self.revenue, self.others, self.joined)()


class WithTwo(unittest.TestCase):
    """Partitions 0 and 1 are on the instance that is asked, 2 and 3 on another."""

    @classmethod
    def setUpClass(cls):
        cls.far = Door(PROGRAM, FAKE_STILL=1, FAKE_PARTITIONS_HERE=2, FAKE_PARTITIONS_FROM=2)
        cls.door = Door(PROGRAM, FAKE_STILL=1, FAKE_PARTITIONS_HERE=2, FAKE_PEER=f"127.0.0.1:{cls.far.port}")
        cls.whole = Door(PROGRAM, FAKE_STILL=1)

    @classmethod
    def tearDownClass(cls):
        assert [door.close()[0] for door in (cls.door, cls.far, cls.whole)] == [0, 0, 0]

    def ask(self, text, door=None, **headers):
        """Asked again when the machine was so busy that the time of the query was over."""
        until = time.monotonic() + 60
        while (answer := (door or self.door).post("/v1/sql", {"sql": text}, **headers)).status in (503, 504) and time.monotonic() < until:
            time.sleep(0.1)
        return answer


class Spread(WithTwo):
    def test_generated_queries_are_answered_as_by_one_instance_that_has_everything(self):
        queries, rows = Queries(SEED), 0
        for number in range(QUERIES):
            text = queries.next()
            found, expected = self.ask(text), self.ask(text, self.whole)
            self.assertEqual((found.status, expected.status), (200, 200), f"seed {SEED}, query {number}: {text}: {found.body} {expected.body}")
            for part in ("columns", "rows", "complete"):
                self.assertEqual(found.json[part], expected.json[part], f"seed {SEED}, query {number}: {text}")
            rows += len(found.json["rows"])
        self.assertGreater(rows, QUERIES)

    def test_what_was_read_where_is_told(self):
        read = self.ask("select count(*) from customer_totals").json["metadata"]["views"][0]
        self.assertEqual((read["partitions"], read["partitions_here"]), (4, 2))
        self.assertIn("orders", read["position"])

    def test_explain_says_what_is_asked_of_others(self):
        [[*_, plan]] = self.ask("explain query plan select * from customer_totals where key >= 'c'").json["rows"]
        self.assertIn("key >= ?, 2 of 4 partitions asked of others", plan)
        [[*_, plan]] = self.ask("explain query plan select * from customer_totals where key >= 'c'", self.whole).json["rows"]
        self.assertNotIn("others", plan)

    def test_csv_and_reports_are_of_all_instances(self):
        for path in ("/v1/sql?q=select+key,spent+from+customer_totals+order+by+key", "/v1/reports/customers-per-tier"):
            answers = [door.get(path, Accept="text/csv") for door in (self.door, self.whole)]
            self.assertEqual(answers[0].status, 200)
            self.assertEqual(answers[0].body, answers[1].body)

    def test_only_instances_scan(self):
        answer = self.far.get("/v1/views/customer-totals/scan")
        self.assertEqual(answer.code, "unsupported-query")
        told = {"X_Weir_Forwarded": "another", "X_Weir_Partitions": "2"}
        self.assertEqual(self.far.get("/v1/views/customer-totals/scan", **told).status, 200)
        self.assertEqual(self.far.get("/v1/views/customer-totals/scan?cursor=x", **told).code, "bad-cursor")
        self.assertEqual(self.far.get("/v1/views/stock/scan?from=x", **told).code, "bad-key")
        self.assertEqual(self.far.get("/v1/views/customer-totals/scan", **{**told, "X_Weir_Partitions": "1,2"}).status, 503)


class Refused(unittest.TestCase):
    """Who cannot be asked makes a query wait outside; it is never answered in part unasked."""

    def refused_behind(self, port, said, within_s=30):
        door = Door(PROGRAM, FAKE_STILL=1, FAKE_PARTITIONS_HERE=2, FAKE_PEER=f"127.0.0.1:{port}")
        try:
            began, until = time.monotonic(), time.monotonic() + 60
            answer = door.post("/v1/sql", {"sql": "select count(*) from customer_totals"})
            while answer.status == 504 and time.monotonic() < until:  # a machine so busy that the query's own time was over first
                began = time.monotonic()
                answer = door.post("/v1/sql", {"sql": "select count(*) from customer_totals"})
            self.assertEqual(answer.status, 503, answer.body)
            self.assertIn("retry-after", answer.headers)
            self.assertIn(said, answer.json["detail"])
            self.assertLess(time.monotonic() - began, within_s)
        finally:
            self.assertEqual(door.close()[0], 0)

    def refused_by(self, answer, said):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            threading.Thread(target=self.serve, args=(listening, answer), daemon=True).start()
            self.refused_behind(listening.getsockname()[1], said)

    def serve(self, listening, answer):
        try:
            one, _ = listening.accept()
        except OSError:
            return
        with one:
            one.recv(65536)
            one.sendall(answer)
            one.shutdown(socket.SHUT_WR)
            if not answer:
                time.sleep(8)
            one.recv(1)

    def test_an_instance_that_is_gone(self):
        self.refused_behind(1, "does not answer")

    def test_an_instance_of_another_version(self):
        self.refused_by(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "another version")

    def test_an_instance_that_says_something_else(self):
        self.refused_by(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "is none")
        self.refused_by(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", "does not answer")
        self.refused_by(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nWRF2\0\0\0\0\0\0\0\0\x09", "cut off")

    def test_an_instance_whose_partitions_have_gone(self):
        far = Door(PROGRAM, FAKE_STILL=1, FAKE_PARTITIONS_HERE=0)
        try:
            self.refused_behind(far.port, "does not answer for its partitions now")
        finally:
            far.close()

    def test_an_instance_that_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.refused_behind(listening.getsockname()[1], "within")

    def test_without_anybody_to_ask_a_part_is_to_be_had_when_it_is_wanted(self):
        for knobs in ({}, {"FAKE_PEER": "127.0.0.1:1", "FAKE_ROUTING": "none"}):
            door = Door(PROGRAM, FAKE_STILL=1, FAKE_PARTITIONS_HERE=2, **knobs)
            try:
                body = {"sql": "select count(*) from customer_totals"}
                self.assertEqual(door.post("/v1/sql", body).code, "partitions-elsewhere")
                answer = door.post("/v1/sql?partial=allow", body).json
                self.assertEqual((answer["rows"], answer["complete"]), ([[250]], False))
            finally:
                self.assertEqual(door.close()[0], 0)


class Guarded(unittest.TestCase):
    def test_roles_grants_and_masks_hold_for_what_other_instances_have(self):
        with tempfile.TemporaryDirectory() as folder:
            access = Access(folder)
            keys = {"ann": access.key("ann", "analyst", "views=customer-totals hide=customer-totals.spent"), "bob": access.key("bob", "analyst", "views=stock")}
            peer = os.path.join(folder, "peer")
            with open(os.open(peer, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(access.key("weir", "peer") + "\n")
            knobs = {"FAKE_STILL": 1, "FAKE_http_access_file": access.path, "FAKE_http_peer_key_file": peer}
            far = Door(PROGRAM, FAKE_PARTITIONS_HERE=2, FAKE_PARTITIONS_FROM=2, **knobs)
            door = Door(PROGRAM, FAKE_PARTITIONS_HERE=2, FAKE_PEER=f"127.0.0.1:{far.port}", **knobs)
            stranger = Door(PROGRAM, FAKE_PARTITIONS_HERE=2, FAKE_PEER=f"127.0.0.1:{far.port}", FAKE_STILL=1)

            def ask(text, who, at=door):
                return at.post("/v1/sql", {"sql": text}, Authorization=f"Bearer {keys[who]}")
            try:
                answer = ask("select count(*), sum(orders) from customer_totals", "ann")
                self.assertEqual((answer.status, answer.json["rows"][0][0]), (200, 500), answer.body)
                self.assertEqual(ask("select spent from customer_totals", "ann").status, 400)
                self.assertEqual(ask("select * from customer_totals", "bob").status, 400)
                self.assertEqual(ask("select count(*) from stock", "bob").json["rows"], [[60]])
                self.assertEqual(ask("select count(*) from customer_totals", "ann", stranger).status, 503)
            finally:
                self.assertEqual([one.close()[0] for one in (door, far, stranger)], [0, 0, 0])


if __name__ == "__main__":
    unittest.main()
