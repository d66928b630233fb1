"""The command line of benchmarks/run. SPDX-License-Identifier: Apache-2.0"""
import argparse
import os
import shutil
import signal
import sys

from . import figures, growth, latency, parts, promises, rest, restore, systems, throughput
from .bench import ROOT, Bench
from .process import Failure, say
from .report import Report
from .workloads import WORKLOADS

MEASURES = {"throughput": throughput.measure_all, "latency": latency.measure_all, "restore": restore.measure_all,
            "rest": rest.measure_all, "parts": parts.measure_all, "growth": growth.measure_all,
            "figures": figures.measure_all, "systems": systems.measure_all, "promises": promises.measure_all}
USUAL = ["throughput", "latency", "restore", "rest", "parts"]
ROWS = ("stateless,view,count,count:10000000,tumbling,hopping,session,stream-table,table-table,stream-stream,foreign-key,"
        "commerce")
JAVA = "-Xms512m -Xmx512m -XX:+UseParallelGC"


def listed(text):
    """a,b -> ["a", "b"]"""
    return [word for word in text.split(",") if word]


def numbers(text):
    """1,2 -> [1, 2]"""
    return [int(word) for word in listed(text)]


def rows(text):
    """Names of workloads, each with a number of keys behind a colon if it is not --keys."""
    for name in listed(text):
        if name.partition(":")[0] not in WORKLOADS:
            raise argparse.ArgumentTypeError(f"there is no row {name}; there are {', '.join(WORKLOADS)}")
    return listed(text)


def size(text):
    """96MiB -> bytes"""
    units = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
    return int(text[:-3]) * units[text[-3:]] if text[-3:] in units else int(text)


def setting(text):
    """key=value -> (key, value)"""
    key, is_set, value = text.partition("=")
    if not is_set:
        raise argparse.ArgumentTypeError(f"{text}: a setting is KEY=VALUE")
    return key, value


def parser():
    """The command line."""
    p = argparse.ArgumentParser(prog="benchmarks/run", description="Measures Weir beside Kafka Streams and the raw librdkafka loop.")
    p.add_argument("measures", nargs="*", default=USUAL, metavar="MEASURE", help=f"{' '.join(MEASURES)} (all but growth, figures, systems and promises)")
    p.add_argument("--rows", type=rows, default=rows(ROWS), help=f"workloads, WORKLOAD or WORKLOAD:KEYS ({ROWS})")
    p.add_argument("--engines", type=listed, default=list(throughput.USUAL), help=f"{','.join(throughput.ENGINES)} (the first five)")
    p.add_argument("--guarantees", type=listed, default=["at_least_once"], help="at_least_once,exactly_once_v2 (the first)")
    p.add_argument("--commits", type=numbers, default=[100], metavar="MS", help="commit intervals (100)")
    p.add_argument("--threads", type=numbers, default=[1], help="stream threads (1)")
    p.add_argument("--memory", type=size, help="memory.max.bytes of Weir, e.g. 96MiB (its default)")
    p.add_argument("--set", type=setting, action="append", default=[], metavar="KEY=VALUE", help="a setting of Weir alone; may be given again")
    p.add_argument("--records", type=int, default=4000000, help="of 100 bytes (4,000,000)")
    p.add_argument("--keys", type=int, default=100000, help="(100,000)")
    p.add_argument("--restore-keys", type=numbers, default=[1000000], help="(1,000,000)")
    p.add_argument("--orders", type=int, default=10000, help="per second, of systems (10,000)")
    p.add_argument("--seconds", type=int, default=30, help="that orders come, of systems (30)")
    p.add_argument("--runs", type=int, default=3, help="of each cell; medians are shown (3)")
    p.add_argument("--minutes", type=float, default=25, help="figures: no further run of a cell is begun that would end later (25)")
    p.add_argument("--quick", action="store_true", help="does everything work? few records, one run, less than a minute")
    p.add_argument("--java", default=JAVA, help=f"options of Kafka Streams' Java machine ({JAVA})")
    p.add_argument("--json", metavar="FILE", help="write all runs and medians there")
    p.add_argument("--build", default=os.path.join(ROOT, "build/release"), help="build folder (build/release)")
    p.add_argument("--scratch", help="folder for the broker's data, state and logs (the system's temporary one)")
    p.add_argument("--bootstrap", help="a broker that runs already")
    return p


def read_options():
    """The options, complete."""
    p = parser()
    options = p.parse_args()
    unknown = [name for name in options.measures if name not in MEASURES]
    if unknown:
        p.error(f"there is no measure {unknown[0]}; there are {', '.join(MEASURES)}")
    if options.quick:
        options.records, options.keys, options.runs, options.restore_keys = min(options.records, 100000), 10000, 1, [50000]
        options.rows = [name for name in options.rows if name in ("stateless", "count", "stream-table")]
    return options


def measure(options, report):
    """Everything that was asked for; what there is so far is reported in any case."""
    bench = Bench(options)
    try:
        with bench:
            for name in options.measures:
                say(name)
                MEASURES[name](bench, options, report)
    finally:
        if options.json:
            report.write(options.json)
        report.print()
    if report.is_complete():
        shutil.rmtree(bench.scratch)
    else:
        say(f"logs are in {bench.scratch}")


def main():
    """The exit status: 1 if a row is void."""
    options = read_options()
    report = Report(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the broker is ended, and what there is reported
    try:
        measure(options, report)
    except Failure as failure:
        say(f"benchmarks/run: {failure}")
        return 1
    return 0 if report.is_complete() else 1
