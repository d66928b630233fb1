"""Kafka's own commands, on the broker of BOOTSTRAP.
SPDX-License-Identifier: Apache-2.0"""
import os
import pathlib
import subprocess

KAFKA = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts" / "kafka"


def command(name, *arguments):
    """What it prints."""
    done = subprocess.run([str(KAFKA), name, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "KAFKA_PORT": os.environ["BOOTSTRAP"].rpartition(":")[2]})
    if done.returncode != 0:
        raise OSError(done.stdout.decode())
    return done.stdout.decode()


def topics(*arguments):
    """The words it prints."""
    return command("topics", *arguments).split()
