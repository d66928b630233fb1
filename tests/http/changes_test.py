"""Changes of a view as server-sent events. SPDX-License-Identifier: Apache-2.0"""
import http.client
import json
import os
import socket
import tempfile
import threading
import time
import unittest

from door import Door
from guarded import Access

PROGRAM = os.environ.get("WEIR_FAKE_SERVER", "")
CHANGES = "/v1/views/customer-totals/changes"
ROWS = 500  # of the fake view, in 4 partitions; row n is in partition n % 4
PATIENCE = 60


class Reader:
    """One that follows a view; as EventSource does, it remembers the id of the last event that had one."""

    def __init__(self, door, path=CHANGES, last=None, **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=PATIENCE)
        if last is not None:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        self.answer = self.connection.getresponse()
        self.last = last
        self.comments = 0

    def close(self):
        self.connection.close()

    def next(self):
        """The next event as (name, data); None at the end."""
        name, data = "message", []
        while line := self.answer.readline():
            field, _, value = line.decode().rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            if not line.strip():
                if data:
                    return name, json.loads("\n".join(data))
                name, data = "message", []
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                self.last = value
            elif field == "":
                self.comments += 1
        return None

    def until(self, name):
        """Events up to that one, which is left out."""
        events = []
        while (event := self.next()) and event[0] != name:
            events.append(event)
        assert event, events[-3:]
        return events


class WithDoor(unittest.TestCase):
    knobs = {"FAKE_STILL": 1}

    def setUp(self):
        self.door = Door(PROGRAM, **self.knobs)
        self.readers = []

    def tearDown(self):
        for reader in self.readers:
            reader.close()
        self.assertEqual(self.door.close()[0], 0)

    def follow(self, *arguments, **more):
        self.readers.append(Reader(self.door, *arguments, **more))
        return self.readers[-1]

    def key(self, row):
        return json.loads(self.door.get("/v1/views/customer-totals/entries?limit=500").body)["data"][row]["key"]


class Following(WithDoor):
    def test_rows_come_first_and_each_once_and_then_it_is_ready(self):
        reader = self.follow()
        self.assertEqual((reader.answer.status, reader.answer.getheader("content-type")), (200, "text/event-stream"))
        self.assertEqual(reader.answer.getheader("cache-control"), "no-store")
        events = reader.until("ready")
        self.assertEqual({name for name, _ in events}, {"snapshot"})
        self.assertEqual(len({data["key"] for _, data in events}), ROWS)
        self.assertEqual(len(events), ROWS)
        row = json.loads(self.door.get(f"/v1/views/customer-totals/keys/{events[0][1]['key']}").body)
        self.assertEqual({name: events[0][1][name] for name in ("key", "value", "timestamp")},
                         {name: row[name] for name in ("key", "value", "timestamp")})
        self.assertEqual(reader.last, "0:0,1:0,2:0,3:0")

    def test_changes_and_deletions_come_in_their_order_and_say_where_they_are(self):
        reader = self.follow(CHANGES + "?snapshot=false")
        self.assertEqual(reader.until("ready"), [])
        for command in ("change 4", "change 5", "delete 4"):
            self.door.command(command)
            name, data = reader.next()
            self.assertEqual((name, data["partition"]), (command.split()[0], int(command.split()[1]) % 4))
            self.assertEqual(data["value"] is None, name == "delete")
        self.assertEqual(reader.last, "0:2,1:1,2:0,3:0")

    def test_a_reader_goes_on_where_it_was_and_nothing_comes_twice(self):
        last, seen = None, 0
        self.follow(CHANGES + "?snapshot=false").until("ready")  # somebody follows all the time
        for turn in range(20):
            reader = Reader(self.door, CHANGES + "?snapshot=false", last=last)
            if last is None:
                reader.until("ready")
            self.door.command("change 8 9")
            for _ in range(7):  # and leaves in the middle
                while (event := reader.next())[0] == "ready":
                    pass
                self.assertEqual(event[0], "change")
                seen += 1
                self.assertEqual(reader.last.split(",")[0], f"0:{seen}")
            last = reader.last
            reader.close()
            self.door.command("change 8 1")
        reader = self.follow(CHANGES + "?snapshot=false", last=last)
        while seen < 20 * 12:
            if reader.next()[0] == "change":
                seen += 1
                self.assertEqual(reader.last.split(",")[0], f"0:{seen}")

    def test_where_it_was_is_not_known_the_rows_come_again_behind_a_reset(self):
        reader = self.follow(last="0:77,1:0,2:0,3:0")
        self.assertEqual(reader.next(), ("reset", {"partition": 0}))
        events = reader.until("ready")
        self.assertEqual({data["partition"] for _, data in events}, {0})
        self.assertEqual(len(events), ROWS / 4)

    def test_a_partition_that_was_not_told_to_its_end_is_told_again(self):
        events = self.follow(last="0:0,1:0,3:0").until("ready")
        self.assertEqual(events[0], ("reset", {"partition": 2}))
        self.assertEqual(len(events), 1 + ROWS / 4)

    def test_without_rows_a_reset_stands_for_what_is_missing(self):
        reader = self.follow(CHANGES + "?snapshot=false", last="0:77,1:0,2:0,3:0")
        self.assertEqual(reader.until("ready"), [("reset", {"partition": 0})])

    def test_what_is_no_id_of_this_view_is_refused(self):
        for text in ("x", "0", "0:", "4:0", "0:1,", "0:1,0:1", "0:-1", ",", "0 :1", "0:9999999999999999999", "00000000000000000000:1"):
            answer = self.door.get(CHANGES, Last_Event_ID=text)
            self.assertEqual((text, answer.status, answer.code), (text, 422, "bad-position"))

    def test_what_is_no_view_or_parameter_is_refused(self):
        self.assertEqual(self.door.get("/v1/views/nothing/changes").code, "view-not-found")
        self.assertEqual(self.door.get(CHANGES + "?snapshot=maybe").code, "bad-parameter")
        self.assertEqual(self.door.ask("POST", CHANGES, {}).status, 405)

    def test_head_tells_the_type_and_ends(self):
        answer = self.door.ask("HEAD", CHANGES)
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/event-stream"))

    def test_every_kind_of_view_can_be_followed(self):
        views = [view["name"] for view in self.door.get("/v1/views").json["data"]]
        self.assertGreater(len(views), 4)
        for view in views:
            rows = self.door.get(f"/v1/views/{view}/entries?limit=10000")
            if rows.status == 200:
                events = self.follow(f"/v1/views/{view}/changes").until("ready")
                self.assertEqual(len(events), len(rows.json["data"]), view)

    def test_readers_are_counted(self):
        self.follow().until("ready")
        self.assertIn("weir_http_change_readers 1\n", self.door.get("/metrics").body.decode())

    def test_a_reader_that_goes_away_is_forgotten(self):
        reader = self.follow(CHANGES + "?snapshot=false")
        reader.until("ready")
        reader.close()
        until = time.monotonic() + PATIENCE
        while "weir_http_change_readers 0\n" not in self.door.get("/metrics").body.decode():
            self.assertLess(time.monotonic(), until)
            self.door.command("change 1 1000")
            time.sleep(0.1)

    def test_many_readers_are_told_the_same(self):
        readers = [self.follow(CHANGES + "?snapshot=false") for _ in range(100)]
        for reader in readers:
            reader.until("ready")
        self.door.command("change 4 499")
        for reader in readers:
            for mark in range(1, 501):
                self.assertEqual(reader.next()[0], "change")
                self.assertEqual(reader.last, f"0:{mark},1:0,2:0,3:0")

    def test_the_door_closes_though_readers_are_there(self):
        reader = self.follow()
        reader.until("ready")
        self.door.process.stdin.close()
        self.assertIsNone(reader.next())
        self.door.process.stdin = open(os.devnull, "w")


class Slow(WithDoor):
    knobs = {"FAKE_STILL": 1, "FAKE_KEPT": 1000}

    def wait_until_changed(self, count):
        """Whoever comes again while changes are still made may be too slow again."""
        until = time.monotonic() + PATIENCE
        while True:
            reader = self.follow(CHANGES + "?snapshot=false")
            reader.until("ready")
            if reader.last.startswith(f"0:{count},"):
                return
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)

    def test_a_reader_that_does_not_keep_up_is_told_and_let_go_and_comes_again(self):
        reader = self.follow(CHANGES + "?snapshot=false")
        reader.until("ready")
        self.door.command("change 4 99")
        for _ in range(100):
            self.assertEqual(reader.next()[0], "change")
        self.door.command("change 4 90000")  # more than sockets, buffers and the feed hold
        last = 100
        while (event := reader.next()) and event[0] == "change":
            last += 1
            self.assertEqual(reader.last.split(",")[0], f"0:{last}")
        self.assertEqual(event[0], "slow")
        self.assertIsNone(reader.next())
        self.assertLess(last, 90000)
        self.assertIn("weir_http_slow_readers_total 1\n", self.door.get("/metrics").body.decode())
        self.wait_until_changed(100 + 90001)
        again = self.follow(last=reader.last).until("ready")
        self.assertEqual(again[0], ("reset", {"partition": 0}))
        self.assertEqual(len(again), 1 + ROWS / 4)


class Elsewhere(WithDoor):
    """Where other instances are not asked."""
    knobs = {"FAKE_STILL": 1, "FAKE_PARTITIONS_HERE": 2, "FAKE_ROUTING": "none"}

    def test_a_view_that_is_not_all_here_is_refused_with_how_much_is(self):
        answer = self.door.get(CHANGES)
        self.assertEqual((answer.status, answer.code), (503, "partitions-elsewhere"))
        self.assertEqual((answer.json["partitions"], answer.json["partitions_here"]), (4, 2))

    def test_a_reader_is_told_that_a_partition_has_left_and_the_stream_ends(self):
        self.door.command("hold 0 4")
        reader = self.follow_when_whole()
        self.door.command("hold 0 3")
        self.assertEqual(reader.next()[0], "moved")
        self.assertIsNone(reader.next())

    def follow_when_whole(self):
        until = time.monotonic() + PATIENCE
        while self.door.get("/v1/views/customer-totals").json["partitions_here"] < 4:
            self.assertLess(time.monotonic(), until)
        reader = self.follow()
        reader.until("ready")
        return reader


class Stub:
    """Another instance that says these bytes to whoever asks, and then nothing more."""

    def __init__(self, answer):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.answer, self.open = answer, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                one, _ = self.listening.accept()
                self.open.append(one)
                one.sendall(self.answer)
            except OSError:
                return

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for one in self.open:
            one.close()


def marks_of(reader):
    return dict(part.split(":") for part in reader.last.split(","))


class WithTwo(WithDoor):
    """Partitions 0 and 1 are on the instance that is asked, 2 and 3 on another."""
    knobs = {"FAKE_STILL": 1, "FAKE_PARTITIONS_HERE": 2}

    def setUp(self):
        super().setUp()
        self.far = Door(PROGRAM, **self.knobs, FAKE_PARTITIONS_FROM=2, FAKE_PEER=f"127.0.0.1:{self.door.port}")
        self.door.command(f"hold 0 2 {self.far.port}")

    def tearDown(self):
        super().tearDown()
        if self.far:
            self.assertEqual(self.far.close()[0], 0)

    def both(self, command):
        self.door.command(command)
        self.far.command(command)

    def follow_at(self, door, *arguments, **more):
        self.readers.append(Reader(door, *arguments, **more))
        return self.readers[-1]

    def next_of_rows(self, reader):
        """The next event that is not about where partitions are."""
        while (event := reader.next())[0] in ("ready", "away", "back"):
            pass
        return event

    def take_change(self, reader, marks):
        name, data = self.next_of_rows(reader)
        partition = str(data["partition"])
        marks[partition] = marks.get(partition, 0) + 1
        self.assertEqual((name, marks_of(reader)[partition]), ("change", str(marks[partition])))


class Spread(WithTwo):
    def test_the_rows_of_all_instances_come_once_and_then_their_changes(self):
        for door in (self.door, self.far):
            reader = self.follow_at(door)
            events = [event for event in reader.until("ready") if event[0] not in ("away", "back")]
            self.assertEqual({name for name, _ in events}, {"snapshot"})
            self.assertEqual(len(events), ROWS)
            self.assertEqual(len({data["key"] for _, data in events}), ROWS)
            self.assertEqual(sorted(marks_of(reader)), ["0", "1", "2", "3"])
            for row in (4, 7, 6, 5):
                self.both(f"change {row}")
                name, data = self.next_of_rows(reader)
                self.assertEqual((name, data["partition"]), ("change", row % 4))
            self.both("delete 10")
            self.assertEqual(self.next_of_rows(reader)[0], "delete")

    def test_a_reader_goes_on_where_it_was_at_any_instance_and_nothing_comes_twice(self):
        for door in (self.door, self.far):
            self.follow_at(door, CHANGES + "?snapshot=false").until("ready")  # somebody follows all the time
        last, marks = None, {}
        for turn in range(20):
            reader = self.follow_at((self.door, self.far)[turn % 2], CHANGES + "?snapshot=false", last=last)
            if last is None:
                reader.until("ready")
            self.both("change 8 4")
            self.both("change 11 4")
            for _ in range(7):  # and leaves in the middle
                self.take_change(reader, marks)
            last = reader.last
            reader.close()
        reader = self.follow_at(self.far, CHANGES + "?snapshot=false", last=last)
        while sum(marks.values()) < 20 * 10:
            self.take_change(reader, marks)
        self.assertEqual(reader.last, "0:100,1:0,2:0,3:100")

    def test_while_nobody_has_a_partition_the_others_go_on_and_the_reader_is_told(self):
        reader = self.follow()
        reader.until("ready")
        self.far.command("hold 0 0")
        away = [reader.next(), reader.next()]
        self.assertEqual([(name, data["partition"]) for name, data in away], [("away", 2), ("away", 3)])
        self.both("change 4")
        self.assertEqual(reader.next()[0], "change")
        self.both("change 6")  # of partition 2
        self.far.command("hold 2 2")
        events = [reader.next() for _ in range(3)]
        self.assertEqual([(name, data["partition"]) for name, data in events], [("back", 2), ("back", 3), ("change", 2)])

    def test_a_partition_that_moves_is_followed_to_where_it_goes(self):
        reader = self.follow()
        reader.until("ready")
        marks = {}
        for turn in range(6):
            here = 1 + turn % 3
            self.door.command(f"hold 0 {here} {self.far.port}")
            self.far.command(f"hold {here} {4 - here} {self.door.port}")
            for row in range(4):
                self.both(f"change {row} 2")
            for _ in range(12):
                self.take_change(reader, marks)

    def test_after_the_death_of_an_instance_its_partitions_go_on_elsewhere(self):
        reader = self.follow()
        reader.until("ready")
        self.both("change 6")
        self.assertEqual(self.next_of_rows(reader)[0], "change")
        self.far.process.kill()
        self.far.close()
        self.far = None
        while reader.next()[0] != "away":
            pass
        self.door.command("change 6")
        self.door.command("hold 0 4")
        self.assertEqual(self.next_of_rows(reader)[0], "change")
        self.assertEqual(reader.last, "0:0,1:0,2:2,3:0")

    def test_rows_that_were_not_told_to_their_end_come_anew_behind_a_reset(self):
        stub = Stub(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nretry: 1000\n\n"
                    b'event: snapshot\ndata: {"key":"customer-002","value":{},"partition":2}\n\nevent: moved\ndata: {}\n\n')
        self.door.command(f"hold 0 2 {stub.port}")
        reader, rows = self.follow(), {}
        while (event := self.next_of_rows(reader))[0] != "reset":
            self.assertEqual(event[0], "snapshot")
        self.door.command(f"hold 0 2 {self.far.port}")
        while event and event[0] != "ready":
            if event[0] == "reset":
                rows = {key: partition for key, partition in rows.items() if partition != event[1]["partition"]}
            elif event[0] == "snapshot" and event[1]["partition"] > 1:
                self.assertNotIn(event[1]["key"], rows)
                rows[event[1]["key"]] = event[1]["partition"]
            elif event[0] == "slow":  # told from the first row too often: it comes again
                reader, rows = self.follow(), {}
            event = reader.next()
        self.assertEqual(len(rows), ROWS / 2)
        stub.close()

    def test_instances_that_do_not_know_how_or_say_nothing_hold_nobody_up(self):
        for answer in (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", b"", b"nonsense\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nevent: ready\nid: 0:1\ndata: {}\n\n",
                       b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nevent: reset\ndata: {\"partition\":1}\n\n"):
            stub = Stub(answer)
            self.door.command(f"hold 0 2 {stub.port}")
            reader = self.follow(CHANGES + "?snapshot=false")
            while reader.next()[0] != "away":
                pass
            self.door.command("change 4")
            self.assertEqual(self.next_of_rows(reader)[0], "change", answer)
            reader.close()
            stub.close()

    def test_an_instance_that_is_asked_by_another_answers_for_what_it_has_and_asks_nobody(self):
        told = {"X_Weir_Forwarded": "another", "X_Weir_Partitions": "1,2"}
        self.assertEqual(self.far.get(CHANGES, **told).code, "partitions-elsewhere")
        reader = self.follow_at(self.far, X_Weir_Forwarded="another", X_Weir_Partitions="3")
        self.assertEqual({data["partition"] for _, data in reader.until("ready")}, {3})
        self.assertEqual(reader.last, "3:0")
        self.far.command("hold 0 3")
        self.assertEqual(reader.next()[0], "moved")
        self.assertIsNone(reader.next())


class SpreadAndSlow(WithTwo):
    knobs = {"FAKE_STILL": 1, "FAKE_PARTITIONS_HERE": 2, "FAKE_KEPT": 1000}

    def test_a_reader_that_does_not_keep_up_with_another_instance_is_told_and_let_go(self):
        reader = self.follow(CHANGES + "?snapshot=false")
        reader.until("ready")
        self.far.command("change 6 90000")  # more than sockets, buffers and the feed hold
        last = 0
        while (event := reader.next()) and event[0] == "change":
            last += 1
            self.assertEqual(marks_of(reader)["2"], str(last))
        self.assertEqual(event[0], "slow")
        self.assertIsNone(reader.next())
        self.assertLess(last, 90000)


class Guarded(unittest.TestCase):
    def test_a_reader_sees_what_it_may_and_no_more(self):
        with tempfile.TemporaryDirectory() as folder:
            access = Access(folder)
            keys = {"ann": access.key("ann", "reader", "views=customer-totals hide=customer-totals.spent"),
                    "bob": access.key("bob", "reader", "views=stock")}
            door = Door(PROGRAM, FAKE_STILL=1, FAKE_http_access_file=access.path)
            try:
                self.assertEqual(door.get(CHANGES).status, 401)
                self.assertEqual(door.get(CHANGES, Authorization=f"Bearer {keys['bob']}").status, 403)
                reader = Reader(door, Authorization=f"Bearer {keys['ann']}")
                rows = reader.until("ready")
                door.command("change 4")
                rows.append(reader.next())
                reader.close()
                for _, data in rows:
                    self.assertIn("orders", data["value"])
                    self.assertNotIn("spent", data["value"])
            finally:
                self.assertEqual(door.close()[0], 0)

    def test_readers_of_another_instance_do_not_count_as_connections_of_one_address(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # nothing is sent
                own = probe.getsockname()[0]
            except OSError:
                own = "127.0.0.1"
        if own.startswith("127."):
            self.skipTest("this machine has no address but its own")
        with tempfile.TemporaryDirectory() as folder:
            access = Access(folder)
            ann, peer = access.key("ann", "reader", "views=customer-totals"), access.key("weir", "peer")
            door = Door(PROGRAM, own, FAKE_STILL=1, WEIR_HTTP_INSECURE=1, FAKE_http_access_file=access.path)
            told = {"X-Weir-Forwarded": "another", "X-Weir-Partitions": "1", "X-Weir-Principal": "key:" + ann.split("_")[1],
                    "Authorization": f"Bearer {peer}"}
            opened = []

            def follow(headers):
                opened.append(http.client.HTTPConnection(own, door.port, timeout=PATIENCE))
                opened[-1].request("GET", CHANGES, headers=headers)
                return opened[-1].getresponse().status
            try:
                self.assertEqual([follow(told) for _ in range(60)], [200] * 60)
                self.assertEqual([follow({"Authorization": f"Bearer {ann}"}) for _ in range(50)], [200] * 50)
                with self.assertRaises((OSError, http.client.HTTPException)):
                    follow({"Authorization": f"Bearer {ann}"})
            finally:
                for one in opened:
                    one.close()
                self.assertEqual(door.close()[0], 0)

    def test_another_instance_hides_what_the_one_who_asks_may_not_see(self):
        with tempfile.TemporaryDirectory() as folder:
            access = Access(folder)
            ann = access.key("ann", "reader", "views=customer-totals hide=customer-totals.spent")
            peer = os.path.join(folder, "peer")
            with open(os.open(peer, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(access.key("weir", "peer") + "\n")
            knobs = {"FAKE_STILL": 1, "FAKE_http_access_file": access.path, "FAKE_http_peer_key_file": peer}
            far = Door(PROGRAM, **knobs)
            door = Door(PROGRAM, FAKE_PARTITIONS_HERE=2, FAKE_PEER=f"127.0.0.1:{far.port}", **knobs)
            try:
                reader = Reader(door, Authorization=f"Bearer {ann}")
                rows = reader.until("ready")
                far.command("change 6")
                rows.append(reader.next())
                reader.close()
                self.assertEqual(len(rows), ROWS + 1)
                for _, data in rows:
                    self.assertIn("orders", data["value"])
                    self.assertNotIn("spent", data["value"])
            finally:
                self.assertEqual((door.close()[0], far.close()[0]), (0, 0))


if __name__ == "__main__":
    unittest.main()
