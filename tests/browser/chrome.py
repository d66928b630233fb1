"""A headless Chromium through its debugging protocol: a WebSocket client of a page, standard library only.
SPDX-License-Identifier: Apache-2.0"""
import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --hide-scrollbars --lang=en-US --remote-debugging-port=0 about:blank").split()


def find():
    return next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


class Chrome:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="weir-browser-")
        self.process = subprocess.Popen([find(), f"--user-data-dir={self.folder}", *FLAGS],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self.wait_for_port()
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10))
        path = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page").split(f":{port}", 1)[1]
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self.socket.recv(4096)
        self.data = self.data.split(b"\r\n\r\n", 1)[1]
        self.number, self.complaints = 0, []
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def wait_for_port(self):
        path = os.path.join(self.folder, "DevToolsActivePort")
        for _ in range(300):
            time.sleep(0.1)
            if not os.path.exists(path):
                continue
            with open(path, encoding="ascii") as file:
                if text := file.read():
                    return int(text.split()[0])
        raise RuntimeError("the browser did not start")

    def send(self, text):
        payload, mask = text.encode(), os.urandom(4)
        if len(payload) < 126:
            size = bytes([0x80 | len(payload)])
        else:
            size = b"\xfe" + len(payload).to_bytes(2, "big") if len(payload) < 65536 else b"\xff" + len(payload).to_bytes(8, "big")
        long_mask = (mask * (len(payload) // 4 + 1))[:len(payload)]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(long_mask, "big")).to_bytes(len(payload), "big")
        self.socket.sendall(b"\x81" + size + mask + masked)

    def take(self, size):
        while len(self.data) < size:
            self.data += self.socket.recv(1 << 20)
        part, self.data = self.data[:size], self.data[size:]
        return part

    def receive(self):
        message = b""
        while True:
            first, size = self.take(2)
            if size in (126, 127):
                size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
            message += self.take(size)
            if first & 0x80:
                return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        self.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = self.receive()
            if message.get("id") == self.number:
                return message.get("result", message)
            self.note(message)

    def note(self, message):
        """Errors on the console, reports of the security policy and uncaught exceptions."""
        parameters = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"].get("text", "") + json.dumps(parameters)[:300])
        elif message.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"]["text"])

    def open(self, url, width=1280, height=900, dark=False, still=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                                                           {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}])
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)

    def ask(self, expression):
        """None where a page that is just being left or loaded cannot say."""
        return self.call("Runtime.evaluate", expression=expression, awaitPromise=True).get("result", {}).get("value")

    def evaluate(self, script):
        """A script of any size; what it throws is raised."""
        result = self.call("Runtime.evaluate", expression=script)
        if "exceptionDetails" in result:
            raise AssertionError(json.dumps(result["exceptionDetails"])[:500])

    def speak(self, language):
        """What the browser says it prefers."""
        agent = self.ask("navigator.userAgent")
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)

    def until(self, expression, seconds=15):
        for _ in range(seconds * 10):
            if value := self.ask(f"Boolean(document.body && ({expression}))"):
                return value
            time.sleep(0.1)
        raise AssertionError(f"did not come true: {expression}")

    def press(self, key, code=None, text=None):
        common = {"key": key, "code": code or key, **({"text": text} if text else {}),
                  "windowsVirtualKeyCode": {"Tab": 9, "Enter": 13}.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def shoot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)
