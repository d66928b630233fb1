"""A guarded door: its access file, keys of every role, and what the OpenAPI document says of its routes.
SPDX-License-Identifier: Apache-2.0"""
import hashlib
import os
import secrets

ROLES = ["reader", "analyst", "producer", "operator", "admin", "peer"]


class Access:
    """An access file in a directory; `key` adds a line and returns what opens the door."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "access")
        self.lines = []
        self.write()

    def write(self):
        fresh = self.path + ".new"
        with open(fresh, "w") as file:
            file.write("# who may come in\n" + "".join(line + "\n" for line in self.lines))
        os.replace(fresh, self.path)

    def key(self, principal, role, limits=""):
        identity, secret = secrets.token_hex(4), secrets.token_hex(32)
        text = f"weir_{identity}_{secret}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.add(f"{principal} {role} key:{identity}:{digest} {limits}")
        return text

    def add(self, line):
        self.lines.append(line)
        self.write()


def operations(document):
    """(method, path, roles or None when the route is public) of every operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            roles = {role for way in operation["security"] for role in way.get("bearer", [])}
            yield method.upper(), path, roles if operation["security"] else None
