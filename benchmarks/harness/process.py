"""Child processes whose CPU time and peak memory the kernel tells. SPDX-License-Identifier: Apache-2.0"""
import os
import signal
import socket
import subprocess
import sys
import time

LIMIT_S = 900
TICK = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """A row that did not do its work: it is void, and the message says why."""


def say(text):
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def cpu_of(pid):
    """User and system seconds of a process so far, in steps of 10 ms; None without one."""
    if pid is None:
        return None
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def free_port():
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port):
    """Returns when somebody listens on the port."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failure(f"nothing listens on port {port}")


class Process:
    """A child; standard error goes to the log."""

    def __init__(self, command, log, **more):
        self.began = time.monotonic()
        self.log = log
        self.figures = None  # once it has ended
        with open(log, "ab") as errors:
            self.log_from = errors.tell()
            self.child = subprocess.Popen([str(word) for word in command], stderr=errors, **more)

    @property
    def pid(self):
        """Its process id."""
        return self.child.pid

    def poll(self):
        """{"cpu_s", "rss_mb", "status"} if it has ended, else None."""
        if self.figures is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.child.returncode = os.waitstatus_to_exitcode(status)
                self.figures = {"cpu_s": usage.ru_utime + usage.ru_stime, "rss_mb": usage.ru_maxrss / 1024,
                                "status": self.child.returncode}
        return self.figures

    def last_words(self):
        """The end of its log, for a message."""
        with open(self.log, "rb") as file:
            file.seek(self.log_from)
            text = file.read().decode(errors="replace")
        return " | ".join(line.strip() for line in text.splitlines()[-3:])

    def wait(self, limit_s=LIMIT_S):
        """Its figures when it has ended by itself with status 0."""
        until = time.monotonic() + limit_s
        while self.poll() is None:
            if time.monotonic() > until:
                self.kill()
                raise Failure(f"did not end within {limit_s} s: {self.last_words()}")
            time.sleep(0.005)
        if self.figures["status"] != 0:
            raise Failure(f"ended with status {self.figures['status']}: {self.last_words()}")
        return self.figures

    def must_run(self):
        """A failure if it has ended."""
        if self.poll() is not None:
            raise Failure(f"ended with status {self.figures['status']}: {self.last_words()}")

    def end(self, limit_s=60):
        """Its figures, after SIGTERM."""
        if self.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.wait(limit_s)

    def kill(self):
        """SIGKILL, if it still runs."""
        if self.poll() is None:
            self.child.kill()
            _, status, usage = os.wait4(self.pid, 0)
            self.child.returncode = os.waitstatus_to_exitcode(status)
            self.figures = {"cpu_s": usage.ru_utime + usage.ru_stime, "rss_mb": usage.ru_maxrss / 1024,
                            "status": self.child.returncode}
