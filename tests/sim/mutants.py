#!/usr/bin/env python3
"""tests/sim/mutants.py [--build DIRECTORY] [--seeds N] [NAME…]   shows that the simulator notices: each mutant is a copy of the sources
with one step of commit, restore or recovery broken on purpose, and some of the seeds that CI runs, or as many as its name says, must
fail; those of one topology only where its name says so.

A mutant whose text is no longer found is a failure too: then it must be written anew. The first line says how an unbroken copy does.
Closing line: "N of N mutants were caught"."""
import argparse
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from mutation import ROOT, Copy, alone  # noqa: E402

RUNTIME, CLUSTER = "processor/runtime/", "processor/broker/simulated/cluster.c"
LOOP, TASK, RESTORE, OPENING = RUNTIME + "loop.c", RUNTIME + "task.c", RUNTIME + "restore.c", RUNTIME + "opening.c"
COMBINE = "processor/operators/combine.c"
ROUND, MEMBERSHIP, FOLLOWING, TARGETS = RUNTIME + "commit_round.c", RUNTIME + "membership.c", RUNTIME + "following.c", RUNTIME + "targets.c"

BUNDLED = "processor/broker/bundled/"

# name: (file, what stands there, what stands there in the mutant)
MUTANTS = {
    "records of a bundle that are done come again (of uneven)": (BUNDLED + "consumer.c",
        "return waiting->message.offset == bundled_offset_beneath(place->begin) &&", "return false &&"),
    "an abort keeps what waited for company (of uneven)": (BUNDLED + "producer.c",
        "    drop_bundles(producer);\n", "    (void)drop_bundles;\n"),
    "a flush leaves what waits for company": (BUNDLED + "producer.c",
        "while (!bundled_producer_push(producer, &cause))", "while (false)"),
    "a commit within a bundle is one in front of it (of uneven)": (BUNDLED + "bundled.c",
        "start.offset += done < BUNDLE_RECORDS_MAX ? done : 0;", "(void)done;"),
    "offsets are committed before the flush": (ROUND,
        ' || !flush(loop, error) ||\n        !failpoint("commit.flushed", error) || !undo_strays(loop, error) || !commit_offsets(loop, error) ||',
        ' || !commit_offsets(loop, error) ||\n        !failpoint("commit.flushed", error) || !undo_strays(loop, error) || !flush(loop, error) ||'),
    "the offset of the last record is committed, not the one behind it": ("processor/runtime/head.c",
        "source->position = message->offset + 1;", "source->position = message->offset;"),
    "a failed transaction is not aborted": (ROUND,
        "    loop->recovering = loop->app->exactly_once;\n    loop->rejoin =", "    loop->rejoin ="),
    "a transaction with records of a lost partition is not aborted": (MEMBERSHIP,
        "        loop->recovering = loop->app->exactly_once;\n    for", "        (void)0;\n    for"),
    "lost records are not noticed": (ROUND,
        "if (collector_flush(&loop->collector, FLUSH_TIMEOUT_MS, &cause))",
        "if (collector_flush(&loop->collector, FLUSH_TIMEOUT_MS, &cause) || cause.code == WEIR_FENCED)"),
    "a stop commits over lost records (6000 seeds)": (LOOP, "} else if (!loop->recovering && !loop->rejoin) {", "} else if (!loop->recovering) {"),
    "a commit in doubt is taken for one that failed": (ROUND,
        "loop->rejoin = loop->rejoin || error->code != WEIR_RETRY;", "loop->rejoin = loop->rejoin && error->code != WEIR_RETRY;"),
    "an abort keeps what was written": (TASK, "        store_drop(task->stores[i]);\n", ""),
    "an overlay is shown before its commit": (ROUND,
        '!failpoint("commit.flushed", error) || !undo_strays(loop, error) || !commit_offsets(loop, error) ||',
        '!undo_strays(loop, error) || (publish_all(loop), false) || !commit_offsets(loop, error) ||'),
    "what waited for the commit is told behind its rows (of per-commit)": (ROUND,
        '!tell_all(loop, error) || !failpoint("commit.told", error) ||\n        !log_all(loop, error) ||',
        '!log_all(loop, error) || !failpoint("commit.told", error) ||\n        !tell_all(loop, error) ||'),
    "what waited for the commit waits on (of per-commit)": (TASK,
        "    if (task->execution.held_bytes == 0)\n        return true;\n", "    if (task->execution.held_bytes < SIZE_MAX)\n        return true;\n"),
    "what comes in waits for ever (of repartitioned-count)": (RUNTIME + "backlog.c", "if (lag <= backlog->lag_max || is_over)", "(void)is_over;\n    if (part->held_us == 0 && lag <= backlog->lag_max)"),
    "what was combined leaves before its commit is done (of combined)": (COMBINE,
        "context->execution->commits + 1);\n    self->held", "context->execution->commits);\n    self->held"),
    "what was combined is not written down (of combined)": (COMBINE, "i < held_count(batch->rows); i++)", "i < 0; i++)"),
    "what was combined and committed is forgotten by a restart (of combined)": (COMBINE,
        "    held_put(batch->rows, (weir_bytes){data + HEAD_BYTES, key_size}, &sum);\n", "    (void)batch, (void)sum;\n"),
    "what was combined has no lineage (of combined)": (COMBINE, "    execution->origin = &origin;\n", "    (void)origin;\n"),
    "a batch that was combined has the number of the one before (of combined)": (COMBINE,
        "self->number + 1, context->execution->commits + 1);", "self->number ? self->number : 1, context->execution->commits + 1);"),
    "what has left is not deleted (of combined)": (COMBINE, "for (size_t i = 0; i < count; i++)\n        put(", "for (size_t i = 0; i < 0 * count; i++)\n        put("),
    "what was combined behind a commit in doubt waits for the one after the next (of combined)": (COMBINE,
        "    else if (held_count(self->held) > 0)\n", "    else if (held_count(self->held) > 0 && self->count == 0)\n"),
    "a restore in the middle notes the end it wants to reach": (RESTORE,
        "rows->items, rows->count, entry->taken, error);", "rows->items, rows->count, entry->committed, error);"),
    "a restore goes beyond what was committed": (RESTORE,
        "if (messages[i].offset >= entry->committed)", "if (false)"),
    "of rows that share a record one is restored": (RESTORE,
        "while (packed_next(&rows, &logged))", "for (bool is_first = true; is_first && packed_next(&rows, &logged); is_first = false)"),
    "what an unfinished commit wrote is not undone (16000 seeds)": (RESTORE,
        "i < entry->unfinished_count && restore_write_again(", "i < 0 && restore_write_again("),
    "a history that is logged anew does not say what was valid where it begins (2000 seeds)": ("state/versioned.c",
        "log_begin(store, key, begin_ms, is_before ? &version : &none);", "log_begin(store, key, begin_ms, &none);"),
    "a restore drops deletions": (RESTORE,
        "size_t before = rows->count;", "size_t before = rows->count;\n        if (!messages[i].value.data)\n            continue;"),
    "a store says where it is before the rows are there": ("state/apply.c",
        "    bool done = true;\n    for (size_t i = 0; done && i < rows.count; i++) {\n        struct store_row row = row_at(rows, i)",
        "    bool done = write_last_batch(store, marks, error);\n    for (size_t i = 0; done && i < rows.count; i++) {\n        struct store_row row = row_at(rows, i)"),
    "a store is shown before it is restored": (TASK,
        "    set_shown_state(task, TASK_RESTORING);\n    atomic_store(&task->shown_stream", "    set_shown_state(task, TASK_RESTORING);\n    atomic_store(&task->shown_state, TASK_RUNNING);\n    atomic_store(&task->shown_stream"),
    "repetitions of a repartition record count": (TASK,
        "return !is_known || lineage_advance(&source->seen, &lineage);", "(void)lineage_advance;\n    return true;"),
    "a task forgets stream time": (OPENING, "task->execution.stream_time_ms = commit.stream_time_ms;", "task->execution.stream_time_ms = -1;"),
    "a window begins a millisecond late": ("processor/operators/window.c", "int64_t start_ms = first_start(window, record->timestamp_ms);",
        "int64_t start_ms = first_start(window, record->timestamp_ms - 1);"),
    "a standby that becomes the task says at once that it is there": (OPENING,
        "task->sources[i].begun = starts[i].offset;", "task->sources[i].begun = starts[i].offset;\n        atomic_store(&task->committed[i], starts[i].offset);"),
    "a standby that becomes the task does not catch up": (RESTORE,
        "int64_t from = held > begin ? held : begin;", "int64_t from = atomic_load(&task->has_caught_up) ? end : held > begin ? held : begin;"),
    "a standby that becomes the task shows store by store (2000 seeds)": (RESTORE, "return atomic_load(&task->has_caught_up);", "return task->partition < 0;"),
    "a standby goes beyond what was committed": (FOLLOWING,
        "queue_head(&follower->ahead)->offset < follower->target) {", "queue_head(&follower->ahead)->offset >= 0) {"),
    "a standby says that it is where it is going": (FOLLOWING, "bool reached = following_has_reached(standby);", "bool reached = true;"),
    "time stands still in a standby": (TARGETS, "    restore_until(standby->task, commit, true);\n", ""),
    "a standby hears what was asked before it was one (8000 seeds)": (TARGETS, "!standby->is_asked_for || !start", "!start"),
    "a standby takes what was put for rows": ("state/restore.c",
        "        return versions_put(store, row->key, row->value, row->timestamp_ms, &to_ms, error);\n    store_write(",
        "    {\n        void keys_window_write(weir_bytes, int64_t, struct buffer *);\n        struct buffer key = {0};\n        (void)to_ms;\n"
        "        keys_window_write(row->key, row->timestamp_ms, &key);\n        store_put(store, buffer_bytes(&key), row->value, row->timestamp_ms);\n"
        "        buffer_done(&key);\n        return true;\n    }\n    store_write("),
    "an instance without active tasks keeps no standbys": (RUNTIME + "standby_places.c",
        "if (!holds(&peers[i], share) &&", "if (peers[i].share_count > 0 && !holds(&peers[i], share) &&"),
    "a thread without a partition never settles": (LOOP, "if (all && loop->has_assignment &&", "if (all && loop->task_count > 0 &&"),
    "a share that cannot be opened yet is waited for in the rebalance (8000 seeds)": (OPENING,
        "    if (try(loop, openings->items[openings->count - 1]))",
        "    while (!try(loop, openings->items[openings->count - 1]))\n        clock_pause_ms(LOOP_RETRY_PAUSE_MS);\n    if (true)"),
    "records are purged before they are committed": ("processor/runtime/purge.c",
        "committed = atomic_load(&task->committed[source]);", "committed = task->sources[source].position;"),
    "what others wrote to a changelog counts (2000 seeds)": ("processor/runtime/strays.c",
        "bool are_there = app->broker->ops->commits && has_strays(task);", "bool are_there = false;"),
    "the widest topic that matches leads (of by-pattern)": (RUNTIME + "layout.c",
        "return source->is_shares ? 0 : source->is_match ? 2 : 1;", "return source->is_shares ? 2 : source->is_match ? 0 : 1;"),
    "topics that come are not read (of by-pattern)": (MEMBERSHIP, "    if (!is_outdated(loop))\n        return true;\n", "    if (is_outdated(loop))\n        return true;\n    return true;\n"),
    "a standby that becomes the task reads what it read before (of by-pattern)": (OPENING, "        take_inputs(loop, kept, part);\n", ""),
    "threads of a process write as one": (LOOP, "loop->app->identity.uuid, loop->number);\n    bool ok", "loop->app->identity.uuid, 1);\n    bool ok"),
    "aborted records are read": (CLUSTER,
        "cluster->outcomes[record->transaction - 1] == TRANSACTION_COMMITTED);", "cluster->outcomes[record->transaction - 1] != TRANSACTION_OPEN);"),
    "open transactions are read": (CLUSTER, "        if (partition->open[i].first < end)\n", "        if (partition->open[i].first < 0)\n"),
    "an old writer of transactions is not fenced": (CLUSTER, "bool taken = !writer || writer->epoch == epoch;", "bool taken = !writer || writer->epoch >= epoch;"),
    "a new owner does not wait for a commit that is being decided (12000 seeds)": ("processor/broker/simulated/consumer.c",
        "(takes && !has_stable_offsets(consumer, share))", "(takes && !has_stable_offsets(consumer, share) && false)"),
}


def simulate(binary, seeds, topology=None):
    """What the first seed that fails has to say; None: all pass. A crash is noticed, too."""
    named = ["--topology", topology] if topology else []
    done = subprocess.run([os.path.join(binary, "tests", "sim"), "--once", "--seeds", str(seeds), *named], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode == 0:
        return None
    found = re.search(r"^seed .*$", done.stdout, re.M)
    return found.group(0) if found else f"ended with {done.returncode}: {done.stdout.strip()[-200:]}"


def is_caught(name, copy, seeds):
    rare = re.search(r"\((\d+) seeds\)", name)
    seeds = max(seeds, int(rare.group(1)) if rare else 0)
    of = re.search(r"\(of (\S+)\)", name)
    with copy.broken(*MUTANTS[name]) as (binary, why_not):
        said = simulate(binary, seeds, of and of.group(1)) if binary else None
    print(f"{name}: {said or ('NOT CAUGHT' if binary else why_not)}", flush=True)
    return said is not None


def try_mutants(folder, names, seeds):
    """How many were caught; None: what nobody broke fails, too."""
    copy = Copy(folder, "sim", "-DWEIR_WERROR=OFF")
    binary = copy.build()
    said = simulate(binary, seeds) if binary else "does not compile"
    print(f"unbroken: {said or 'passes'}", flush=True)
    return None if said else sum(is_caught(name, copy, seeds) for name in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "sim-mutants"))
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("names", nargs="*", help="parts of names; without: all")
    options = parser.parse_args()
    names = [name for name in MUTANTS if not options.names or any(part in name for part in options.names)]
    with alone(options.build):
        caught = try_mutants(options.build, names, options.seeds)
    print(f"{caught or 0} of {len(names)} mutants were caught")
    return 0 if caught == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
