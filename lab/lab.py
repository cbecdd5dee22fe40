#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Networks in namespaces, with servers that misbehave, for tests and for trying things out.

    with Lab("two-routers") as lab:
        lab.line("r1", "r2").set(delay_ms=100)
        lab.host("agent").run(["linewatch", "check", "icmp", lab.address("web")])

    lab.py up two-routers; lab.py run two-routers -- bash; lab.py down two-routers; lab.py sweep

A lab goes with the `with` block, with its process, or, after a `kill -9`, with the next lab that
starts (or `sweep`). Needs root. What exists is noted in /run/linewatch-lab before it is made.
"""

import argparse
import atexit
import fcntl
import itertools
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time

import namespaces
import network
from certificates import Certificates
from hosts import Host, Service
from namespaces import LabError
from topologies import TOPOLOGIES

RUNS = pathlib.Path("/run/linewatch-lab")
_open_labs = []
_counter = itertools.count()


class Lab:
    """A running network. Names: see topologies.py; a dict of that form, or a JSON file, also does."""

    def __init__(self, topology="two-routers", seed=1, name=None):
        if os.geteuid() != 0:
            raise LabError("the lab makes network namespaces and needs root: run it with sudo")
        self.topology = _load(topology)
        self.seed = seed
        self.is_detached = name is not None
        self.name = name or f"lw{os.getpid()}x{next(_counter)}"
        self.folder = RUNS / self.name
        self.hosts, self.lines, self.services = {}, {}, {}
        self.certificates, self.zone_file = None, self.folder / "zone.json"
        self._processes = []
        self._cuts = {}

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.down()

    def up(self):
        sweep()
        if self.folder.exists():
            raise LabError(f"{self.name} is up already; take it down first")
        self.folder.mkdir(parents=True)
        self._note()
        _open_labs.append(self)
        try:
            self._build()
        except BaseException:
            self.down()
            raise
        if self.is_detached:
            _open_labs.remove(self)

    def _build(self):
        topology = self.topology
        for name, options in topology["hosts"].items():
            self.hosts[name] = Host(self, name, options.get("router", False))
        network.make_hosts(self)
        network.make_links(self, topology["links"], self.seed)
        services = topology.get("services", {})
        for name, description in services.items():
            self.services[name] = Service(self, name, description)
        for service in self.services.values():
            known = service.host.addresses[service._number]
            if service.last not in known:
                known.append(service.last)
        network.make_addresses(self)
        network.make_routes(self, topology["links"], topology.get("dead", []),
                            topology.get("defaults", {}))
        network.wait_for_links(self, self.hosts.values())
        if any(each["kind"] == "tls" for each in services.values()):
            self.certificates = Certificates(self.folder / "certificates")
        self._write_etc()
        for service in self.services.values():
            service.start()

    def down(self):
        """Removes everything of this lab. Does no harm when called twice."""
        if self in _open_labs:
            _open_labs.remove(self)
        for process in self._processes:
            if process.poll() is None:
                process.kill()
        _remove(self.name)
        for process in self._processes:
            process.wait()

    # What tests use

    def host(self, name):
        return self.hosts[name]

    def service(self, name):
        return self.services[name]

    def address(self, name, version=4):
        """Of a service, else of a host."""
        return (self.services.get(name) or self.hosts[name]).address(version)

    def line(self, a="r1", b="r2"):
        return self.lines[frozenset((a, b))]

    def cut(self, a, b):
        """Lets nothing through between two neighbours, in silence, until mend()."""
        link = network.link_between(self.topology["links"], a, b)
        self._cuts[frozenset((a, b))] = [
            self.host(here).firewall.drop_arrivals(self.host(here).interfaces[link])
            for here in (a, b)]

    def mend(self, a, b):
        for rule in self._cuts.pop(frozenset((a, b)), []):
            rule.remove()

    def wait_until(self, predicate, seconds, what):
        deadline = time.monotonic() + seconds
        while not predicate():
            if time.monotonic() > deadline:
                raise LabError(f"waited {seconds} s in vain: {what}")
            time.sleep(0.01)

    # For the lab's own parts

    def start_and_wait(self, command, name):
        """Starts a process that says "ready" and is killed with the lab; its log is in the folder."""
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=log,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        log.close()
        self._processes.append(process)
        self._note()
        ready, _, _ = select.select([process.stdout], [], [], 20)
        line = process.stdout.readline() if ready else b""
        process.stdout.close()
        if line.strip() != b"ready":
            raise LabError(f"{name} did not start: " + (self.folder / f"{name}.log").read_text())
        return process

    def write_zone(self, mode):
        records = {service.dns_name: [service.address(4), service.address(6)]
                   for service in self.services.values()}
        namespaces.write_json(self.zone_file, {"mode": mode, "records": records})

    def _write_etc(self):
        """What `ip netns exec` puts over a host's /etc: its resolver, and the roots that it trusts,
        which are the lab's and no others."""
        resolver = self.topology.get("resolver")
        text = "options timeout:1 attempts:1\n"
        if resolver:
            text = f"nameserver {self.address(resolver)}\n" + text
        if self.certificates:
            self.certificates.make_trust_folder(self.folder / "ssl")
        for host in self.hosts.values():
            folder = namespaces.ETC_NETNS / host.namespace
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "resolv.conf").write_text(text)
            if self.certificates:
                (folder / "ssl").symlink_to(self.folder / "ssl")

    def _note(self):
        """What sweep() needs if this process dies now. Written before a thing is made, or at once
        after for processes outside the namespaces."""
        owner = None if self.is_detached else [os.getpid(), namespaces.start_time(os.getpid())]
        started = [[each.pid, namespaces.start_time(each.pid)] for each in self._processes
                   if each.poll() is None]
        namespaces.write_json(self.folder / "state.json",
                              {"owner": owner, "processes": started, "topology": self.topology})


def _load(topology):
    if isinstance(topology, dict):
        return topology
    if topology in TOPOLOGIES:
        return TOPOLOGIES[topology]
    if pathlib.Path(topology).is_file():
        return json.loads(pathlib.Path(topology).read_text())
    raise LabError(f"no topology `{topology}`: known are {', '.join(TOPOLOGIES)}, or a JSON file")


def _remove(name):
    folder = RUNS / name
    try:
        state = json.loads((folder / "state.json").read_text())
    except (OSError, ValueError):
        state = {"processes": []}
    for pid, started in state["processes"]:
        if namespaces.is_alive(pid, started):
            namespaces.kill(pid)
    for namespace in namespaces.names_with_prefix(name):
        namespaces.delete_namespace(namespace)
    shutil.rmtree(folder, ignore_errors=True)


def sweep():
    """Removes what labs of processes that are no more left behind. Returns their names."""
    swept = []
    RUNS.mkdir(exist_ok=True)
    with (RUNS / ".lock").open("w") as lock:
        # Two labs that start at once would stumble over each other's deletions.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for folder in sorted(each for each in RUNS.iterdir() if each.is_dir()):
            if _is_orphan(folder):
                _remove(folder.name)
                swept.append(folder.name)
    return swept


def _is_orphan(folder):
    try:
        owner = json.loads((folder / "state.json").read_text())["owner"]
    except (OSError, ValueError):
        # Made a moment ago by a process that has not noted itself yet, or left by one that died
        # right then; the name tells.
        owner = _owner_by_name(folder.name)
    return owner is not None and not namespaces.is_alive(*owner)


def _owner_by_name(name):
    pid = name[2:].partition("x")[0]
    if not (name.startswith("lw") and pid.isdigit()):
        return None
    return [int(pid), namespaces.start_time(int(pid))]


def _down_all():
    for lab in list(_open_labs):
        lab.down()


def _end(number, _frame):
    sys.exit(128 + number)


atexit.register(_down_all)
for _signal in (signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(_signal) == signal.SIG_DFL:
        signal.signal(_signal, _end)


# The command line


def _run_name(topology):
    """A lab from the command line is called like its topology, one from a file like the file."""
    return pathlib.Path(topology).stem


def _cli_up(options):
    lab = Lab(options.name, name=_run_name(options.name))
    lab.up()
    for host in lab.hosts.values():
        print(f"{host.name:12} {host.address(4):14} {host.address(6):18} "
              f"ip netns exec {host.namespace} bash")
    if lab.certificates:
        print(f"CA: {lab.certificates.ca}")
    return 0


def _cli_down(options):
    name = _run_name(options.name)
    if not (RUNS / name).exists():
        raise LabError(f"{name} is not up")
    _remove(name)
    return 0


def _cli_run(options):
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if (RUNS / _run_name(options.name)).exists():
        namespace = f"{_run_name(options.name)}-{options.host}"
        return subprocess.run(namespaces.exec_command(namespace, command)).returncode
    with Lab(options.name) as lab:
        return lab.host(options.host).run(command, capture_output=False).returncode


def _cli_sweep(_options):
    print("\n".join(sweep()))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    for verb, function in (("up", _cli_up), ("down", _cli_down), ("run", _cli_run)):
        each = verbs.add_parser(verb)
        each.add_argument("name", help=", ".join(TOPOLOGIES) + ", or a JSON file")
        each.set_defaults(function=function)
        if verb == "run":
            each.add_argument("--host", default="agent")
            each.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("sweep").set_defaults(function=_cli_sweep)
    options = parser.parse_args()
    try:
        return options.function(options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
