"""`weir sql` and `weir report` against the door on fake apps. SPDX-License-Identifier: Apache-2.0"""
import os
import pty
import subprocess
import sys
import tempfile
import time
import unittest

from door import Door

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")
WEIR = os.path.join(os.path.dirname(PROGRAM), "..", "weir")


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = Door(PROGRAM, FAKE_STILL=1)
        cls.url = f"--url=http://127.0.0.1:{cls.door.port}"

    @classmethod
    def tearDownClass(cls):
        status, _ = cls.door.close()
        assert status == 0, status

    def weir(self, *arguments, text=""):
        return subprocess.run([WEIR, arguments[0], self.url, *arguments[1:]], input=text, capture_output=True, text=True, timeout=30)

    def test_one_statement_is_a_table_csv_or_json(self):
        done = self.weir("sql", "-e", "select 1 as a, 'x,y' as b")
        self.assertEqual((done.returncode, [line.split() for line in done.stdout.splitlines()]), (0, [["a", "b"], ["1", "x,y"]]))
        self.assertEqual(self.weir("sql", "--format=csv", "select 1 as a, 'x,y' as b").stdout, 'a,b\n1,"x,y"\n')
        self.assertIn('"rows":[[1]]', self.weir("sql", "--format=json", "select 1").stdout)

    def test_statements_of_a_file_are_told_apart_by_semicolons_that_are_no_text(self):
        done = self.weir("sql", "--format=csv", text="select ';' as a; -- ;\nselect /* ; */\n 2 as b;\n\nselect 3 as \"c;\"")
        self.assertEqual((done.returncode, done.stdout), (0, "a\n;\nb\n2\nc;\n3\n"))

    def test_the_first_statement_that_fails_ends_a_file(self):
        done = self.weir("sql", text="select 1;\nselec;\nselect 3;\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("syntax error", done.stderr)
        self.assertNotIn("3", done.stdout)

    def test_commands_show_tables_and_columns(self):
        done = self.weir("sql", text=".tables\n.columns customer_totals\n.format csv\nselect 1 as a;\n.quit\nselect 2;\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("customer-totals  key_value", "spent_units", "a\n1"):
            self.assertIn(part, done.stdout)

    def test_an_answer_that_is_cut_off_is_said(self):
        done = self.weir("sql", "with recursive n(x) as (select 1 union all select x + 1 from n limit 10001) select x from n")
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 10001))
        self.assertIn("more", done.stderr)

    def test_a_terminal_has_prompts_and_a_history_that_is_kept(self):
        with tempfile.TemporaryDirectory() as home:
            master, slave = pty.openpty()
            environment = dict(os.environ, HOME=home, TERM="dumb")
            environment.pop("XDG_STATE_HOME", None)
            process = subprocess.Popen([WEIR, "sql", self.url], stdin=slave, stdout=slave, stderr=slave, env=environment, close_fds=True)
            os.close(slave)
            shown = b""
            for line in (b"select 40 + 2\n", b"as answer;\n", b".quit\n"):
                time.sleep(0.5)
                os.write(master, line)
            process.wait(timeout=20)
            try:
                while part := os.read(master, 65536):
                    shown += part
            except OSError:
                pass
            os.close(master)
            self.assertIn(b"weir>", shown)
            self.assertIn(b"42", shown)
            path = os.path.join(home, ".local", "state", "weir", "sql_history")
            self.assertIn("40", open(path, encoding="utf-8").read())
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_reports_are_listed_and_run(self):
        self.assertIn("customers=3, tier=GOLD", self.weir("report").stdout)
        self.assertIn("customer (required)", self.weir("report").stdout)
        self.assertEqual(len(self.weir("report", "best-customers", "customers=2").stdout.splitlines()), 3)
        self.assertEqual(self.weir("report", "nothing").returncode, 1)
        self.assertEqual(self.weir("report", "best-customers", "customers=x").returncode, 2)
        self.assertEqual(self.weir("report", "best-customers", "customers").returncode, 2)


class Guarded(unittest.TestCase):
    """Keys are made by the command, and shown by the commands that ask."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.access = os.path.join(self.directory.name, "access")

    def tearDown(self):
        self.directory.cleanup()

    def weir(self, *arguments, **environment):
        return subprocess.run([WEIR, *arguments], capture_output=True, text=True, timeout=30, env=dict(os.environ, **environment))

    def test_a_key_that_was_made_opens_the_door(self):
        made = self.weir("key", "create", "alice", "--role", "analyst", "--file", self.access)
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        self.assertEqual(os.stat(self.access).st_mode & 0o777, 0o600)
        key = made.stdout.strip()
        with open(self.access) as file:
            self.assertNotIn(key[14:], file.read())
        key_file = os.path.join(self.directory.name, "key")
        with open(key_file, "w") as file:
            file.write(made.stdout)
        door = Door(PROGRAM, FAKE_STILL=1, FAKE_http_access_file=self.access)
        url = f"--url=http://127.0.0.1:{door.port}"
        try:
            self.assertIn('[[1]]', self.weir("sql", url, "--key-file", key_file, "--format=json", "select 1").stdout)
            self.assertIn('[[1]]', self.weir("sql", url, "--format=json", "select 1", WEIR_API_KEY=key).stdout)
            self.assertIn("customer-totals", self.weir("query", url, "--key-file", key_file).stdout)
            refused = self.weir("sql", url, "select 1")
            self.assertEqual((refused.returncode, refused.stdout), (2, ""))
            self.assertIn("Authorization: Bearer", refused.stderr)
            self.assertEqual(self.weir("query", url, "--key-file", self.directory.name + "/none").returncode, 2)
        finally:
            self.assertEqual(door.close()[0], 0)

    def test_a_key_without_a_file_comes_with_its_line(self):
        made = self.weir("key", "create", "bob", "--until=2030-01-01")
        self.assertRegex(made.stdout, r"^weir_[0-9a-f]{8}_[0-9a-f]{64}\n$")
        self.assertRegex(made.stderr, r"^bob reader key:[0-9a-f]{8}:[0-9a-f]{64} until=2030-01-01\n$")

    def test_what_is_no_principal_role_or_time_makes_no_key(self):
        for wrong in (["a b"], ["bob", "--role=king"], ["bob", "--until=soon"], [""], ["bob\nroot admin anyone"]):
            made = self.weir("key", "create", *wrong)
            self.assertEqual((made.returncode, made.stdout), (2, ""), wrong)


if __name__ == "__main__":
    if not os.path.exists(WEIR):
        print("skipped: the command is not built")
        sys.exit(0)
    unittest.main(verbosity=1)
