# SPDX-License-Identifier: Apache-2.0
"""nftables rules of one host of the lab."""

import json

from namespaces import run

# action → what nft does. The ICMP names are those that the sender of the packet will see.
ACTIONS = {
    "drop": "drop",
    "tcp-reset": "reject with tcp reset",
    "port-unreachable": "reject with icmpx type port-unreachable",
    "host-unreachable": "reject with icmpx type host-unreachable",
    "no-route": "reject with icmpx type no-route",
    "admin-prohibited": "reject with icmpx type admin-prohibited",
}

_TABLE = """\
table inet lab {
  chain arrive { type filter hook prerouting priority raw; }
  chain forward { type filter hook forward priority filter; }
  chain input { type filter hook input priority filter; }
  chain output { type filter hook output priority filter; }
}
"""


class Rule:
    """A rule that is in force until it is removed, or until the end of a `with` block."""

    def __init__(self, command, chain, handle):
        self._command, self._chain, self._handle = command, chain, handle

    def remove(self):
        if self._handle is not None:
            run([*self._command, "delete", "rule", "inet", "lab", self._chain, "handle",
                 str(self._handle)])
            self._handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


class Firewall:
    def __init__(self, namespace):
        self._command = ["ip", "netns", "exec", namespace, "nft"]
        self._has_table = False

    def block(self, action="drop", to=None, port=None, protocol=None, chain="forward", percent=100):
        """Drops or rejects packets to an address, a TCP or UDP port, or of a protocol (icmp, icmpv6,
        tcp, udp). chain: forward on a router, input on a server. percent: only that share, by chance."""
        words = []
        if to:
            words.append(f"{'ip6' if ':' in to else 'ip'} daddr {to}")
        if port:
            words.append(f"{protocol or 'tcp'} dport {port}")
        elif protocol or action == "tcp-reset":
            words.append(f"meta l4proto {protocol or 'tcp'}")
        if percent < 100:
            words.append(f"numgen random mod 10000 < {round(percent * 100)}")
        return self._add(chain, " ".join(words + [ACTIONS[action]]))

    def drop_arrivals(self, interface):
        """Swallows whatever comes in by the interface, as a cut cable does. Not what goes out: a
        drop there would be reported to the sending program."""
        return self._add("arrive", f"iifname {interface} drop")

    def _add(self, chain, rule):
        if not self._has_table:
            run([*self._command, "-f", "-"], _TABLE)
            self._has_table = True
        added = json.loads(run([*self._command, "-j", "-e", "-a", "add", "rule", "inet", "lab", chain,
                                *rule.split()]))
        handle = next(each["add"]["rule"]["handle"] for each in added["nftables"] if "add" in each)
        return Rule(self._command, chain, handle)
