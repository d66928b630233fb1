"""A real run is scraped: promtool reads the scrape, and every metric and label that alert rules and dashboard name is in it.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WEIR, PROMTOOL = sys.argv[1:3]
OF_PROMETHEUS = {"up", "job", "instance"}  # what a scrape gets from who scrapes
METRIC = re.compile(r"\b(?:weir|process)_[a-z_]+\b")


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def expressions():
    """Of rules and dashboard, with the name of each."""
    for name, expression in re.findall(r"- alert: (\w+)\n +expr: (.+)", read("deploy/alerts.yml")):
        yield name, expression
    for panel in json.loads(read("deploy/grafana.json"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def scrape():
    """Once every app runs, dead letters are there, and something was asked and answered."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}  # these would be settings
    demo = subprocess.Popen([WEIR, "demo", "commerce", "aurore", "--port", "0", "--rate", "100"], stdout=subprocess.PIPE, text=True, env=clean)
    try:
        url = re.search(r"http://\S+", demo.stdout.readline()).group()
        for _ in range(240):
            try:
                with urllib.request.urlopen(url + "/metrics", timeout=30) as answer:
                    text = answer.read().decode()
                if 'reason="dead_letter"' in text and 'code="200"' in text:
                    return text
            except urllib.error.URLError:
                pass  # it starts
            time.sleep(0.5)
        raise AssertionError("no dead letter and no answer in two minutes")
    finally:
        demo.terminate()
        demo.stdout.close()
        assert demo.wait(timeout=120) == 0


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = scrape()
        cls.samples = {}
        for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", cls.text, re.MULTILINE):
            known = cls.samples.setdefault(name, {})
            for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels):
                known.setdefault(label, set()).add(value)

    def test_prometheus_reads_the_scrape(self):
        check = subprocess.run([PROMTOOL, "check", "metrics"], input=self.text, capture_output=True, text=True)
        self.assertEqual((check.returncode, check.stdout + check.stderr), (0, ""))

    def test_every_metric_that_is_named_is_there(self):
        named = {metric for _, expression in expressions() for metric in METRIC.findall(expression)}
        self.assertGreater(len(named), 15)
        self.assertEqual(sorted(named - set(self.samples)), [])

    def test_every_label_that_is_asked_for_is_there(self):
        for name, expression in expressions():
            for metric, selector in re.findall(r"\b((?:weir|process)_[a-z_]+)\{([^}]*)\}", expression):
                for label in re.findall(r"(\w+)=", selector):
                    with self.subTest(name, metric=metric, label=label):
                        self.assertTrue(label in self.samples[metric] or label in OF_PROMETHEUS)
            for grouping in re.findall(r"\bby \(([^)]*)\)", expression):
                known = set().union(OF_PROMETHEUS, *(self.samples[metric] for metric in METRIC.findall(expression)))
                self.assertLessEqual(set(grouping.replace(" ", "").split(",")), known, name)

    def test_values_that_are_asked_for_are_those_that_come(self):
        come = {("weir_state", "state"): {"CREATED", "REBALANCING", "RUNNING", "PENDING_SHUTDOWN", "NOT_RUNNING", "PENDING_ERROR", "ERROR"},
                ("weir_http_rejected_total", "reason"): {"overload", "too_many_connections", "gave_way"}, ("weir_http_reloads_total", "result"): {"failed"},
                ("weir_http_peer_requests_total", "answered"): {"false"}, ("weir_records_dropped_total", "reason"): {"dead_letter"}}
        for (metric, label), values in come.items():
            self.assertLessEqual(values, self.samples[metric][label])

    def test_every_alert_is_tried(self):
        alerts = re.findall(r"- alert: (\w+)", read("deploy/alerts.yml"))
        tried = re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n", read("tests/deploy/alerts_test.yml"))
        quiet = re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts: \[\]", read("tests/deploy/alerts_test.yml"))
        self.assertEqual((sorted(set(alerts) - set(tried)), sorted(set(alerts) - set(quiet))), ([], []))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
