# SPDX-License-Identifier: Apache-2.0
"""The network that the trace bench runs in, and processes whose cost it measures.

One namespace whose only way out is a TUN device with linewatch-simnet behind it. The simulator, and
whoever drives or watches, have other cores than the measured process.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))

from lab import Lab  # noqa: E402
import namespaces  # noqa: E402

DEVICE = "sim0"
CORES = sorted(os.sched_getaffinity(0))
MEASURED_CORE = CORES[-1]
OTHER_CORES = CORES[:-1] or CORES

# Programs that are measured or watch, and where Debian has them.
PEERS = {"mtr": "mtr-tiny", "scamper": "scamper", "tcpdump": "tcpdump"}


def missing_peers():
    """Programs that are not installed → the Debian packages that have them."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return {name: package for name, package in PEERS.items() if not shutil.which(name, path=path)}


def cpu_of(pid):
    """User + system seconds of a running process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Finished:
    """What a process that ended has printed and used, and what went out meanwhile."""

    def __init__(self, output, errors, status, usage, wall):
        self.output, self.errors, self.status, self.wall = output, errors, status, wall
        self.cpu = usage.ru_utime + usage.ru_stime  # of its children as well, once it waited for them


class Network:
    """A running simulator and its counters."""

    def __init__(self, bed, process):
        self.bed, self.process = bed, process
        self.counters = None  # its own, once it has ended

    def packets_sent(self):
        """By the namespace, into the simulated network: the kernel's count at the device."""
        file = f"/sys/class/net/{DEVICE}/statistics/tx_packets"
        return int(self.bed.host.run(["cat", file], check=True).stdout)

    def cpu(self):
        return cpu_of(self.process.pid)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.counters = json.loads(self.process.communicate(timeout=30)[0].splitlines()[-1])


class Bed:
    """`with Bed(build) as bed`: a namespace without a network, until the end of the block."""

    # Before other work of the machine, so that it disturbs the figures less.
    niceness = -20

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.lab = Lab({"hosts": {"agent": {}}, "links": []})

    def __enter__(self):
        self.lab.up()
        # scamper does not start without one; nobody asks it.
        resolver = namespaces.ETC_NETNS / self.host.namespace / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\n")
        return self

    def __exit__(self, *_):
        self.lab.down()

    @property
    def host(self):
        return self.lab.host("agent")

    @property
    def folder(self):
        return self.lab.folder

    @contextlib.contextmanager
    def network(self, text):
        """The simulated network, until the end of the block."""
        file = self.folder / "network.yaml"
        file.write_text(text)
        process = self.start([self.program("linewatch-simnet"), file, "--device", DEVICE],
                             OTHER_CORES[:1], stdout=subprocess.PIPE, text=True)
        network = Network(self, process)
        try:
            if process.stdout.readline().strip() != "ready":
                raise SystemExit("bench: linewatch-simnet did not start")
            # Beyond the queue's length packets would be lost before they are sent.
            namespaces.ip_batch(["addr add 10.0.0.1/32 dev " + DEVICE,
                                 f"link set {DEVICE} up txqueuelen 10000",
                                 "route add 198.18.0.0/15 dev " + DEVICE], self.host.namespace)
            yield network
            network.end()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def program(self, name):
        program = self.build / name
        if not program.exists():
            raise SystemExit(f"bench: {program} is not built: run `./dev bench trace`")
        return program

    def run(self, command, cores=None):
        """Runs a process to its end. It gets the measured core."""
        begin = time.monotonic()
        with open(self.folder / "output", "w+") as output, open(self.folder / "errors", "w+") as errors:
            process = self.start(command, cores, stdout=output, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            wall = time.monotonic() - begin
            output.seek(0), errors.seek(0)
            return Finished(output.read(), errors.read(), process.returncode, usage, wall)

    def start(self, command, cores=None, **options):
        """Starts a process; the caller waits for it."""
        pinned = ["nice", "-n", self.niceness, "taskset", "-c",
                  ",".join(map(str, cores or [MEASURED_CORE])), *command]
        return self.host.popen(pinned, stdin=subprocess.DEVNULL, **options)
