"""What the mutants of the simulator (sim/mutants.py) and of the oracle (oracle/mutants.py) share: a copy of the sources in which one
place at a time is broken on purpose, and built.

A mutant is (file, what stands there, what stands there in the mutant). One whose text is no longer found must be written anew.
SPDX-License-Identifier: Apache-2.0"""
import contextlib
import fcntl
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = ("CMakeLists.txt", "CMakePresets.json", "api", "deploy", "docs", "include", "processor", "schemas", "state", "topologies", "tests", "LICENSE")


class Copy:
    """Of the sources, as they are when it is made. Their times are new, so that nothing built of an older mutant stays."""

    def __init__(self, folder, target, *options):
        self.folder, self.binary, self.target, self.options = folder, os.path.join(folder, "build"), target, options
        for name in SOURCES:
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
            subprocess.run(["cp", "-R", os.path.join(ROOT, name), folder], check=True)

    def build(self):
        """The build directory; None: it does not compile, and why has been printed."""
        if not os.path.exists(os.path.join(self.binary, "build.ninja")):
            subprocess.run(["cmake", "-S", self.folder, "-B", self.binary, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DWEIR_BENCHMARKS=OFF",
                            *self.options], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run(["cmake", "--build", self.binary, "-j", "2", "--target", self.target], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return self.binary if done.returncode == 0 else print(done.stdout[-2000:])

    @contextlib.contextmanager
    def broken(self, file, before, after):
        """Yields the build directory of the mutant, or None and why there is none."""
        path = os.path.join(self.folder, file)
        with open(path) as source:
            text = source.read()
        if before not in text:
            yield None, f"its text is not in {file} any more"
            return
        try:
            write(path, text.replace(before, after, 1))
            yield self.build(), "does not compile"
        finally:
            write(path, text)


def write(path, text):
    with open(path, "w") as target:
        target.write(text)


@contextlib.contextmanager
def alone(folder):
    """There is one copy that is broken, mended and built again; another run waits until it is free."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "mutant.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
