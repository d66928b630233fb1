"""Does a record cost the same in a long run, and among many keys? SPDX-License-Identifier: Apache-2.0"""
from .throughput import Row, measure
from .workloads import WORKLOADS

RECORDS = (1000000, 5000000, 20000000, 50000000)
KEYS = (10000, 100000, 1000000, 10000000)
RECORDS_OF_KEYS = 10000000


class GrowthRow(Row):
    """Named after what grows."""

    def name(self):
        """As it stands in the table."""
        return f"{self.workload.name} {self.records // 1000000}M records {self.keys:,} keys"


def measure_all(bench, options, report):
    """count, first over more and more records, then over more and more keys."""
    settings = {"processing.guarantee": options.guarantees[0], "commit.interval.ms": options.commits[0], "num.stream.threads": 1}
    if options.memory:
        settings["memory.max.bytes"] = options.memory
    sizes = [(records, options.keys) for records in RECORDS] + [(RECORDS_OF_KEYS, keys) for keys in KEYS]
    for records, keys in sizes:
        row = GrowthRow(WORKLOADS["view"], settings, records, keys)
        for _ in range(options.runs):
            for engine in row.cells(options.engines):
                report.add(row, engine, lambda r=row, e=engine: measure(bench, r, e))
        bench.forget("orders", records, keys)
