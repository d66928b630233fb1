"""One-question programs: parts of Weir by themselves. SPDX-License-Identifier: Apache-2.0"""
import statistics

from .process import say


PARTS = (  # name, program, arguments: {records}, {few} and {keys} stand for the options
    ("codec", "codec", ""),
    ("overlay", "overlay", ""),
    ("store", "store", "{records} {keys}"),
    ("engine: stateless", "task", "stateless {records} {keys}"),
    ("engine: count", "task", "count {records} {keys}"),
    ("engine: window", "task", "tumbling {records} {keys}"),
    ("engine: join", "task", "stream-table {records} {keys}"),
    ("commit", "commit", ""),
    ("restore", "restore", "{few}"),
    ("embedded append", "embedded", "{few}"),
    ("HTTP point read", "http_point", ""),
)


def measure_all(bench, options, report):
    """Medians of each figure of each program."""
    numbers = {"records": options.records, "few": max(options.records // 4, 100000), "keys": options.keys}
    for name, program, arguments in PARTS:
        report.guard(name, lambda: measure_part(bench, options, report, name, program, arguments.format(**numbers).split()))


def measure_part(bench, options, report, name, program, arguments):
    """One program, as often as rows are run."""
    runs = [bench.program(program, *arguments)[0] for _ in range(options.runs)]
    report.parts[name] = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
    say(f"  {name}: {report.parts[name]}")
