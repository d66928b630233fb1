"""The boards of the five systems in a real browser: `weir demo` with all of them, each panel filled, whole in Spanish; and one
of an author's own, from a folder of reports.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from chrome import Chrome, find  # noqa: E402

SHOTS = os.environ.get("WEIR_SHOTS")
TOPOLOGIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "topologies")
SYSTEMS = ["commerce", "commerce-saga", "tradex", "platform", "continental", "aurore", "joins"]
OWN = """-- Events of my services
-- @board mine bars
-- @es Eventos de mis servicios
SELECT key AS service, events FROM aurore_services ORDER BY key
"""
OWN_REPORTS = ("own-services", "own-twins")
TWINS = """-- Twins
-- @board twins table
SELECT 'one' AS name, 1 AS number UNION ALL SELECT 'one', 2 UNION ALL SELECT 'two', 3 ORDER BY number
"""
FULL = """[...document.querySelectorAll('.panel')].filter((panel) => panel.querySelector('dd')?.textContent || panel.querySelector('.trace[d^=M]') ||
           panel.querySelector('tbody tr')).length"""

CUT_OFF = """[...document.querySelectorAll('.panel .scroll, .panel dd, .panel h2')].filter((node) => node.scrollWidth > node.clientWidth)
              .map((node) => node.closest('.panel').dataset.report).join()"""


class Boards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        reports = os.path.join(cls.folder.name, "reports")
        os.mkdir(reports)
        for name, text in ((f"{OWN_REPORTS[0]}.sql", OWN), (f"{OWN_REPORTS[1]}.sql", TWINS)):
            with open(os.path.join(reports, name), "w", encoding="utf-8") as file:
                file.write(text)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}  # these would be settings
        cls.demo = subprocess.Popen([os.environ["WEIR_COMMAND"], "demo", "--port", "0", "--rate", "20", "--dir", os.path.join(cls.folder.name, "demo"),
                                     "--set", f"http.reports.dir={reports}"], stdout=subprocess.PIPE, text=True, env=clean)
        cls.url = re.search(r"http://\S+", cls.demo.stdout.readline()).group()
        cls.chrome = Chrome()

    @classmethod
    def tearDownClass(cls):
        cls.chrome.close()
        cls.demo.terminate()
        cls.demo.stdout.close()
        assert cls.demo.wait(timeout=120) == 0
        cls.folder.cleanup()

    def setUp(self):
        self.chrome.complaints.clear()

    def get(self, path):
        """What the instance answers; a while after its start tasks still come, and it says 503."""
        for _ in range(120):
            try:
                with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as problem:
                if problem.code not in (429, 503):
                    raise
                time.sleep(0.5)
        raise AssertionError(f"{path} is still not answered")

    def open(self, board, **how):
        self.chrome.open(f"{self.url}/#/boards/{board}", **how)
        self.chrome.until(f"document.querySelector('.tabs [aria-current]')?.textContent === '{board}' && document.querySelectorAll('.panel').length > 0")

    def shoot(self, name):
        if SHOTS:
            time.sleep(1)
            self.chrome.shoot(os.path.join(SHOTS, name + ".png"))

    def test_each_system_has_a_board_whose_panels_are_filled(self):
        reports = self.get("/v1/reports")["data"]
        for system in SYSTEMS:
            panels = [report for report in reports if report["board"] == system]
            self.assertGreaterEqual(len(panels), 3, system)
            for dark, width in ((False, 1280), (False, 1600), (True, 390)):
                self.open(system, dark=dark, width=width)
                self.chrome.until(f"{FULL} === {len(panels)}", seconds=60)
                wide = self.chrome.ask("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                self.assertLessEqual(wide, 0, f"{system} scrolls sideways at {width}")
                if width > 390:
                    self.assertEqual(self.chrome.ask(CUT_OFF), "", f"{system}: what does not fit at {width}")
                self.shoot(f"board-{system}-{width}")

    def test_a_time_is_short_and_whole_where_one_points(self):
        self.open("aurore")
        time_cell = "document.querySelector('[data-report=aurore-latest-events] td.time')"
        self.chrome.until(time_cell, seconds=60)
        shown, whole = self.chrome.ask(f"{time_cell}.textContent + '|' + {time_cell}.title").split("|")
        self.assertRegex(shown, r"^\d\d-\d\d \d\d:\d\d:\d\d$")
        self.assertIn(shown, whole)
        self.assertRegex(whole, r"^20\d\d-")

    def test_a_board_follows_the_events(self):
        self.open("aurore")
        events = "document.querySelector('dl.figures dd')?.textContent"
        self.chrome.until(events, seconds=60)
        for _ in range(3):
            before = self.chrome.ask(events)
            self.chrome.until(f"{events} !== {json.dumps(before)}", seconds=60)

    def test_a_report_of_ones_own_is_on_a_board_of_ones_own(self):
        self.open("mine")
        self.chrome.until("document.querySelectorAll('.panel td.bar-cell').length > 0", seconds=60)
        self.assertEqual(self.chrome.ask("document.querySelector('.panel h2').textContent"), "Events of my services")

    def test_rows_that_share_their_first_column_are_all_there(self):
        self.open("twins")
        self.chrome.until("[...document.querySelectorAll('.panel tbody tr')].map((row) => row.textContent).join() === 'one1,one2,two3'", seconds=60)

    def test_every_report_and_each_of_its_columns_is_there_in_spanish(self):
        for report in self.get("/v1/reports")["data"]:
            with self.subTest(report["name"]):
                if report["name"] in OWN_REPORTS:
                    continue
                said = report["translations"]["es"]
                self.assertTrue(said["title"])
                self.assertEqual(bool(said["about"]), bool(report["about"]))
                self.assertEqual(list(said["parameters"]), [one["name"] for one in report["parameters"]])
                if all(one["default"] is not None for one in report["parameters"]):
                    columns = self.get(f"/v1/reports/{report['name']}?partial=allow")["columns"]
                    self.assertEqual(sorted(said["columns"]), sorted(column["name"] for column in columns))

    def test_every_report_in_the_sources_is_served(self):
        names = [file for folder, _, files in os.walk(TOPOLOGIES) for file in files if file.endswith(".sql")]
        self.assertEqual(len(names), len(self.get("/v1/reports")["data"]) - len(OWN_REPORTS))


if __name__ == "__main__":
    if not find():
        print("skipped: there is no Chromium")
        sys.exit(77)
    unittest.main(verbosity=1)
