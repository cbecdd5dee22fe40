# SPDX-License-Identifier: Apache-2.0
"""Turns a topology into namespaces, interfaces, addresses and routes."""

import collections
import json
import os
import pathlib
import socket
import subprocess

import namespaces
from namespaces import LabError, ip_batch

# Of every namespace: IPv6 addresses are usable at once, ICMP errors are never held back (the kernel
# allows a target one a second, which would turn "prohibited" into "timed out"), and anybody may ping.
# The mask and not a limit of 0 for IPv4: the latter eats the tokens of another limiter.
SYSCTLS = {
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/icmp_ratemask": "0",
    "net/ipv4/icmp_msgs_per_sec": "1000000",
    "net/ipv4/icmp_msgs_burst": "1000000",
    "net/ipv6/icmp/ratelimit": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/all/accept_ra": "0",
    "net/ipv4/ping_group_range": "0 2147483647",
}
ROUTER_SYSCTLS = {"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"}

V4, V6 = 4, 6


def subnet(number, version=V4):
    return f"10.77.{number}.0/24" if version == V4 else f"fd77:0:0:{number}::/64"


def address_on(number, last, version=V4):
    return f"10.77.{number}.{last}" if version == V4 else f"fd77:0:0:{number}::{last}"


def _write_sysctls(values):
    for name, value in values.items():
        file = pathlib.Path("/proc/sys", name)
        if file.exists():  # Kernels before 6.14 have some of them outside of namespaces only.
            file.write_text(value)


class Line:
    """The delay link between two hosts; `set()` changes what it does to packets at once."""

    def __init__(self, lab, number, ends, seed):
        self.ends = ends
        self.control = lab.folder / f"line{number}.sock"
        command = [str(link_program()), "--control", str(self.control), "--seed", str(seed)]
        for letter, end in zip("ab", ends):
            host = lab.host(end)
            command += [f"--ns-{letter}", str(namespaces.NETNS / host.namespace),
                        f"--if-{letter}", f"line{number}"]
        self.process = lab.start_and_wait(command, f"line{number}")

    def set(self, direction="both", **settings):
        """set(delay_ms=100, loss=5, direction="ab"); ab is from the link's first end to its second."""
        words = [f"{key}={value}" for key, value in settings.items()]
        self._ask(" ".join(["set", f"dir={direction}", *words]))

    def reset(self):
        """A perfect line again."""
        self._ask("set reset")

    def show(self):
        """Settings and packet counters of both directions."""
        return json.loads(self._ask("show"))

    def _ask(self, request):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.bind("")  # Linux picks an abstract address, to which the answer goes.
            client.settimeout(5)
            client.sendto(request.encode(), str(self.control))
            answer = client.recv(65536).decode()
        if answer.startswith("error"):
            raise LabError(f"{request}: {answer}")
        return answer


def link_program():
    """Where linewatch-lab-link was built: LW_BUILD, else the dev or release preset's folder."""
    root = pathlib.Path(__file__).resolve().parent.parent
    named = os.environ.get("LW_BUILD")
    folders = [pathlib.Path(named)] if named else [root / "build/dev", root / "build/release"]
    for folder in folders:
        if (folder / "linewatch-lab-link").exists():
            return folder / "linewatch-lab-link"
    raise LabError(f"linewatch-lab-link is not in {', '.join(map(str, folders))}: build it, "
                   "or set LW_BUILD to the folder that has it")


def make_hosts(lab):
    for host in lab.hosts.values():
        namespaces.run(["ip", "netns", "add", host.namespace])
        namespaces.call_inside(host.namespace, _write_sysctls,
                               SYSCTLS | (ROUTER_SYSCTLS if host.is_router else {}))


def make_links(lab, links, seed):
    lines = []
    for link in links:
        number, ends = link["number"], link["ends"]
        if link.get("kind") == "line":
            lab.lines[frozenset(ends)] = Line(lab, number, ends, seed)
            names = [f"line{number}"] * 2
        else:
            names = [f"eth{number}"] * 2
            a, b = (lab.host(end).namespace for end in ends)
            lines.append(f"link add {names[0]} netns {a} type veth peer name {names[1]} netns {b}")
        for last, end in enumerate(ends, start=1):
            lab.host(end).interfaces[number] = names[last - 1]
            lab.host(end).addresses.setdefault(number, []).append(last)
    ip_batch(lines)


def make_addresses(lab):
    for host in lab.hosts.values():
        batch = ["link set lo up"]
        for number, interface in host.interfaces.items():
            for last in host.addresses[number]:
                batch.append(f"addr add {address_on(number, last)}/24 dev {interface}")
                batch.append(f"addr add {address_on(number, last, V6)}/64 dev {interface} nodad")
            batch.append(f"link set {interface} up")
        ip_batch(batch, host.namespace)


def next_hops(links, start):
    """Link number → (the first link to take, the neighbour on it), by the fewest links."""
    reached, hops = {start}, {}
    queue = collections.deque([(start, None)])
    while queue:
        here, first = queue.popleft()
        for link in links:
            if here not in link["ends"]:
                continue
            other = link["ends"][1 - link["ends"].index(here)]
            step = first or (link["number"], other)
            hops.setdefault(link["number"], step)
            if other not in reached:
                reached.add(other)
                queue.append((other, step))
    return hops


def make_routes(lab, links, dead, defaults):
    for host in lab.hosts.values():
        batch = []
        hops = next_hops(links, host.name)
        # A dead subnet has a route as if it were behind `next`, so that packets get to where they die.
        targets = [(number, number) for number in hops if number not in host.interfaces]
        targets += [(each["number"], link_between(links, each["host"], each["next"])) for each in dead]
        for number, link in targets:
            via, neighbour = hops[link]
            last = lab.host(neighbour).addresses[via][0]
            for version in (V4, V6):
                batch.append(f"route add {subnet(number, version)} "
                             f"via {address_on(via, last, version)}")
        if host.name in defaults:
            number = link_between(links, host.name, defaults[host.name])
            last = lab.host(defaults[host.name]).addresses[number][0]
            for version in (V4, V6):
                batch.append(f"route add {'::/0' if version == V6 else '0.0.0.0/0'} "
                             f"via {address_on(number, last, version)}")
        ip_batch(batch, host.namespace)
    for each in dead:
        for version in (V4, V6):
            lab.host(each["host"]).firewall.block(each["action"], to=subnet(each["number"], version))


def link_between(links, a, b):
    return next(link["number"] for link in links if set(link["ends"]) == {a, b})


def wait_for_links(lab, hosts, seconds=5):
    """Waits until every interface carries packets, which IPv6 notices a moment after `up`."""
    for host in hosts:
        def carries():
            out = subprocess.run(["ip", "-n", host.namespace, "-j", "link"], capture_output=True,
                                 text=True).stdout
            flags = [set(link["flags"]) for link in json.loads(out or "[]") if "flags" in link]
            return all({"UP", "LOWER_UP"} <= each for each in flags)
        lab.wait_until(carries, seconds, f"interfaces of {host.name} are up")
