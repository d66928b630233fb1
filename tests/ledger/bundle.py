"""Messages of repartition topics that hold several records, as processor/broker/bundled/bundle.h describes them.
SPDX-License-Identifier: Apache-2.0"""
import struct

MAGIC = b"weir\x01"
NONE = 0xFFFFFFFF
STEP = 256  # offsets that a message has


def field(data, at):
    """(its bytes or None, where it ends)"""
    size, = struct.unpack_from(">I", data, at)
    return (None, at + 4) if size == NONE else (data[at + 4:at + 4 + size], at + 4 + size)


def records(key, value):
    """(key, value) of each record of a message; of one that is no bundle its own."""
    if key or not value.startswith(MAGIC):
        return [(key, value)]
    found, at = [], len(MAGIC)
    while at < len(value):
        own_key, at = field(value, at + 8)  # behind its time
        own_value, at = field(value, at)
        headers, at = value[at], at + 1
        for _ in range(2 * headers):  # a name and a value each
            _, at = field(value, at)
        found.append((own_key, own_value))
    return found


def offset(message, number, count):
    """That of a record in a message; the last one has the highest, so that behind it begins the next message."""
    return message * STEP + (STEP - 1 if number == count - 1 else number)
