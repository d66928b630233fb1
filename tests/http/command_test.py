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


if __name__ == "__main__":
    if not os.path.exists(WEIR):
        print("skipped: the command is not built")
        sys.exit(0)
    unittest.main(verbosity=1)
