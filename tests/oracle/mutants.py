#!/usr/bin/env python3
"""tests/oracle/mutants.py [--build DIRECTORY] [NAME…]   shows that the oracle notices: each mutant is a copy of the sources with one
operator broken on purpose, and must differ from Kafka Streams in some of the generated cases.

A mutant whose text is no longer found is a failure too: then it must be written anew. Closing line: "N of N mutants were caught"."""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import cases
from engines import ROOT, Engines, Unavailable, found_cases, kind_of_difference
from mutation import Copy, alone

CASES = 600  # as CI runs
OPERATORS, RUNTIME, GRAPH, STATE = "processor/operators/", "processor/runtime/", "processor/graph/", "state/"

# name: (file, what stands there, what stands there in the mutant)
MUTANTS = {
    "a window stays open one millisecond longer": (OPERATORS + "window.c", "end_ms <= closed_ms", "end_ms < closed_ms"),
    "grace of windows is ignored": (OPERATORS + "window.c", "windowed_now(context, record), window->grace.ms)", "windowed_now(context, record), 0)"),
    "grace of sliding windows is ignored": (OPERATORS + "sliding.c", "windowed_closed(context, now_ms, args->window.grace.ms)", "windowed_closed(context, now_ms, 0)"),
    "grace of sessions is ignored": (OPERATORS + "session.c", "args->window.grace.ms + args->window.gap.ms", "args->window.gap.ms"),
    "a deleted aggregate has the time of the row": (OPERATORS + "aggregate.c", "has_own_time ? change.timestamp_ms : record->timestamp_ms", "has_own_time || true ? change.timestamp_ms : record->timestamp_ms"),
    "an aggregate has the time of the last record": (OPERATORS + "aggregate.c", "if (old && stored_ms > record->timestamp_ms)", "if (false)"),
    "a join of tables has the time of the change": (OPERATORS + "join_tables.c", "if (has_row && row.timestamp_ms > out.timestamp_ms)", "if (false)"),
    "a regrouped row is added before it is taken out": (OPERATORS + "regroup.c",
        "    if (old.is_there)\n        send(context, change, old.key, NULL, old.value);\n    if (new.is_there)\n        send(context, change, new.key, new.value, NULL);\n",
        "    if (new.is_there)\n        send(context, change, new.key, new.value, NULL);\n    if (old.is_there)\n        send(context, change, old.key, NULL, old.value);\n"),
    "a split sends a record down every branch": (OPERATORS + "split.c", "            return;\n", ""),
    "a filter drops tombstones": (OPERATORS + "filter.c", "return args->test(context, record);", "return record->value && args->test(context, record);"),
    "every repartition keeps null keys": (OPERATORS + "keyed.c", "if (record->key || context->node->passes_null_keys)", "if (true)"),
    "no repartition keeps null keys": (OPERATORS + "keyed.c", "if (record->key || context->node->passes_null_keys)", "if (record->key)"),
    "unmatched records of a join leave one millisecond late": (OPERATORS + "unmatched.c", "end_ms >= walk->stream_time_ms", "end_ms + 1 >= walk->stream_time_ms"),
    "a pair of streams has the time of the newcomer": (OPERATORS + "join_streams.c",
        "other->timestamp_ms > record->timestamp_ms ? other->timestamp_ms : record->timestamp_ms", "record->timestamp_ms"),
    "the next look for unmatched records begins behind a row of two values": (OPERATORS + "unmatched.c", "value_count(values) > 1", "value_count(values) > 9"),
    "sessions that grow together stay": (OPERATORS + "session.c", "        forward(context, record, row, NULL, row->value);\n", ""),
    "a session ends a millisecond sooner": (OPERATORS + "session.c", "clamped_add(record->timestamp_ms, gap_ms), false", "clamped_add(record->timestamp_ms, gap_ms - 1), false"),
    "a sliding window begins with its record": (OPERATORS + "sliding.c", "row.start_ms = clamped_add(sliding->record->timestamp_ms, 1);",
        "row.start_ms = sliding->record->timestamp_ms;"),
    "a late record closes sliding windows": (OPERATORS + "sliding.c", "/* and closes no window, as there */\n        return;", "\n        windowed_end(context, args->window.grace.ms);\n        return;"),
    "windows on close are told a millisecond late": (OPERATORS + "emitter.c", "due <= close_ms", "due < close_ms"),
    "a suppressed change waits a millisecond longer": (OPERATORS + "suppress.c", "due_ms <= over_ms", "due_ms < over_ms"),
    "a suppressed change loses its turn to the next": (OPERATORS + "suppress.c", "        row->due_ms = before.due_ms;\n", "        (void)before.due_ms;\n"),
    "a suppressed table holds one change too few": (OPERATORS + "suppress.c", "self->records > args->max_records", "self->records >= args->max_records"),
    "all streams of a cogroup have the first one's step": (GRAPH + "cogroup.c", "fold.aggregate = member->step;", "fold.aggregate = cogroup->of->first->step;"),
    "an old answer of a foreign join is joined": (OPERATORS + "join_foreign.c", "return subscription_hash_equal(&now, asked);", "return now.is_there || asked != NULL;"),
    "a foreign join forgets to cancel what it asked for": (OPERATORS + "join_foreign.c", "if (old_key && !is_same_key(context, old_key, new_key))", "if (false)"),
    "a left join with a global table is an inner one": (OPERATORS + "join_global.c", "(!has_row && !args->is_left)", "!has_row"),
    "a transformed table asks its function for what it has kept": (OPERATORS + "transform_table.c",
        "return args->store ? table_kept", "return args->store && !change ? table_kept"),
    "an extractor does not hear the time of its partition": (RUNTIME + "head.c", "extract(record, source->stream_time_ms)", "extract(record, -1)"),
    "a record that fails is dropped as well": (OPERATORS + "context.c", "if (context->execution->error.code != WEIR_OK) /* it has", "if (false) /* it has"),
    "a record that fails goes on": (OPERATORS + "context.c", "    if (context->execution->error.code != WEIR_OK)\n        return;\n    /* Only this thread",
        "    /* Only this thread"),
    "records without a time are read": (RUNTIME + "head.c", "record->timestamp_ms < 0 && !settle_invalid_time", "false && !settle_invalid_time"),
    "topics that wait with equal times are read in turn": (RUNTIME + "turns.c", "time_of(&turn) >= time_of(&turns->heap[parent])", "time_of(&turn) > time_of(&turns->heap[parent])"),
    "a named processor uses up a number": (GRAPH + "step.c", "    if (!verb->name)\n        return node_name", "    node_use_number(verb->topology);\n    if (!verb->name)\n        return node_name"),
    "a pattern is described as a topic": (GRAPH + "describe.c", "if (source->topic->is_pattern) {", "if (false) {"),
    "a branch uses up no number": (GRAPH + "split.c", "    node_use_number(verb->topology);\n", ""),
    "a merge reads its streams in the order they are named": (GRAPH + "split.c", "left->reader <= right->reader", "left->reader <= right->reader || true"),
    "windows hide those they make too old when the record is done": (OPERATORS + "windowed.c",
        "        windowed_tell_store(context);\n        context_forward", "        context_forward"),
    "a suppressed window that was never told is told to be gone": (OPERATORS + "suppress.c", "return args->is_final && !row->value.data;",
        "return args->is_final && !row->value.data && false;"),
    "a suppressed change forgets what the first one replaced": (OPERATORS + "suppress.c", "row->prior = is_waiting ? before.prior : row->old;", "row->prior = row->old;"),
    "a suppressed change has the headers of the record that lets it go": (OPERATORS + "suppress.c", "    execution->headers = row->headers;\n", ""),
    "an answer of a foreign join has the time of who asked": (OPERATORS + "join_foreign.c",
        "has_row && row.timestamp_ms > record->timestamp_ms ? row.timestamp_ms : record->timestamp_ms;", "record->timestamp_ms;"),
    "a foreign join keeps subscriptions that are over": (OPERATORS + "join_foreign.c", "is_over ? (weir_bytes){0} : bytes", "is_over && !bytes.data ? (weir_bytes){0} : bytes"),
    "an inner foreign join answers for rows that are not there": (OPERATORS + "join_foreign.c", "        if (has_row)\n            answer(", "        if (true)\n            answer("),
    "a version ends a millisecond late": (STATE + "versioned.c", "put_row(store, key, newest->from_ms, newest->value, timestamp_ms);",
        "put_row(store, key, newest->from_ms, newest->value, timestamp_ms + 1);"),
    "history is a millisecond shorter": (STATE + "versioned.c", "time_ms < begin_ms;", "time_ms <= begin_ms;"),
    "a record of a stream meets the newest version": (OPERATORS + "join_table.c", "args->is_versioned ? record->timestamp_ms : WEIR_VERSION_OPEN",
        "args->is_versioned && false ? record->timestamp_ms : WEIR_VERSION_OPEN"),
    "a version that comes out of order goes on": (OPERATORS + "table_view.c", "is_versioned && change->out_of_order;", "is_versioned && change->out_of_order && false;"),
    "a record that waits for its version goes a millisecond late": (OPERATORS + "join_table_waiting.c", "take_turns(context, self->latest_ms - args->grace_ms);",
        "take_turns(context, self->latest_ms - args->grace_ms - 1);"),
    "a record that is late by the grace does not wait": (OPERATORS + "join_table_waiting.c", "record->timestamp_ms < self->latest_ms - args->grace_ms",
        "record->timestamp_ms <= self->latest_ms - args->grace_ms"),
}


def run_weir(binary, batch):
    with Engines(binary) as engines:
        return engines.run_weir(batch, "mutant")


def is_sound(copy, batch, expected):
    """The copy that nobody broke must differ in nothing, or mutants would be caught for what they are not."""
    binary = copy.build()
    return binary and run_weir(binary, batch) == expected


def try_mutant(copy, name, batch, expected):
    """What became of it, and whether that is as it must be."""
    with copy.broken(*MUTANTS[name]) as (binary, why_not):
        actual = run_weir(binary, batch) if binary else []
    if not binary:
        return why_not, False
    caught = [case["name"] for case, theirs, ours in zip(batch, expected, actual) if kind_of_difference(theirs, ours)]
    return (f"caught by {len(caught)} cases, first by {caught[0]}", True) if caught else ("NOT CAUGHT", False)


def sane_cases(engines):
    """Cases in which the two agree, and what both say."""
    batch = found_cases() + [cases.generate(seed, 40) for seed in range(1, CASES + 1)]
    sane = [(case, theirs) for case, (theirs, ours) in zip(batch, engines.run(batch)) if theirs == ours]
    return [case for case, _ in sane], [theirs for _, theirs in sane]


def try_mutants(engines, folder, parts):
    """How many were caught, and how many there are of these names."""
    wanted = [name for name in MUTANTS if not parts or any(part in name for part in parts)]
    copy = Copy(folder, "run_cases")
    batch, expected = sane_cases(engines)
    if not is_sound(copy, batch, expected):
        print("the copy without a mutation differs too")
        return 0, len(wanted)
    caught = 0
    for name in wanted:
        said, is_caught = try_mutant(copy, name, batch, expected)
        print(f"{name}: {said}", flush=True)
        caught += is_caught
    return caught, len(wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("names", nargs="*", help="parts of names; without: all")
    options = parser.parse_args()
    try:
        with Engines(options.build) as engines:
            folder = os.path.join(engines.shared, "mutant")
            with alone(folder):
                caught, tried = try_mutants(engines, folder, options.names)
    except Unavailable as problem:
        print(f"SKIPPED {problem}")
        sys.exit(77)
    print(f"{caught} of {tried} mutants were caught")
    sys.exit(0 if caught == tried else 1)


if __name__ == "__main__":
    main()
