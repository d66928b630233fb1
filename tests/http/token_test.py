"""Tokens at the door: what is good, and what must not be (RFC 8725). SPDX-License-Identifier: Apache-2.0"""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import tempfile
import time
import unittest

from door import Door
from guard_test import KEY, until
from guarded import Access

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")


def text_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """A private key made by openssl, and its public half as a JWK."""

    def __init__(self, directory, kid, algorithm, bits="2048"):
        self.kid, self.algorithm = kid, algorithm
        self.file = os.path.join(directory, kid + ".key")
        kind = ["RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"] if algorithm == "RS256" else \
            ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        subprocess.run(["openssl", "genpkey", "-algorithm", *kind, "-out", self.file], check=True, capture_output=True)
        self.der = subprocess.run(["openssl", "pkey", "-in", self.file, "-pubout", "-outform", "DER"], check=True,
                                  capture_output=True).stdout
        self.pem = subprocess.run(["openssl", "pkey", "-in", self.file, "-pubout"], check=True, capture_output=True).stdout

    def jwk(self):
        if self.algorithm == "ES256":
            return {"kty": "EC", "crv": "P-256", "kid": self.kid, "alg": "ES256", "x": text_of(self.der[-64:-32]),
                    "y": text_of(self.der[-32:])}
        shown = subprocess.run(["openssl", "rsa", "-in", self.file, "-noout", "-modulus"], check=True, capture_output=True)
        modulus = bytes.fromhex(shown.stdout.decode().strip().split("=")[1])
        return {"kty": "RSA", "kid": self.kid, "alg": "RS256", "use": "sig", "n": text_of(modulus), "e": "AQAB"}

    def sign(self, text):
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.file], input=text, check=True,
                              capture_output=True).stdout
        return raw_signature(made) if self.algorithm == "ES256" else made

    def token(self, claims, **header):
        return self.token_of(json.dumps(dict({"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}, **header)), json.dumps(claims))

    def token_of(self, header, claims):
        text = f"{text_of(header.encode())}.{text_of(claims.encode())}"
        return f"{text}.{text_of(self.sign(text.encode()))}"


def raw_signature(der):
    """Both numbers of a DER signature with 32 bytes each."""
    size = der[3]
    first, rest = der[4:4 + size], der[4 + size:]
    return b"".join(part.lstrip(b"\0").rjust(32, b"\0") for part in (first, rest[2:2 + rest[1]]))


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.rsa = Signer(cls.directory.name, "rsa-1", "RS256")
        cls.ec = Signer(cls.directory.name, "ec-1", "ES256")
        cls.stranger = Signer(cls.directory.name, "stranger", "ES256")
        cls.jwks = os.path.join(cls.directory.name, "jwks.json")
        cls.write([cls.rsa.jwk(), cls.ec.jwk(), {"kty": "oct", "kid": "other", "k": "AA"}])
        cls.access = Access(cls.directory.name)
        cls.access.add("alice reader token:alice")
        cls.knobs = {"FAKE_STILL": 1, "FAKE_http_access_file": cls.access.path, "FAKE_http_jwt_keys_file": cls.jwks,
                     "FAKE_http_jwt_issuer": "https://issuer", "FAKE_http_jwt_audience": "weir"}
        cls.door = Door(PROGRAM, **cls.knobs)

    @classmethod
    def tearDownClass(cls):
        status, _ = cls.door.close()
        cls.directory.cleanup()
        assert status == 0, status

    @classmethod
    def write(cls, keys):
        with open(cls.jwks + ".new", "w") as file:
            json.dump({"keys": keys}, file)
        os.replace(cls.jwks + ".new", cls.jwks)

    @staticmethod
    def claims(**changes):
        claims = dict({"iss": "https://issuer", "aud": "weir", "sub": "alice", "exp": int(time.time()) + 600}, **changes)
        return {name: value for name, value in claims.items() if value is not None}

    def status(self, token):
        answer = self.door.get(KEY, Authorization=f"Bearer {token}")
        if answer.status == 401:
            self.details.add(answer.json["detail"])
        return answer.status

    def setUp(self):
        self.details = set()

    def test_both_algorithms_open_the_door(self):
        for signer in (self.rsa, self.ec):
            self.assertEqual(self.status(signer.token(self.claims())), 200)
            self.assertEqual(self.status(signer.token(self.claims(aud=["a", "weir"], nbf=int(time.time())))), 200)

    def test_bad_tokens_are_401_and_not_told_why(self):
        now = int(time.time())
        good = self.rsa.token(self.claims())
        header, body, signature = good.split(".")
        none = text_of(b'{"alg":"none","kid":"rsa-1"}')
        hs256 = text_of(b'{"alg":"HS256","kid":"rsa-1"}')
        by_public_key = text_of(hmac.new(self.rsa.pem, f"{hs256}.{body}".encode(), hashlib.sha256).digest())
        claims_text = json.dumps(self.claims())
        bad = {
            "alg none": f"{none}.{body}.", "alg none, signed": f"{none}.{body}.{signature}",
            "HS256 by the public key": f"{hs256}.{body}.{by_public_key}",
            "another algorithm than the key's": self.rsa.token(self.claims(), alg="ES256"),
            "RS512": self.rsa.token(self.claims(), alg="RS512"), "PS256": self.rsa.token(self.claims(), alg="PS256"),
            "the key of another kind": self.ec.token(self.claims(), kid="rsa-1", alg="RS256"),
            "an unknown kid": self.rsa.token(self.claims(), kid="other-1"),
            "a path as kid": self.rsa.token(self.claims(), kid="../../etc/passwd"),
            "a kid that is no text": self.rsa.token(self.claims(), kid=1),
            "no kid": self.rsa.token_of('{"alg":"RS256"}', claims_text),
            "a stranger's signature": self.stranger.token(self.claims(), kid="ec-1"),
            "critical extensions": self.rsa.token(self.claims(), crit=["b64"], b64=False),
            "a key in the header, kid unknown": self.stranger.token(self.claims(), jwk=self.stranger.jwk()),
            "expired": self.rsa.token(self.claims(exp=now - 60)), "not begun": self.rsa.token(self.claims(nbf=now + 600)),
            "no exp": self.rsa.token(self.claims(exp=None)), "exp as text": self.rsa.token(self.claims(exp=str(now + 60))),
            "exp beyond time": self.rsa.token_of('{"alg":"RS256","kid":"rsa-1"}', claims_text.replace(str(now + 600)[:4], "1e308,\"x\":1")),
            "another issuer": self.rsa.token(self.claims(iss="https://other")), "no issuer": self.rsa.token(self.claims(iss=None)),
            "another audience": self.rsa.token(self.claims(aud="other")), "audiences": self.rsa.token(self.claims(aud=["other", "weird"])),
            "no audience": self.rsa.token(self.claims(aud=None)), "an audience that is no text": self.rsa.token(self.claims(aud={"weir": 1})),
            "no subject": self.rsa.token(self.claims(sub=None)), "a subject that no line names": self.rsa.token(self.claims(sub="bob")),
            "a subject with a line end": self.rsa.token(self.claims(sub="alice\r\nx: y")),
            "a claim twice": self.rsa.token_of('{"alg":"RS256","kid":"rsa-1"}', claims_text[:-1] + ',"sub":"alice"}'),
            "a header twice": self.rsa.token_of('{"alg":"RS256","alg":"RS256","kid":"rsa-1"}', claims_text),
            "64 KB": self.rsa.token(self.claims(x="y" * 9000)),
            "an empty signature": f"{header}.{body}.", "a short signature": f"{header}.{body}.{signature[:-4]}",
            "zeroes as signature": self.ec.token(self.claims()).rsplit(".", 1)[0] + "." + text_of(bytes(64)),
            "63 bytes of signature": self.ec.token(self.claims()).rsplit(".", 1)[0] + "." + text_of(b"\1" * 63),
            "other claims, same signature": f"{header}.{text_of(json.dumps(self.claims(sub='root')).encode())}.{signature}",
            "two parts": f"{header}.{body}", "four parts": good + ".x", "padding": good + "=", "no JSON": "a.b.c", "dots": "..",
            "claims that are a list": self.rsa.token_of('{"alg":"RS256","kid":"rsa-1"}', "[]"),
        }
        self.assertGreater(len(bad), 40)
        for name, token in bad.items():
            self.assertEqual(self.status(token), 401, name)
        self.assertEqual(len(self.details), 1)

    def test_keys_are_replaced_while_the_door_is_open_and_a_broken_file_is_not_taken(self):
        fresh = Signer(self.directory.name, "ec-2", "ES256")
        old = self.ec.token(self.claims())
        self.assertEqual(self.status(old), 200)
        with open(self.jwks, "w") as file:
            file.write('{"keys":[')
        failed = b'weir_http_reloads_total{result="failed"} 0'
        reader = self.rsa.token(self.claims())
        until(lambda: failed not in self.door.get("/metrics", Authorization=f"Bearer {reader}").body)
        self.assertEqual(self.status(old), 200)
        self.write([self.rsa.jwk(), fresh.jwk()])
        until(lambda: self.status(fresh.token(self.claims())) == 200)
        self.assertEqual(self.status(old), 401)
        self.write([self.rsa.jwk(), self.ec.jwk()])
        until(lambda: self.status(old) == 200)

    def test_weak_or_ambiguous_keys_end_the_start(self):
        weak = Signer(self.directory.name, "weak", "RS256", bits="1024").jwk()
        for keys in ([], [weak], [self.ec.jwk(), self.ec.jwk()], [dict(self.ec.jwk(), x="AAAA")],
                     [dict(self.ec.jwk(), kid="")], [dict(self.ec.jwk(), y=self.ec.jwk()["x"])]):
            path = os.path.join(self.directory.name, "bad.json")
            with open(path, "w") as file:
                json.dump({"keys": keys}, file)
            with self.assertRaises(RuntimeError, msg=str(keys)):
                Door(PROGRAM, **dict(self.knobs, FAKE_http_jwt_keys_file=path))

    def test_a_token_that_is_over_ends_on_its_connection(self):
        token = self.ec.token(self.claims(exp=int(time.time()) - 28))
        request = f"GET {KEY} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        with self.door.connect() as connection:
            def status():
                connection.sendall(request)
                return connection.recv(65536).split(b" ")[1]
            until(lambda: status() == b"401")


if __name__ == "__main__":
    unittest.main()
