#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures our trace engine beside mtr and scamper in one run, through a simulated network of ten hops, and
the agent's path monitor with 10,000 ways. Needs root. bench/README.md says what each figure means."""

import argparse
import json
import os
import pathlib
import platform
import sys
import time

import contenders
import follow
import networks
import report
from bed import Bed, missing_peers
from namespaces import LabError

# Name → destinations, packets a second. The lower rate is one that mtr can keep up on one core; the higher
# is the highest that scamper takes.
SWEEPS = {"1,000 at 500/s": (1_000, 500), "1,000 at 10,000/s": (1_000, 10_000),
          "10,000 at 10,000/s": (10_000, 10_000)}
# mtr needs minutes for these: once a run.
MTR_ONCE = "10,000 at 10,000/s"
SECTIONS = ("sweep", "follow")


def note(what):
    print(f"[{time.strftime('%H:%M:%S')}] {what}; load {os.getloadavg()[0]:.1f}", file=sys.stderr)


def repetition(bed, network, name, with_mtr, missing):
    """Name → figure of each contender, one after the other."""
    count, rate = SWEEPS[name]
    figures = [contenders.ours(bed, network, count, rate)]
    if "scamper" not in missing:
        figures.append(contenders.scamper(bed, network, count, rate))
    if "mtr" not in missing and with_mtr:
        figures.append(contenders.mtr(bed, network, count, rate))
    if rate >= 10_000:
        full = contenders.ours(bed, network, count, 0)
        full.name = "ours, as fast as it goes"
        figures.append(full)
    return {figure.name: figure.to_json() for figure in figures}


def sweeps(bed, options, missing):
    figures = {}
    with bed.network(networks.chain()) as network:
        for number in range(options.repeat):
            for name in SWEEPS:
                note(f"{name}, {number + 1} of {options.repeat}")
                with_mtr = name != MTR_ONCE or (number == 0 and not options.quick)
                figures.setdefault(name, []).append(repetition(bed, network, name, with_mtr, missing))
    return figures


def measure(bed, options, missing):
    result = {"machine": {"cores": os.cpu_count(), "kernel": platform.release(),
                          "load_before": os.getloadavg()[0]},
              "quick": options.quick, "missing": missing, "figures": {}, "ratios": [], "follow": None}
    if "sweep" in options.only:
        result["figures"] = sweeps(bed, options, missing)
    for name, repetitions in result["figures"].items():
        result["ratios"] += report.ratios(name, repetitions)
    if "follow" in options.only and "tcpdump" not in missing:
        note("10,000 ways")
        result["follow"] = follow.run(bed, 10_000, 60, 180, 70 if options.quick else 140)
        report.judge(result["follow"])
    result["machine"]["load_after"] = os.getloadavg()[0]
    return result


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--build", default=root / "build/release", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path, help="write everything that was measured here")
    parser.add_argument("--quick", action="store_true", help="without mtr to 10,000 destinations")
    parser.add_argument("--repeat", type=int, default=1, help="repetitions of the sweeps")
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    options = parser.parse_args()
    options.only = options.only.split(",")
    for word in options.only:
        if word not in SECTIONS:
            parser.error(f"--only: no section `{word}`: known are {', '.join(SECTIONS)}")
    return options


def main():
    options = parse_options()
    missing = missing_peers()
    if missing:
        print(f"bench: not installed and so left out: {', '.join(missing)}. Install them with\n"
              f"  apt-get install {' '.join(missing.values())}", file=sys.stderr)
    try:
        with Bed(options.build) as bed:
            result = measure(bed, options, missing)
    except LabError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    report.print_report(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
