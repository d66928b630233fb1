"""The door on fake apps, and a raw socket to it. Python standard library only.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import socket
import subprocess


class Door:
    """Runs the fake server; `echo` lists the records that were produced."""

    def __init__(self, program, address=None, **knobs):
        environment = dict(os.environ, **{name: str(value) for name, value in knobs.items()})
        command = [program, "0"] + ([address] if address else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.stdin.close()
            self.process.stdout.close()
            raise RuntimeError(f"{program} did not start, status {self.process.wait()}")
        self.port = int(line)

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def close(self):
        """Ends the server; its status tells of sanitizer reports."""
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(timeout=20), rest

    def connect(self, timeout=5):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def raw(self, data, timeout=5):
        """Sends bytes, returns what comes back until the other side closes or falls silent."""
        with self.connect(timeout) as connection:
            connection.sendall(data)
            return read_until_silent(connection)

    def ask(self, method, path, body=None, **headers):
        """One request on its own connection; returns an Answer."""
        payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(payload)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return Answer(self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + payload, timeout=35), method == "HEAD")

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, body, **headers):
        return self.ask("POST", path, body, **headers)


def read_until_silent(connection):
    parts = []
    try:
        while chunk := connection.recv(65536):
            parts.append(chunk)
    except (TimeoutError, ConnectionError):
        pass
    return b"".join(parts)


class Answer:
    def __init__(self, data, is_head=False):
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if lines[0] else 0
        self.headers = {}
        for name, _, value in (line.partition(":") for line in lines[1:]):
            before = self.headers.get(name.lower())
            self.headers[name.lower()] = value.strip() if before is None else f"{before}, {value.strip()}"
        size = int(self.headers.get("content-length", len(body)))
        self.body = b"" if is_head else body[:size]
        self.rest = body if is_head else body[size:]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code")
