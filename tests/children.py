"""Processes that a test starts end with the test, also when it fails or is terminated: start(command, …) is subprocess.Popen.
SPDX-License-Identifier: Apache-2.0"""
import atexit
import signal
import subprocess
import sys


def end(child):
    if child.poll() is None:
        child.kill()
        child.wait()


def start(command, **options):
    child = subprocess.Popen(command, **options)
    atexit.register(end, child)
    return child


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or nothing would be ended
