# SPDX-License-Identifier: Apache-2.0
"""Descriptions of networks, as plain data (they may as well come from a JSON file).

hosts     name → {"router": true} if it forwards
links     between two hosts; link number i has 10.77.i.0/24 and fd77:0:0:i::/64, its first end has
          .1 and its second .2. "kind" is "veth" or "line", a line being the delay link
services  name → server on a host; "last" gives it an address of its own on the host's first link;
          it is also a DNS name, NAME.lab.test
defaults  host → the neighbour that takes whatever it has no route for
dead      subnets of which a router says that they are behind its neighbour `next`, but whose packets
          it drops or rejects: {"host", "next", "number": i, "action": see firewall.ACTIONS}
resolver  the service that /etc/resolv.conf of every host names
"""

DOMAIN = "lab.test"

SERVERS = {
    "web": {"host": "web", "kind": "http", "port": 80},
    "tcp": {"host": "web", "kind": "tcp", "port": 7000},
    "good": {"host": "tls", "kind": "tls", "port": 443, "last": 11, "certificate": "good"},
    "expired": {"host": "tls", "kind": "tls", "port": 443, "last": 12, "certificate": "expired"},
    "not-yet-valid": {"host": "tls", "kind": "tls", "port": 443, "last": 13,
                      "certificate": "not-yet-valid"},
    "wrong-name": {"host": "tls", "kind": "tls", "port": 443, "last": 14,
                   "certificate": "wrong-name"},
    "unknown-root": {"host": "tls", "kind": "tls", "port": 443, "last": 15,
                     "certificate": "unknown-root"},
    "self-signed": {"host": "tls", "kind": "tls", "port": 443, "last": 16,
                    "certificate": "self-signed"},
    "client-certificate": {"host": "tls", "kind": "tls", "port": 443, "last": 17,
                           "certificate": "client-certificate"},
    "dns": {"host": "dns", "kind": "dns", "port": 53},
}

TWO_ROUTERS = {
    "hosts": {"agent": {}, "r1": {"router": True}, "r2": {"router": True}, "web": {}, "tls": {},
              "dns": {}},
    "links": [
        {"number": 1, "ends": ["agent", "r1"]},
        {"number": 2, "ends": ["r1", "r2"], "kind": "line"},
        {"number": 3, "ends": ["web", "r2"]},
        {"number": 4, "ends": ["tls", "r2"]},
        {"number": 5, "ends": ["dns", "r2"]},
    ],
    "services": SERVERS,
    "dead": [
        {"host": "r2", "next": "web", "number": 240, "action": "drop"},
        {"host": "r2", "next": "web", "number": 241, "action": "host-unreachable"},
        {"host": "r2", "next": "web", "number": 242, "action": "admin-prohibited"},
    ],
    "resolver": "dns",
}

# The two-router network, with a server that the agent reaches by a link of its own. Cutting that
# leaves the measured network alone, and the other way round.
CONTROL = TWO_ROUTERS | {
    "hosts": TWO_ROUTERS["hosts"] | {"server": {}},
    "links": TWO_ROUTERS["links"] + [{"number": 9, "ends": ["agent", "server"]}],
}

FLAT = {
    "hosts": {"agent": {}, "web": {}},
    "links": [{"number": 1, "ends": ["agent", "web"]}],
    "services": {"web": SERVERS["web"], "tcp": SERVERS["tcp"]},
}

# A machine behind a gateway that also resolves names, as at home, with the line to the Internet down.
HOME = {
    "hosts": {"agent": {}, "gateway": {"router": True}},
    "links": [{"number": 1, "ends": ["agent", "gateway"]}],
    "services": {"dns": {"host": "gateway", "kind": "dns", "port": 53, "last": 53}},
    "defaults": {"agent": "gateway"},
    "resolver": "dns",
}

TOPOLOGIES = {"two-routers": TWO_ROUTERS, "control": CONTROL, "flat": FLAT, "home": HOME}
