"""Recomputes the views of the topology `aurore` from its input records, independently of the topology's code.
SPDX-License-Identifier: Apache-2.0"""
from collections import Counter

from recompute import DAY, HOUR, MINUTE, of_topic, read_records, to_ms, to_text, window

IGNORED = {"ingestedAt"}  # the clock of the reader


def total(times):
    return {"events": len(times), "first": to_text(min(times)), "last": to_text(max(times))}


def hopping(times, size, advance):
    """How many records each window holds that begins at a multiple of advance."""
    counts = Counter()
    for at in times:
        start = at - at % advance
        while start > at - size and start >= 0:
            counts[f"all@{start}/{start + size}"] += 1
            start -= advance
    return counts


def compute(lines):
    records = of_topic(list(read_records(lines)), "aurore.events")
    kept, by_time, times = {}, {}, {}
    for record in records:
        event, at = record.value, to_ms(record.value["timestamp"])
        row = {**event, "eventId": f"0-{record.offset}"}
        kept[f"{event['service']}/{to_text(at)}/0-{record.offset}"] = row
        by_time[f"{to_text(at)}/{event['service']}/0-{record.offset}"] = row
        times.setdefault(event["service"], []).append(at)
    every = [at for services in times.values() for at in services]
    return {
        "aurore-events": kept,
        "aurore-events-by-time": by_time,
        "aurore-services": {service: total(own) for service, own in times.items()},
        "aurore-services-per-hour": Counter(window(service, at, HOUR) for service, own in times.items() for at in own),
        "aurore-total": {"all": total(every)},
        "aurore-per-minute": Counter(window("all", at, MINUTE) for at in every),
        "aurore-per-hour": Counter(window("all", at, HOUR) for at in every),
        "aurore-last-hour": hopping(every, HOUR, MINUTE),
        "aurore-last-day": hopping(every, DAY, HOUR),
    }
