"""The programs that are compared, each behind the same few calls. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

from .bench import ROOT, scripts_kafka
from .process import Failure, Process, cpu_of, free_port

READY_LIMIT_S = 120
TABLES_ARE_TOPICS = ("topology.optimization", "all")  # a table's topic is its changelog, as for Kafka Streams and the raw loops
POLL_S = 0.005


class Job:
    """One run of a workload: where it reads and writes, and with which settings."""

    def __init__(self, bench, workload, inputs, settings, stem):
        self.bench, self.workload, self.inputs, self.settings = bench, workload, inputs, dict(settings)
        self.application = bench.fresh(stem)
        self.out = self.application + "-out"
        self.state = os.path.join(bench.scratch, self.application)

    def engine_settings(self):
        """Names that Weir and Kafka Streams share."""
        return {"bootstrap.servers": self.bench.bootstrap, "application.id": self.application, "state.dir": self.state,
                **self.settings}

    def clean(self):
        """Removes what the run left: its topics and its state."""
        self.bench.delete(self.application)
        shutil.rmtree(self.state, ignore_errors=True)


class Engine(Process):
    """A process that runs a job; ready() returns when its tasks run."""

    ready_s = ready_cpu_s = 0

    def mark_ready(self):
        """Remembers when, and what it has used so far."""
        self.ready_s = time.monotonic()
        self.ready_cpu_s = cpu_of(self.pid)

    def figures_of(self, records, seconds, used):
        """CPU is that of the whole process but for its start, which stands apart."""
        return {"records": records, "seconds": round(seconds, 3), "records_per_s": round(records / seconds),
                "cpu_s_per_million": round((used["cpu_s"] - self.ready_cpu_s) * 1e6 / records, 3),
                "peak_rss_mb": round(used["rss_mb"], 1),
                "start_s": round(max(self.ready_s - self.began, 0), 2), "start_cpu_s": round(self.ready_cpu_s, 2)}

    def wait_until(self, is_so, what):
        """Returns when is_so(); a failure if that takes too long or the process ends."""
        until = time.monotonic() + READY_LIMIT_S
        while not is_so():
            self.must_run()
            if time.monotonic() > until:
                raise Failure(f"{what}: not within {READY_LIMIT_S} s: {self.last_words()}")
            time.sleep(POLL_S)


class Weir(Engine):
    """weir run workloads.so:NAME, or a system that comes with it, with REST on a free port."""

    more = ()  # settings of a variant

    def __init__(self, job, **more_environment):
        bench, self.job = job.bench, job
        self.port = free_port()
        name = job.workload.name
        topology = name if job.workload.is_system else f"{bench.path('workloads.so')}:{name}"
        command = [bench.weir, "run", topology, "--port", self.port, "--set", "log.level=warning"]
        compared = [] if job.workload.is_system else [TABLES_ARE_TOPICS]
        for key, value in [*compared, *self.more, *job.engine_settings().items(), *bench.options.set]:
            command += ["--set", f"{key}={value}"]
        environment = dict(os.environ, BENCHMARK_IN=",".join(job.inputs), BENCHMARK_OUT=job.out, **more_environment)
        super().__init__(command, bench.log(job.application + ".log"), stdout=subprocess.DEVNULL, env=environment)

    def get(self, path):
        """The JSON (or text) of an answer; None while there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                body = answer.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None
        return json.loads(body) if body.startswith((b"{", b"[")) else body

    def rows_of(self, view):
        """All rows of a view; decimals as text."""
        cursor = ""
        while cursor is not None:
            path = f"http://127.0.0.1:{self.port}/v1/views/{view}/entries?limit=10000{cursor}"
            try:
                with urllib.request.urlopen(path, timeout=60) as answer:
                    page = json.loads(answer.read(), parse_float=str)
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                raise Failure(f"view {view}: {error}") from error
            yield from page["data"]
            cursor = page["page"]["next"] and "&cursor=" + page["page"]["next"]

    def ready(self):
        """When /readyz says so."""
        self.wait_until(lambda: self.get("/readyz") is not None, "ready")
        self.mark_ready()


class WeirBundles(Weir):
    """The same; what it repartitions goes many records to a bundle."""

    more = (("repartition.bundles", "true"),)


class KafkaStreams(Engine):
    """peers/Peer.java on the jars of scripts/kafka."""

    classes = None  # where they were compiled to, once
    tuned = "true"

    def __init__(self, job, *more):
        bench = job.bench
        command = ["java", *bench.options.java.split(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp",
                   f"{self.compiled(bench)}:{scripts_kafka(bench.environment, 'jars')}/*", "Peer", job.workload.name,
                   ",".join(job.inputs), job.out, f"tuned={self.tuned}", *more]
        command += [f"{key}={value}" for key, value in job.engine_settings().items() if key != "memory.max.bytes"]
        super().__init__(command, bench.log(job.application + ".log"), stdout=subprocess.PIPE, text=True)
        self.events = []
        os.set_blocking(self.child.stdout.fileno(), False)

    @classmethod
    def compiled(cls, bench):
        """Compiles the peer, once per run."""
        if not cls.classes:
            if not shutil.which("javac"):
                raise Failure("javac is missing (Debian: openjdk-17-jdk-headless)")
            cls.classes = os.path.join(bench.scratch, "classes")
            sources = [os.path.join(ROOT, "benchmarks/peers", name) for name in ("Peer.java", "Rocks.java")]
            subprocess.run(["javac", "--release", "17", "-d", cls.classes, "-cp",
                            scripts_kafka(bench.environment, "jars") + "/*", *sources], check=True)
        return cls.classes

    def said(self, event):
        """What it has printed of that event by now, or None."""
        self.events += [json.loads(line) for line in self.child.stdout]
        return next((found for found in self.events if found["event"] == event), None)

    def ready(self):
        """When it says that all tasks run."""
        self.wait_until(lambda: self.said("running"), "running")
        self.mark_ready()


class KafkaStreamsPlain(KafkaStreams):
    """The same with every setting at its default."""

    tuned = "false"


class Raw(Engine):
    """A loop of librdkafka; it ends by itself."""

    environment = {}

    def __init__(self, job, records):
        bench, (program, mode) = job.bench, job.workload.raw
        settings = job.settings
        if settings["num.stream.threads"] != 1:
            raise Failure("the raw loop has one thread")
        commit = str(settings["commit.interval.ms"]) + (f',{settings["linger.ms"]}' if "linger.ms" in settings else "")
        ends = [records, settings["processing.guarantee"], commit]
        if program == "raw_loop":
            command = [bench.path(program), bench.bootstrap, mode, job.inputs[0], job.out, *ends]
        else:
            logs, through = self.create(job, job.workload.changelogs), self.create(job, job.workload.through)
            out = job.out if job.workload.output == "out" else "-"
            command = [bench.path(program), bench.bootstrap, ",".join([*job.inputs, *through]), out, ",".join(logs) or "-", *ends, mode]
        super().__init__(command, bench.log("programs.log"), stdout=subprocess.PIPE, env={**os.environ, **self.environment})

    @staticmethod
    def create(job, suffixes):
        """Empty topics of its own."""
        topics = [f"{job.application}-{suffix}" for suffix in suffixes]
        for topic in topics:
            job.bench.create(topic)
        return topics

    def finish(self):
        """Records, seconds until it had committed them, and what it used, when it has ended."""
        output = json.loads(self.child.stdout.read())
        return output["records"], output["seconds"], self.wait()


class RawAhead(Raw):
    """The same with all records fetched ahead, whatever memory that takes: librdkafka's fetcher never sleeps."""

    environment = {"CLIENT_AHEAD_KIB": "2097151"}
