#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `linewatch up` with many tests against loopback and says what that costs: CPU and resident
memory of server, agent and store apart, missed intervals, and whether every interval of every test is in
the store. Nothing leaves 127.0.0.0/8."""
import argparse
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

CONFIGURATIONS = 20  # the product's limit per monitor
DESTINATIONS = 99    # with one source, the limit of 100 endpoints


def listener(stop):
    """Accepts and drops TCP connections on any 127.x address."""
    server = socket.create_server(("0.0.0.0", 0), backlog=4096)
    server.settimeout(0.2)

    def serve():
        while not stop.is_set():
            try:
                server.accept()[0].close()
            except TimeoutError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def monitors(tests, frequency, tcp_port):
    """Monitors with exactly `tests` tests; one configuration in ten is TCP."""
    documents, left, number = [], tests, 0
    while left > 0:
        destinations = min(DESTINATIONS, max(1, -(-left // CONFIGURATIONS)))
        configurations = min(CONFIGURATIONS, -(-left // destinations))
        if destinations * configurations > left:
            destinations = left // configurations
        left -= destinations * configurations
        number += 1
        names = [f"c{i}" for i in range(configurations)]
        test_configurations = []
        for i, name in enumerate(names):
            tcp = i % 10 == 9
            body = {"name": name, "protocol": "Tcp" if tcp else "Icmp", "testFrequencySec": frequency}
            if tcp:
                body["tcpConfiguration"] = {"port": tcp_port}
            test_configurations.append(body)
        targets = [{"name": f"d{i}", "type": "ExternalAddress",
                    "address": f"127.{number}.0.{i + 1}"} for i in range(destinations)]
        documents.append({
            "name": f"scale{number}",
            "endpoints": [{"name": "here", "type": "Agent", "linewatch": {"agent": "local"}}, *targets],
            "testConfigurations": test_configurations,
            "testGroups": [{"name": "all", "sources": ["here"],
                            "destinations": [t["name"] for t in targets],
                            "testConfigurations": names}]})
    return {"connectionMonitors": documents}


def children(pid):
    """Process ids below `pid`, by role."""
    roles = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid and len(command) > 1:
            roles[command[1].decode()] = int(entry.name)
        if command[0].endswith(b"linewatch-store") and parent in roles.values():
            roles["store"] = int(entry.name)
    return roles


def usage(pid):
    """CPU seconds so far, and resident bytes now and at the peak."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    def kilobytes(key):
        return int(status.split(key + ":")[1].split()[0]) * 1024
    return (int(fields[11]) + int(fields[12])) / ticks, kilobytes("VmRSS"), kilobytes("VmHWM")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--linewatch", default="build/release/linewatch")
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--frequency", type=int, default=10, help="seconds")
    parser.add_argument("--seconds", type=int, default=600, help="measured time, after the start")
    parser.add_argument("--log", help="keep what linewatch wrote in this file")
    options = parser.parse_args()
    stop = threading.Event()
    with tempfile.TemporaryDirectory(prefix="lw-scale-") as folder:
        file = pathlib.Path(folder) / "scale.json"
        file.write_text(json.dumps(monitors(options.tests, options.frequency, listener(stop))))
        data = f"{folder}/data"
        up = subprocess.Popen([options.linewatch, "up", "--data", data, "--config", str(file),
                               "--listen", "127.0.0.1:18443", "--agent-listen", "127.0.0.1:18444"],
                              stderr=open(f"{folder}/log", "w"), stdout=subprocess.DEVNULL)

        def ask(*words):
            out = subprocess.run([options.linewatch, *words, "--data", data, "-o", "json"],
                                 capture_output=True, text=True, check=True).stdout
            return json.loads(out)

        try:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline:
                time.sleep(1)
                try:
                    if ask("status")["roundsStored"] > 0:
                        break
                except (subprocess.CalledProcessError, ValueError):
                    pass
            time.sleep(2 * options.frequency)  # every test has begun
            roles = children(up.pid)
            before = {role: usage(pid) for role, pid in roles.items()}
            stored_before, began = ask("status")["roundsStored"], time.monotonic()
            time.sleep(options.seconds)
            status, agent = ask("status"), ask("get", "agents")[0]
            took = time.monotonic() - began
            print(f"{options.tests} tests every {options.frequency} s for {took:.0f} s")
            died = [role for role, pid in roles.items() if children(up.pid).get(role) != pid]
            for role, pid in roles.items():
                if role in died:
                    print(f"  {role:8} DIED and was started again; why is in the log (--log FILE)")
                    continue
                cpu, resident, peak = usage(pid)
                print(f"  {role:8} CPU {100 * (cpu - before[role][0]) / took:5.1f} %   "
                      f"resident {resident / 1e6:6.1f} MB   peak {peak / 1e6:6.1f} MB")
            expected = options.tests * took / options.frequency
            stored = status["roundsStored"] - stored_before
            print(f"  rounds stored {stored}, expected {expected:.0f} ({100 * stored / expected:.2f} %)")
            print(f"  intervals missed {agent['intervalsMissed']}, rounds dropped {agent['roundsDropped']}, "
                  f"waiting {agent['roundsWaiting']}")
            print(f"  states {status['states']}  problems {status['problems']}")
            return 1 if died or agent["intervalsMissed"] or agent["roundsDropped"] else 0
        finally:
            stop.set()
            up.send_signal(signal.SIGTERM)
            try:
                up.wait(40)
            except subprocess.TimeoutExpired:
                up.kill()
            if options.log:
                pathlib.Path(options.log).write_text(pathlib.Path(f"{folder}/log").read_text())


if __name__ == "__main__":
    sys.exit(main())
