"""Both engines: runs cases in each, and says where they differ."""
import difflib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def found_cases():
    """Small cases that differed once, each of a mistake that generated ones seldom meet."""
    with open(os.path.join(HERE, "found.jsonl")) as lines:
        return [json.loads(line) for line in lines]


class Unavailable(Exception):
    """Java or Kafka's jars cannot be had."""


def digest_of(files):
    digest = hashlib.sha256()
    for file in files:
        with open(file, "rb") as content:
            digest.update(content.read())
    return digest.hexdigest()[:16]


class Engines:
    """Its files are in a folder of its own until close(), so that several may run at once; only Java's classes are shared."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.shared = os.path.join(self.build, "oracle")
        os.makedirs(self.shared, exist_ok=True)
        self.work = tempfile.mkdtemp(prefix="run-", dir=self.shared)
        self.java = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- Kafka Streams: one JVM for everything ----

    def compile(self):
        jars = subprocess.run([os.path.join(ROOT, "scripts", "kafka"), "jars"], stdout=subprocess.PIPE, text=True)
        if jars.returncode != 0:
            raise Unavailable("Kafka's jars cannot be had")
        libraries = jars.stdout.strip() + "/*"
        sources = [os.path.join(HERE, "java", name) for name in sorted(os.listdir(os.path.join(HERE, "java")))]
        classes = os.path.join(self.shared, "classes-" + digest_of(sources))
        if not os.path.exists(classes):
            self.compile_into(classes, libraries, sources)
        return f"{classes}:{libraries}"

    def compile_into(self, classes, libraries, sources):
        """Another run may do the same now: who is first gives them their place."""
        made = os.path.join(self.work, "classes")
        if subprocess.run(["javac", "-nowarn", "-d", made, "-cp", libraries, *sources]).returncode != 0:
            raise Unavailable("javac failed")
        try:
            os.rename(made, classes)
        except OSError:
            if not os.path.exists(classes):
                raise

    def start(self):
        path = self.compile()
        state = "/dev/shm" if os.access("/dev/shm", os.W_OK) else self.work
        self.java = subprocess.Popen(
            ["java", "-Xmx2g", "-XX:+UseSerialGC", f"-Djava.io.tmpdir={state}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp", path, "Oracle", "serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        """Sends the oracle a command; answered() waits for it."""
        if self.java is None:
            self.start()
        self.java.stdin.write(" ".join(words) + "\n")
        self.java.stdin.flush()

    def answered(self):
        line = self.java.stdout.readline()
        if line != "done\n":
            raise RuntimeError(f"the oracle ended: {line}")

    def close(self):
        if self.java is not None:
            self.java.stdin.close()
            self.java.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    # ---- cases ----

    def write(self, cases, label):
        file = os.path.join(self.work, f"{label}.jsonl")
        with open(file, "w") as out:
            for case in cases:
                out.write(json.dumps(case) + "\n")
        return file

    def run(self, cases, label="cases"):
        """The lines of each engine for each case: [(expected, actual)…]."""
        file, expected = self.write(cases, label), os.path.join(self.work, f"{label}.expected")
        self.ask("cases", file, expected)
        ours = self.run_weir(cases, label, file)
        self.answered()
        return list(zip(read_cases(expected), ours))

    def run_weir(self, cases, label, file=None):
        file, actual = file or self.write(cases, label), os.path.join(self.work, f"{label}.actual")
        with open(actual, "w") as out:
            code = subprocess.run([os.path.join(self.build, "tests", "oracle", "run_cases"), file], stdout=out).returncode
        ours = read_cases(actual)
        if code != 0:
            ours += [[f"failed the program ended with {code}"]]
        return ours + [[]] * (len(cases) - len(ours))


def read_cases(file):
    found = []
    with open(file, errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("case "):
                found.append([])
            else:
                found[-1].append(line)
    return [with_sorted_rows(lines) for lines in found]


def with_sorted_rows(lines):
    """Stores of windows are walked by segments there and by keys here."""
    return [line for line in lines if not line.startswith("row")] + sorted(line for line in lines if line.startswith("row"))


def sort_of(lines):
    """Whether a case ended, as far as shrinking may not change it."""
    return "failed" if any(line.startswith("failed") for line in lines) else "ended"


def kind_of_difference(expected, actual):
    """Where the first difference is: "failed", "describe", "told", "out", "log", "row", "dropped"; None: nowhere."""
    if expected == actual:
        return None
    if sort_of(actual) == "failed" or sort_of(expected) == "failed":
        return "failed"
    for label in ("describe", "told", "out", "log", "row", "version", "dropped"):
        if [line for line in expected if line.startswith(label)] != [line for line in actual if line.startswith(label)]:
            return label
    return "order"


def show_difference(expected, actual, limit=24):
    lines = difflib.unified_diff(expected, actual, "Kafka Streams", "Weir", n=2, lineterm="")
    shown = list(lines)
    return "\n".join(shown[:limit] + (["…"] if len(shown) > limit else []))


def show_case(case):
    flags = [name for name in ("binary", "in_memory", "dead_letters", "handlers") if case.get(name)]
    lines = [f"{case['name']} {' '.join(flags)}"]
    lines += ["  " + json.dumps({name: value for name, value in op.items() if name != "type"}) for op in case["ops"]]
    lines += ["  " + json.dumps(record) for record in case["input"]]
    return "\n".join(lines)
