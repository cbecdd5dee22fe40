# SPDX-License-Identifier: Apache-2.0
"""Ratios of figures, their medians, and tables for people."""

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tables import table, verdict  # noqa: E402

# (what, numerator's figure, denominator's, at least) by protocol. None: noted, with no bar.
RATIOS = {
    "icmp": [("ours / ceiling, both stamps", "ours, both stamps", "ceiling, both stamps", 0.6),
             ("ours / ceiling, receive stamps", "ours, receive stamps", "ceiling, receive stamps", 0.85),
             ("ours / ceiling, both stamps, same rate", "ours, both stamps",
              "ceiling, both stamps, same rate", None),
             ("ours / ceiling, receive stamps, same rate", "ours, receive stamps",
              "ceiling, receive stamps, same rate", None),
             # fping takes its send times itself, too.
             ("ours / fping, receive stamps", "ours, receive stamps", "fping", 1.0),
             ("ours / fping, ours with both stamps", "ours, both stamps", "fping", None),
             ("ours / blackbox_exporter, both stamps", "ours, both stamps", "blackbox_exporter", 15.0)],
    "tcp": [("ours / ceiling", "ours", "ceiling", 0.6),
            ("ours / blackbox_exporter", "ours", "blackbox_exporter", 5.0)],
    "http": [("ours / wrk", "ours", "wrk", None),
             ("ours / blackbox_exporter", "ours", "blackbox_exporter", 3.0)],
    "https": [("ours / wrk", "ours", "wrk", None),
              ("ours / blackbox_exporter", "ours", "blackbox_exporter", 1.5)],
}
RTT_P999_US, RTT_MAX_US, TARGET_BYTES = 25, 1000, 512


def ratios(protocol, repetitions):
    """Each ratio of checks per CPU-second, taken inside one repetition; median, least, most."""
    rows = []
    for what, above, below, bar in RATIOS[protocol]:
        values = [each[above]["per_cpu_s"] / each[below]["per_cpu_s"] for each in repetitions
                  if above in each and below in each and each[below]["per_cpu_s"]]
        if values:
            median = statistics.median(values)
            rows.append({"protocol": protocol, "ratio": what, "median": median, "least": min(values),
                         "most": max(values), "bar": bar,
                         "met": None if bar is None else median >= bar})
    return rows


def _number(value, digits=1):
    return "–" if value is None else f"{value:,.{digits}f}"


def print_figures(protocol, repetitions):
    names = dict.fromkeys(name for each in repetitions for name in each)
    rows = []
    for name in names:
        of = [each[name] for each in repetitions if name in each]
        middle = {key: statistics.median(one[key] for one in of)
                  for key in ("per_cpu_s", "per_wall_s", "failed")}
        rows.append([name, _number(middle["per_cpu_s"], 0), _number(middle["per_wall_s"], 0),
                     _number(1e6 / middle["per_cpu_s"] if middle["per_cpu_s"] else None),
                     _number(middle["failed"], 0)])
    table(f"{protocol.upper()}: one core, medians of {len(repetitions)}",
          ["", "checks/CPU-s", "checks/wall-s", "µs CPU/check", "failed"], rows)


def print_report(result):
    for protocol, repetitions in result["figures"].items():
        print_figures(protocol, repetitions)
    if result["ratios"]:
        table("Ratios of checks per CPU-second", ["", "median", "least", "most", "at least", ""],
              [[f"{row['protocol']}: {row['ratio']}", _number(row["median"], 2),
                _number(row["least"], 2), _number(row["most"], 2), _number(row["bar"], 2),
                verdict(row["met"])] for row in result["ratios"]])
    if result["capacity"]:
        table("Highest rate of ours on one core without a failed, missed or late check",
              ["", "checks/s"], [[key, _number(value, 0)] for key, value in result["capacity"].items()])
    if result["accuracy"]:
        table("RTT error against the capture, µs; all cores busy",
              ["", "samples", "per second", "p50", "p99", "p99.9", "max", "> 1 ms", ""],
              [[row["name"], f"{row['matched']:,}", _number(row["per_second"], 0),
                *(_number(row[key]) for key in ("p50_us", "p99_us", "p999_us", "max_us")),
                row["over_1ms"], verdict(row.get("met"))] for row in result["accuracy"]])
    if result["memory"]:
        table("Resident bytes per ICMP target (10 checks each 10 s), medians; bar for ours: 512",
              ["targets", "ours", "least", "most", "failed", "late", "fping", ""],
              [[f"{row['targets']:,}", _number(row["ours"], 0), _number(min(row["each"]), 0),
                _number(max(row["each"]), 0), f"{row['failed']:,}", f"{row['late']:,}",
                _number(row["fping"], 0), verdict(row["met"])] for row in result["memory"]])
    for row in result["must_hold"]:
        print(f"\n{row['name']}: {verdict(row['met'])}\n  {row['text']}")


def judge(result):
    """Adds verdicts to what has a bar."""
    for row in result["accuracy"]:
        if row["name"] == "ours" and row["matched"]:
            row["met"] = row["p999_us"] <= RTT_P999_US and row["max_us"] <= RTT_MAX_US
    for row in result["memory"]:
        row["met"] = row["ours"] <= TARGET_BYTES
