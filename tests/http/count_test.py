"""How many rows a view has, and where a key lives: one instance, and two that have half of the partitions each.
SPDX-License-Identifier: Apache-2.0"""
import os
import unittest

from door import Door

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")
VIEW = "/v1/views/customer-totals"


class Pair(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.whole = Door(PROGRAM, FAKE_STILL=1)
        half = {"FAKE_STILL": 1, "FAKE_PARTITIONS_HERE": 2}
        cls.far = Door(PROGRAM, FAKE_PARTITIONS_FROM=2, **half)
        cls.peer = f"127.0.0.1:{cls.far.port}"
        cls.near = Door(PROGRAM, FAKE_PEER=cls.peer, **half)
        cls.alone = Door(PROGRAM, FAKE_PEER="127.0.0.1:1", **half)

    @classmethod
    def tearDownClass(cls):
        for door in (cls.whole, cls.far, cls.near, cls.alone):
            status, _ = door.close()
            assert status == 0, status

    def count(self, door, path, **headers):
        answer = door.get(path, **headers)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json


class Counts(Pair):
    def test_an_estimate_is_what_the_description_says(self):
        told = self.count(self.whole, f"{VIEW}/count")
        self.assertEqual((told["rows"], told["exact"]), (self.whole.get(VIEW).json["rows_approximate"], False))
        self.assertEqual((told["metadata"]["view"], told["metadata"]["complete"]), ("customer-totals", True))

    def test_an_exact_count_is_that_of_the_rows_a_listing_has(self):
        for view, rows in (("customer-totals", "entries"), ("stock", "entries")):
            listed = self.whole.get(f"/v1/views/{view}/{rows}?limit=10000").json["data"]
            for flag in ("exact", "exact=true"):
                told = self.count(self.whole, f"/v1/views/{view}/count?{flag}")
                self.assertEqual((told["rows"], told["exact"]), (len(listed), True), view)
        self.assertFalse(self.count(self.whole, f"{VIEW}/count?exact=false")["exact"])

    def test_two_instances_count_what_each_of_them_has(self):
        whole = self.count(self.whole, f"{VIEW}/count?exact")["rows"]
        here = self.count(self.alone, f"{VIEW}/count?exact&partial=allow")
        self.assertEqual(self.count(self.near, f"{VIEW}/count?exact")["rows"], whole)
        self.assertEqual(here["metadata"]["complete"], False)
        self.assertTrue(0 < here["rows"] < whole)

    def test_a_count_is_complete_or_refused(self):
        for query in ("", "?exact"):
            answer = self.alone.get(f"{VIEW}/count{query}")
            self.assertEqual((answer.status, answer.code), (503, "partitions-elsewhere"))

    def test_wrong_parameters_are_refused(self):
        for query in ("exact=maybe", "exact=1", "limit=3", "exact&exact"):
            self.assertEqual(self.whole.get(f"{VIEW}/count?{query}").code, "bad-parameter", query)
        self.assertEqual(self.whole.get("/v1/views/nowhere/count").code, "view-not-found")


class Explained(Pair):
    def test_a_key_that_is_here(self):
        row = self.whole.get(f"{VIEW}/keys/customer-001").json
        told = self.whole.get(f"{VIEW}/keys/customer-001/explain").json
        self.assertEqual((told["key"], told["partition"], told["partitions"]), ("customer-001", row["metadata"]["partition"], 4))
        self.assertEqual((told["owner"], told["role"], told["standbys"]), (row["metadata"]["instance"], "active", []))
        self.assertIn("orders", told["position"])
        self.assertIsInstance(told["lag"], int)

    def test_the_record_that_wrote_a_row_last(self):
        row = self.whole.get(f"{VIEW}/keys/customer-001").json
        told = self.whole.get(f"{VIEW}/keys/customer-001/explain").json["last_writer"]
        self.assertEqual(told, {"topic": "orders", "partition": 2, "offset": 1207, "timestamp": row["timestamp"]})

    def test_of_a_view_with_windows_the_writer_of_the_newest(self):
        newest = self.whole.get("/v1/views/revenue/keys/DE/windows?order=desc&limit=1").json["data"][0]
        told = self.whole.get("/v1/views/revenue/keys/DE/explain").json
        self.assertEqual(told["last_writer"]["window"], newest["window"])

    def test_a_writer_that_is_not_known_is_null(self):
        self.assertIsNone(self.whole.get(f"{VIEW}/keys/customer-007/explain").json["last_writer"])

    def test_a_row_that_is_elsewhere_has_no_writer_here(self):
        told = [self.alone.get(f"{VIEW}/keys/customer-{number:03}/explain").json for number in range(5)]
        self.assertTrue(any(answer["role"] is None for answer in told))
        for answer in told:
            self.assertEqual(answer["last_writer"] is None, answer["role"] is None, answer)

    def test_a_key_that_nobody_knows_of_is_somewhere_unknown(self):
        answer = self.whole.get(f"{VIEW}/keys/nobody/explain")
        self.assertEqual(answer.status, 200)
        told = answer.json
        self.assertEqual([told[name] for name in ("partition", "partitioner", "owner", "role", "position", "lag", "last_writer")],
                         [None] * 7)

    def test_what_is_no_key_is_refused(self):
        self.assertEqual(self.whole.get("/v1/views/nowhere/keys/a/explain").code, "view-not-found")
        self.assertEqual(self.whole.get(f"{VIEW}/keys/a/explain?x=1").code, "bad-parameter")


if __name__ == "__main__":
    unittest.main()
