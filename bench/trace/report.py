# SPDX-License-Identifier: Apache-2.0
"""Ratios of figures, their medians, and tables for people."""

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tables import table, verdict  # noqa: E402


def ratios(section, repetitions):
    """How many times what ours takes each other takes, inside one repetition; median, least, most. The others
    must take more."""
    rows = []
    peers = dict.fromkeys(name for each in repetitions for name in each if not name.startswith("ours"))
    for peer in peers:
        for what, key in (("wall time", "wall"), ("CPU per packet", "cpu_us_per_packet")):
            values = [each[peer][key] / each["ours"][key] for each in repetitions if peer in each]
            median = statistics.median(values)
            rows.append({"section": section, "ratio": f"{what}, {peer} / ours", "median": median,
                         "least": min(values), "most": max(values), "met": median > 1})
    return rows


def judge(follow):
    for phase in follow["phases"]:
        # While ways are looked for, nobody knows who stands there: docs/paths.md bounds what that may cost.
        # What is still looked for after that is little, and so is what comes too soon.
        share = 1_000 if phase is follow["phases"][-1] else 100
        too_soon_max = phase["asked_routers"] / share
        phase["met"] = (phase["too_soon"] <= too_soon_max and phase["missed"] == 0 and phase["core_percent"] < 100)


def _print_figures(section, repetitions):
    rows = []
    for name in dict.fromkeys(name for each in repetitions for name in each):
        of = [each[name] for each in repetitions if name in each]
        middle = {key: statistics.median(one[key] for one in of) for key in of[0] if key != "name"}
        rows.append([name, f"{middle['packets']:,.0f}", f"{middle['packets_per_second']:,.0f}",
                     f"{middle['wall']:.2f}", f"{middle['cpu']:.2f}", f"{middle['cpu_us_per_packet']:,.1f}",
                     f"{100 * middle['whole'] / middle['count']:.1f} %",
                     f"{100 * middle['simulator_cpu'] / middle['wall']:.0f} %", len(of)])
    table(f"{section}: medians; one core", ["", "packets", "packets/s", "wall s", "CPU s",
                                            "CPU µs/packet", "whole traces", "simulator's core", "runs"], rows)


def _print_follow(follow):
    table(f"{follow['destinations']:,} ways each {follow['interval_s']} s over {follow['routers']:,} routers, "
          "by the agent's path monitor on one core",
          ["", "s", "core", "packets/s", "CPU µs/packet", "traces", "missed", "at most", "routers asked", "too soon",
           "MB", ""],
          [[phase["name"], f"{phase['seconds']:.0f}", f"{phase['core_percent']:.1f} %",
            f"{phase['packets_per_second']:,.0f}", f"{phase['cpu_us_per_packet']:,.1f}",
            f"{phase['traces']:,}", f"{phase['missed']:,}", f"{phase['missed_at_most']:,}", f"{phase['asked_routers']:,}",
            f"{phase['too_soon']:,}", f"{phase['rss_mb']:.0f}", verdict(phase["met"])]
           for phase in follow["phases"]])
    print(f"  refused by the routers' own limits: {follow['network']['refused']:,} of "
          f"{follow['network']['received']:,}; simulator: {follow['simulator_core_percent']:.0f} % of its core")


def print_report(result):
    for section, repetitions in result["figures"].items():
        _print_figures(section, repetitions)
    if result["ratios"]:
        table("How many times as much as ours; must be above 1", ["", "median", "least", "most", ""],
              [[f"{row['section']}: {row['ratio']}", f"{row['median']:,.3f}", f"{row['least']:,.3f}",
                f"{row['most']:,.3f}", verdict(row["met"])] for row in result["ratios"]])
    if result["follow"]:
        _print_follow(result["follow"])
