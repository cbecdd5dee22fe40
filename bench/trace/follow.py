# SPDX-License-Identifier: Apache-2.0
"""10,000 ways followed by the agent's path monitor on one core. What was asked of whom is told by a
capture at the device, and by the simulated routers, which limit their answers as Linux does."""

import collections
import json
import re
import signal
import struct
import subprocess
import sys
import time

import networks
from bed import DEVICE, OTHER_CORES

# Two questions to a router within less are one too many. A hundredth is left for a busy machine: the
# monitor counts from when it decides, the capture from when the packet leaves.
BUDGET_S = 0.99
# Traces come up to a tenth of the interval late, so that they do not always meet the same others; a second is
# left for a busy machine.
LATE_SHARE, LATE_S = 0.1, 1.0
# What is sent towards a destination after less silence belongs to the same trace: looking for all ways waits up
# to 15 s for a router.
ONE_TRACE_S = 20
# So long a step of a search waits for its routers' turns before its first packet leaves (docs/paths.md).
TURN_PATIENCE_S = 15


class Capture:
    """All that leaves, while the block lasts: [(seconds, destination, TTL)] in order of time."""

    def __init__(self, bed):
        self.bed, self.file = bed, bed.folder / "asked.pcap"

    def __enter__(self):
        self.process = self.bed.start(
            ["tcpdump", "-i", DEVICE, "-n", "-s", "32", "-B", "65536", "-Z", "root", "-w", self.file,
             "--time-stamp-precision=nano", "icmp[icmptype] == icmp-echo"], OTHER_CORES,
            stderr=subprocess.PIPE, text=True)
        self.process.stderr.readline()  # "listening on …"
        return self

    def __exit__(self, *_):
        time.sleep(0.5)  # The last block of the ring is handed over after a while only.
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate(timeout=30)[1]
        dropped = re.search(r"(\d+) packets dropped by kernel", text)
        if not dropped or int(dropped[1]):
            raise SystemExit(f"bench: the capture is not whole: {text}")

    def packets(self):
        data = self.file.read_bytes()
        if struct.unpack_from("<I", data)[0] != 0xa1b23c4d:
            raise SystemExit("bench: tcpdump wrote no nanosecond pcap")
        at = 24
        while at + 16 <= len(data):
            seconds, nanoseconds, size, _ = struct.unpack_from("<IIII", data, at)
            at += 16  # A TUN device has no link header.
            yield seconds + nanoseconds / 1e9, struct.unpack_from("!I", data, at + 16)[0], data[at + 8]
            at += size


def _look_at(packets, tree, begin, end):
    """Packets, questions to routers, how many by TTL came too soon after another, and by destination
    when traces began and when packets left."""
    last, last_to, traces, sent_at = {}, {}, collections.defaultdict(list), collections.defaultdict(list)
    too_soon = collections.Counter()
    sent = routers = 0
    for at, destination, ttl in packets:
        router = tree.router(destination, ttl)
        is_inside = begin <= at < end
        sent += is_inside
        if at - last_to.get(destination, 0) > ONE_TRACE_S:
            traces[destination].append(at)
        last_to[destination] = at
        if is_inside:
            sent_at[destination].append(at)
        if router is None:
            continue
        routers += is_inside
        too_soon[ttl] += is_inside and at - last.get(router, 0) < BUDGET_S
        last[router] = at
    return sent, routers, too_soon, traces, sent_at


def _missed(times_of, tree, interval, begin, end, patience=0):
    """(times in that span, traces that are missing between them)."""
    longest = interval * (1 + LATE_SHARE) + LATE_S + patience
    made = missing = 0
    for number in tree.numbers:
        times = [at for at in times_of.get(networks.PREFIX_AT + number, []) if begin <= at < end]
        made += len(times)
        for a, b in zip([begin, *times], [*times, end]):
            missing += int((b - a) / longest)
    return made, missing


def _phase(name, lines, packets, tree, interval, start, begin_s, end_s):
    """What happened between two lines of the monitor."""
    first = min(lines, key=lambda line: abs(line["at_s"] - begin_s))
    last = min(lines, key=lambda line: abs(line["at_s"] - end_s))
    seconds, cpu = last["at_s"] - first["at_s"], last["cpu_s"] - first["cpu_s"]
    begin, end = start + first["at_s"], start + last["at_s"]
    sent, routers, too_soon, traces, sent_at = _look_at(packets, tree, begin, end)
    made, not_seen = _missed(traces, tree, interval, begin, end)
    _, missing = _missed(sent_at, tree, interval, begin, end, TURN_PATIENCE_S)
    return {"name": name, "seconds": seconds, "core_percent": 100 * cpu / seconds, "packets": sent,
            "packets_per_second": sent / seconds, "cpu_us_per_packet": 1e6 * cpu / sent if sent else 0,
            "asked_routers": routers, "too_soon": too_soon.total(),
            "too_soon_by_ttl": dict(sorted(too_soon.items())), "traces": made, "missed": missing,
            "missed_at_most": max(missing, not_seen),
            "rss_mb": last["rss_kb"] / 1024, "reports": last["reports"] - first["reports"],
            "with_issues": last["with_issues"] - first["with_issues"]}


def run(bed, count, interval, settle_s, seconds):
    """Phases: until all ways have been looked for, and after that."""
    tree = networks.Tree(count)
    with bed.network(tree.text()) as network:
        simulator = network.cpu()
        with Capture(bed) as capture:
            start = time.time()
            done = bed.run([bed.program("trace_follow_bench"), "--first", networks.FIRST, "--count", count,
                            "--interval", interval, "--seconds", settle_s + seconds])
        if done.status != 0:
            raise SystemExit(f"bench: trace_follow_bench ended with {done.status}: {done.errors}")
        simulator = (network.cpu() - simulator) / done.wall
    lines = [json.loads(line) for line in done.output.splitlines()]
    packets = list(capture.packets())
    phases = [_phase(name, lines, packets, tree, interval, start, *span) for name, *span in (
        ("first traces, all ways looked for", 0, settle_s), ("after that", settle_s, settle_s + seconds))]
    for line in sorted(set(done.errors.splitlines())):
        print(f"  said of a network that is well: {line}", file=sys.stderr)
    return {"destinations": count, "routers": tree.router_count(), "interval_s": interval, "phases": phases,
            "simulator_core_percent": 100 * simulator, "network": network.counters}
