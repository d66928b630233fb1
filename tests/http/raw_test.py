"""Every row of raw_corpus.py gets its status, and the door still answers afterwards.
SPDX-License-Identifier: Apache-2.0"""
import re
import sys

from door import Door
from raw_corpus import CORPUS, LAST


START = rb"(?:^|\n)HTTP/1\.1 (\d\d\d) [A-Z]"


def statuses(data):
    """libmicrohttpd 0.9.75 sends the head of its own refusal twice when Content-Length is no number; that counts once."""
    found = [int(status) for status in re.findall(START, data)]
    return found[:1] if len(found) == 2 and found[0] == found[1] and found[0] in (400, 413) else found


def is_right(got, expected):
    """Several expectations are a sequence; for one request they are alternatives when the first is a refusal."""
    if len(expected) > 1 and expected[0] >= 400:
        return len(got) == 1 and got[0] in expected
    return got == expected


def closes(answer):
    return b"\r\nConnection: close" in re.split(START, answer)[-1]


def main(program):
    door = Door(program)
    failed = 0
    for name, data, expected in CORPUS:
        answer = door.raw(data, timeout=2)
        got = statuses(answer)
        refused = bool(got) and got[-1] >= 400 and got[-1] not in (404, 405)
        problem = " and does not close" if refused and not closes(answer) else ""
        if not is_right(got, expected) or problem:
            failed += 1
            print(f"not ok - {name}: {got}, expected {expected}{problem}")
    alive = statuses(door.raw(LAST))
    status, _ = door.close()
    print(f"raw: {len(CORPUS) - failed} of {len(CORPUS)} requests answered as they should")
    return 0 if not failed and alive == [200] and status == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
