"""What a release stands by, within a time: every figure once, then rounds of the throughput rows as long as there is time.
SPDX-License-Identifier: Apache-2.0"""
import time
from argparse import Namespace

from . import latency, rest, restore
from .process import say
from .throughput import measure_cell, row_of, warm_up

BOTH = ("stateless", "count", "tumbling", "stream-table", "stream-stream")  # under both guarantees
ONE = ("table-table", "hopping", "session", "foreign-key")                  # at least once
SMALL = ("count", "tumbling", "stream-stream", "foreign-key")               # Weir again, with little memory
SMALL_BYTES = 96 << 20
LATENCY = ("count", "tumbling", "stream-table")
AT_10_MS = ((10, 10),)


def cells_of(options):
    """(row, engine) in the order in which they are measured."""
    rows = [row_of(options, name, guarantee) for name in BOTH for guarantee in ("at_least_once", "exactly_once_v2")]
    rows += [row_of(options, name, "at_least_once") for name in ONE]
    cells = [(row, engine) for row in rows for engine in row.cells(options.engines)]
    return cells + [(row_of(options, name, "at_least_once", SMALL_BYTES), "weir") for name in SMALL]


def measure_round(bench, cells, report, took, until):
    """Each cell once more, unless it would not end in time; whether any was measured."""
    measured = 0
    for number, (row, engine) in enumerate(cells):
        began = time.monotonic()
        if began + took.get(number, 0) > until:
            continue
        report.add(row, engine, lambda r=row, e=engine: measure_cell(bench, r, e))
        took[number] = time.monotonic() - began
        measured += 1
    return measured > 0


def measure_once(bench, options, report):
    """What is no throughput: one run each."""
    once = Namespace(**{**vars(options), "runs": 1, "rows": LATENCY})
    for part, work in (("latency", lambda: latency.measure_all(bench, once, report, AT_10_MS)),
                       ("restore", lambda: restore.measure_all(bench, once, report)),
                       ("rest", lambda: rest.measure_all(bench, once, report))):
        say(part)
        work()


def measure_all(bench, options, report):
    """One run of everything, whatever it takes; then rounds of throughput, each cell at most options.runs times."""
    until = time.monotonic() + options.minutes * 60
    cells, took = cells_of(options), {}
    warm_up(bench, options)
    measure_round(bench, cells, report, took, float("inf"))
    measure_once(bench, options, report)
    for number in range(1, options.runs):
        say(f"round {number + 1}")
        if not measure_round(bench, cells, report, took, until):
            break
