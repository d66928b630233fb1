#!/usr/bin/env python3
"""Does the command `weir` keep what its --help promises? usage: command_test.py WEIR PLUGIN.so [Class.test …]

Runs on the embedded broker in a temporary directory; waits are for a state, never for a time.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import recompute_commerce  # noqa: E402

WEIR, PLUGIN = sys.argv[1:3]
DEADLINE_S = 60


def environment():
    """Nothing of the user's settings, and no home to write to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}
    return {**kept, "HOME": "/nowhere"}


def weir(*arguments, stdin="", expect=0):
    done = subprocess.run([WEIR, *arguments], input=stdin.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment(), timeout=DEADLINE_S)
    assert done.returncode == expect, f"weir {arguments}: {done.returncode}, {done.stderr.decode()}"
    return done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def parsed(text):
    return [json.loads(line) for line in text.splitlines()]


class Usage(unittest.TestCase):
    def test_every_command_explains_itself(self):
        overview, _ = weir("help")
        names = [line.split()[0] for line in overview.splitlines() if line.startswith("  ")]
        self.assertGreaterEqual(len(names), 12)
        for name in names:
            text, _ = weir(name, "--help")
            self.assertTrue(text.startswith(f"usage: weir {name}"), text)
            self.assertEqual(text, weir("help", name)[0])

    def test_what_is_unknown_is_refused_with_a_proposal(self):
        self.assertIn("did you mean run?", weir("rnu", expect=2)[1])
        self.assertIn("did you mean --port?", weir("run", "commerce", "--prot", "1", expect=2)[1])
        self.assertIn("did you mean example-count?", weir("describe", "example-cout", expect=2)[1])
        self.assertIn("did you mean commerce?", weir("describe", "comerce", expect=2)[1])
        self.assertIn("did you mean poll.ms?", weir("config", "--print", "--set", "pol.ms=1", expect=78)[1])

    def test_missing_and_superfluous_arguments_are_refused(self):
        weir(expect=2)
        weir("run", expect=2)
        weir("describe", "commerce", "x", expect=2)
        weir("run", "commerce", "--port", expect=2)
        weir("run", "commerce", "--port", "70000", expect=2)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([WEIR, "config"], stdout=full, stderr=subprocess.PIPE, env=environment())
        self.assertEqual(done.returncode, 1)

    def test_secrets_are_not_printed(self):
        text, _ = weir("config", "--print", "--set", "sasl.password=hush")
        self.assertIn("sasl.password=****", text)
        self.assertNotIn("hush", text)

    def test_a_plugin_is_a_topology_like_any_other(self):
        text, _ = weir("describe", PLUGIN)
        self.assertEqual(text, weir("describe", PLUGIN + ":count")[0])
        self.assertIn("Sub-topology: 1", text)
        self.assertIn('no topology "cuont"', weir("describe", PLUGIN + ":cuont", expect=2)[1])
        self.assertIn("exports no weir_topologies", weir("describe", find_library(), expect=2)[1])

    def test_a_plugin_of_another_header_is_refused(self):
        stale = "struct { const char *name, *about; void *build; } weir_topologies[] = {{\"x\", \"y\", 0}, {0, 0, 0}};"
        with tempfile.TemporaryDirectory() as folder:
            plugin = folder + "/stale.so"
            subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", plugin], input=stale.encode(), check=True)
            self.assertIn("compile it again", weir("describe", plugin, expect=2)[1])

    def test_every_topology_can_be_described_in_every_format(self):
        names = [line.split()[0] for line in weir("list")[0].splitlines()]
        self.assertIn("commerce", names)
        for name in names:
            for format in ("text", "json", "dot", "mermaid"):
                text, _ = weir("describe", name, "--format", format)
                self.assertTrue(text)
                if format == "json":
                    json.loads(text)


def find_library():
    """A shared object that is no plugin."""
    for line in subprocess.run(["ldd", WEIR], stdout=subprocess.PIPE, check=True).stdout.decode().split():
        if "libm.so" in line and line.startswith("/"):
            link = pathlib.Path(tempfile.mkdtemp()) / "m.so"
            link.symlink_to(line)
            return str(link)
    raise AssertionError("no libm")


class TestCommand(unittest.TestCase):
    def test_filters_words(self):
        out, _ = weir("test", "example-filter", stdin=lines(
            {"topic": "words", "key": "a", "value": "weir", "ts": 1}, {"topic": "words", "key": "b", "value": "str\u00e9am", "ts": 2},
            {"topic": "words", "key": None, "value": "nobody", "ts": 3, "headers": {"trace": "t"}}))
        self.assertEqual(parsed(out), [{"topic": "long-words", "key": "b", "value": "str\u00e9am", "ts": 2},
                                       {"topic": "long-words", "key": None, "value": "nobody", "ts": 3, "headers": {"trace": "t"}}])

    def test_counts_are_numbers(self):
        words = [{"topic": "words", "key": None, "value": word, "ts": i} for i, word in enumerate(["a", "b", "a", None])]
        out, _ = weir("test", PLUGIN, stdin=lines(*words))
        self.assertEqual([(row["key"], row["value"]) for row in parsed(out)], [("a", 1), ("b", 1), ("a", 2)])

    def test_joins(self):
        out, _ = weir("test", "example-join", stdin=lines(
            {"topic": "customers", "key": "c", "value": "Ana", "ts": 1}, {"topic": "orders", "key": "c", "value": "tea", "ts": 2},
            {"topic": "customers", "key": "c", "value": None, "ts": 3}, {"topic": "orders", "key": "c", "value": "milk", "ts": 4}))
        self.assertEqual([row["value"] for row in parsed(out)], ["Ana: tea", "somebody: milk"])

    def test_time_can_be_turned(self):
        out, _ = weir("test", "example-processor", stdin=lines(
            {"topic": "readings", "key": "s", "value": "1", "ts": 0}, {"advance_ms": 50000},
            {"topic": "readings", "key": "t", "value": "1", "ts": 50000}, {"advance_ms": 20000}))
        self.assertEqual([(row["topic"], row["key"]) for row in parsed(out)], [("warnings", "s")])

    def test_a_visit_is_told_once_when_it_is_over(self):
        minute = 60000
        out, _ = weir("test", "example-session", stdin=lines(*[
            {"topic": "clicks", "key": key, "value": "/", "ts": at * minute} for key, at in [("a", 0), ("a", 20), ("b", 50), ("a", 90)]]))
        self.assertEqual([(row["key"], row["value"]) for row in parsed(out)],
                         [(f"a@0/{20 * minute}", 2), (f"b@{50 * minute}/{50 * minute}", 1)])

    def test_streams_share_an_aggregate(self):
        out, _ = weir("test", "example-cogroup", stdin=lines(
            {"topic": "deposits", "key": "a", "value": 10, "ts": 1}, {"topic": "withdrawals", "key": "a", "value": 3, "ts": 2}))
        self.assertEqual([row["value"] for row in parsed(out)], [10, 7])

    def test_streams_meet_that_are_close_in_time(self):
        hour = 3600000
        out, _ = weir("test", "example-payments", stdin=lines(
            {"topic": "placed-orders", "key": "a", "value": "book", "ts": 0}, {"topic": "placed-orders", "key": "b", "value": "pen", "ts": 1},
            {"topic": "payments", "key": "a", "value": "paid", "ts": hour}, {"topic": "payments", "key": "c", "value": "paid", "ts": 2 * hour}))
        self.assertEqual([(row["key"], row["value"], row["ts"]) for row in parsed(out)], [("a", "paid", hour), ("b", "unpaid", 1)])

    def test_a_table_meets_the_rows_that_its_own_name(self):
        out, _ = weir("test", "example-foreign-key", stdin=lines(
            {"topic": "products", "key": "p1", "value": "m1", "ts": 1}, {"topic": "products", "key": "p2", "value": "m1", "ts": 2},
            {"topic": "makers", "key": "m1", "value": "Acme", "ts": 3}, {"topic": "products", "key": "p1", "value": None, "ts": 4}))
        self.assertEqual([(row["key"], row["value"]) for row in parsed(out)], [("p1", "Acme"), ("p2", "Acme"), ("p1", None)])

    def test_a_stream_meets_a_global_table(self):
        out, _ = weir("test", "example-global", stdin=lines(
            {"topic": "shops", "key": "7", "value": "Lyon", "ts": 1}, {"topic": "sales", "key": "s1", "value": "7", "ts": 2},
            {"topic": "sales", "key": "s2", "value": "8", "ts": 3}))
        self.assertEqual([(row["key"], row["value"]) for row in parsed(out)], [("s1", "Lyon")])

    def test_lines_are_sorted_and_taken_apart(self):
        out, _ = weir("test", "example-streams", stdin=lines(
            {"topic": "app-lines", "key": "h1", "value": "error disk full", "ts": 1}, {"topic": "system-lines", "key": "h2", "value": "all well", "ts": 2},
            {"topic": "app-lines", "key": "h1", "value": None, "ts": 3}))
        self.assertEqual([(row["topic"], row["key"], row["value"]) for row in parsed(out)],
                         [("error-lines", "h1", "disk full"), ("line-words", "all", "all"), ("line-words", "well", "well")])

    def test_who_moves_is_counted_where_they_are(self):
        out, _ = weir("test", "example-tables", stdin=lines(*[
            {"topic": "people", "key": who, "value": town, "ts": at}
            for at, (who, town) in enumerate([("ann", "Lyon"), ("bob", "Lyon"), ("ann", "Nice"), ("bob", None)])]))
        rows = parsed(out)
        self.assertEqual([(row["key"], row["value"]) for row in rows if row["topic"] == "residents"],
                         [("Lyon", 1), ("Lyon", 2), ("Lyon", 1), ("Nice", 1), ("Lyon", 0)])
        self.assertEqual([(row["key"], row["value"]) for row in rows if row["topic"] == "shared-towns"],
                         [("Lyon", 2), ("Lyon", None)])

    def test_a_minute_is_told_when_a_sensor_falls_silent(self):
        out, _ = weir("test", "example-quiet", stdin=lines(
            {"topic": "readings", "key": "s", "value": "1", "ts": 5000}, {"advance_ms": 30000}, {"advance_ms": 25000}))
        self.assertEqual([(row["key"], row["value"], row["ts"]) for row in parsed(out)], [("s@0/60000", 1, 5000)])

    def test_topics_that_match_are_one_stream(self):
        out, _ = weir("test", "example-pattern", stdin=lines(*[
            {"topic": f"sales-{shop}", "key": shop, "value": "pen", "ts": at} for at, shop in enumerate(["lyon", "nice", "lyon"])]))
        self.assertEqual([(row["key"], row["value"]) for row in parsed(out)], [("pen", 1), ("pen", 2), ("pen", 3)])
        _, error = weir("test", "example-pattern", stdin=lines({"topic": "sales-42", "key": "k", "value": "pen", "ts": 0}), expect=1)
        self.assertIn('does not read the topic "sales-42"', error)
        self.assertIn("(topics: sales-[a-z]+)", weir("describe", "example-pattern")[0])

    def test_a_sale_meets_the_price_of_its_own_time(self):
        minute = 60000
        out, _ = weir("test", "example-prices", stdin=lines(
            {"topic": "prices", "key": "pen", "value": 3, "ts": 0}, {"topic": "sold", "key": "pen", "value": 1, "ts": 5},
            {"topic": "prices", "key": "pen", "value": 4, "ts": 10}, {"topic": "sold", "key": "pen", "value": 1, "ts": 11 + minute}))
        self.assertEqual([(row["key"], row["value"], row["ts"]) for row in parsed(out)], [("pen", 3, 5)])

    def test_a_bad_line_is_named(self):
        good = {"topic": "words", "key": "a", "value": "b", "ts": 1}
        for bad in ('{"topic":"nope","value":"x"}', '{"value":"x"}', "{", "[]", '{"topic":"words","valeu":"x"}',
                    '{"topic":"words","ts":"soon"}', '{"topic":"words","ts":-5}', '{"topic":"words","headers":[]}'):
            _, error = weir("test", "example-filter", stdin=lines(good) + "\n" + bad + "\n", expect=1)
            self.assertTrue(error.startswith("weir: line 3: "), error)

    def test_broken_events_become_dead_letters(self):
        out, _ = weir("test", "commerce", stdin=lines({"topic": "orders.events", "key": "o", "value": "{broken", "ts": 1}))
        self.assertEqual([(row["topic"], row["key"], row["value"]) for row in parsed(out)], [("orders.events.dlq", "o", "{broken")])

    def test_every_broken_event_of_the_shop_becomes_a_dead_letter_and_no_other(self):
        events, _ = weir("generate", "commerce", "--events", "8000")
        broken = sum(isinstance(event["value"], str) for event in parsed(events))
        self.assertGreater(broken, 0)
        out, _ = weir("test", "commerce", stdin=events)
        changes = {"commerce.metrics", "commerce.stock"}  # what the good ones cause
        letters = [row for row in parsed(out) if row["topic"] not in changes]
        self.assertEqual({row["topic"] for row in letters}, {"orders.events.dlq"})
        self.assertEqual(len(letters), broken)

    def test_stats_count_what_was_dropped_by_every_reason(self):
        event = {"topic": "orders.events", "key": "o", "ts": 1, "value": {
            "type": "ORDER_CREATED", "event_id": "e", "order_id": "o", "timestamp": "2024-12-04T10:30:00.000Z"}}
        _, error = weir("test", "commerce", "--stats", stdin=lines(event, event, {**event, "value": "{broken"}, {**event, "value": None}))
        self.assertEqual(json.loads(error), {"in": 4, "out": 2, "dropped": {"duplicate": 1, "dead_letter": 1, "null_value": 1}})

    def test_a_run_prints_the_same_every_time(self):
        events, _ = weir("generate", "commerce", "--events", "2000", "--seed", "9")
        first, _ = weir("test", "commerce", stdin=events)
        again, _ = weir("test", "commerce", stdin=events)
        self.assertGreater(len(parsed(first)), 1000)
        self.assertEqual(first, again)


class Instance:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([WEIR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        line = self.process.stdout.readline().decode()
        assert "http://" in line, f"{arguments}: {line} {self.process.stderr.read().decode()}"
        self.url = "http://" + line.strip().split("http://")[1]

    def get(self, path):
        """Whoever is gone is shown with its last words: a connection that breaks says nothing of itself."""
        try:
            return self.ask(path)
        except (urllib.error.URLError, ConnectionError) as error:
            time.sleep(0.2)  # a process that dies takes its time
            assert self.process.poll() is None or isinstance(error, urllib.error.HTTPError), \
                f"{path}: exit {self.process.returncode}: {self.process.stderr.read().decode()}"
            raise

    def ask(self, path):
        with urllib.request.urlopen(self.url + path, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read(), parse_float=recompute_commerce.Decimal)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, error = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, error.decode()

    def ends_well(self, number=signal.SIGTERM):
        status, error = self.stop(number)
        assert status == 0, f"exit {status}: {error}"


def wait_for(condition):
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            answer = condition()
        except (urllib.error.URLError, ConnectionError):
            answer = None
        if answer:
            return answer
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


class Embedded(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-command-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.settings = ["--set", f"state.dir={self.folder}/state", "--set", f"log.dir={self.folder}/log"]

    def start(self, *arguments):
        instance = Instance(*arguments, "--port", "0", *self.settings)
        self.addCleanup(self.finish, instance)
        return instance

    def finish(self, instance):
        if instance.process.poll() is None:
            instance.process.kill()
            instance.process.communicate()

    def test_what_is_produced_is_consumed(self):
        text = 'a\t1\nb\t{"x": 1.10}\n{"key":"c","value":null,"ts":5,"headers":{"h":"v"}}\n\tn\n'
        weir("produce", "words", "--create", *self.settings, stdin=text)
        weir("produce", "words", "--key", "k", *self.settings, stdin="one\ntwo\n")
        rows = parsed(weir("consume", "words", *self.settings)[0])
        self.assertEqual(sorted((str(row["key"]), str(row["value"])) for row in rows),
                         [("None", "n"), ("a", "1"), ("b", "{'x': 1.1}"), ("c", "None"), ("k", "one"), ("k", "two")])
        self.assertEqual([row["headers"] for row in rows if row["key"] == "c"], [{"h": "v"}])
        self.assertEqual(len(parsed(weir("consume", "words", "--max", "2", *self.settings)[0])), 2)
        self.assertEqual(weir("consume", "words", "--from", "end", *self.settings)[0], "")

    def test_bytes_that_are_no_text_are_base64url(self):
        done = subprocess.run([WEIR, "produce", "words", "--create", *self.settings], input=b"\xff\xfe\tz\n", env=environment(),
                              stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0)
        row = parsed(weir("consume", "words", *self.settings)[0])[0]
        self.assertEqual((row["key"], row["key_encoding"], row["value"]), ("__4", "base64url", "z"))

    def test_a_missing_topic_is_named(self):
        weir("produce", "words", "--create", *self.settings)
        self.assertIn("did you mean words?", weir("consume", "wrds", *self.settings, expect=1)[1])
        self.assertIn('no topic "other"', weir("produce", "other", *self.settings, stdin="a\tb\n", expect=1)[1])

    def test_views_can_be_asked_while_it_runs(self):
        weir("produce", "words", "--create", *self.settings, stdin="\tweir\n\tstream\n\tweir\n")
        instance = self.start("run", "example-count")
        wait_for(lambda: instance.get("/v1/views/word-counts/entries")["data"])
        wait_for(lambda: instance.get("/v1/views/word-counts/keys/weir")["value"] == 2)
        table, _ = weir("query", "word-counts", "--url", instance.url)
        self.assertEqual([line.split()[:2] for line in table.splitlines()][1:], [["stream", "1"], ["weir", "2"]])
        row = json.loads(weir("query", "word-counts", "weir", "--url", instance.url, "--format", "json")[0])
        self.assertEqual(row["value"], 2)
        self.assertIn("word-counts", weir("query", "--url", instance.url)[0])
        weir("query", "word-counts", "nobody", "--url", instance.url, expect=1)
        weir("query", "no-such-view", "--url", instance.url, expect=1)
        weir("query", "word-counts", "--url", "http://127.0.0.1:1", expect=69)
        instance.ends_well()

    def test_dead_letters_are_listed_and_sent_again(self):
        weir("produce", "orders.events", "--create", "--key", "o", *self.settings, stdin="{broken\n")
        instance = self.start("run", "commerce")
        wait_for(lambda: instance.get("/v1/dead-letters")["data"])
        table, _ = weir("dlq", "--url", instance.url)
        self.assertEqual([(line.split()[1], line.split()[2]) for line in table.splitlines()], [("letters", "from"), ("orders.events.dlq", "orders.events")])
        self.assertEqual(weir("dlq", "replay", "orders.events.dlq", "--url", instance.url)[0], "1 sent again, 0 left as they cannot be\n")
        wait_for(lambda: len(instance.get("/v1/dead-letters")["data"]) == 2)
        again = json.loads(weir("dlq", "replay", "orders.events.dlq", "--format", "json", "--url", instance.url)[0])
        self.assertEqual(again["data"]["sent"], 1)
        weir("dlq", "replay", "orders.events", "--url", instance.url, expect=1)
        weir("dlq", "replay", "--url", instance.url, expect=2)
        instance.ends_well()
        rows = parsed(weir("consume", "orders.events.dlq", *self.settings)[0])
        self.assertEqual([row["headers"]["__streams.errors.offset"] for row in rows[:3]], ["0", "1", "2"])

    def post(self, instance, topic, records, **headers):
        request = urllib.request.Request(f"{instance.url}/v1/topics/{topic}/records", json.dumps({"records": records}).encode(),
                                         {"Content-Type": "application/json", **headers})
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read())

    def test_a_trace_goes_through_requests_records_letters_and_the_log(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        traceparent = f"00-{trace}-00f067aa0ba902b7-01"
        weir("produce", "words", "--create", *self.settings)
        filtering = self.start("run", "example-filter")
        wait_for(lambda: self.post(filtering, "words", [{"key": "k", "value": "streams"}], traceparent=traceparent, tracestate="vendor=1"))
        wait_for(lambda: sum(task["records"] for task in filtering.get("/v1/tasks")["data"]))
        self.assertEqual(filtering.stop()[0], 0)
        word = parsed(weir("consume", "long-words", *self.settings)[0])[0]
        self.assertEqual((word["headers"]["traceparent"], word["headers"]["tracestate"]), (traceparent, "vendor=1"))

        broken = {"key": "o", "value": "{broken", "headers": {"traceparent": traceparent}}
        weir("produce", "orders.events", "--create", *self.settings, stdin=lines(broken))
        shop = self.start("run", "commerce")
        letter = wait_for(lambda: shop.get("/v1/dead-letters")["data"])[0]
        self.assertEqual(letter["trace_id"], trace)
        status, log = shop.stop()
        self.assertEqual(status, 0)
        told = [json.loads(line) for line in log.splitlines() if trace in line]
        self.assertEqual([(line["trace_id"], line["msg"]) for line in told],
                         [(trace, f"dead letter to orders.events.dlq: topic orders.events, partition {letter['partition']}, offset 0: unreadable")])
        self.assertEqual(parsed(weir("consume", "orders.events.dlq", *self.settings)[0])[0]["headers"]["traceparent"], traceparent)

    def pages(self, instance, path):
        """All rows, a page of two at a time: (key, start, end, value) with times in minutes."""
        rows, cursor = [], ""
        while cursor is not None:
            page = instance.get(path + (f"&cursor={cursor}" if cursor else ""))
            rows += [(r["key"], r["window"]["start"][14:16], r["window"]["end"][14:16], r["value"]) for r in page["data"]]
            cursor = page["page"]["next"]
        return rows

    def test_sessions_can_be_asked_for(self):
        clicks = [("ann", 1), ("ann", 20), ("bob", 5), ("cy", 9), ("cy", 9), ("cy", 12)]
        text = "".join(json.dumps({"key": key, "value": "/", "ts": minute * 60000}) + "\n" for key, minute in clicks)
        weir("produce", "clicks", "--create", *self.settings, stdin=text)
        instance = self.start("run", "example-session")
        visits = "/v1/views/visits"
        expected = [("ann", "01", "20", 2), ("bob", "05", "05", 1), ("cy", "09", "12", 3)]
        wait_for(lambda: self.pages(instance, f"{visits}/sessions?limit=2") == expected)
        self.assertEqual(self.pages(instance, f"{visits}/entries?limit=2"), expected)
        self.assertEqual(self.pages(instance, f"{visits}/sessions?limit=2&order=desc"), expected[::-1])
        self.assertEqual(self.pages(instance, f"{visits}/sessions?limit=2&from={6 * 60000}&to={9 * 60000}"), [expected[0], expected[2]])
        self.assertEqual(self.pages(instance, f"{visits}/keys/cy/sessions?limit=2"), [expected[2]])
        csv = weir("query", "visits", "cy", "--url", instance.url, "--format", "csv")[0].splitlines()
        self.assertEqual(csv[0], "key,window_start,window_end,value,timestamp,partition")
        self.assertTrue(csv[1].startswith("cy,1970-01-01T00:09:00.000Z,1970-01-01T00:12:00.000Z,3,"))
        self.assertEqual(len(weir("query", "visits", "--url", instance.url)[0].splitlines()), 4)
        with self.assertRaises(urllib.error.HTTPError):
            instance.get(f"{visits}/windows")
        instance.ends_well()

    def test_a_taken_port_is_an_error(self):
        instance = self.start("run", "example-filter")
        port = instance.url.rsplit(":", 1)[1]
        weir("run", "example-count", "--port", port, "--set", f"state.dir={self.folder}/other", expect=69)

    def test_what_it_writes_is_not_for_everyone_and_root_is_warned(self):
        self.settings += ["--set", f"metrics.snapshot.file={self.folder}/metrics", "--set", "embedded.partitions=1"]
        self.addCleanup(os.umask, os.umask(0))
        instance = self.start("run", "example-count")
        wait_for(lambda: instance.get("/v1/tasks")["data"])
        self.assertIn("NoNewPrivs:\t1\n", pathlib.Path(f"/proc/{instance.process.pid}/status").read_text())
        status, error = instance.stop()
        self.assertEqual(status, 0)
        written = list(pathlib.Path(self.folder).rglob("*"))
        self.assertGreater(len(written), 10)
        self.assertEqual([str(path) for path in written if path.stat().st_mode & 0o007], [])
        self.assertEqual("runs as root" in error, os.geteuid() == 0, error)

    def test_a_view_survives_the_process(self):
        weir("produce", "words", "--create", *self.settings, stdin="\tweir\n")
        for number, count in ((signal.SIGKILL, 1), (signal.SIGINT, 1), (signal.SIGTERM, 1)):
            instance = self.start("run", "example-count")
            wait_for(lambda: instance.get("/v1/views/word-counts/keys/weir")["value"] == count)
            status, _ = instance.stop(number)
            self.assertEqual(status, -9 if number == signal.SIGKILL else 0)

    def test_an_application_begins_anew(self):
        weir("produce", "words", "--create", *self.settings, stdin="\tweir\n")
        for _ in range(2):
            instance = self.start("run", "example-count")
            wait_for(lambda: instance.get("/v1/views/word-counts/keys/weir")["value"] == 1)
            weir("reset", "example-count", "--yes", *self.settings, expect=78)
            instance.ends_well()
            would, hint = weir("reset", "example-count", *self.settings)
            self.assertIn("nothing was deleted", hint)
            self.assertEqual(would.splitlines()[-1], f"directory {self.folder}/state/example-count")
            self.assertEqual(weir("reset", "example-count", "--yes", *self.settings)[0], would)
            self.assertFalse(os.path.exists(f"{self.folder}/state/example-count"))
            topics = weir("reset", "example-count", *self.settings)[0]
            self.assertEqual(topics, "offsets of group example-count\n")
        self.assertEqual(len(parsed(weir("consume", "words", *self.settings)[0])), 1)

    def test_the_shop_is_right_to_the_cent(self):
        events, _ = weir("generate", "commerce", "--events", "5000", "--seed", "3")
        expected = recompute_commerce.compute(events.splitlines())
        for topic in ("orders.events", "inventory.responses", "inventory.events", "notifications.events", "inventory.stock"):
            part = "".join(line + "\n" for line in events.splitlines() if f'"topic":"{topic}"' in line)
            weir("produce", topic, "--create", *self.settings, stdin=part)
        instance = self.start("run", "commerce")

        def metrics():
            rows = instance.get("/v1/views/commerce-metrics/entries")["data"]
            return {row["key"]: {"count": row["value"]["count"], "amount": recompute_commerce.Decimal(str(row["value"]["amount"]))}
                    for row in rows}
        wait_for(lambda: metrics() == expected["commerce-metrics"])
        instance.ends_well()
        for topic, wanted, fields in (("commerce.metrics", expected["commerce-metrics"], ("count", "amount")),
                                      ("commerce.stock", expected["commerce-stock"], ("quantity", "reserved", "available"))):
            told = parsed(weir("consume", topic, *self.settings)[0])
            last = {row["key"]: {field: recompute_commerce.Decimal(str(row["value"][field])) for field in fields} for row in told}
            self.assertEqual(last, {key: {field: row[field] for field in fields} for key, row in wanted.items()})
            self.assertLess(len(told), 800, f"{topic}: at every change (3120, 1737), not at every commit")

    def test_the_demo_answers_with_live_figures(self):
        began = time.monotonic()
        instance = Instance("demo", "--port", "0", "--dir", self.folder, "--rate", "500")
        self.addCleanup(self.finish, instance)
        self.assertLess(time.monotonic() - began, 10)

        def created():
            return instance.get("/v1/views/commerce-metrics/keys/orders.created")["value"]["count"]
        first = wait_for(created)
        wait_for(lambda: created() > first)
        instance.ends_well(signal.SIGINT)

    def test_the_demo_closes_contracts_of_now(self):
        instance = Instance("demo", "continental", "--port", "0", "--dir", self.folder, "--rate", "2000")
        self.addCleanup(self.finish, instance)

        def closed():
            rows = instance.get("/v1/views/continental-closings-per-minute/entries")["data"]
            return [row["value"] for row in rows if row["value"]["closed"] >= 20]
        for row in wait_for(closed):
            self.assertLess(row["p95Ms"], 60000)
        instance.ends_well(signal.SIGINT)

    def test_the_demo_leaves_nothing_behind(self):
        place = pathlib.Path(self.folder) / "tmp"
        place.mkdir()
        os.environ["TMPDIR"] = str(place)
        self.addCleanup(os.environ.pop, "TMPDIR")
        instance = Instance("demo", "--port", "0")
        self.addCleanup(self.finish, instance)
        self.assertEqual(len(list(place.iterdir())), 1)
        instance.ends_well()
        self.assertEqual(list(place.iterdir()), [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
