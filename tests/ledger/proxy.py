"""A TCP proxy that ill-treats what passes through it: connections are cut, delayed, sliced, or stand still.

One thread per direction of a connection; `mood` says what happens to the bytes of all connections at the moment, `struck` counts
the chunks it happened to, so that a test can show that it did. SPDX-License-Identifier: Apache-2.0"""
import collections
import random
import socket
import threading
import time

CHUNK = 65536


class Proxy:
    def __init__(self, port, target, seed):
        self.target, self.dice = target, random.Random(seed)
        self.mood = "calm"
        self.struck = collections.Counter()
        self.connections, self.lock = set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client):
        if self.mood == "refuse":
            self.struck["refuse"] += 1
            client.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            server.settimeout(None)
        except OSError:
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = (client, server)
        with self.lock:
            self.connections.add(pair)
        for source, sink in (pair, pair[::-1]):
            threading.Thread(target=self.pump, args=(source, sink, pair), daemon=True).start()

    def pump(self, source, sink, pair):
        try:
            while chunk := source.recv(CHUNK):
                self.pass_on(chunk, sink)
        except OSError:
            pass
        self.end(pair)

    def pass_on(self, chunk, sink):
        mood = self.mood
        if mood == "delay":
            self.struck[mood] += 1
            time.sleep(self.dice.uniform(0.05, 0.4))
        elif mood == "stall":
            self.struck[mood] += 1
            while self.mood == "stall":
                time.sleep(0.05)
        elif mood == "slice":
            self.struck[mood] += 1
            while len(chunk) > 1:
                size = min(self.dice.randint(1, 700), len(chunk) - 1)
                sink.sendall(chunk[:size])
                chunk = chunk[size:]
                if self.dice.random() < 0.05:
                    time.sleep(0.002)
        elif mood == "tear":  # part of a message arrives, the connection does not live to see the rest
            self.struck[mood] += 1
            if self.dice.random() < 0.02:
                sink.sendall(chunk[:len(chunk) // 2])
                raise OSError("torn")
        sink.sendall(chunk)

    def end(self, pair):
        with self.lock:
            self.connections.discard(pair)
        for end in pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def cut(self):
        """Ends every connection; new ones are let in."""
        with self.lock:
            pairs = list(self.connections)
        for pair in pairs:
            self.struck["cut"] += 1
            self.end(pair)

    def close(self):
        self.listener.close()
        self.cut()
