# SPDX-License-Identifier: Apache-2.0
"""The simulated networks of the trace bench, as text for linewatch-simnet (docs/formats/simnet.md).

Destinations count up from FIRST. Every hop takes a millisecond there and one back.
"""

import collections

PREFIX_AT = (198 << 24) + (18 << 16)  # 198.18.0.0/15 is for benches (RFC 2544)
HOPS = 10  # the destination is the last
# How many bits of a destination's number choose the router at each TTL of the tree: all share the first
# two routers, 4 times as many stand at each TTL behind them, and in the end 2 or 3 destinations share one.
TREE_BITS = (0, 0, 2, 4, 6, 8, 10, 11, 12)
TREE_SIZE_BITS = 14


def dotted(value):
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def nth_address(i):
    return dotted(PREFIX_AT + 1 + i)


FIRST = nth_address(0)


def _text(nodes, first, limit):
    lines = [f"source: {{next: {first}}}", f"defaults: {{delay_ms: 1{limit}}}", "nodes:"]
    return "\n".join(lines + [f"  {name}: {{{members}}}" for name, members in nodes]) + "\n"


def chain():
    """Nine routers, one behind the other, that answer everything, and all destinations behind them."""
    nodes = [(f"r{ttl}", f"addresses: 10.0.{ttl}.1, next: {f'r{ttl + 1}' if ttl < HOPS - 1 else 'web'}")
             for ttl in range(1, HOPS)]
    return _text(nodes + [("web", "addresses: 198.18.0.0/15")], "r1", "")


def chain_hops(address):
    """The addresses that a trace of it must show."""
    return [f"10.0.{ttl}.1" for ttl in range(1, HOPS)] + [address]


class Tree:
    """A tree of routers as Linux has them, with their own limit of answers. `count` destinations."""

    def __init__(self, count):
        if count >= 1 << TREE_SIZE_BITS:
            raise SystemExit(f"bench: the tree has room for {(1 << TREE_SIZE_BITS) - 1} destinations")
        self.numbers = range(1, count + 1)

    @staticmethod
    def _index(ttl, number):
        return number >> (TREE_SIZE_BITS - TREE_BITS[ttl - 1])

    @staticmethod
    def _router(ttl, index):
        return f"10.{ttl}.{index >> 8}.{index & 255}"

    def router(self, address, ttl):
        """Who answers a packet to that destination whose TTL ends there; None: the destination. Both are
        numbers: packets have them so."""
        return None if ttl >= HOPS else (ttl, self._index(ttl, address - PREFIX_AT))

    def _next_of(self, ttl):
        """Index at that TTL → indices at the next one, of routers that lie on a way."""
        following = collections.defaultdict(dict)
        for number in self.numbers:
            following[self._index(ttl, number)][self._index(ttl + 1, number)] = True
        return following

    def text(self):
        nodes = []
        for ttl in range(1, HOPS - 1):
            size = TREE_SIZE_BITS - TREE_BITS[ttl]
            for index, following in self._next_of(ttl).items():
                routes = ", ".join(
                    f"{{prefix: {dotted(PREFIX_AT + (to << size))}/{32 - size}, next: r{ttl + 1}x{to}}}"
                    for to in following)
                nodes.append((f"r{ttl}x{index}",
                              f"addresses: {self._router(ttl, index)}, routes: [{routes}]"))
        last, size = HOPS - 1, TREE_SIZE_BITS - TREE_BITS[-1]
        for index in dict.fromkeys(self._index(last, number) for number in self.numbers):
            nodes.append((f"r{last}x{index}", f"addresses: {self._router(last, index)}, next: w{index}"))
            nodes.append((f"w{index}",
                          f"addresses: {dotted(PREFIX_AT + (index << size))}/{32 - size}"))
        return _text(nodes, "r1x0", ", limit: linux")

    def router_count(self):
        return sum(len({self._index(ttl, number) for number in self.numbers}) for ttl in range(1, HOPS))
