"""One-question programs: parts of Weir by themselves. SPDX-License-Identifier: Apache-2.0"""
import statistics

from .process import say


def measure_all(bench, options, report):
    """Medians of each figure of each program."""
    few = max(options.records // 4, 100000)
    for name, arguments in (("codec", []), ("store", [options.records, options.keys]), ("embedded", [few])):
        runs = [bench.program(name, *arguments)[0] for _ in range(options.runs)]
        report.parts[name] = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
        say(f"  {name}: {report.parts[name]}")
