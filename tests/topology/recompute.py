"""What the recomputations of the systems share: lines to records, exactly.
SPDX-License-Identifier: Apache-2.0"""
import datetime
import json
from collections import namedtuple
from decimal import Decimal

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
Record = namedtuple("Record", "topic key value ts offset")  # value None: absent, or it cannot be read


def loads(text):
    return json.loads(text, parse_float=Decimal)


def to_ms(text):
    """Milliseconds of an ISO-8601 time, exactly."""
    delta = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def to_text(ms):
    """The ISO-8601 time of milliseconds, as Weir writes it."""
    return (EPOCH + datetime.timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def read_records(lines):
    """Records in their order, with the offset that each has in its topic (of one partition)."""
    offsets = {}
    for line in lines:
        if not line.strip():
            continue
        row = loads(line)
        topic, value = row["topic"], row.get("value")
        offset = offsets[topic] = offsets.get(topic, -1) + 1
        yield Record(topic, row.get("key"), value if isinstance(value, dict) else None, row["ts"], offset)


def of_topic(records, topic):
    """Those of one topic that can be read."""
    return [record for record in records if record.topic == topic and record.value is not None]


def window(key, ms, size):
    """The key of a row of a window view."""
    start = ms - ms % size
    return f"{key}@{start}/{start + size}"


def plain(value):
    """Numbers that are equal are equal, however they were written; members that are null are absent."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return Decimal(value).normalize() if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else value
