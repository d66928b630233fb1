"""axe-core, which finds what keeps people with disabilities out of a page. WEIR_AXE names a copy of axe.min.js; otherwise it is
taken from the jar that Maven Central has it in, once.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import shutil
import subprocess
import tempfile
import zipfile

ARTIFACT = "com.deque.html.axe-core:selenium:4.10.1"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"


def source():
    """The script, or None where it cannot be had."""
    kept = os.environ.get("WEIR_AXE") or os.path.join(os.path.expanduser("~"), ".cache", "weir", ARTIFACT.replace(":", "-") + ".js")
    if not os.path.exists(kept) and not fetch(kept):
        return None
    with open(kept, encoding="utf-8") as file:
        return file.read()


def fetch(path):
    if not shutil.which("mvn"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        command = ["mvn", "-q", "-B", COPY, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"]
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=180)
            with zipfile.ZipFile(os.path.join(folder, os.listdir(folder)[0])) as jar:
                script = jar.read("axe.min.js")
        except (subprocess.SubprocessError, OSError, IndexError, KeyError, zipfile.BadZipFile):
            return False
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "wb") as file:
        file.write(script)
    os.replace(path + ".new", path)
    return True


def violations(chrome, script):
    """Of WCAG 2.1 A and AA, and good practice, on the page that is open: one line each."""
    chrome.evaluate(script + "\n;true")
    found = chrome.ask("axe.run(document, {resultTypes: ['violations']}).then((result) => JSON.stringify(result.violations.map("
                       "(one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + "
                       "(node.any[0]?.message ?? '')).join(' | ')}`)))")
    return json.loads(found)
