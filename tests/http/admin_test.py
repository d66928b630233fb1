"""The admin's door: who may come in, what it does, what it refuses from pages of a browser, and the commands that ask there.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import signal
import subprocess
import tempfile
import unittest

from door import Door
from guarded import ROLES, Access, operations

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")
WEIR = os.path.join(os.path.dirname(PROGRAM), "..", "weir")


class Side(Door):
    """Another port of a door that runs."""

    def __init__(self, port):  # pylint: disable=super-init-not-called
        self.port = port


class Admin(unittest.TestCase):
    knobs = {}

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.access = Access(self.directory.name)
        self.keys = {role: self.access.key(f"the-{role}", role) for role in ROLES}
        self.audit = os.path.join(self.directory.name, "audit")
        self.door = Door(PROGRAM, FAKE_STILL=1, FAKE_http_access_file=self.access.path, FAKE_http_admin_port=0,
                         FAKE_http_audit_file=self.audit, **self.knobs)
        self.side = Side(int(self.door.process.stdout.readline()))

    def tearDown(self):
        status, _ = self.door.close()
        self.directory.cleanup()
        self.assertEqual(status, 0)

    def ask(self, method, path, body=None, role="admin", **headers):
        if role:
            headers["Authorization"] = f"Bearer {self.keys[role]}"
        return self.side.ask(method, path, body, **headers)

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer.body)


class WhoMay(Admin):
    def test_only_the_admin_gets_through_any_route(self):
        asked = 0
        for method, path, roles in operations(self.ask("GET", "/v1/openapi.json").json):
            path = path.replace("{code}", "forbidden")
            if path.endswith(":shutdown"):
                continue
            body = None if method == "GET" else {"level": "info"} if method == "PUT" else {}
            for role in ROLES:
                answer = self.ask(method, path, body, role)
                self.assertEqual(answer.status, 200 if roles is None or role == "admin" else 403, f"{role}: {method} {path}")
                asked += 1
            self.assertEqual(self.ask(method, path, body, None).status, 200 if roles is None else 401, f"{method} {path}")
        self.assertGreater(asked, 35)

    def test_no_other_role_ends_the_process(self):
        for role in ROLES:
            if role != "admin":
                self.refused(self.ask("POST", "/v1/application:shutdown", {}, role), 403, "forbidden")
        self.refused(self.ask("POST", "/v1/application:shutdown", {}, None), 401, "unauthenticated")

    def test_each_door_has_its_own_routes_only(self):
        for method, path, _ in operations(self.ask("GET", "/v1/openapi.json").json):
            if path not in ("/v1/openapi.json", "/problems/{code}"):
                answer = self.door.ask(method, path, None if method == "GET" else {}, Authorization=f"Bearer {self.keys['admin']}")
                self.refused(answer, 404, "not-found")
        for path in ("/v1/views", "/v1/views/customer-totals/keys/customer-001", "/metrics", "/"):
            self.refused(self.ask("GET", path), 404, "not-found")

    def test_what_was_asked_is_in_the_audit_file(self):
        self.ask("POST", "/v1/application:pause", {})
        self.ask("POST", "/v1/application:resume", {}, "reader")
        with open(self.audit) as file:
            lines = [json.loads(line) for line in file]
        seen = [(line["principal"], line["path"], line["status"]) for line in lines]
        self.assertEqual(seen, [("the-admin", "/v1/application:pause", 200), ("the-reader", "/v1/application:resume", 403)])


class Pages(Admin):
    knobs = {"FAKE_http_cors_origins": "https://board.example"}

    def test_a_page_of_any_origin_is_refused(self):
        for origin in ("https://board.example", "https://evil.example", f"http://127.0.0.1:{self.side.port}", "null"):
            answer = self.ask("POST", "/v1/application:pause", {}, Origin=origin)
            self.refused(answer, 403, "forbidden")
            self.assertNotIn("access-control-allow-origin", answer.headers)
        self.assertFalse(self.ask("GET", "/v1/application").json["data"][0]["paused"])

    def test_a_preflight_is_not_answered_even_for_a_listed_origin(self):
        answer = self.ask("OPTIONS", "/v1/application:pause", role=None, Origin="https://board.example", Access_Control_Request_Method="POST")
        self.refused(answer, 403, "forbidden")
        self.assertNotIn("access-control-allow-methods", answer.headers)

    def test_a_form_is_no_body(self):
        head = (f"POST /v1/application:pause HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.keys['admin']}\r\n"
                "Connection: close\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")
        self.assertIn(b"415", self.side.raw(head.encode()).split(b"\r\n")[0])


class Processing(Admin):
    def test_a_pause_shows_everywhere_and_ends(self):
        key = {"Authorization": f"Bearer {self.keys['reader']}"}
        for action, is_paused in (("pause", True), ("pause", True), ("resume", False), ("resume", False)):
            answer = self.ask("POST", f"/v1/application:{action}", {})
            self.assertEqual([app["paused"] for app in answer.json["data"]], [is_paused] * 2)
            self.assertEqual([app["paused"] for app in self.ask("GET", "/v1/application").json["data"]], [is_paused] * 2)
            self.assertEqual([app["paused"] for app in self.door.get("/v1", **key).json["apps"]], [is_paused] * 2)
            self.assertEqual([app["paused"] for app in self.door.get("/health", **key).json["apps"]], [is_paused] * 2)
            self.assertEqual(b"paused" in self.door.get("/readyz?verbose").body, is_paused)
            self.assertEqual(self.door.get("/readyz").status, 200)

    def test_a_body_with_anything_in_it_is_refused(self):
        for body in ({"app": "orders"}, [], "x", b"", b"{"):
            self.refused(self.ask("POST", "/v1/application:pause", body), 400, "bad-body")
        self.assertFalse(self.ask("GET", "/v1/application").json["data"][0]["paused"])

    def test_other_methods_are_told_what_is_allowed(self):
        self.assertEqual(self.ask("GET", "/v1/application:pause").headers["allow"], "POST")
        self.assertEqual(self.ask("POST", "/v1/log-level", {}).headers["allow"], "GET, HEAD, PUT")


class Log(Admin):
    def test_the_level_is_what_it_was_set_to(self):
        self.assertEqual(self.ask("GET", "/v1/log-level").json, {"level": "info"})
        for level in ("debug", "error", "warning", "info"):
            self.assertEqual(self.ask("PUT", "/v1/log-level", {"level": level}).json, {"level": level})
            self.assertEqual(self.ask("GET", "/v1/log-level").json, {"level": level})

    def test_other_levels_are_refused(self):
        for body in ({"level": "loud"}, {"level": ""}, {"level": 1}, {}, {"level": "info", "logger": "http"}):
            self.refused(self.ask("PUT", "/v1/log-level", body), 400, "bad-body")
        self.assertEqual(self.ask("GET", "/v1/log-level").json, {"level": "info"})


class Shutdown(Admin):
    def tearDown(self):
        self.door.process.stdin.close()
        self.door.process.stdout.close()
        self.directory.cleanup()

    def test_the_process_is_told_to_end(self):
        self.ask("POST", "/v1/application:shutdown", {})
        self.assertEqual(self.door.process.wait(timeout=60), -signal.SIGTERM)


class Commands(Admin):
    def weir(self, *arguments, role="admin"):
        environment = dict(os.environ, WEIR_API_KEY=self.keys[role])
        command = [WEIR, *arguments, f"--url=http://127.0.0.1:{self.side.port}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)

    def test_pause_and_resume_say_how_the_apps_are_now(self):
        self.assertEqual(self.weir("pause").stdout, "orders RUNNING, paused\nstock RUNNING, paused\n")
        self.assertEqual(self.weir("resume").stdout, "orders RUNNING\nstock RUNNING\n")

    def test_the_log_level_is_shown_and_set(self):
        self.assertEqual(self.weir("log-level").stdout, "info\n")
        self.assertEqual(self.weir("log-level", "debug").stdout, "debug\n")
        self.assertEqual(self.weir("log-level").stdout, "debug\n")
        self.assertEqual(self.weir("log-level", "loud").returncode, 2)

    def test_whoever_is_no_admin_is_told_so(self):
        done = self.weir("pause", role="operator")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("role", done.stderr)


class Run(unittest.TestCase):
    """The real command with a topology, on an embedded log."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        access = Access(self.directory.name)
        key = access.key("root", "admin")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}
        self.environment |= {"WEIR_API_KEY": key, "WEIR_LOG_FORMAT": "text"}
        self.log = open(os.path.join(self.directory.name, "stderr"), "a+")
        settings = {"state.dir": self.directory.name, "http.access.file": access.path, "http.admin.port": 0}
        command = [WEIR, "run", "commerce", "--port=0", *(f"--set={name}={value}" for name, value in settings.items())]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, env=self.environment, text=True)
        self.url = self.process.stdout.readline().strip()

    def tearDown(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.directory.cleanup()

    def weir(self, command):
        self.log.seek(0)
        text = self.log.read()
        self.assertIn("admin's door", text)
        port = text.split("admin's door is at 127.0.0.1, port ")[1].split("\n")[0]
        return subprocess.run([WEIR, command, f"--url=http://127.0.0.1:{port}"], capture_output=True, text=True, timeout=60, env=self.environment)

    def test_a_paused_instance_that_is_shut_down_answers_and_ends_in_order(self):
        paused = self.weir("pause")
        self.assertEqual(paused.returncode, 0, paused.stderr)
        self.assertRegex(paused.stdout, "^commerce [A-Z]+, paused\n$")
        done = self.weir("shutdown")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.process.wait(timeout=90), 0)


class Start(unittest.TestCase):
    def refuses(self, **knobs):
        with self.assertRaises(RuntimeError):
            Door(PROGRAM, **knobs)

    def test_the_door_is_closed_unless_it_has_a_port(self):
        door = Door(PROGRAM, FAKE_STILL=1)
        self.assertEqual(door.close(), (0, ""))

    def test_it_does_not_open_without_an_access_file(self):
        self.refuses(FAKE_http_admin_port=0)

    def test_it_does_not_open_beyond_loopback_without_tls(self):
        with tempfile.TemporaryDirectory() as directory:
            self.refuses(FAKE_http_admin_port=0, FAKE_http_admin_address="0.0.0.0", FAKE_http_access_file=Access(directory).path)

    def test_its_port_may_not_be_taken(self):
        with tempfile.TemporaryDirectory() as directory:
            taken = Door(PROGRAM, FAKE_STILL=1)
            self.refuses(FAKE_http_admin_port=taken.port, FAKE_http_access_file=Access(directory).path)
            taken.close()


if __name__ == "__main__":
    unittest.main()
