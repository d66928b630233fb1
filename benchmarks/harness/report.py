"""Medians, ratios, the JSON file and the table. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import platform
import statistics
import subprocess
import time

from .bench import ROOT
from .process import Failure, say

SHORT = {"at_least_once": "alo", "exactly_once_v2": "eos"}


def cpu_model():
    """The processor's name."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")


def machine():
    """What the figures depend on."""
    revision = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                              check=False).stdout.strip()
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "kernel": platform.release(), "revision": revision,
            "load_before": os.getloadavg()[0], "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def medians(runs):
    """Of each figure."""
    return {name: statistics.median(run.get(name, 0) for run in runs) for name in runs[0]}


def spread(runs, name):
    """Half the distance of the extremes, in per cent of the median."""
    values = [run[name] for run in runs]
    return (max(values) - min(values)) / 2 / statistics.median(values) * 100


def reason_of(failure):
    """Why a cell is void: a row that did not do its work, or a harness that cannot go on with it."""
    return str(failure) if isinstance(failure, Failure) else f"{type(failure).__name__}: {failure}"


class Cell:
    """The runs of one engine in one row; void for a reason if one of them failed."""

    def __init__(self):
        self.runs, self.void = [], None

    def figures(self):
        """Medians, or None."""
        return medians(self.runs) if self.runs and not self.void else None


class Report:
    """All rows and parts of one call of benchmarks/run."""

    def __init__(self, options):
        self.machine, self.options = machine(), options
        self.tables = {}  # kind -> {(name, settings as text) -> {engine: Cell}}
        self.parts, self.notes = {}, []

    def guard(self, what, work):
        """A failure outside of a cell voids what it belongs to, and the rest goes on."""
        try:
            work()
        except Exception as failure:  # pylint: disable=broad-except
            self.notes.append(f"{what}: VOID: {reason_of(failure)}")
            say(self.notes[-1])

    def add(self, row, engine, run, kind="throughput"):
        """Runs a cell once more, unless it is void."""
        key = (row.name(), json.dumps(row.settings))
        cell = self.tables.setdefault(kind, {}).setdefault(key, {}).setdefault(engine, Cell())
        if cell.void:
            return
        label = f"  {row.name()} {describe(row.settings)} {engine}"
        try:
            figures = run()
        except Exception as failure:  # pylint: disable=broad-except
            cell.void = reason_of(failure)
            say(f"{label}: VOID: {cell.void}")
            return
        cell.runs.append(figures)
        say(f"{label}: " + ", ".join(f"{name} {value:,}" for name, value in figures.items()))

    def as_json(self):
        """Everything, for a file."""
        tables = {kind: [{"row": name, "settings": json.loads(settings),
                          "engines": {engine: {"median": cell.figures(), "void": cell.void, "runs": cell.runs}
                                      for engine, cell in cells.items()}} for (name, settings), cells in rows.items()]
                  for kind, rows in self.tables.items()}
        return {"machine": self.machine, "options": vars(self.options), "tables": tables, "parts": self.parts,
                "notes": self.notes}

    def write(self, path):
        """The JSON file."""
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.as_json(), file, indent=1)
            file.write("\n")

    def print(self):
        """The tables, and the reasons of void cells."""
        for kind, rows in self.tables.items():
            if kind == "throughput":
                print_throughput(rows)
            else:
                print_plain(kind, rows)
        print_parts(self.parts)
        for note in self.notes + [void for rows in self.tables.values() for void in voids_of(rows)]:
            print(note)

    def is_complete(self):
        """Whether no cell is void."""
        return not self.notes and not any(voids_of(rows) for rows in self.tables.values())


def describe(settings):
    """Settings in a few letters."""
    text = f"{SHORT[settings['processing.guarantee']]} {settings['commit.interval.ms']}ms {settings['num.stream.threads']}t"
    memory = settings.get("memory.max.bytes")
    return text + (f" {int(memory) >> 20}MiB" if memory else "")


def number(figures, name, digits):
    """A figure in a column."""
    return "-" if figures is None else f"{figures[name]:,.{digits}f}"


def ratio(above, below, name):
    """How many times a figure is another's."""
    return f"{above[name] / below[name]:.1f}x" if above and below and below[name] else "-"


COLUMNS = (("records/s", "records_per_s", 0), ("CPU-s per million", "cpu_s_per_million", 2), ("peak RSS MB", "peak_rss_mb", 0))


def print_throughput(rows):
    """One line per row: weir, kafka-streams, raw, and the ratios, for each figure."""
    print(f"\n{'':46}" + "".join(f"| {title:^50}" for title, _, _ in COLUMNS))
    one = f"{'weir':>11}{'streams':>11}{'raw':>11}{'W:KS':>8}{'W:raw':>8} "
    print(f"{'row':46}" + "".join(f"| {one}" for _ in COLUMNS))
    for (name, settings), cells in rows.items():
        figures = {engine: cell.figures() for engine, cell in cells.items()}
        weir, streams, raw = (figures.get(engine) for engine in ("weir", "kafka-streams", "raw"))
        print_line(name + " " + describe(json.loads(settings)), weir, streams, raw)
        if figures.get("weir-bundles"):
            print_line("  weir, repartition.bundles", figures["weir-bundles"], streams, raw)
        if figures.get("raw-ahead"):
            print_line("  raw, all fetched ahead", None, None, figures["raw-ahead"])
    print("W:KS is how many times faster, or how many times less, Weir is; W:raw is Weir's figure in the raw loop's.")


def print_line(label, weir, streams, raw):
    """Three engines beside each other; None: not measured."""
    line = f"{label:46}"
    for _, figure, digits in COLUMNS:
        line += "| " + "".join(f"{number(figures, figure, digits):>11}" for figures in (weir, streams, raw))
        faster = figure == "records_per_s"
        line += f"{ratio(weir, streams, figure) if faster else ratio(streams, weir, figure):>8}"
        line += f"{ratio(weir, raw, figure):>8} "
    print(line)


def voids_of(rows):
    """Why cells are void."""
    return [f"{name} {describe(json.loads(settings))} {engine}: VOID: {cell.void}"
            for (name, settings), cells in rows.items() for engine, cell in cells.items() if cell.void]


def print_plain(kind, rows):
    """One line per row and engine, a column per figure."""
    names = next((list(cell.runs[0]) for cells in rows.values() for cell in cells.values() if cell.runs), [])
    print(f"\n{kind:54}{'engine':20}" + "".join(f"{name:>{len(name) + 3}}" for name in names))
    for (row, settings), cells in rows.items():
        for engine, cell in cells.items():
            figures = cell.figures() or {}
            line = "".join(f"{format_figure(figures.get(name)):>{len(name) + 3}}" for name in names)
            print(f"{row + ' ' + describe(json.loads(settings)):54}{engine:20}{line}")


def format_figure(value):
    """A figure of any size."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def print_parts(parts):
    """Figures of parts of Weir by themselves."""
    for name, figures in parts.items():
        print(f"\n{name}")
        for figure, value in figures.items():
            print(f"  {figure:34}{value:>14,}")
