"""The door in TLS: versions, certificates of clients, certificates that are replaced. SPDX-License-Identifier: Apache-2.0"""
import os
import shutil
import socket
import ssl
import tempfile
import unittest

from authority import Authority
from door import Answer, Door, read_until_silent
from guard_test import KEY, VIEW, until
from guarded import Access

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.authority = Authority(cls.directory.name)
        cls.server = cls.authority.issue("server", "/CN=door", "IP:127.0.0.1,DNS:localhost")
        cls.live = [shutil.copy(path, path + ".live") for path in cls.server]
        cls.access = Access(cls.directory.name)
        cls.key = cls.access.key("alice", "analyst")
        cls.masked = cls.access.key("masked", "reader", "hide=customer-totals.tier")
        cls.access.add("shop reader certificate:shop.example")
        cls.access.add("old reader certificate:old-name")
        cls.knobs = {"FAKE_STILL": 1, "FAKE_http_access_file": cls.access.path,
                     "FAKE_http_tls_certificate_file": cls.live[0], "FAKE_http_tls_key_file": cls.live[1],
                     "FAKE_http_tls_client_ca_file": cls.authority.certificate}
        cls.door = Door(PROGRAM, **cls.knobs)

    @classmethod
    def tearDownClass(cls):
        status, _ = cls.door.close()
        cls.directory.cleanup()
        assert status == 0, status

    def context(self, certificate=None, **options):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        if certificate:
            context.load_cert_chain(*certificate)
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def connect(self, context, door=None):
        plain = socket.create_connection(("127.0.0.1", (door or self.door).port), timeout=10)
        return context.wrap_socket(plain, server_hostname="127.0.0.1")

    def get(self, path, key=None, certificate=None):
        lines = [f"GET {path} HTTP/1.1", "Host: a", "Connection: close"]
        lines += [f"Authorization: Bearer {key}"] if key else []
        with self.connect(self.context(certificate)) as connection:
            connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
            return Answer(read_until_silent(connection))

    def test_a_key_opens_the_door_in_tls(self):
        answer = self.get(KEY, self.key)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["strict-transport-security"], "max-age=31536000")
        self.assertEqual(self.get(KEY).status, 401)

    def test_large_answers_arrive_whole(self):
        rows = self.get(f"{VIEW}/entries?limit=1000", self.key).json["data"]
        self.assertGreater(len(rows), 100)

    def test_only_versions_from_1_2_on_are_spoken(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.connect(self.context(minimum_version=version, maximum_version=version)) as connection:
                self.assertIn(connection.version(), ("TLSv1.2", "TLSv1.3"))
        old = self.context()
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect(old)

    def test_ciphers_without_forward_secrecy_or_authentication_are_refused(self):
        for ciphers in ("AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256"):
            context = self.context(maximum_version=ssl.TLSVersion.TLSv1_2)
            context.set_ciphers(ciphers + ":@SECLEVEL=0")
            with self.assertRaises((ssl.SSLError, ConnectionError), msg=ciphers):
                self.connect(context)

    def test_bytes_in_the_clear_are_no_request(self):
        answer = self.door.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", timeout=15)
        self.assertNotIn(b"HTTP/1.1 200", answer)
        self.assertEqual(self.get(KEY, self.key).status, 200)

    def test_a_certificate_of_a_client_names_its_principal(self):
        good = self.authority.issue("shop", "/CN=anything", "DNS:shop.example")
        self.assertEqual(self.get(KEY, certificate=good).status, 200)
        self.assertEqual(self.get(KEY, certificate=self.authority.issue("old", "/CN=old-name")).status, 200)

    def test_a_good_certificate_that_no_line_names_is_401(self):
        self.assertEqual(self.get(KEY, certificate=self.authority.issue("other", "/CN=other")).status, 401)
        self.assertEqual(self.get(KEY, certificate=self.authority.issue("san", "/CN=old-name", "DNS:x.y")).status, 401)

    def handshake_fails(self, certificate):
        try:
            with self.connect(self.context(certificate)) as connection:
                connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
                return connection.recv(1000) == b""
        except (ssl.SSLError, ConnectionError):
            return True

    def test_certificates_of_others_or_for_other_purposes_end_the_handshake(self):
        stranger = Authority(self.directory.name, "stranger")
        self.assertTrue(self.handshake_fails(stranger.issue("theirs", "/CN=shop.example", "DNS:shop.example")))
        self.assertTrue(self.handshake_fails(self.authority.issue("server-only", "/CN=shop.example", "DNS:shop.example",
                                                                  purpose="serverAuth")))
        self.assertTrue(self.handshake_fails(self.authority.issue("expired", "/CN=old-name", days="-1")))
        self.assertFalse(self.handshake_fails(self.authority.issue("fine", "/CN=old-name")))

    def serial(self):
        with self.connect(self.context()) as connection:
            return connection.getpeercert()["serialNumber"]

    def test_a_certificate_is_replaced_while_the_door_is_open(self):
        before = self.serial()
        with self.connect(self.context()) as kept:
            fresh = self.authority.issue("fresh", "/CN=door", "IP:127.0.0.1")
            for new, live in zip(fresh, self.live):
                shutil.copy(new, live + ".new")
                os.replace(live + ".new", live)
            until(lambda: self.serial() != before)
            kept.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIn(b"200", kept.recv(1000))

    def test_a_broken_certificate_leaves_the_old_one_in_force(self):
        with open(self.live[0]) as file:
            good = file.read()
        failed = b'weir_http_reloads_total{result="failed"} 0'
        with open(self.live[0], "w") as file:
            file.write("no certificate")
        until(lambda: failed not in self.get("/metrics", self.key).body)
        with open(self.live[0], "w") as file:
            file.write(good)
        self.assertEqual(self.get(KEY, self.key).status, 200)

    def test_a_silent_handshake_does_not_keep_others_out(self):
        silent = [socket.create_connection(("127.0.0.1", self.door.port)) for _ in range(200)]
        for connection in silent[:100]:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.assertEqual(self.get(KEY, self.key).status, 200)
        for connection in silent:
            connection.close()

    def test_instances_ask_each_other_in_tls(self):
        peer = os.path.join(self.directory.name, "peer.key")
        with open(peer, "w") as file:
            file.write(self.access.key("weir", "peer"))
        knobs = dict(self.knobs, FAKE_PARTITIONS_HERE=2, FAKE_http_peer_key_file=peer,
                     FAKE_http_peer_ca_file=self.authority.certificate)
        far = Door(PROGRAM, FAKE_PARTITIONS_FROM=2, **knobs)
        near = Door(PROGRAM, FAKE_PEER=f"127.0.0.1:{far.port}", **knobs)
        distrustful = Door(PROGRAM, FAKE_PEER=f"127.0.0.1:{far.port}", **dict(knobs, FAKE_http_peer_ca_file=""))
        try:
            self.assertEqual({row["value"].get("tier") for row in self.rows(near, self.masked)}, {None})
            self.assertEqual(len(self.rows(near, self.key)), len(self.rows(near, self.masked)))
            self.assertEqual(self.ask(distrustful, self.key).status, 503)
        finally:
            self.assertEqual([door.close()[0] for door in (far, near, distrustful)], [0, 0, 0])

    def ask(self, door, key):
        with self.connect(self.context(), door) as connection:
            connection.sendall(f"GET {VIEW}/entries?limit=1000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                               f"Authorization: Bearer {key}\r\n\r\n".encode())
            return Answer(read_until_silent(connection))

    def rows(self, door, key):
        answer = self.ask(door, key)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["data"]


class Start(unittest.TestCase):
    """What may be opened wider than to this machine."""

    def starts(self, **knobs):
        try:
            door = Door(PROGRAM, "0.0.0.0", **knobs)
        except RuntimeError:
            return False
        return door.close()[0] == 0

    def test_only_tls_and_an_access_file_together_open_the_door_beyond_this_machine(self):
        with tempfile.TemporaryDirectory() as directory:
            certificate, key = Authority(directory).issue("server", "/CN=door", "IP:127.0.0.1")
            access = {"FAKE_http_access_file": Access(directory).path}
            tls = {"FAKE_http_tls_certificate_file": certificate, "FAKE_http_tls_key_file": key}
            self.assertFalse(self.starts())
            self.assertFalse(self.starts(**access))
            self.assertFalse(self.starts(**tls))
            self.assertTrue(self.starts(**access, **tls))
            self.assertTrue(self.starts(WEIR_HTTP_INSECURE=1))
            self.assertFalse(self.starts(FAKE_http_tls_certificate_file=certificate, **access))
            self.assertFalse(self.starts(FAKE_http_tls_certificate_file=certificate, FAKE_http_tls_key_file=access[
                "FAKE_http_access_file"], **access))


if __name__ == "__main__":
    unittest.main()
