"""What the REST interface promises, asked over a socket. SPDX-License-Identifier: Apache-2.0"""
import concurrent.futures
import json
import os
import pathlib
import re
import sys
import tempfile
import time
import unittest

from door import Door, read_until_silent

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")
KEYS = "/v1/views/customer-totals/keys"
ENTRIES = "/v1/views/customer-totals/entries"
RECORDS = "/v1/topics/orders/records"


class WithDoor(unittest.TestCase):
    knobs = {"FAKE_STILL": 1}

    @classmethod
    def setUpClass(cls):
        cls.door = Door(PROGRAM, **cls.knobs)

    @classmethod
    def tearDownClass(cls):
        status, cls.output = cls.door.close()
        if status:
            raise RuntimeError(f"the server ended with status {status}")

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code))
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.assertEqual(answer.json["status"], status)
        self.assertEqual(answer.json["type"], f"/problems/{code}")
        self.assertEqual(answer.json["instance"], answer.headers["x-request-id"])


NOTE = {"timestamp": "2024-12-04T10:30:00.000Z", "author": "mia", "text": "<b>\u20ac & \"x\"</b>"}


class Ingest(WithDoor):
    """An endpoint that a topology declares."""
    knobs = {"FAKE_STILL": 1, "FAKE_ECHO": 1}

    def at_fields(self, body, *fields):
        answer = self.door.post("/notes", body)
        self.refused(answer, 400, "bad-body")
        self.assertEqual([error["field"] for error in answer.json["errors"]], list(fields))
        return answer.json["errors"][0]["message"]

    def test_one_value_is_answered_with_its_id_and_time_when_it_is_durable(self):
        answer = self.door.post("/notes", NOTE)
        self.assertEqual(answer.status, 202, answer.body)
        self.assertEqual(sorted(answer.json), ["ingestedAt", "noteId", "position"])
        self.assertRegex(answer.json["noteId"], "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertRegex(answer.json["ingestedAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertRegex(answer.json["position"], r"^notes:\d:\d+$")

    def test_ids_are_told_in_the_order_of_an_array_and_are_not_given_twice(self):
        answer = self.door.post("/notes", [NOTE] * 500).json
        self.assertEqual(len({row["noteId"] for row in answer["data"]}), 500)
        self.assertEqual(len(answer["position"].split(",")), 4)

    def test_an_id_tells_when_it_was_made(self):
        one, two = (self.door.post("/notes", NOTE).json for _ in range(2))
        made = int(one["noteId"].replace("-", "")[:12], 16)
        self.assertLess(abs(made - time.time() * 1000), 60000)
        self.assertLessEqual(one["noteId"][:13], two["noteId"][:13])

    def test_a_broken_rule_names_its_field_and_all_are_told(self):
        self.assertEqual(self.at_fields({**NOTE, "author": ""}, "author"), "is empty")
        self.assertEqual(self.at_fields({**NOTE, "author": "\u20ac" * 11}, "author"), "has more than 10 characters")
        self.assertEqual(self.at_fields({**NOTE, "stars": 0}, "stars"), "is less than 1")
        self.assertEqual(self.at_fields({**NOTE, "timestamp": -1}, "timestamp"), "is before 1970-01-01T00:00:00.000Z")
        self.at_fields({**NOTE, "author": "", "stars": 6}, "author", "stars")
        self.at_fields([NOTE, {**NOTE, "stars": 6}, {**NOTE, "author": ""}], "[1].stars", "[2].author")
        self.assertEqual(self.door.post("/notes", {**NOTE, "author": "\u20ac" * 10}).status, 202)

    def test_a_value_that_cannot_be_read_names_its_field(self):
        for body, field in (({}, "timestamp"), ({**NOTE, "author": 5}, "author"), ({**NOTE, "timestamp": "today"}, "timestamp"),
                            ({**NOTE, "text": None}, "text"), ({**NOTE, "nothing": 1}, "nothing"),
                            ([NOTE, {**NOTE, "stars": "x"}], "[1].stars"), ([NOTE, 5], "[1]")):
            with self.subTest(field):
                self.at_fields(body, field)

    def test_what_is_given_here_cannot_be_sent(self):
        self.at_fields({**NOTE, "noteId": "mine"}, "noteId")
        self.at_fields({**NOTE, "ingestedAt": "2024-12-04T10:30:00.000Z"}, "ingestedAt")

    def test_what_is_no_value_at_all_is_refused(self):
        for body in (b"", b"null", b"5", b"[", b"{}x", b'"x"', b"[]", b"[[]]", b'{"timestamp":0,', b"\xff", b"\x00" * 10,
                     b"[" * 5000, b'{"a":' * 5000):
            with self.subTest(body[:20]):
                self.refused(self.door.post("/notes", body), 400, "bad-body")

    def test_an_array_has_a_bound(self):
        self.refused(self.door.post("/notes", [{"timestamp": 0, "author": "a", "text": ""}] * 10001), 400, "bad-body")
        self.assertEqual(self.door.post("/notes", [{"timestamp": 0, "author": "a", "text": ""}] * 10000).status, 202)
        self.refused(self.door.post("/notes", b"x" * (1024 * 1024 + 1)), 413, "body-too-large")

    def test_other_methods_and_parameters_are_refused(self):
        answer = self.door.ask("PUT", "/notes", NOTE)
        self.refused(answer, 405, "method-not-allowed")
        self.assertEqual(answer.headers["allow"], "GET, HEAD, POST")
        self.refused(self.door.post("/notes?x=1", NOTE), 400, "bad-parameter")
        self.refused(self.door.post("/notes/", NOTE), 404, "not-found")

    def test_it_is_told_when_the_log_is_down(self):
        answer = self.door.post("/lost/notes", {**NOTE, "noteId": "a", "ingestedAt": 0})
        self.refused(answer, 503, "unavailable")
        self.assertEqual(answer.headers["retry-after"], "1")

    def test_it_is_described(self):
        document = self.door.get("/v1/openapi.json").json
        operation = document["paths"]["/notes"]["post"]
        self.assertEqual(operation["summary"], "Takes notes.")
        self.assertIn("202", operation["responses"])
        one = document["components"]["schemas"]["ingest.notes.one"]["allOf"]
        self.assertEqual(sorted(one[0]["properties"]), ["author", "extra", "stars", "text", "timestamp"])
        self.assertEqual(one[1]["properties"]["author"], {"minLength": 1, "maxLength": 10})
        self.assertEqual(operation["requestBody"]["content"]["application/json"]["schema"],
                         {"$ref": "#/components/schemas/ingest.notes"})

    def test_it_is_counted_under_its_path(self):
        self.door.post("/notes", NOTE)
        self.assertRegex(self.door.get("/metrics").body.decode(), 'weir_http_requests_total{route="/notes",method="POST",code="202"} ')


class IngestFuture(WithDoor):
    """max.future.ms of a day."""
    knobs = {"FAKE_STILL": 1, "FAKE_ECHO": 1, "FAKE_max_future_ms": 86400000}

    def at(self, ahead_s):
        return {**NOTE, "timestamp": int((time.time() + ahead_s) * 1000)}

    def test_a_time_too_far_ahead_of_the_clock_is_refused_and_named(self):
        answer = self.door.post("/notes", [self.at(0), self.at(25 * 3600), self.at(-3600), self.at(48 * 3600)])
        self.refused(answer, 422, "future")
        self.assertEqual([error["field"] for error in answer.json["errors"]], ["[1].timestamp", "[3].timestamp"])
        self.assertRegex(answer.json["errors"][0]["message"], r"^is \d+ ms ahead of the clock; 86400000 are allowed \(max\.future\.ms\)$")
        self.assertEqual(self.door.post("/notes", self.at(23 * 3600)).status, 202)

    def test_what_breaks_a_rule_is_a_bad_body_whatever_its_time_is(self):
        self.refused(self.door.post("/notes", {**self.at(48 * 3600), "author": ""}), 400, "bad-body")

    def test_any_time_is_taken_where_there_is_no_bound(self):
        door = Door(PROGRAM, **{**self.knobs, "FAKE_max_future_ms": -1})
        self.assertEqual(door.post("/notes", self.at(48 * 3600)).status, 202)
        door.close()


class Search(WithDoor):
    """A search that a topology declares; row number n was written by author n % 3 in minute n / 3."""

    EVIL = "ann/2024-12-04T10:05:30.000Z"  # its keys lie among those of ann

    def numbers(self, query):
        answer = self.door.get("/notes" + query)
        self.assertEqual(answer.status, 200, answer.body)
        return [row["stars"] for row in answer.json["data"]]

    def pages(self, query):
        """The numbers of all pages, one after the other."""
        numbers, path, pages = [], "/notes" + query, 0
        while path:
            answer = self.door.get(path)
            self.assertEqual(answer.status, 200, answer.body)
            numbers += [row["stars"] for row in answer.json["data"]]
            token, pages = answer.json["page"]["next"], pages + 1
            self.assertLess(pages, 100)
            if token:
                self.assertIn(f"page={token}>", answer.headers["link"])
            path = f"/notes{query}&page={token}" if token else None
        return numbers

    def at_field(self, query, field, status=400):
        answer = self.door.get("/notes" + query)
        self.assertEqual((answer.status, [error["field"] for error in answer.json["errors"]]), (status, [field]), query)

    def test_values_come_as_they_are_kept_oldest_first(self):
        answer = self.door.get("/notes?limit=2").json
        self.assertEqual(answer["data"][0], {"noteId": "2024-12-04T10:00:00.000Z/ann/0", "timestamp": "2024-12-04T10:00:00.000Z",
                                             "ingestedAt": "2024-12-04T10:00:00.000Z", "author": "ann", "text": "<i>text</i>", "stars": 0})
        self.assertEqual(answer["metadata"]["view"], "notes-by-time")
        self.assertEqual(sorted(self.numbers("?limit=1000")), list(range(60)))

    def test_a_field_is_found_by_its_index_and_only_whole(self):
        self.assertEqual(self.door.get("/notes?author=ann").json["metadata"]["view"], "notes-by-author")
        self.assertEqual(self.numbers("?author=ann"), list(range(0, 60, 3)))
        self.assertEqual(self.numbers("?author=" + self.EVIL.replace("/", "%2F")), list(range(1, 60, 3)))
        self.assertEqual(self.numbers("?author=an"), [])
        self.assertEqual(self.numbers("?author=bob%2F"), [])

    def test_times_are_inclusive_at_both_ends(self):
        span = "from=2024-12-04T10:05:00Z&to=2024-12-04T10:07:00Z"
        self.assertEqual(sorted(self.numbers("?" + span)), list(range(15, 24)))
        self.assertEqual(self.numbers("?author=bob&" + span), [17, 20, 23])
        self.assertEqual(self.numbers("?author=bob&from=1733306700000&to=1733306700000"), [17])
        self.assertEqual(self.numbers("?from=2025-01-01T00:00:00Z"), [])
        self.assertEqual(self.numbers("?to=2024-12-04T09:59:59.999Z"), [])

    def test_newest_first_is_the_same_the_other_way_round(self):
        self.assertEqual(self.numbers("?author=bob&order=desc"), list(range(2, 60, 3))[::-1])
        self.assertEqual(self.pages("?order=desc&limit=7"), self.numbers("?limit=1000")[::-1])

    def test_pages_hold_every_row_once(self):
        for query in ("?limit=7", "?limit=1", "?limit=60", "?author=ann&limit=3"):
            with self.subTest(query):
                self.assertEqual(self.pages(query), self.numbers(query.split("limit")[0] + "limit=1000"))

    def test_pages_have_numbers_too(self):
        every = self.numbers("?limit=1000")
        self.assertEqual(self.numbers("?limit=7&page=1"), every[:7])
        self.assertEqual(self.numbers("?limit=7&page=3"), every[14:21])
        self.assertEqual(self.numbers("?limit=7&page=9"), every[56:])
        self.assertEqual(self.numbers("?limit=7&page=10"), [])
        token = self.door.get("/notes?limit=7&page=3").json["page"]["next"]
        self.assertEqual(self.numbers(f"?limit=7&page={token}"), every[21:28])

    def test_a_page_belongs_to_its_question(self):
        token = self.door.get("/notes?author=ann&limit=3").json["page"]["next"]
        for query in ("?author=bob&page=", "?page=", "?author=ann&order=desc&page=", "?author=ann&from=1&page="):
            self.refused(self.door.get("/notes" + query + token), 422, "bad-cursor")
        self.assertEqual(self.door.get("/notes?author=ann&limit=5&page=" + token).status, 200)

    def test_wrong_parameters_are_named(self):
        for query, field in (("?text=x", "text"), ("?nothing=x", "nothing"), ("?author=", "author"), ("?author=a&author=b", "author"),
                             ("?limit=0", "limit"), ("?limit=10001", "limit"), ("?from=today", "from"), ("?to=", "to"), ("?order=up", "order")):
            with self.subTest(query):
                self.at_field(query, field)
        for query, field in (("?page=0", "page"), ("?page=999999999", "page"), ("?from=2&to=1", "from")):
            with self.subTest(query):
                self.at_field(query, field, 422)
        self.refused(self.door.get("/notes?page=x"), 422, "bad-cursor")

    def test_a_search_waits_for_a_position(self):
        written = self.door.post("/v1/topics/orders/records", {"records": [{"key": "a", "value": None}]}).json["position"]
        answer = self.door.get(f"/notes?author=ann&limit=1&min_position={written}&wait_ms=20000")
        self.assertEqual((answer.status, answer.json["metadata"]["view"]), (200, "notes-by-author"))
        topic, partition, offset = written.split(":")
        self.refused(self.door.get(f"/notes?min_position={topic}:{partition}:{int(offset) + 1000000}&wait_ms=10"), 503, "not-up-to-bound")
        self.refused(self.door.get("/notes?min_position=nonsense"), 422, "bad-position")
        self.at_field(f"?text=x&min_position={written}", "text")

    def test_lines(self):
        answer = self.door.get("/notes?author=ann&limit=2", Accept="application/x-ndjson")
        self.assertEqual([json.loads(line)["stars"] for line in answer.body.decode().splitlines()], [0, 3])
        self.refused(self.door.get("/notes", Accept="text/csv"), 406, "not-acceptable")

    def test_it_is_described_with_its_fields(self):
        document = self.door.get("/v1/openapi.json").json
        operation = document["paths"]["/notes"]["get"]
        self.assertEqual([parameter["name"] for parameter in operation["parameters"]],
                         ["from", "to", "order", "page", "limit", "min_position", "wait_ms", "consistency", "partial", "author"])
        self.assertIn("search.notes", document["components"]["schemas"])
        self.assertIn("post", document["paths"]["/notes"])

    def test_two_instances_answer_as_one(self):
        other = Door(PROGRAM, **{**self.knobs, "FAKE_PARTITIONS_HERE": 2, "FAKE_PARTITIONS_FROM": 2})
        door = Door(PROGRAM, **{**self.knobs, "FAKE_PARTITIONS_HERE": 2, "FAKE_PEER": f"127.0.0.1:{other.port}"})
        try:
            for query in ("?limit=7", "?limit=7&page=3", "?author=ann&limit=4", "?author=ann&limit=4&page=2", "?order=desc&limit=9&page=2"):
                with self.subTest(query):
                    answer = door.get("/notes" + query)
                    self.assertEqual(answer.status, 200, answer.body)
                    self.assertEqual([row["stars"] for row in answer.json["data"]], self.numbers(query))
        finally:
            self.assertEqual((door.close()[0], other.close()[0]), (0, 0))


class IngestEcho(WithDoor):
    """What an endpoint writes."""
    knobs = {"FAKE_STILL": 1, "FAKE_ECHO": 1}

    def test_the_record_is_the_value_as_it_was_given_with_id_and_time(self):
        door = Door(PROGRAM, **self.knobs)
        told = door.post("/notes", {**NOTE, "extra": {"b": [1.50, None], "a": 1}},
                         traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").json
        status, output = door.close()
        self.assertEqual(status, 0)
        [line] = [line for line in output.splitlines() if "|" in line]
        key, value, timestamp, header = line.split("|")
        self.assertEqual((key, timestamp), (told["noteId"], "1733308200000"))
        self.assertEqual(header, "traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        self.assertEqual(json.loads(value), {**NOTE, "noteId": told["noteId"], "ingestedAt": told["ingestedAt"],
                                             "extra": {"b": [1.5, None], "a": 1}})


class Questions(WithDoor):
    """An endpoint whose answers are rows of a view; the fake grants three to each."""
    knobs = {"FAKE_STILL": 1, "FAKE_ANSWER_MS": 30}

    def ask(self, who, door=None, **headers):
        return (door or self.door).post("/questions", {"who": who}, **headers)

    def test_the_answer_is_the_row_that_the_topology_made(self):
        answer = self.ask("ann")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual((answer.json["value"]["who"], answer.json["value"]["left"]), ("ann", 2))
        self.assertRegex(answer.json["key"], "^[0-9a-f]{8}-[0-9a-f]{4}-7")
        self.assertEqual(answer.json["metadata"]["view"], "verdicts")

    def test_what_is_left_is_told_in_headers(self):
        answer = self.ask("bob")
        self.assertEqual(answer.headers["ratelimit-policy"], '"by _rule_";q=3')
        self.assertRegex(answer.headers["ratelimit"], '^"by _rule_";r=2;t=[67]$')
        self.assertNotIn("retry-after", answer.headers)

    def test_a_no_is_a_429_that_says_when_to_come_again(self):
        for _ in range(3):
            self.assertEqual(self.ask("cleo").status, 200)
        answer = self.ask("cleo")
        self.assertEqual(answer.status, 429, answer.body)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertFalse(answer.json["value"]["ok"])
        self.assertIn(answer.headers["retry-after"], ("6", "7"))

    def test_many_at_once_are_answered_each_with_their_own(self):
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda i: self.ask(f"many-{i % 10}"), range(50)))
        self.assertEqual([sum(a.status == 200 and a.json["value"]["who"] == f"many-{i}" for a in answers) for i in range(10)], [3] * 10)
        self.assertEqual(sum(a.status == 429 for a in answers), 20)

    def test_the_same_question_is_answered_as_before(self):
        answers = [self.ask("dora", Idempotency_Key=key).json for key in ('"q-1"', "q-1", '"q-1"')]
        self.assertEqual([(answer["key"], answer["value"]["left"]) for answer in answers], [("q-1", 2)] * 3)

    def test_an_id_has_bounds(self):
        for key in ('""', "x" * 101, "\u00e9".encode().decode("latin-1")):
            answer = self.ask("eve", Idempotency_Key=key)
            self.refused(answer, 400, "bad-request")
            self.assertEqual(answer.json["errors"][0]["field"], "Idempotency-Key")

    def test_questions_come_one_at_a_time_and_keep_their_rules(self):
        self.refused(self.door.post("/questions", [{"who": "ann"}]), 400, "bad-body")
        self.refused(self.ask(""), 400, "bad-body")
        self.refused(self.door.post("/questions", {"who": "ann", "questionId": "mine"}), 400, "bad-body")

    def test_it_is_described(self):
        document = self.door.get("/v1/openapi.json").json
        operation = document["paths"]["/questions"]["post"]
        self.assertEqual(sorted(operation["responses"]), ["200", "429", "default"])
        self.assertEqual([parameter["name"] for parameter in operation["parameters"]], ["Idempotency-Key"])
        schema = document["components"]["schemas"]["ingest.questions.answer"]
        self.assertIn("left", schema["properties"]["value"]["properties"])

    def test_it_is_counted(self):
        self.ask("finn")
        self.assertIn("weir_http_questions_waiting 0\n", self.door.get("/metrics").body.decode())


class QuestionsUnanswered(WithDoor):
    knobs = {"FAKE_STILL": 1, "FAKE_ANSWER_MS": 600000}

    def test_who_gets_no_answer_is_told_how_to_ask_again(self):
        answer = self.door.post("/questions", {"who": "ann"}, Idempotency_Key="q-7")
        self.refused(answer, 503, "unanswered")
        self.assertEqual((answer.json["id"], answer.headers["retry-after"]), ("q-7", "1"))
        self.assertRegex(answer.json["position"], r"^questions:\d:1$")
        self.assertIn("weir_http_unanswered_total 1\n", self.door.get("/metrics").body.decode())

    def test_who_waits_when_the_door_closes_is_told_so(self):
        door = Door(PROGRAM, **self.knobs)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(door.post, "/questions", {"who": "ann"})
            while "weir_http_questions_waiting 1\n" not in door.get("/metrics").body.decode():
                time.sleep(0.01)
            self.assertEqual(door.close()[0], 0)
            self.refused(asked.result(), 503, "unanswered")


class QuestionsOfTwo(unittest.TestCase):
    """The instance that has the partition of a question answers it, whoever is asked."""

    def setUp(self):
        knobs = {"FAKE_STILL": 1}
        self.other = Door(PROGRAM, **knobs, FAKE_PARTITIONS_HERE=2, FAKE_PARTITIONS_FROM=2)
        self.door = Door(PROGRAM, **knobs, FAKE_PARTITIONS_HERE=2, FAKE_PEER=f"127.0.0.1:{self.other.port}")

    def tearDown(self):
        self.assertEqual((self.door.close()[0], self.other.close()[0]), (0, 0))

    def test_both_grant_three_together(self):
        for who in ("ann", "bob", "cleo", "dora", "eve", "finn"):
            answers = [self.door.post("/questions", {"who": who}, Idempotency_Key=f"{who}-{i}") for i in range(4)]
            self.assertEqual([answer.status for answer in answers], [200, 200, 200, 429], who)
            self.assertEqual([answer.json["key"] for answer in answers], [f"{who}-{i}" for i in range(4)])
            self.assertIn("retry-after", answers[3].headers)
            self.assertIn("ratelimit", answers[0].headers)
        asked = sum(self.other.get(f"/v1/views/verdicts/keys/{who}-0").status == 200 for who in ("ann", "bob", "cleo", "dora", "eve", "finn"))
        self.assertIn(asked, range(1, 6))

    def test_an_instance_without_the_partition_that_knows_nobody_writes_nothing(self):
        answers = [self.other.post("/questions", {"who": who}) for who in ("ann", "bob", "cleo", "dora", "eve", "finn")]
        self.assertEqual({answer.status for answer in answers}, {200, 503})
        self.assertEqual({answer.code for answer in answers if answer.status == 503}, {"not-owner"})


class Snapshots(unittest.TestCase):
    """The figures of /metrics as JSON lines."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = pathlib.Path(self.folder.name) / "metrics.jsonl"
        self.door = Door(PROGRAM, FAKE_STILL=1, FAKE_metrics_snapshot_file=self.file, FAKE_metrics_snapshot_interval_ms=100)

    def tearDown(self):
        if self.door:
            self.door.close()
        self.folder.cleanup()

    def lines(self, file=None):
        file = file or self.file
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def wait_for(self, condition):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end, "no line came")
            time.sleep(0.02)

    def test_a_line_has_the_samples_of_metrics(self):
        self.wait_for(lambda: len(self.lines()) >= 2)
        text = self.door.get("/metrics").body.decode()
        names = {line.rpartition(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}
        seen = len(self.lines())
        self.wait_for(lambda: len(self.lines()) > seen + 1)
        line = self.lines()[-1]
        self.assertRegex(line["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual({name for name in line["metrics"] if 'route="/metrics"' not in name}, names)
        self.assertTrue(all(value is None or isinstance(value, (int, float)) for value in line["metrics"].values()))

    def test_it_goes_on_in_a_new_file_when_the_old_one_is_moved_away(self):
        self.wait_for(self.lines)
        moved = self.file.with_suffix(".1")
        self.file.rename(moved)
        self.wait_for(self.lines)
        times = [line["ts"] for line in self.lines(moved) + self.lines()]
        self.assertEqual(times, sorted(times))

    def test_the_last_line_is_of_the_end(self):
        for _ in range(5):
            self.door.get("/livez")
        status, _ = self.door.close()
        self.door = None
        self.assertEqual(status, 0)
        answered = sum(value for name, value in self.lines()[-1]["metrics"].items()
                       if name.startswith("weir_http_requests_total") and 'route="/livez"' in name)
        self.assertEqual(answered, 5, self.lines()[-1])


class SnapshotsElsewhere(unittest.TestCase):
    def test_a_file_that_cannot_be_opened_is_told_at_the_start(self):
        with self.assertRaises(RuntimeError):
            Door(PROGRAM, FAKE_metrics_snapshot_file="/nowhere/metrics.jsonl", FAKE_metrics_snapshot_interval_ms=100)


class Checks(unittest.TestCase):
    """Health of the parts, told from the latest look."""

    def ask(self, path, **knobs):
        door = Door(PROGRAM, **{"FAKE_STILL": 1, **knobs})
        try:
            until = time.monotonic() + 20
            while True:
                answer = door.get(path)
                if answer.json.get("age_ms", 0) is not None and b'"age_ms":null' not in answer.body or time.monotonic() > until:
                    return answer
                time.sleep(0.02)
        finally:
            self.assertEqual(door.close()[0], 0)

    def test_the_memory_is_told_part_by_part(self):
        answer = self.ask("/v1/memory")
        self.assertEqual(answer.status, 200)
        first = answer.json["data"][0]
        self.assertEqual(first["parts"][0], {"name": "base", "bytes_max": 24 << 20, "bytes": None})
        self.assertEqual(first["bytes_max"], sum(part["bytes_max"] for part in first["parts"]))
        self.assertEqual(first["bytes"], sum(part["bytes"] or 0 for part in first["parts"]))
        process = answer.json["process"]
        self.assertGreater(process["resident_bytes"], 1 << 20)
        self.assertGreaterEqual(process["peak_bytes"], process["resident_bytes"] // 2)
        known = process["queries_bytes"] + sum(app["bytes"] for app in answer.json["data"])
        self.assertEqual(process["others_bytes"], process["resident_bytes"] - known)
        self.assertEqual(process["queries_bytes_max"], 60 << 20)

    def test_the_buffer_says_what_waits(self):
        answer = self.ask("/health/buffer")
        self.assertEqual((answer.status, answer.json["status"]), (200, "UP"))
        self.assertEqual(answer.json["apps"][0], {"name": "orders", "records": 12, "bytes": 10, "bytes_max": 1000, "oldest_ms": 3, "is_failing": False})

    def test_a_full_buffer_is_down_and_with_it_the_whole(self):
        answer = self.ask("/health/buffer", FAKE_FULL=1)
        self.assertEqual((answer.status, answer.json["status"]), (503, "DOWN"))
        answer = self.ask("/health/detailed", FAKE_FULL=1)
        self.assertEqual((answer.status, answer.json["status"]), (503, "DOWN"))
        self.assertEqual(answer.json["checks"]["business"]["status"], "UP")

    def test_stores_that_are_restored_are_not_ready(self):
        answer = self.ask("/health/database")  # one task of the second app restores
        self.assertEqual((answer.status, answer.json["status"]), (503, "DOWN"))
        self.assertEqual(answer.json["apps"][1]["tasks"], {"running": 3, "restoring": 1, "standby": 0})
        self.assertGreater(answer.json["apps"][1]["restore_remaining"], 0)

    def test_business_says_what_is_worked_on_and_what_was_left_out(self):
        answer = self.ask("/health/business")
        self.assertEqual(answer.status, 200)
        self.assertGreater(answer.json["apps"][0]["records"], 0)
        self.assertTrue(answer.json["apps"][0]["dropped"])
        self.assertEqual(self.ask("/health/business", FAKE_STATE=6).status, 503)

    def test_a_check_that_hangs_is_down_and_holds_nobody_up(self):
        process = Door(PROGRAM, FAKE_STILL=1, FAKE_HANGING=1)
        try:
            begin = time.monotonic()
            answer = process.get("/health/buffer")
            self.assertEqual((answer.status, answer.json), (503, {"status": "DOWN", "age_ms": None}))
            self.assertEqual(process.get("/livez").status, 200)
            self.assertLess(time.monotonic() - begin, 5)
        finally:
            process.process.kill()
            process.process.wait()
            process.process.stdin.close()
            process.process.stdout.close()


class IngestFull(WithDoor):
    knobs = {"FAKE_STILL": 1, "FAKE_FULL": 1}

    def test_a_full_buffer_is_told_from_a_log_that_is_down(self):
        for path, body in (("/notes", NOTE), (RECORDS, {"records": [{"key": "a", "value": {"customer": "a", "total": 1, "placed": 0}}]})):
            answer = self.door.post(path, body)
            self.refused(answer, 429, "buffer-full")
            self.assertEqual(answer.headers["retry-after"], "1")
            self.assertEqual(answer.json["retry_after_ms"], 1000)


class Sql(WithDoor):
    def ask(self, text, parameters=None, **headers):
        body = {"sql": text} if parameters is None else {"sql": text, "parameters": parameters}
        return self.door.post("/v1/sql", body, **headers)

    def rows(self, text, parameters=None):
        answer = self.ask(text, parameters)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["rows"]

    def at_field(self, answer, status, code, field):
        self.refused(answer, status, code)
        self.assertEqual(answer.json["errors"][0]["field"], field)

    def test_an_answer_has_columns_rows_and_what_it_was_read_from(self):
        answer = self.ask("select key, orders, spent, last_order, note from customer_totals where key = 'customer-001'").json
        self.assertEqual(list(answer), ["columns", "rows", "complete", "metadata"])
        self.assertEqual([column["type"] for column in answer["columns"]], ["text", "integer", "real", "text", "text"])
        self.assertEqual(answer["rows"], [["customer-001", 5, 100.3, "2024-12-04T10:00:06.142Z", None]])
        self.assertEqual(answer["metadata"]["views"],
                         [{"view": "customer-totals", "partitions": 4, "partitions_here": 4,
                           "position": {"orders": {"0": 1200, "1": 1180}}}])
        self.assertTrue(answer["complete"])

    def test_a_view_has_its_own_name_and_one_with_underscores(self):
        self.assertEqual(self.rows('select count(*) from "customer-totals"'), self.rows("select count(*) from Customer_Totals"))

    def test_decimals_have_exact_units_beside_them(self):
        [[units, number]] = self.rows("select sum(spent_units), sum(spent) from customer_totals")
        rows = [json.loads(line) for line in
                self.door.get(f"{ENTRIES}?limit=1000", Accept="application/x-ndjson").body.decode().splitlines()]
        self.assertEqual(units, sum(round(row["value"]["spent"] * 100) for row in rows))
        self.assertAlmostEqual(number, units / 100, 6)

    def test_nested_values_are_reached_by_json_paths(self):
        self.assertEqual(self.rows("select distinct j.value from customer_totals t, json_each(t.tags) j order by 1"),
                         [["returning"], ["web"]])
        self.assertEqual(self.rows("select count(*) from customer_totals where json_extract(tags, '$[0]') = 'web'"),
                         self.rows("select count(*) from customer_totals where tags <> '[]'"))

    def test_parameters_are_bound_by_place_or_by_name_and_never_read_as_sql(self):
        hostile = "x' or 1=1; drop table customer_totals; --"
        self.assertEqual(self.rows("select ?, count(*) from customer_totals where key = ?", [hostile, hostile]), [[hostile, 0]])
        self.assertEqual(self.rows("select :a, :b, :c, :d, :e", {"a": 1, "b": 2.5, "c": None, "d": True, "e": [1, "x"]}),
                         [[1, 2.5, None, 1, '[1, "x"]']])
        self.assertEqual(self.rows("select ?", [9007199254740993]), [[9007199254740993]])
        self.assertEqual(self.rows("select typeof(?)", ["\u20ac"]), [["text"]])

    def test_wrong_parameters_are_named(self):
        self.at_field(self.ask("select :a", {"b": 1}), 400, "bad-query", "parameters")
        self.at_field(self.ask("select :a", {"a": 1, "b": 1}), 400, "bad-query", "parameters")
        self.at_field(self.ask("select ?", []), 400, "bad-query", "parameters")
        self.at_field(self.ask("select ?", {"a": 1}), 400, "bad-query", "parameters")
        self.at_field(self.ask("select 1", [1]), 400, "bad-query", "parameters")
        self.at_field(self.ask("select 1", "x"), 400, "bad-body", "parameters")
        self.at_field(self.ask("select 1", 5), 400, "bad-body", "parameters")

    def test_a_malformed_body_names_its_field(self):
        for body, field in (({}, "sql"), ({"sql": 5}, "sql"), ({"sql": "select 1", "limit": 5}, "limit")):
            self.at_field(self.door.post("/v1/sql", body), 400, "bad-body", field)
        self.refused(self.door.post("/v1/sql", b"{"), 400, "bad-body")
        self.refused(self.door.post("/v1/sql", b""), 400, "bad-body")
        self.at_field(self.door.get("/v1/sql"), 400, "bad-parameter", "q")
        self.at_field(self.door.get("/v1/sql?q=select"), 400, "bad-query", "q")
        self.refused(self.door.get("/v1/sql?q=select%201&x=1"), 400, "bad-parameter")

    def test_only_a_select_is_answered(self):
        for text in ("insert into customer_totals(key) values ('a')", "delete from customer_totals",
                     "update sqlite_master set sql = ''", "create table a(b)", "create view a as select 1",
                     "attach '/tmp/a' as b", "detach main", "pragma user_version", "vacuum into '/tmp/a'", "begin",
                     "savepoint a", "reindex", "analyze", "select load_extension('a')", "select * from sqlite_master",
                     "select * from pragma_database_list", "select count(*) from pragma_table_info('a')",
                     "select * from dbstat", "select 1; select 2", "", ";", "-- nothing", "select", "select * from nothing",
                     "select * from customer_totals where", "select fts3_tokenizer('a')", "select '\x00'",
                     "explain", "replace into customer_totals(key) values (1)", "drop table customer_totals",
                     "create virtual table a using fts5(b)", "select nothing(1)", "select json('{')"):
            with self.subTest(text):
                self.at_field(self.ask(text), 400, "bad-query", "sql")

    def test_a_plan_shows_what_the_view_answers_itself(self):
        def plan(text):
            return " ".join(row[3] for row in self.rows("explain " + text))
        self.assertIn("key = ?", plan("select * from customer_totals where key = 'a'"))
        self.assertIn("key = ?", plan("select * from customer_totals where key in ('a', 'b')"))
        self.assertIn("key >= ? AND key <= ?", plan("select * from customer_totals where key between 'a' and 'b'"))
        self.assertIn("key >= ?", plan("select * from customer_totals where key glob 'a*'"))
        self.assertIn("key = ? AND window_start >= ?", plan("select * from revenue where key = 'DE' and window_start > '2024'"))
        self.assertIn("all rows", plan("select * from customer_totals where orders = 3"))
        self.assertIn("key descending", plan("select * from customer_totals order by key desc limit 1"))
        self.assertEqual(plan("select 1"), plan("query plan select 1"))

    def test_what_is_pushed_down_is_all_that_is_looked_at(self):
        answer = self.ask("select count(*) from customer_totals where key between 'customer-010' and 'customer-019'").json
        self.assertEqual((answer["rows"], answer["metadata"]["rows_scanned"]), ([[10]], 10))

    def test_csv_and_lines(self):
        answer = self.ask("select key, value from odd_strings order by key", Accept="text/csv")
        self.assertEqual(answer.headers["content-type"], "text/csv; charset=utf-8")
        self.assertEqual(answer.body.split(b"\r\n")[:2], [b"key,value", b",empty key"])
        self.assertIn(b"'=1+1,'-2", answer.body)
        lines = self.ask("select 1 as a, 2 as a, null as b", Accept="application/x-ndjson").body
        self.assertEqual(lines, b'{"a":1,"a_2":2,"b":null}\n')
        get = self.door.get("/v1/sql?q=select+key+from+stock+where+key+%3C+1002", Accept="text/csv").body
        self.assertEqual(get, b"key\r\n1000\r\n1001\r\n")

    def test_what_json_cannot_say_is_null(self):
        self.assertEqual(self.rows("select 1e999, -1e999, 1e20, x'0102'"), [[None, None, 1e20, "AQI="]])

    def test_a_long_answer_ends_and_says_so(self):
        answer = self.ask("with recursive n(x) as (select 1 union all select x + 1 from n limit 20000) select x from n")
        self.assertEqual((len(answer.json["rows"]), answer.json["complete"]), (10000, False))
        self.assertEqual(answer.headers["x-complete"], "false")
        self.assertNotIn("x-complete", self.ask("select 1").headers)

    def test_a_query_costs_no_more_than_it_may(self):
        cross = self.ask("select count(*) from customer_totals a, customer_totals b, customer_totals c")
        slow = cross.status == 504  # a machine that looks at fewer rows in the time there is ends it by the time
        self.refused(cross, *((504, "query-too-long") if slow else (422, "query-too-large")))
        self.refused(self.ask("select zeroblob(100000000)"), 422, "query-too-large")
        self.refused(self.ask("with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"), 504,
                     "query-too-long")

    def test_who_comes_when_all_threads_are_busy_is_told_at_once_and_a_client_that_goes_frees_its_own(self):
        forever = json.dumps({"sql": "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"}).encode()
        head = b"POST /v1/sql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(forever)
        busy = [self.door.connect() for _ in range(2)]
        for connection in busy:
            connection.sendall(head + forever)
        time.sleep(0.3)
        started = time.monotonic()
        answer = self.ask("select 1")
        self.refused(answer, 429, "too-many-queries")
        self.assertEqual(answer.headers["retry-after"], "1")
        self.assertEqual(self.door.get(f"{KEYS}/customer-007").status, 200)
        for connection in busy:
            connection.close()
        while (answer := self.ask("select 1")).status == 429 and time.monotonic() < started + 3:
            time.sleep(0.05)
        self.assertEqual(answer.status, 200)
        self.assertLess(time.monotonic() - started, 3)

    def test_the_catalog_lists_views_and_columns(self):
        self.assertIn(["revenue", "window"], self.rows("select name, kind from weir_views"))
        self.assertEqual(self.rows("select name, type, hidden from weir_columns where view = 'revenue' and name like '%sum%'"),
                         [["sum", "REAL", 0], ["sum_units", "INTEGER", 1]])


class Reports(WithDoor):
    BEST = "/v1/reports/best-customers"

    def test_the_list_says_what_reports_take(self):
        best, *_, one = self.door.get("/v1/reports").json["data"]
        self.assertEqual((best["name"], best["title"], best["about"]),
                         ("best-customers", "Best customers", "Who spent most, and on what tier."))
        self.assertEqual(best["parameters"][0], {"name": "customers", "type": "integer", "default": "3", "about": "At most so many"})
        self.assertEqual(one["parameters"], [{"name": "customer", "type": "text", "default": None, "about": "Who"}])

    def test_a_report_answers_like_a_query_with_defaults_or_given_parameters(self):
        answer = self.door.get(self.BEST).json
        self.assertEqual([column["name"] for column in answer["columns"]], ["customer", "spent", "last_order"])
        self.assertEqual((len(answer["rows"]), answer["complete"]), (3, True))
        self.assertEqual(self.door.get(self.BEST + "?customers=1", Accept="text/csv").body.count(b"\r\n"), 2)
        self.assertNotEqual(self.door.get(self.BEST + "?tier=BRONZE").json["rows"], answer["rows"])
        self.assertEqual(self.door.get(self.BEST + "?since=2999-01-01").json["rows"], [])
        self.assertEqual(self.door.get(self.BEST + "?since=1733306400000").json["rows"],
                         self.door.get(self.BEST + "?since=2024-12-04T11:00:00%2B01:00").json["rows"])

    def test_a_parameter_is_a_value_and_never_sql(self):
        self.assertEqual(self.door.get("/v1/reports/one-customer?customer=x'%20or%201=1%20--").json["rows"], [])
        self.assertEqual(len(self.door.get("/v1/reports/one-customer?customer=customer-007").json["rows"]), 1)

    def test_wrong_parameters_are_named(self):
        for query, field in (("customers=x", "customers"), ("customers=1e3", "customers"), ("customers=99999999999999999999", "customers"),
                             ("customers=", "customers"), ("since=soon", "since"), ("nothing=1", "nothing"), ("tier=a&tier=b", "tier"),
                             ("limit=5", "limit"), ("=1", ""), ("tier=%00", "tier")):
            with self.subTest(query):
                answer = self.door.get(f"{self.BEST}?{query}")
                self.assertEqual(answer.status, 400, answer.body)
                if answer.code == "bad-parameter":
                    self.assertEqual(answer.json["errors"][0]["field"], field)
        self.refused(self.door.get("/v1/reports/one-customer"), 400, "bad-parameter")
        self.refused(self.door.get("/v1/reports/nothing"), 404, "report-not-found")


class SqlElsewhere(WithDoor):
    knobs = {"FAKE_STILL": 1, "FAKE_PARTITIONS_HERE": 3}

    def test_an_answer_is_whole_or_refused_unless_a_part_will_do(self):
        body = {"sql": "select count(*) from customer_totals"}
        self.refused(self.door.post("/v1/sql", body), 503, "partitions-elsewhere")
        answer = self.door.post("/v1/sql?partial=allow", body).json
        self.assertEqual((answer["rows"], answer["complete"]), ([[375]], False))


class SqlMoving(WithDoor):
    knobs = {"FAKE_MOVING": 1}

    def test_a_query_waits_outside_while_tasks_move(self):
        self.refused(self.door.get("/v1/sql?q=select+key+from+stock"), 503, "unavailable")


class Points(WithDoor):
    def test_a_row_has_key_value_timestamp_and_metadata(self):
        answer = self.door.get(f"{KEYS}/customer-007")
        self.assertEqual(answer.status, 200)
        row = answer.json
        self.assertEqual(list(row), ["key", "value", "timestamp", "metadata"])
        self.assertEqual(row["key"], "customer-007")
        self.assertRegex(row["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(row["metadata"]["position"], {"orders": {"0": 1200, "1": 1180}, "payments": {"0": 77}})
        self.assertEqual((row["metadata"]["view"], row["metadata"]["role"]), ("customer-totals", "active"))

    def test_an_etag_saves_the_body(self):
        first = self.door.get(f"{KEYS}/customer-007")
        self.assertEqual(first.headers["cache-control"], "no-cache")
        second = self.door.get(f"{KEYS}/customer-007", If_None_Match=first.headers["etag"])
        self.assertEqual((second.status, second.body, second.headers["etag"]), (304, b"", first.headers["etag"]))
        self.assertEqual(self.door.get(f"{KEYS}/customer-007", If_None_Match='"other"').status, 200)

    def test_forms_have_tags_of_their_own(self):
        tags = {self.door.get(f"{KEYS}/customer-007", Accept=media).headers["etag"]
                for media in ("application/json", "text/csv", "application/x-ndjson")}
        self.assertEqual(len(tags), 3)

    def test_an_absent_key_differs_from_an_absent_view(self):
        self.refused(self.door.get(f"{KEYS}/nobody"), 404, "key-not-found")
        self.refused(self.door.get("/v1/views/nothing/keys/a"), 404, "view-not-found")

    def test_a_key_of_another_instance_names_its_partition(self):
        answer = self.door.get(f"{KEYS}/foreign-1")
        self.refused(answer, 503, "not-owner")
        self.assertIn(answer.json["partition"], range(4))
        self.assertEqual(answer.headers["retry-after"], "1")

    def test_keys_are_read_by_their_type(self):
        self.assertEqual(self.door.get("/v1/views/stock/keys/1003").json["key"], 1003)
        self.refused(self.door.get("/v1/views/stock/keys/abc"), 422, "bad-key")

    def test_a_key_may_hold_a_slash_and_any_utf8(self):
        answer = self.door.get("/v1/views/odd-strings/keys/a%2Fb")
        self.assertEqual(answer.json["value"], "\u20ac \U0001f30a")

    def test_a_window_is_read_by_its_start(self):
        rows = self.door.get("/v1/views/revenue/keys/DE/windows?limit=1").json["data"]
        start = rows[0]["window"]["start"]
        self.assertEqual(self.door.get(f"/v1/views/revenue/keys/DE?window={start}").json["window"]["start"], start)
        self.refused(self.door.get("/v1/views/revenue/keys/DE"), 422, "unsupported-query")
        self.refused(self.door.get(f"{KEYS}/customer-007?window=0"), 422, "unsupported-query")

    def test_a_version_is_read_by_a_time(self):
        row = self.door.get("/v1/views/prices/keys/pen?as_of=1970-01-01T00:02:30Z").json
        self.assertEqual((row["value"], row["valid"]), (202, {"from": "1970-01-01T00:02:00.000Z", "to": "1970-01-01T00:03:00.000Z"}))
        newest = self.door.get("/v1/views/prices/keys/pen").json
        self.assertEqual((newest["value"], newest["valid"]), (204, {"from": "1970-01-01T00:04:00.000Z", "to": None}))
        self.refused(self.door.get(f"{KEYS}/customer-007?as_of=0"), 422, "unsupported-query")

    def test_head_is_get_without_the_body(self):
        got, head = self.door.get(f"{KEYS}/customer-007"), self.door.ask("HEAD", f"{KEYS}/customer-007")
        self.assertEqual((head.status, head.rest), (200, b""))
        self.assertEqual(head.headers["content-length"], got.headers["content-length"])


class Listings(WithDoor):
    def pages(self, path):
        rows, cursor = [], ""
        while cursor is not None:
            answer = self.door.get(path + (f"&cursor={cursor}" if cursor else "")).json
            self.assertEqual(answer["page"]["size"], len(answer["data"]))
            rows += answer["data"]
            cursor = answer["page"]["next"]
        return rows

    def test_pages_join_without_gap_or_repetition(self):
        keys = [row["key"] for row in self.pages(f"{ENTRIES}?limit=73")]
        self.assertEqual(keys, [f"customer-{i:03}" for i in range(500)])

    def test_descending_pages_join_too(self):
        keys = [row["key"] for row in self.pages(f"{ENTRIES}?limit=99&order=desc")]
        self.assertEqual(keys, [f"customer-{i:03}" for i in reversed(range(500))])

    def test_window_pages_join_too(self):
        rows = [(row["key"], row["window"]["start"]) for row in self.pages("/v1/views/revenue/windows?limit=37")]
        self.assertEqual((len(rows), len(set(rows)), rows), (240, 240, sorted(rows)))

    def test_version_pages_join_too(self):
        rows = [row["value"] for row in self.pages("/v1/views/prices/keys/ink/versions?limit=2")]
        self.assertEqual(rows, [0, 1, 2, 3, 4])
        some = self.door.get("/v1/views/prices/keys/ink/versions?from=60000&to=120000").json["data"]
        self.assertEqual([row["value"] for row in some], [1, 2])
        self.refused(self.door.get("/v1/views/stock/keys/1003/versions"), 422, "unsupported-query")

    def test_entries_of_a_versioned_view_are_the_newest(self):
        rows = self.pages("/v1/views/prices/entries?limit=2")
        self.assertEqual([(row["key"], row["value"], row["valid"]["to"]) for row in rows], [("ink", 4, None), ("paper", 104, None), ("pen", 204, None)])

    def test_a_full_last_page_has_no_next(self):
        self.assertIsNone(self.door.get(f"{ENTRIES}?limit=500").json["page"]["next"])

    def test_prefix_and_bounds_are_inclusive(self):
        self.assertEqual(len(self.door.get(f"{ENTRIES}?prefix=customer-01").json["data"]), 10)
        rows = self.door.get(f"{ENTRIES}?from=customer-003&to=customer-005").json["data"]
        self.assertEqual([row["key"] for row in rows], ["customer-003", "customer-004", "customer-005"])

    def test_window_bounds_are_inclusive(self):
        every = self.door.get("/v1/views/revenue/keys/DE/windows").json["data"]
        starts = [row["window"]["start"] for row in every]
        some = self.door.get(f"/v1/views/revenue/keys/DE/windows?from={starts[3]}&to={starts[6]}").json["data"]
        self.assertEqual([row["window"]["start"] for row in some], starts[3:7])

    def test_the_default_page_has_100_rows(self):
        self.assertEqual(self.door.get(ENTRIES).json["page"]["size"], 100)

    def test_a_cursor_belongs_to_its_query(self):
        cursor = self.door.get(f"{ENTRIES}?limit=5").json["page"]["next"]
        self.assertEqual(self.door.get(f"{ENTRIES}?limit=7&cursor={cursor}").status, 200)
        for path in (f"{ENTRIES}?order=desc", f"{ENTRIES}?prefix=c", "/v1/views/odd-strings/entries?limit=1"):
            self.refused(self.door.get(f"{path}&cursor={cursor}"), 422, "bad-cursor")
        for cursor in ("x", "AAAA", "!!", cursor[:-1] + "_", "A" * 3000):
            self.refused(self.door.get(f"{ENTRIES}?cursor={cursor}"), 422, "bad-cursor")

    def test_a_link_leads_to_the_next_page(self):
        answer = self.door.get(f"{ENTRIES}?prefix=customer-0&limit=2", Accept="application/x-ndjson")
        link = re.fullmatch(r'<(\?.*)>; rel="next"', answer.headers["link"]).group(1)
        rows = [json.loads(line) for line in self.door.get(ENTRIES + link, Accept="application/x-ndjson").body.splitlines()]
        self.assertEqual([row["key"] for row in rows], ["customer-002", "customer-003"])

    def test_csv_is_quoted_and_defused(self):
        answer = self.door.get("/v1/views/odd-strings/entries", Accept="text/csv")
        self.assertEqual(answer.headers["content-type"], "text/csv; charset=utf-8")
        lines = answer.body.decode().split("\r\n")
        self.assertEqual(lines[0], "key,value,timestamp,partition")
        self.assertTrue(lines[2].startswith("<script>alert(1)</script>,'@SUM(A1),"))
        self.assertTrue(lines[3].startswith("'=1+1,'-2,"))
        self.assertTrue(lines[4].startswith('"a""b,c","line'))

    def test_csv_columns_come_from_the_types(self):
        answer = self.door.get(f"{ENTRIES}?limit=1", Accept="text/csv").body.decode().split("\r\n")
        self.assertEqual(answer[0], "key,customer,orders,spent,last_order,tier,note,tags,timestamp,partition")

    def test_ranges_that_contradict_themselves(self):
        for query in ("from=b&to=a", "prefix=a&from=b"):
            self.refused(self.door.get(f"{ENTRIES}?{query}"), 422, "bad-range")
        self.refused(self.door.get("/v1/views/stock/entries?from=9&to=8"), 422, "bad-range")
        self.refused(self.door.get("/v1/views/stock/entries?prefix=1"), 422, "bad-range")
        self.refused(self.door.get("/v1/views/revenue/windows?from=9&to=8"), 422, "bad-range")
        self.refused(self.door.get("/v1/views/stock/windows"), 422, "unsupported-query")


class Parameters(WithDoor):
    def test_wrong_parameters_are_named(self):
        for query in ("lmit=3", "limit=0", "limit=-1", "limit=10001", "limit=9223372036854775808", "limit=1e3",
                      "limit=0x10", "limit=", "limit=%2010", "limit=5&limit=5", "order=up", "consistency=maybe",
                      "partial=yes", "wait_ms=30001", "window=1"):
            answer = self.door.get(f"{ENTRIES}?{query}")
            self.refused(answer, 400, "bad-parameter")
            self.assertEqual(answer.json["errors"][0]["field"], query.split("=")[0])
        for query in ("from=yesterday", "from=2024-02-30T00:00:00Z", "to=1e309"):
            self.refused(self.door.get(f"/v1/views/revenue/windows?{query}"), 400, "bad-parameter")

    def test_times_may_be_rfc_3339_or_milliseconds(self):
        for moment in ("2024-12-04T10:00:00Z", "2024-12-04T11:00:00.000%2B01:00", "1733306400000"):
            answer = self.door.get(f"/v1/views/revenue/windows?from={moment}&to={moment}")
            self.assertEqual(len(answer.json["data"]), 8, moment)

    def test_unknown_paths_and_methods(self):
        self.refused(self.door.get("/v1/view"), 404, "not-found")
        self.refused(self.door.get("/v1/views/"), 404, "not-found")
        self.refused(self.door.get("//"), 404, "not-found")
        answer = self.door.ask("DELETE", f"{KEYS}/a")
        self.refused(answer, 405, "method-not-allowed")
        self.assertEqual(answer.headers["allow"], "GET, HEAD")
        self.assertEqual(self.door.get(RECORDS).headers["allow"], "POST")

    def test_accept_is_weighed(self):
        media = lambda accept: self.door.get(ENTRIES, Accept=accept).headers["content-type"]
        self.assertEqual(media("text/html, */*;q=0.1"), "application/json")
        self.assertEqual(media("text/csv;q=0.5, application/x-ndjson"), "application/x-ndjson")
        self.assertEqual(media("application/json;q=0, text/*"), "text/csv; charset=utf-8")
        self.refused(self.door.get(ENTRIES, Accept="text/html"), 406, "not-acceptable")
        self.refused(self.door.get("/v1/views", Accept="text/csv"), 406, "not-acceptable")

    def test_every_point_read_has_its_own_request_id(self):
        for name in ("one-1", "two-2", "longer-than-those", "x", "y"):
            answer = self.door.get(f"{KEYS}/customer-007", X_Request_Id=name)
            self.assertEqual((answer.status, answer.headers["x-request-id"]), (200, name))
        made = {self.door.get(f"{KEYS}/customer-007").headers["x-request-id"] for _ in range(5)}
        self.assertEqual(len(made), 5)

    def test_a_request_id_is_echoed_when_it_is_harmless(self):
        self.assertEqual(self.door.get("/livez", X_Request_Id="abc-1.2_3").headers["x-request-id"], "abc-1.2_3")
        self.assertNotIn("<", self.door.get("/livez", X_Request_Id="<b>").headers["x-request-id"])

    def test_every_answer_carries_the_security_headers(self):
        for path in ("/", "/livez", "/v1", "/nope", f"{KEYS}/customer-007", "/assets/app.js", "/metrics"):
            headers = self.door.get(path).headers
            self.assertTrue(headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'"))
            self.assertEqual((headers["x-content-type-options"], headers["referrer-policy"]), ("nosniff", "no-referrer"))
            self.assertNotIn("access-control-allow-origin", headers)
            self.assertIn(headers["cache-control"], ("no-store", "no-cache"))


class Ingest(WithDoor):
    knobs = {"FAKE_STILL": 1, "FAKE_ECHO": 1}

    def order(self, **changes):
        return dict({"customer": "c", "total": 12.5, "placed": "2024-01-01T00:00:00.000Z"}, **changes)

    def test_records_are_acknowledged_with_offsets_and_a_position(self):
        answer = self.door.post(RECORDS, {"records": [{"key": "a", "value": self.order()}, {"key": "a", "value": None}]})
        self.assertEqual(answer.status, 202)
        first, second = answer.json["data"]
        self.assertEqual(second, {"partition": first["partition"], "offset": first["offset"] + 1})
        self.assertEqual(answer.json["position"], f"orders:{first['partition']}:{second['offset'] + 1}")

    def test_reading_ones_own_writes(self):
        position = self.door.post(RECORDS, {"records": [{"key": "a", "value": None}]}).json["position"]
        self.assertEqual(self.door.get(f"{KEYS}/customer-001?min_position={position}&wait_ms=1000").status, 200)

    def test_a_wrong_value_is_named(self):
        answer = self.door.post(RECORDS, {"records": [{"key": "a", "value": self.order()},
                                                      {"key": "b", "value": self.order(total="much")}]})
        self.refused(answer, 400, "bad-body")
        self.assertEqual(answer.json["errors"][0]["field"], "records[1].value.total")

    def test_wrong_bodies(self):
        for body in (b"", b"{", b"[]", b"null", b'{"records":[]}', b'{"records":1}', b'{"records":[1]}', b'{"record":[]}',
                     b'{"records":[{"key":1,"value":null}]}', b'{"records":[{"key":"a","value":null,"timestamp":-1}]}',
                     b'{"records":[{"key":"a","value":null,"timestamp":"now"}]}',
                     b'{"records":[{"key":"a","value":null,"headers":{"a":1}}]}', b'{"records":[{"key":"\xff"}]}',
                     b"[" * 100000):
            self.refused(self.door.post(RECORDS, body), 400, "bad-body")

    def test_a_wrong_body_names_the_field(self):
        for records, field in (('"records":1', "records"), ('"record":[]', "record"), ('"records":[1]', "records[0]"),
                               ('"records":[],"more":1', "more"), ('"records":[{"key":"a"}]', "records[0].value"),
                               ('"records":[{"key":"a","valeu":null}]', "records[0].valeu"),
                               ('"records":[{"key":1,"value":null}]', "records[0].key"),
                               ('"records":[{"key":null,"value":null}]', "records[0].key"),
                               ('"records":[{"value":null}]', "records[0].key"),
                               ('"records":[{"key":"a","value":"text"}]', "records[0].value"),
                               ('"records":[{"key":"a","value":null,"timestamp":-1}]', "records[0].timestamp")):
            answer = self.door.post(RECORDS, ("{" + records + "}").encode())
            self.refused(answer, 400, "bad-body")
            self.assertEqual(answer.json["errors"][0]["field"], field, records)
            self.assertIn(field + ": ", answer.json["detail"])

    def test_only_json_is_taken(self):
        data = b'{"records":[{"key":"a","value":null}]}'
        head = b"POST /v1/topics/orders/records HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n" % len(data)
        for line in (b"", b"Content-Type: text/plain\r\n", b"Content-Type: application/jsonx\r\n"):
            self.assertIn(b" 415 ", self.door.raw(head + line + b"\r\n" + data)[:20])
        self.assertIn(b" 202 ", self.door.raw(head + b"Content-Type: application/json; charset=utf-8\r\n\r\n" + data)[:20])

    def test_topics_that_cannot_be_written(self):
        body = {"records": [{"key": "a", "value": None}]}
        self.refused(self.door.post("/v1/topics/nothing/records", body), 404, "topic-not-found")
        self.refused(self.door.post("/v1/topics/orders-by-country-repartition/records", body), 403, "topic-internal")
        answer = self.door.post("/v1/topics/unavailable/records", body)
        self.refused(answer, 503, "unavailable")
        self.assertEqual(answer.headers["retry-after"], "1")

    def test_scalars_are_written_as_kafka_does_and_headers_travel(self):
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        body = {"records": [{"key": "k1", "value": self.order(), "timestamp": "2024-01-01T00:00:00Z", "headers": {"a": "b"}}]}
        self.assertEqual(self.door.post(RECORDS, body, traceparent=trace, Correlation_Id="c-9").status, 202)
        self.assertEqual(self.door.post("/v1/topics/movements/records", {"records": [{"key": 1, "value": 65}]}).status, 202)
        type(self).expected = ("k1|" + json.dumps(self.order()) + f"|1704067200000|a=b|traceparent={trace}|correlation-id=c-9",
                               "\0\0\0\0\0\0\0\x01|\0\0\0\0\0\0\0A|-1")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        for line in getattr(cls, "expected", ()):
            if line not in cls.output:
                raise AssertionError(f"not produced: {line!r}")

    def test_a_body_of_a_megabyte_is_the_limit(self):
        padding = " " * (1024 * 1024)
        answer = self.door.raw(b"POST /v1/topics/orders/records HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                               b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n5\r\n{\"a\"}\r\n0\r\n\r\n" % (len(padding), padding.encode()))
        self.assertIn(b" 413 ", answer[:20])

    def test_many_keys_at_once(self):
        answer = self.door.post(f"{KEYS}:batch", {"keys": ["customer-003", "nobody", "customer-001"]}).json
        self.assertEqual([row["key"] for row in answer["data"]], ["customer-003", "customer-001"])
        self.assertEqual((answer["missing"], answer["metadata"]["complete"]), (["nobody"], True))
        self.refused(self.door.post(f"{KEYS}:batch", {"keys": [1]}), 400, "bad-body")
        self.refused(self.door.post(f"{KEYS}:batch", {"keys": ["a"] * 1001}), 400, "bad-body")
        self.refused(self.door.post(f"{KEYS}:batch", {"keys": ["foreign"]}), 503, "not-owner")
        partial = self.door.post(f"{KEYS}:batch?partial=allow", {"keys": ["foreign", "customer-001"]}).json
        self.assertEqual((partial["missing"], partial["metadata"]["complete"]), (["foreign"], False))


class Waiting(WithDoor):
    def test_a_position_that_does_not_come_is_a_503(self):
        begin = time.monotonic()
        answer = self.door.get(f"{KEYS}/customer-001?min_position=payments:0:9&wait_ms=300")
        self.refused(answer, 503, "not-up-to-bound")
        self.assertIn("retry-after", answer.headers)
        self.assertTrue(0.25 < time.monotonic() - begin < 2)

    def test_a_malformed_position_is_a_400(self):
        answer = self.door.get(f"{KEYS}/customer-001?min_position=nonsense")
        self.refused(answer, 422, "bad-position")
        self.assertEqual(answer.json["errors"][0]["field"], "min_position")

    def test_many_who_wait_stop_nobody(self):
        waiting = []
        for _ in range(40):
            connection = self.door.connect(20)
            connection.sendall(f"GET {KEYS}/customer-001?min_position=payments:0:9&wait_ms=4000 HTTP/1.1\r\nHost: a\r\n"
                               "Connection: close\r\n\r\n".encode())
            waiting.append(connection)
        begin = time.monotonic()
        self.assertEqual(self.door.get(f"{KEYS}/customer-001").status, 200)
        self.assertEqual(self.door.get(ENTRIES).status, 200)
        self.assertEqual(self.door.post(RECORDS, {"records": [{"key": "a", "value": None}]}).status, 202)
        self.assertLess(time.monotonic() - begin, 2)
        for connection in waiting:
            self.assertIn(b" 503 ", read_until_silent(connection)[:20])
            connection.close()

    def test_clients_that_go_away_while_they_wait_do_no_harm(self):
        for _ in range(20):
            connection = self.door.connect()
            connection.sendall(f"GET {KEYS}/a?min_position=payments:0:9&wait_ms=300 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            connection.close()
        time.sleep(0.6)
        self.assertEqual(self.door.get("/livez").status, 200)


class Partial(WithDoor):
    knobs = {"FAKE_STILL": 1, "FAKE_PARTITIONS_HERE": 2}

    def test_a_listing_is_complete_or_refused_or_says_so(self):
        self.refused(self.door.get(ENTRIES), 503, "partitions-elsewhere")
        answer = self.door.get(f"{ENTRIES}?partial=allow&limit=1000").json
        self.assertEqual((len(answer["data"]), answer["metadata"]["complete"]), (250, False))
        self.assertEqual((answer["metadata"]["partitions"], answer["metadata"]["partitions_here"]), (4, 2))


class Pair(unittest.TestCase):
    """Two instances with half of the partitions each; the first asks the second."""

    @classmethod
    def setUpClass(cls):
        still = {"FAKE_STILL": 1, "FAKE_PARTITIONS_HERE": 2}
        cls.second = Door(PROGRAM, FAKE_PARTITIONS_FROM=2, **still)
        cls.peer = f"127.0.0.1:{cls.second.port}"
        cls.first = Door(PROGRAM, FAKE_PEER=cls.peer, **still)
        cls.whole = Door(PROGRAM, FAKE_STILL=1)
        cls.sending = Door(PROGRAM, FAKE_PEER=cls.peer, FAKE_ROUTING="redirect", **still)
        cls.alone = Door(PROGRAM, FAKE_PEER="127.0.0.1:1", **still)

    @classmethod
    def tearDownClass(cls):
        for door in (cls.first, cls.second, cls.whole, cls.sending, cls.alone):
            door.close()

    def test_a_key_of_the_other_instance_is_answered_with_its_tag(self):
        for key in ("customer-000", "customer-001", "customer-002", "customer-003"):
            expected, found = self.whole.get(f"{KEYS}/{key}"), self.first.get(f"{KEYS}/{key}")
            self.assertEqual(found.status, 200, key)
            self.assertEqual(found.json["value"], expected.json["value"])
            self.assertEqual(found.headers["etag"], expected.headers["etag"])
            self.assertEqual(self.first.get(f"{KEYS}/{key}", If_None_Match=expected.headers["etag"]).status, 304)

    def test_a_key_nobody_has_is_absent_once_everybody_was_asked(self):
        self.assertEqual(self.first.get(f"{KEYS}/nobody").code, "key-not-found")
        self.assertEqual(self.second.get(f"{KEYS}/nobody").code, "not-owner")

    def test_pages_are_those_of_a_single_instance(self):
        for query in ("limit=7", "limit=7&order=desc", "prefix=customer-01&limit=3"):
            for accept in ("application/json", "application/x-ndjson", "text/csv"):
                self.assertEqual(self.pages(self.first, query, accept), self.pages(self.whole, query, accept))

    def pages(self, door, query, accept):
        rows, cursor = [], ""
        for _ in range(200):
            answer = door.get(f"{ENTRIES}?{query}{cursor}", Accept=accept)
            self.assertEqual(answer.status, 200)
            rows.append(answer.json["data"] if accept == "application/json" else answer.body)
            link = answer.headers.get("link")
            if not link:
                return rows
            cursor = "&cursor=" + re.search(r"cursor=([^>]+)>", link)[1]
        self.fail("the pages do not end")

    def test_windows_are_merged_in_order(self):
        for path in ("/v1/views/revenue/windows?limit=1000", "/v1/views/revenue/keys/DE/windows?limit=1000"):
            found, expected = self.first.get(path).json, self.whole.get(path).json
            self.assertEqual(found["data"], expected["data"])
            self.assertTrue(found["metadata"]["complete"])

    def test_many_keys_come_in_the_order_they_were_asked_for(self):
        keys = {"keys": ["customer-003", "nobody", "customer-000", "customer-002"]}
        found, expected = (door.post(f"{KEYS}:batch", keys).json for door in (self.first, self.whole))
        self.assertEqual((found["data"], found["missing"]), (expected["data"], expected["missing"]))

    def test_an_instance_that_is_asked_never_asks(self):
        forwarded = {"X_Weir_Forwarded": "somebody"}
        self.assertEqual(self.first.get(f"{KEYS}/customer-002", **forwarded).code, "not-owner")
        self.assertEqual(self.first.get(ENTRIES, **forwarded).code, "partitions-elsewhere")

    def test_an_instance_that_does_not_answer_is_named(self):
        answer = self.alone.get(f"{KEYS}/customer-002")
        self.assertEqual((answer.status, answer.code, answer.json["owner"]), (503, "not-owner", "127.0.0.1:1"))
        self.assertEqual(answer.headers["retry-after"], "1")
        self.assertEqual(self.alone.get(ENTRIES).code, "partitions-elsewhere")
        partial = self.alone.get(f"{ENTRIES}?partial=allow&limit=1000").json
        self.assertEqual((len(partial["data"]), partial["metadata"]["complete"]), (250, False))

    def test_many_clients_at_once_are_all_answered(self):
        def ask(number):
            return self.first.get(f"{ENTRIES}?limit=500&from=customer-{number:03}").status
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertEqual(set(pool.map(ask, range(64))), {200})

    def test_instances_say_what_they_hold(self):
        instances = self.first.get("/v1/instances").json["data"]
        peers = [one for one in instances if not one["self"]]
        self.assertEqual((peers[0]["instance"], peers[0]["standby"]), (self.peer, ["0_1"]))


class Health(WithDoor):
    def test_probes_are_good_and_turn_when_draining(self):
        door = Door(PROGRAM)
        for path in ("/livez", "/readyz", "/startupz", "/health", "/health/live", "/health/ready"):
            self.assertEqual(door.get(path).status, 200, path)
        self.assertIn(b"[+] app orders: RUNNING", door.get("/readyz?verbose").body)
        door.command("drain")
        time.sleep(0.2)
        self.assertEqual([door.get(path).status for path in ("/readyz", "/livez", f"{KEYS}/customer-001")], [503, 200, 200])
        self.assertEqual(door.get("/health").json["status"], "DOWN")
        self.assertEqual(door.close()[0], 0)

    def test_states_are_told_apart(self):
        expected = {"0": (200, 503, 503), "1": (200, 503, 503), "2": (200, 200, 200), "6": (503, 503, 503)}
        for state, statuses in expected.items():
            door = Door(PROGRAM, FAKE_STATE=state)
            self.assertEqual(tuple(door.get(path).status for path in ("/livez", "/readyz", "/startupz")), statuses)
            self.assertEqual(door.close()[0], 0)

    def test_metrics_describe_each_family_once(self):
        self.door.get(f"{KEYS}/customer-001")
        text = self.door.get("/metrics").body.decode()
        types = re.findall(r"^# TYPE (\S+)", text, re.M)
        self.assertEqual(len(types), len(set(types)))
        self.assertIn('weir_http_requests_total{route="/v1/views/{view}/keys/{key}",method="GET",code="200"}', text)
        self.assertEqual(len(re.findall(r"^process_threads ", text, re.M)), 1)
        self.assertEqual(len(re.findall(r"^weir_tasks\{", text, re.M)), 2)

    def test_an_address_that_is_not_loopback_is_refused(self):
        with self.assertRaises(RuntimeError):
            Door(PROGRAM, "0.0.0.0")
        door = Door(PROGRAM, "0.0.0.0", WEIR_HTTP_INSECURE=1)
        self.assertEqual(door.close()[0], 0)


class Described(WithDoor):
    def test_the_document_lists_every_route_and_type(self):
        document = self.door.get("/v1/openapi.json").json
        self.assertEqual(document["openapi"], "3.1.0")
        names = {p["name"] for p in document["paths"]["/v1/views/{view}/entries"]["get"]["parameters"]}
        self.assertTrue({"view", "prefix", "limit", "cursor", "partial", "min_position"} <= names)
        self.assertEqual(document["components"]["schemas"]["view.customer-totals.value"]["properties"]["orders"]["type"], "integer")
        text = json.dumps(document)
        for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
            self.assertIn(name, document["components"]["schemas"])

    def test_every_listing_is_json_with_data(self):
        for path in ("views", "topics", "topology", "tasks", "instances", "drops", "hotkeys", "dead-letters"):
            self.assertIsInstance(self.door.get(f"/v1/{path}").json["data"], list, path)
        self.assertEqual(self.door.get("/v1").json["title"], "Weir demo")
        self.assertEqual(self.door.get("/v1/views/revenue").json["window_ms"], 60000)

    def test_drops_say_where_and_which_were_the_latest(self):
        late = next(row for row in self.door.get("/v1/drops").json["data"] if row["reason"] == "late")
        self.assertEqual([(p["topic"], p["partition"], p["offset"]) for p in late["places"]], [("orders", 1, 4711)])
        (latest,) = late["latest"]
        self.assertEqual((latest["topic"], latest["partition"], latest["offset"], latest["node"]), ("orders", 1, 4711, "count-per-minute"))
        self.assertRegex(latest["timestamp"], r"^\d{4}-\d\d-\d\dT[0-9:.]+Z$")
        letters = next(row for row in self.door.get("/v1/drops").json["data"] if row["reason"] == "dead_letter")
        self.assertEqual((letters["latest"][0]["timestamp"], letters["latest"][0]["node"]), (None, None))

    def replay(self, body):
        return self.door.post("/v1/dead-letters:replay", body)

    def test_dead_letters_are_sent_again_up_to_a_limit(self):
        letters = self.door.get("/v1/dead-letters").json
        self.assertEqual(letters["data"][0]["letters"], "orders.dlq")
        self.assertEqual(letters["parked_keys"], 2)
        first, rest, none = (self.replay(body).json["data"] for body in ({"topic": "orders.dlq", "max": 3}, {"topic": "orders.dlq"}, {"topic": "orders.dlq"}))
        self.assertEqual([first["sent"], rest["sent"], none["sent"]], [3, 4, 0])
        self.assertEqual(first, {"topic": "orders.dlq", "sent": 3, "left": 0})

    def test_a_replay_that_cannot_be_says_why(self):
        for body, status, code in (({"topic": "orders"}, 404, "topic-not-found"), ({"topic": "busy.dlq"}, 503, "unavailable"), ({"topic": "orders.dlq", "max": 0}, 400, "bad-body"),
                                   ({}, 400, "bad-body"), ({"topic": "orders.dlq", "all": True}, 400, "bad-body")):
            answer = self.replay(body)
            self.assertEqual((answer.status, answer.json["code"]), (status, code), body)

    def test_the_topology_has_other_forms(self):
        for media in ("text/plain", "text/vnd.mermaid", "text/vnd.graphviz"):
            answer = self.door.get("/v1/topology", Accept=media)
            self.assertTrue(answer.body.startswith(b"Topologies:"))
            self.assertEqual(answer.headers["content-type"], f"{media}; charset=utf-8")

    def test_the_dashboard_has_no_inline_code_and_its_files_exist(self):
        page = self.door.get("/").body.decode()
        self.assertNotRegex(page, r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=")
        for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page):
            answer = self.door.get(path)
            self.assertEqual(answer.status, 200, path)
            self.assertEqual(self.door.get(path, If_None_Match=answer.headers["etag"]).status, 304)
        self.refused(self.door.get("/assets/secret"), 404, "not-found")

    def test_problem_types_resolve(self):
        self.assertIn(b"no such key", self.door.get("/problems/key-not-found").body)


class Connections(WithDoor):
    def test_many_connections_at_once_are_served(self):
        """128 and 256 stall libmicrohttpd's own loop."""
        for count in (128, 256, 400):
            connections = [self.door.connect() for _ in range(count)]
            begin = time.monotonic()
            for connection in connections:
                connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            for connection in connections:
                self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200"))
            self.assertLess(time.monotonic() - begin, 2)
            for connection in connections:
                connection.close()

    def test_a_connection_is_kept_for_the_next_request(self):
        with self.door.connect() as connection:
            for path in (f"{KEYS}/customer-001", "/nope", ENTRIES + "?limit=1", f"{KEYS}/nobody"):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                data = b""
                while b"}\n" not in data:
                    data += connection.recv(65536)

    def test_a_slow_head_is_ended(self):
        with self.door.connect(15) as connection:
            begin = time.monotonic()
            connection.sendall(b"GET /livez HTTP/1.1\r\n")
            data = b""
            try:
                while time.monotonic() - begin < 14:
                    connection.sendall(b"X: a\r\n")
                    connection.settimeout(1)
                    try:
                        chunk = connection.recv(4096)
                    except TimeoutError:
                        continue
                    data += chunk
                    if not chunk:
                        break
            except ConnectionError:
                pass
            self.assertTrue(9 < time.monotonic() - begin < 13)
            self.assertTrue(data == b"" or data.startswith(b"HTTP/1.1 408"))

    def test_stopping_with_connections_open_is_quick(self):
        door = Door(PROGRAM)
        idle = [door.connect() for _ in range(10)]
        waiting = door.connect()
        waiting.sendall(f"GET {KEYS}/a?min_position=payments:0:9&wait_ms=30000 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        time.sleep(0.2)
        begin = time.monotonic()
        self.assertEqual(door.close()[0], 0)
        self.assertLess(time.monotonic() - begin, 4)
        self.assertIn(b" 503 ", read_until_silent(waiting)[:20])
        for connection in idle + [waiting]:
            connection.close()


if __name__ == "__main__":
    PROGRAM = PROGRAM or sys.argv.pop(1)
    unittest.main(verbosity=1)
