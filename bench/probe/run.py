#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures our prober beside a bare ceiling, fping, blackbox_exporter and wrk in one run, in network
namespaces that it makes and removes. Needs root. bench/README.md says what each figure means."""

import argparse
import itertools
import json
import os
import pathlib
import platform
import sys
import time

import accuracy
import contenders
import must_hold
import report
from bed import Bed, missing_peers
from namespaces import LabError

SECTIONS = ("icmp", "tcp", "http", "https", "accuracy", "memory", "must_hold")
# Where the search for our capacity begins, in checks per second.
STAMPS = ("receive", "both")
FIRST_RATE = {"icmp": 20_000, "tcp": 4_000, "http": 400, "https": 60}


def rising_rates(first, step):
    """Without an end: that a list is over must not look like our capacity."""
    return (int(first * step ** i / 10) * 10 for i in itertools.count())


class Bench:
    def __init__(self, bed, options, missing):
        self.bed, self.quick, self.missing = bed, options.quick, missing
        self.seconds = 2 if options.quick else 5
        self.rates = {}

    def has(self, *programs):
        return not any(program in self.missing for program in programs)

    def find_capacity(self, protocol):
        step = 1.7 if self.quick else 1.2
        if protocol == "icmp":
            for stamps in STAMPS:
                self.rates[f"icmp, {stamps} stamps"] = contenders.capacity(
                    self.bed, protocol, rising_rates(FIRST_RATE[protocol], step), stamps=stamps)
        else:
            self.rates[protocol] = contenders.capacity(
                self.bed, protocol, rising_rates(FIRST_RATE[protocol], step))

    def repetition(self, protocol):
        """Name → figure of each contender, one after the other."""
        figures = list(self._icmp() if protocol == "icmp" else
                       self._tcp() if protocol == "tcp" else self._http(protocol))
        return {figure.name: figure.to_json() for figure in figures}

    def _ours(self, protocol):
        return contenders.ours_that_holds(self.bed, protocol, self.rates[protocol],
                                          seconds=self.seconds)

    def _blackbox(self, protocol):
        if self.has("prometheus-blackbox-exporter", "wrk"):
            with contenders.Blackbox(self.bed) as exporter:
                exporter.load(protocol, 1)  # Warm: its heap, its sockets.
                yield exporter.load(protocol, self.seconds)

    def _icmp(self):
        yield contenders.ceiling_icmp(self.bed, "none", seconds=self.seconds)
        for stamps in STAMPS:
            rate = self.rates[f"icmp, {stamps} stamps"]
            yield contenders.ceiling_icmp(self.bed, stamps, seconds=self.seconds)
            ours = contenders.ours_that_holds(self.bed, "icmp", rate, seconds=self.seconds,
                                              stamps=stamps)
            yield ours
            same = contenders.ceiling_icmp(self.bed, stamps, seconds=self.seconds,
                                           rate=ours.more["rate"])
            same.name += ", same rate"
            yield same
        if self.has("fping"):
            yield contenders.fping(self.bed)
        yield from self._blackbox("icmp")

    def _tcp(self):
        yield contenders.ceiling_tcp(self.bed, seconds=self.seconds)
        yield self._ours("tcp")
        yield from self._blackbox("tcp")

    def _http(self, protocol):
        if self.has("wrk"):
            yield contenders.wrk(self.bed, protocol, self.seconds)
        yield self._ours(protocol)
        yield from self._blackbox(protocol)


def load_average():
    return os.getloadavg()[0]


def measure(bed, options, missing):
    bench = Bench(bed, options, missing)
    result = {"machine": {"cores": os.cpu_count(), "kernel": platform.release(),
                          "load_before": load_average()},
              "quick": options.quick, "missing": missing, "figures": {}, "ratios": [], "capacity": {},
              "accuracy": [], "memory": [], "must_hold": []}

    def note(what):
        print(f"[{time.strftime('%H:%M:%S')}] {what}; load {load_average():.1f}", file=sys.stderr)

    protocols = [each for each in SECTIONS[:4] if each in options.only and
                 (bench.has("nginx") or not each.startswith("http"))]
    for protocol in protocols:
        note(f"capacity, {protocol}")
        bench.find_capacity(protocol)
    result["capacity"] = bench.rates
    for number in range(options.repeat):
        for protocol in protocols:
            note(f"{protocol}, {number + 1} of {options.repeat}")
            result["figures"].setdefault(protocol, []).append(bench.repetition(protocol))
    for protocol, repetitions in result["figures"].items():
        result["ratios"] += report.ratios(protocol, repetitions)
    if "accuracy" in options.only and bench.has("tcpdump"):
        note("RTT error")
        names = ["ours"] + [name for name, program in (
            ("ping", "ping"), ("fping", "fping"),
            ("blackbox_exporter", "prometheus-blackbox-exporter")) if bench.has(program)]
        result["accuracy"] = accuracy.compare(bed, 4 if options.quick else 30, 10_000, names)
    if "memory" in options.only and bench.has("fping"):
        note("memory")
        result["memory"] = must_hold.memory(bed, [10_000] if options.quick else [1_000, 10_000, 50_000])
    if "must_hold" in options.only:
        note("must hold")
        for row in must_hold.run(bed, options.quick):
            result["must_hold"].append(row)
            note(row["name"])
    result["machine"]["load_after"] = load_average()
    report.judge(result)
    return result


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--build", default=root / "build/release", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path, help="write everything that was measured here")
    parser.add_argument("--quick", action="store_true", help="some three minutes, without the million")
    parser.add_argument("--repeat", type=int, default=1, help="repetitions of the ratios")
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
