#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server with a fleet of simulated agents: at the limits of connection monitors (`limits`), and under the
load of many tests (`load`). Says what it costs, and ends with 1 if something is not as it must be.
What is measured and how: bench/README.md."""
import argparse
import contextlib
import json
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tests" / "system")]

from fleet import (MONITORS, Arm, ServerProcess, Simulation, began_anew, broken_histories,  # noqa: E402
                   limit_monitor, moved, rows_of, swap_destination, tests_of)
from store import Store  # noqa: E402

LARGEST = 79  # destinations of each group of the largest monitor; the others have 4


class Report:
    """Figures and verdicts, printed as they come."""

    def __init__(self):
        self.figures, self.failed = {}, []

    def figure(self, name, value, unit=""):
        self.figures[name] = value
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        print(f"  {name:58} {shown} {unit}", flush=True)

    def must(self, what, holds, told=""):
        print(f"  {'met     ' if holds else 'NOT MET '} {what} {told}", flush=True)
        self.figures.setdefault("must", {})[what] = bool(holds)
        if not holds:
            self.failed.append(what)

    def memory(self, server, simulation, when):
        for role, usage in server.usage().items():
            self.figure(f"resident memory of the {role}, {when}", usage.resident / 1e6, "MB")
        self.figure(f"resident memory of the simulation, {when}", simulation.usage().resident / 1e6, "MB")


def wait_until(predicate, seconds, what):
    end = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > end:
            raise AssertionError(f"in {seconds} s not: {what}")
        time.sleep(0.2)


def timed(ask, times=3):
    """Median seconds of some calls, and the last answer."""
    took, answer = [], None
    for _ in range(times):
        began = time.monotonic()
        answer = ask()
        took.append(time.monotonic() - began)
    return statistics.median(took), answer


def build_fleet(report, arm, agents, options):
    """PUTs all monitors. Returns the properties of the largest, and how many tests there are."""
    took, total, properties = [], 0, None
    for number in range(options.monitors):
        is_largest = number == options.monitors - 1
        properties = limit_monitor(number, agents, options.largest if is_largest else 4, options.frequency)
        total += tests_of(properties)
        took.append(arm.put(f"m{number:03}", properties))
    report.figure("connection monitors, each by one PUT", len(took))
    report.figure("tests", total)
    report.figure("a PUT that creates, median", statistics.median(took) * 1e3, "ms")
    report.figure("a PUT that creates, the last and largest", took[-1] * 1e3, "ms")
    report.figure("all PUTs", sum(took), "s")
    return properties, total


def list_fleet(report, client, arm, options):
    seconds, (monitors, _, size) = timed(arm.list)
    report.figure("Azure's list of all monitors", seconds * 1e3, "ms")
    report.figure("its bytes", size / 1e6, "MB")
    report.must("all monitors are listed", len(monitors) == options.monitors, f"({len(monitors)})")
    for name, path in (("list of monitors with their states", "/api/v1/connection-monitors"),
                       ("one monitor with its state", f"/api/v1/connection-monitors/m{options.monitors - 1:03}"),
                       ("first 1,000 tests", "/api/v1/tests?limit=1000"),
                       ("snapshot of all tests", "/api/v1/snapshot")):
        report.figure(name, timed(lambda path=path: client.ask("GET", path)
                                  if "snapshot" not in path else raw(client, path))[0] * 1e3, "ms")


def raw(client, path):
    """Of an answer that is no JSON, only that it came."""
    with contextlib.suppress(ValueError):
        client.ask("GET", path)


def change_one_group(report, simulation, client, arm, properties, options):
    """Replaces one destination of one group of the largest monitor by another."""
    name = f"m{options.monitors - 1:03}"
    before, told = rows_of(client, name), simulation.fresh_counters()
    changed, concerned = swap_destination(properties, 7)
    report.figure("the PUT that changes one group of the largest", arm.put(name, changed) * 1e3, "ms")
    now = simulation.fresh_counters()
    report.must("only the tests concerned are told", all(
        now[key] - told[key] == value for key, value in
        (("put", concerned), ("removed", concerned), ("differences", 1), ("assignments", 0))),
        f"({now['put'] - told['put']} put, {now['removed'] - told['removed']} removed in "
        f"{now['differences'] - told['differences']} differences)")
    after = {}

    def has_gone_on():
        after.update(rows_of(client, name))
        return not moved(before, after)
    with contextlib.suppress(AssertionError):  # what is missing then is told below
        wait_until(has_gone_on, 2 * options.frequency + 120, "each test has a new round")
    after = rows_of(client, name)
    report.must("all others of the monitor stay",
                len(before.keys() & after.keys()) == len(before) - concerned == len(after) - concerned)
    others = moved(before, after)
    report.must("with their id, state and measurements", not others, f"({len(others)} have not: {others[:3]})")


def check_history(report, server, simulation, options):
    simulation.fresh_counters()
    broken, tests = broken_histories(Store(server), options.frequency)
    anew = began_anew(Store(server))
    report.must("no test's state began anew", anew == 0, f"({anew} have)")
    report.must("no test's history has a gap", broken == 0 and tests > 0, f"({broken} of {tests} tests have)")


def limits(options, report, folder):
    server = ServerProcess(options.linewatch, folder)
    try:
        server.start()
        client = server.client()
        simulation = Simulation(options.linewatch, server, folder,
                                ["--agents", options.agents, "--no-monitors", "--no-paths", "--steady"])
        simulation.wait(lambda now: now["connected"] == options.agents, 300, "all agents connect")
        agents = [each["name"] for each in client.get("/api/v1/agents")["value"]]
        report.figure("agents", len(agents))
        arm = Arm(client)
        properties, total = build_fleet(report, arm, agents, options)
        told = simulation.wait(lambda now: now["tests"] == total, 300, "all tests are assigned")
        report.must("each test is told once", told["put"] == total, f"({told['put']})")
        wait_until(lambda: client.get("/api/v1/status")["states"]["Indeterminate"] == 0, 3 * options.frequency + 60,
                   "all tests have a state")
        report.memory(server, simulation, "with all tests running")
        list_fleet(report, client, arm, options)
        change_one_group(report, simulation, client, arm, properties, options)
        check_history(report, server, simulation, options)
        report.memory(server, simulation, "in the end")
        simulation.stop()
    finally:
        server.stop()


def lag_of(counters, rate):
    """How long a round waits from being due to being acknowledged, in the mean (Little's law)."""
    return counters["waiting"] / rate


def steady_load(report, server, simulation, options, rate):
    before = {**server.usage(), "simulation": simulation.usage()}
    told, began = simulation.fresh_counters(), time.monotonic()
    lags = []
    while time.monotonic() - began < options.seconds:
        time.sleep(5)
        lags.append(lag_of(simulation.counters(), rate))
    now, took = simulation.fresh_counters(), time.monotonic() - began
    after = {**server.usage(), "simulation": simulation.usage()}
    rounds = now["acknowledged"] - told["acknowledged"]
    report.figure("rounds a second, acknowledged", rounds / took)
    for role, usage in after.items():
        cpu = usage.cpu - before[role].cpu
        report.figure(f"CPU of the {role}", 100 * cpu / took, "% of a core")
        if role != "simulation":
            report.figure(f"rounds for each CPU second of the {role}", rounds / max(cpu, 1e-9))
    report.figure("ingest lag, mean", statistics.mean(lags), "s")
    report.figure("ingest lag, most", max(lags), "s")
    report.memory(server, simulation, "under load")
    report.must("the server keeps up", rounds / took > 0.98 * rate, f"({rounds / took:,.0f} of {rate:,.0f} rounds/s)")


def restart(report, server, simulation, options, how):
    """Ends the server, starts it again, and looks how its agents come back."""
    (server.kill if how == "kill -9" else server.stop)()
    ready = server.start()
    began, client = time.monotonic(), server.client()
    seen = []
    while True:
        connected = client.get("/api/v1/status")["agentsConnected"]
        seen.append((time.monotonic() - began, connected))
        if connected == options.agents or seen[-1][0] > 90:
            break
        time.sleep(0.25)
    per_second = max((later[1] - earlier[1]) / max(later[0] - earlier[0], 0.25)
                     for earlier, later in zip(seen, seen[4:])) if len(seen) > 4 else 0
    report.figure(f"after {how}: the API answers after", ready, "s")
    report.figure(f"after {how}: all agents are back after", ready + seen[-1][0], "s")
    report.figure(f"after {how}: most agents in a second", float(per_second))
    report.must(f"after {how}: all agents are back within 30 s", seen[-1][1] == options.agents
                and ready + seen[-1][0] <= 30, f"({seen[-1][1]} agents)")
    rate = options.tests / options.interval
    simulation.fresh_counters()
    simulation.wait(lambda now: lag_of(now, rate) < 5, 120, "what waited has come in")
    report.figure(f"after {how}: what waited is in after", ready + time.monotonic() - began, "s")


def check_loss(report, server, simulation):
    summary = simulation.stop()
    spools = Store(server).rounds().values()
    whole = all(rows == different == highest for rows, different, highest in spools)
    stored = sum(rows for rows, _, _ in spools)
    report.must("no round is lost or doubled", whole and stored >= summary["roundsAcknowledged"],
                f"({stored:,} stored, {summary['roundsAcknowledged']:,} acknowledged)")
    report.figure("connections of all agents in all", summary["connects"])


def load(options, report, folder):
    server = ServerProcess(options.linewatch, folder)
    rate = options.tests / options.interval
    try:
        server.start()
        simulation = Simulation(options.linewatch, server, folder, [
            "--agents", options.agents, "--tests", options.tests, "--interval", options.interval, "--steady",
            "--no-paths"])
        began = time.monotonic()
        simulation.wait(lambda now: now["tests"] == options.tests and now["connected"] == options.agents, 600,
                        "all agents have their tests")
        report.figure("all agents joined, connected and assigned after", time.monotonic() - began, "s")
        time.sleep(2 * options.interval)
        simulation.wait(lambda now: lag_of(now, rate) < 10, 300, "the server keeps up")
        steady_load(report, server, simulation, options, rate)
        if options.restarts:
            for how in ("SIGTERM", "kill -9"):
                restart(report, server, simulation, options, how)
                time.sleep(10)
        check_loss(report, server, simulation)
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("limits", "load"))
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--tests", type=int, default=100_000, help="load")
    parser.add_argument("--interval", type=int, default=30, help="load: seconds from round to round")
    parser.add_argument("--seconds", type=int, default=120, help="load: measured time")
    parser.add_argument("--no-restarts", dest="restarts", action="store_false", help="load")
    parser.add_argument("--monitors", type=int, default=MONITORS, help="limits")
    parser.add_argument("--largest", type=int, default=LARGEST, help="limits: destinations of its groups")
    parser.add_argument("--frequency", type=int, default=60, help="limits: seconds from round to round")
    parser.add_argument("--json", help="keep the figures in this file")
    parser.add_argument("--keep", help="folder for data and logs, kept")
    options = parser.parse_args()
    options.linewatch = pathlib.Path(options.build).resolve() / "linewatch"
    report = Report()
    with contextlib.ExitStack() as stack:
        folder = options.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="lw-fleet-"))
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        (limits if options.what == "limits" else load)(options, report, folder)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report.figures, indent=1))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
