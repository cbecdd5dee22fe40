# SPDX-License-Identifier: Apache-2.0
"""Runs one contender once through the chain and returns a Figure: what it sent, found and used."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys

import networks
from bed import MEASURED_CORE, OTHER_CORES, ROOT

# Alike for all: one attempt for each hop, five silent hops end a trace, an answer may take a second (but see
# swarm.py), and so many traces at a time.
WINDOW, WAIT_S, GAP = 1000, 1, 5
# mtr sends on until the destination has answered; measured here: 12.8.
MTR_PACKETS = 13


@dataclasses.dataclass
class Figure:
    name: str
    count: int     # destinations
    asked: float   # packets a second that were asked for; 0: as fast as it goes
    packets: int   # that were sent, by the device's count
    wall: float
    cpu: float     # user and system seconds
    whole: int     # traces that show each hop and the destination
    simulator_cpu: float

    @property
    def cpu_us(self):
        return 1e6 * self.cpu / self.packets if self.packets else 0

    def to_json(self):
        return dataclasses.asdict(self) | {"cpu_us_per_packet": self.cpu_us,
                                           "packets_per_second": self.packets / self.wall}


def _measure(network, name, count, rate, run):
    """run() → wall, CPU seconds, and destination → hops in order."""
    packets, simulator = network.packets_sent(), network.cpu()
    wall, cpu, found = run()
    # What is read later is not part of the wall time, and nothing is sent any more.
    packets, simulator = network.packets_sent() - packets, network.cpu() - simulator
    whole = sum(1 for address, hops in found().items() if hops == networks.chain_hops(address))
    return Figure(name, count, rate, packets, wall, cpu, whole, simulator)


def _checked(run, what):
    if run.status != 0:
        raise SystemExit(f"bench: {what} ended with {run.status}: {run.errors or run.output}")
    return run


def ours(bed, network, count, rate):
    out = bed.folder / "ours.txt"

    def run():
        done = _checked(bed.run([bed.program("trace_sweep_bench"), "--first", networks.FIRST, "--count", count,
                                 "--rate", rate or 10**9, "--window", WINDOW if rate else 0,
                                 "--wait-ms", 1000 * WAIT_S, "--gap", GAP, "--attempts", 1, "--out", out]),
                        "trace_sweep_bench")
        return done.wall, done.cpu, found

    def found():
        lines = (line.split() for line in out.read_text().splitlines())
        return {words[0]: words[2::3] for words in lines}

    return _measure(network, "ours", count, rate, run)


def scamper(bed, network, count, rate):
    targets, out = bed.folder / f"targets{count}", bed.folder / "scamper.warts"
    targets.write_text("".join(networks.nth_address(i) + "\n" for i in range(count)))
    trace = f"trace -P icmp-paris -q 1 -w {WAIT_S} -g {GAP} -m 30"

    def run():
        done = _checked(bed.run(["scamper", "-O", "warts", "-o", out, "-p", rate, "-w", WINDOW, "-c", trace,
                                 "-f", targets]), "scamper")
        return done.wall, done.cpu, found

    def found():
        text = subprocess.run(["sc_warts2json", out], capture_output=True, text=True, check=True).stdout
        traces = [json.loads(line) for line in text.splitlines()]
        return {each["dst"]: [hop["addr"] for hop in each.get("hops", [])] for each in traces
                if each["type"] == "trace"}

    return _measure(network, "scamper", count, rate, run)


def mtr(bed, network, count, rate):
    folder = bed.folder / "mtr"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()

    def run():
        done = _checked(bed.run([sys.executable, ROOT / "bench/trace/swarm.py", MEASURED_CORE, count,
                                 rate / MTR_PACKETS, folder], OTHER_CORES), "swarm.py")
        told = json.loads(done.output)
        return told["wall_s"], told["cpu_s"], found

    def found():
        return {file.name: re.findall(r"^ *\d+\.\|-- (\S+)", file.read_text(), re.M)
                for file in folder.iterdir()}

    return _measure(network, "mtr", count, rate, run)
