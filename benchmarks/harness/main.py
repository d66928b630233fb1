"""The command line of benchmarks/run. SPDX-License-Identifier: Apache-2.0"""
import argparse
import os
import shutil

from . import throughput
from .bench import ROOT, Bench
from .process import Failure, say
from .report import Report

ROWS = "stateless,count,tumbling,stream-table"
JAVA = "-Xms512m -Xmx512m -XX:+UseParallelGC"


def listed(text):
    """a,b -> ["a", "b"]"""
    return [word for word in text.split(",") if word]


def numbers(text):
    """1,2 -> [1, 2]"""
    return [int(word) for word in listed(text)]


def size(text):
    """96MiB -> bytes"""
    units = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
    return int(text[:-3]) * units[text[-3:]] if text[-3:] in units else int(text)


def read_options():
    """The options, complete."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=listed, default=listed(ROWS), help=f"workloads, WORKLOAD or WORKLOAD:KEYS ({ROWS})")
    parser.add_argument("--engines", type=listed, default=list(throughput.ENGINES), help="weir,kafka-streams,raw")
    parser.add_argument("--guarantees", type=listed, default=["at_least_once"], help="at_least_once,exactly_once_v2")
    parser.add_argument("--commits", type=numbers, default=[100], help="commit intervals in milliseconds (100)")
    parser.add_argument("--threads", type=numbers, default=[1], help="stream threads (1)")
    parser.add_argument("--memory", type=size, help="memory.max.bytes of Weir, e.g. 96MiB (its default)")
    parser.add_argument("--records", type=int, default=4000000, help="of 100 bytes (4,000,000)")
    parser.add_argument("--keys", type=int, default=100000, help="(100,000)")
    parser.add_argument("--runs", type=int, default=3, help="of each cell; medians are shown (3)")
    parser.add_argument("--java", default=JAVA, help=f"options of the Java virtual machine of Kafka Streams ({JAVA})")
    parser.add_argument("--json", metavar="FILE", help="write all runs and medians there")
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"), help="build folder (build/release)")
    parser.add_argument("--scratch", help="folder for the broker's data, state and logs (the system's temporary one)")
    parser.add_argument("--bootstrap", help="a broker that runs already")
    return parser.parse_args()


def measure(options, report):
    """Everything that was asked for; what there is so far is reported in any case."""
    bench = Bench(options)
    try:
        with bench:
            throughput.measure_all(bench, options, report)
    finally:
        if options.json:
            report.write(options.json)
        report.print()
    shutil.rmtree(bench.scratch)


def main():
    """The exit status."""
    options = read_options()
    try:
        measure(options, Report(options))
    except Failure as failure:
        say(f"benchmarks/run: {failure}")
        return 1
    return 0
