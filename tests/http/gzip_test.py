"""Answers in fewer bytes: who gets them, and what they say of themselves. SPDX-License-Identifier: Apache-2.0"""
import gzip
import os
import unittest

from door import Door

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")
VIEW = "/v1/views/customer-totals"
LARGE = f"{VIEW}/entries?limit=400"


class Packed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = Door(PROGRAM, FAKE_STILL=1)

    @classmethod
    def tearDownClass(cls):
        status, _ = cls.door.close()
        assert status == 0, status

    def plain(self, path, **headers):
        answer = self.door.get(path, **headers)
        self.assertNotIn("content-encoding", answer.headers)
        return answer

    def packed(self, path, accept="gzip", **headers):
        answer = self.door.get(path, Accept_Encoding=accept, **headers)
        self.assertEqual((answer.status, answer.headers.get("content-encoding")), (200, "gzip"), path)
        return answer

    def test_what_is_unpacked_is_what_was_there(self):
        for path, accept in ((LARGE, "application/json"), (LARGE, "text/csv"), (LARGE, "application/x-ndjson"), ("/v1/openapi.json", "*/*"),
                             ("/assets/style.css", "*/*"), ("/assets/views.js", "*/*"), ("/", "text/html")):
            plain, packed = self.plain(path, Accept=accept), self.packed(path, Accept=accept)
            self.assertEqual(gzip.decompress(packed.body), plain.body, path)
            self.assertLess(len(packed.body), len(plain.body) * 2 // 3)
            self.assertEqual(packed.headers["content-type"], plain.headers["content-type"])
            for answer in (plain, packed):
                self.assertIn("Accept-Encoding", answer.headers["vary"].split(", "))

    def test_sql_and_metrics_are_packed_too(self):
        answer = self.door.post("/v1/sql", {"sql": "select * from customer_totals"}, Accept_Encoding="gzip")
        self.assertEqual(answer.headers.get("content-encoding"), "gzip")
        self.assertIn(b"weir_http_requests_total", gzip.decompress(self.packed("/metrics").body))

    def test_headers_that_accept_it(self):
        for accept in ("gzip", "GZIP", "x-gzip", "deflate, gzip, br", "gzip;q=0.1", "*", "br;q=1, *;q=0.5", "identity;q=0, gzip", "gzip ; q=1.0"):
            self.packed(LARGE, accept)

    def test_headers_that_do_not(self):
        for accept in ("", "identity", "br, zstd", "gzip;q=0", "gzip;q=0.000", "*;q=0", "*, gzip;q=0", "gzipped", "gz", ",", "deflate"):
            self.assertEqual(self.plain(LARGE, Accept_Encoding=accept).status, 200, accept)
        self.plain(LARGE)

    def test_what_fits_into_a_packet_stays_as_it_is(self):
        for path in (f"{VIEW}/keys/customer-001", "/v1", "/livez", f"{VIEW}/entries?limit=2"):
            self.assertLess(len(self.plain(path, Accept_Encoding="gzip").body), 1400, path)

    def test_problems_stay_as_they_are(self):
        answer = self.plain("/livez?" + "x" * 3000 + "=1", Accept_Encoding="gzip")
        self.assertEqual(answer.status, 400)
        self.assertGreater(len(answer.body), 1400)

    def test_each_form_has_a_tag_of_its_own(self):
        path = "/assets/views.js"
        plain, packed = self.plain(path).headers["etag"], self.packed(path).headers["etag"]
        self.assertEqual(packed, plain[:-1] + '-gzip"')
        for known, accept, status in ((plain, "identity", 304), (packed, "gzip", 304), (f'"a", W/{packed}', "gzip", 304), ("*", "gzip", 304),
                                      (packed, "identity", 200), (plain[:-1] + '-zip"', "gzip", 200)):
            answer = self.door.get(path, Accept_Encoding=accept, If_None_Match=known)
            self.assertEqual(answer.status, status, f"{known} {accept}")
            if status == 304:
                self.assertEqual(answer.body, b"")
        self.assertEqual(self.door.get(path, Accept_Encoding="gzip", If_None_Match=packed).headers["etag"], packed)
        self.assertEqual(self.door.get(path, If_None_Match=plain).headers["etag"], plain)

    def test_head_says_what_get_would(self):
        for path in (LARGE, "/assets/views.js"):
            head, get = (self.door.ask(method, path, Accept_Encoding="gzip") for method in ("HEAD", "GET"))
            names = ("content-encoding", "content-length", "etag", "vary")
            self.assertEqual([head.headers.get(name) for name in names], [get.headers.get(name) for name in names])
            self.assertEqual((head.body, head.rest), (b"", b""))

    def test_changes_come_as_they_happen(self):
        answer = self.door.ask("HEAD", f"{VIEW}/changes", Accept_Encoding="gzip")
        self.assertEqual((answer.status, answer.headers.get("content-encoding")), (200, None))


class Off(unittest.TestCase):
    def test_an_operator_may_turn_it_off(self):
        door = Door(PROGRAM, FAKE_STILL=1, FAKE_http_compression="none")
        answer = door.get(LARGE, Accept_Encoding="gzip")
        tag = door.get("/assets/views.js").headers["etag"][:-1] + '-gzip"'
        again = door.get("/assets/views.js", Accept_Encoding="gzip", If_None_Match=tag)
        self.assertEqual((door.close()[0], answer.status, answer.headers.get("content-encoding"), again.status), (0, 200, None, 200))


if __name__ == "__main__":
    unittest.main()
