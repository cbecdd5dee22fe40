# SPDX-License-Identifier: Apache-2.0
"""One ICMP echo with a raw socket, for the lab's own tests: what came back, as JSON.

It shares no code with linewatch, so that it can contradict it.
"""

import json
import os
import socket
import struct
import sys
import time


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def classify(packet, six, identifier):
    """What a received ICMP message says about our echo; None if it is not about it."""
    if not six:
        packet = packet[(packet[0] & 15) * 4:]
    kind, code = packet[0], packet[1]
    if kind == (129 if six else 0):
        return {"reply": True} if packet[4:6] == identifier else None
    errors = (1, 2, 3, 4) if six else (3, 11, 12)
    if kind not in errors:
        return None
    quoted = packet[8:]
    header = 40 if six else (quoted[0] & 15) * 4
    if quoted[header + 4:header + 6] != identifier:
        return None
    return {"reply": False, "type": kind, "code": code}


def ping(address, seconds=2.0, ttl=64, size=32):
    six = ":" in address
    family, protocol = (socket.AF_INET6, 58) if six else (socket.AF_INET, 1)
    with socket.socket(family, socket.SOCK_RAW, protocol) as raw:
        identifier = struct.pack("!H", os.getpid() & 0xFFFF)
        head = struct.pack("!BBH", 128 if six else 8, 0, 0)
        body = identifier + b"\0\1" + b"l" * size
        if not six:  # The kernel makes ICMPv6's, which covers the addresses.
            head = head[:2] + struct.pack("!H", checksum(head + body))
        level, option = (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS) if six else (
            socket.IPPROTO_IP, socket.IP_TTL)
        raw.setsockopt(level, option, ttl)
        sent = time.monotonic()
        raw.sendto(head + body, (address, 0))
        while (left := sent + seconds - time.monotonic()) > 0:
            raw.settimeout(left)
            try:
                packet, sender = raw.recvfrom(65536)
            except TimeoutError:
                break
            outcome = classify(packet, six, identifier)
            if outcome:
                return outcome | {"from": sender[0], "ms": (time.monotonic() - sent) * 1000}
    return {"reply": False, "from": None}


if __name__ == "__main__":
    print(json.dumps(ping(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))))
