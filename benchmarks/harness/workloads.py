"""What is run: one line per workload. SPDX-License-Identifier: Apache-2.0"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """A topology that every engine has under the same name."""
    name: str            # in workloads.c and peers/Peer.java
    shapes: tuple        # of its inputs (data.h)
    check: str           # "all": every record of the output counts; "last": the last value of each key
    expect: str          # name of the rules in expect.c
    raw: tuple = ()      # the raw loop beside it: program and mode (of all but raw_loop its last argument); () where there is none
    changelogs: tuple = ("counts-changelog",)  # suffixes of the topics that the raw loop keeps for tables that are no topics
    through: tuple = ()  # and of those it sends to itself: inputs behind the others
    output: str = "out"  # suffix of the topic that is checked
    topics: tuple = ()   # names that the topology itself gives; () if benchmarks/run names them
    about: str = ""

    @property
    def is_system(self):
        """It comes with Weir, and has no inputs of these benchmarks."""
        return not self.shapes

    def divided(self, records):
        """Records per input."""
        share = records // len(self.streams)
        return [share if shape in self.streams else records for shape in self.shapes]

    @property
    def streams(self):
        """The inputs that share the records; the others are as long as there are keys."""
        return [shape for shape in self.shapes if shape != "products"]


COMMERCE = Workload("commerce", (), "", "", ("raw_loop", "consume"), topics=("orders.events", "notifications.events", "inventory.responses",
                                                    "inventory.events", "inventory.stock"),
                    about="the shop of topologies/commerce: Weir beside itself")

WORKLOADS = {workload.name: workload for workload in (
    Workload("stateless", ("orders",), "all", "stateless", ("raw_loop", "stateless"), about="filter, map"),
    Workload("view", ("orders",), "last", "count", ("raw_count", 0), output="counts-changelog",
             about="count by key into a view; its changelog is checked"),
    Workload("count", ("orders",), "last", "count", ("raw_count", 0), about="count by key, every change to a topic"),
    Workload("tumbling", ("orders",), "last", "tumbling", ("raw_count", 10000), about="count by key and 10 s"),
    Workload("hopping", ("orders",), "last", "hopping", about="count by key and 10 s, every 5 s"),
    Workload("session", ("orders",), "last", "session", about="count by key and session with a gap of 2 s"),
    Workload("stream-table", ("orders", "products"), "all", "stream-table", ("raw_table", 0), changelogs=(),
             about="join with a table of the keys"),
    Workload("table-table", ("orders", "restocks"), "last", "table-table", ("raw_join", "tables"), changelogs=(),
             about="both sides change"),
    Workload("stream-stream", ("purchases", "payments"), "all", "stream-stream", ("raw_join", 60000), about="purchases and payments within 60 s"),
    Workload("foreign-key", ("purchases", "products"), "last", "foreign-key", ("raw_foreign", "-"),
             changelogs=("subscriptions-changelog", "joined-changelog"),
             through=("registrations", "responses"), about="purchases and the product they name"),
    COMMERCE,
)}

VIEW = WORKLOADS["view"]
