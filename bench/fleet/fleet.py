# SPDX-License-Identifier: Apache-2.0
"""A server under load for benches and system tests of the fleet: starts `linewatch server` and
`linewatch simulate`, speaks Azure's interface, and says what processes cost. Nothing leaves loopback."""
import copy
import datetime
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

VERSION = "2024-05-01"
GROUPS = CONFIGURATIONS = 20  # Azure's limits of one monitor
ENDPOINTS = 100
MONITORS = 100
INDETERMINATE = 0  # as stored (src/model/state.h)
PROGRESS = re.compile(
    r"(?P<connected>\d+) of (?P<agents>\d+) agents connected, (?P<tests>\d+) tests, (?P<rounds>\d+) rounds made, "
    r"(?P<acknowledged>\d+) acknowledged, (?P<waiting>\d+) waiting; (?P<paths>\d+) path reports"
    r"(?:; (?P<assignments>\d+) assignments and (?P<differences>\d+) differences put (?P<put>\d+) and "
    r"remove (?P<removed>\d+) tests)?")


class Client:
    """One kept-open HTTPS connection to a server's API, with its own CA and the administrator's token."""

    def __init__(self, port, data):
        self.port = port
        self.token = (pathlib.Path(data) / "admin.token").read_text().strip()
        self.context = ssl.create_default_context(cafile=str(pathlib.Path(data) / "ca.pem"))
        self.context.check_hostname = False
        self.connection = None

    def ask(self, method, path, body=None):
        """(status, document, seconds, bytes of the answer). A connection that went idle is opened again."""
        text = None if body is None else json.dumps(body)
        began = time.monotonic()
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=120,
                                                                  context=self.context)
                self.connection.request(method, path, text, {"Authorization": f"Bearer {self.token}",
                                                             "Content-Type": "application/json"})
                answer = self.connection.getresponse()
                raw = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt == 2:
                    raise
        took = time.monotonic() - began
        if answer.status >= 400:
            raise AssertionError(f"{method} {path}: {answer.status}: {raw[:600].decode(errors='replace')}")
        return answer.status, json.loads(raw) if raw else None, took, len(raw)

    def get(self, path):
        return self.ask("GET", path)[1]


class Arm:
    """connectionMonitors of the default network watcher, as Azure's clients see them."""

    def __init__(self, client):
        self.client = client
        subscription = client.get("/api/v1/status")["subscriptionId"]
        watchers = client.get(f"/subscriptions/{subscription}/providers/Microsoft.Network/networkWatchers"
                              f"?api-version={VERSION}")["value"]
        self.base = watchers[0]["id"] + "/connectionMonitors"
        self.location = watchers[0]["location"]

    def put(self, name, properties):
        """Seconds that the PUT took."""
        body = {"location": self.location, "properties": properties}
        return self.client.ask("PUT", f"{self.base}/{name}?api-version={VERSION}", body)[2]

    def list(self):
        """(monitors, seconds, bytes)."""
        _, document, took, size = self.client.ask("GET", f"{self.base}?api-version={VERSION}")
        return document["value"], took, size


def limit_monitor(number, agents, destinations_per_group, frequency):
    """The properties of a monitor with 20 groups, 100 endpoints and 20 configurations. Each group has one
    agent as its source and so many of the 80 destinations: 20 times as many tests."""
    sources = [agents[(number * 10 + i) % len(agents)] for i in range(GROUPS)]
    endpoints = [{"name": f"from-{i}", "type": "Agent", "linewatch": {"agent": agent}}
                 for i, agent in enumerate(sources)]
    count = ENDPOINTS - GROUPS
    endpoints += [{"name": f"to-{i}", "type": "ExternalAddress", "address": f"198.18.{number % 250}.{i + 1}"}
                  for i in range(count)]
    configurations = [{"name": f"c{i}", "protocol": "Icmp", "testFrequencySec": frequency,
                       "icmpConfiguration": {"disableTraceRoute": True}} if i % 2 == 0 else
                      {"name": f"c{i}", "protocol": "Tcp", "testFrequencySec": frequency,
                       "tcpConfiguration": {"port": 1000 + i, "disableTraceRoute": True}}
                      for i in range(CONFIGURATIONS)]
    groups = [{"name": f"g{i}", "sources": [f"from-{i}"],
               "destinations": [f"to-{(i * destinations_per_group + k) % count}"
                                for k in range(destinations_per_group)],
               "testConfigurations": [each["name"] for each in configurations]} for i in range(GROUPS)]
    return {"endpoints": endpoints, "testConfigurations": configurations, "testGroups": groups}


def tests_of(properties):
    """How many tests a limit_monitor makes."""
    return sum(len(group["sources"]) * len(group["destinations"]) * len(group["testConfigurations"])
               for group in properties["testGroups"] if not group.get("disable"))


def swap_destination(properties, number):
    """The properties with one destination of that group replaced by another, and how many tests go by that;
    as many come."""
    changed = copy.deepcopy(properties)
    group = changed["testGroups"][number]
    gone = group["destinations"].pop(0)
    used = {gone, *group["destinations"]}
    group["destinations"].append(next(f"to-{i}" for i in range(ENDPOINTS - GROUPS) if f"to-{i}" not in used))
    return changed, len(group["sources"]) * len(group["testConfigurations"])


def rows_of(client, monitor):
    """The monitor's tests by name: (id, state, since, last round in seconds)."""
    rows, offset, size = {}, 0, 20_000
    while True:
        page = client.get(f"/api/v1/tests?connectionMonitor={monitor}&limit={size}&offset={offset}")["value"]
        for row in page:
            name = "/".join(row[key] for key in ("testGroup", "source", "destination", "testConfiguration"))
            last = row["lastRound"] and datetime.datetime.fromisoformat(row["lastRound"].replace("Z", "+00:00"))
            rows[name] = (row["id"], row["state"], row["since"], last.timestamp() if last else None)
        if len(page) < size:
            return rows
        offset += len(page)


def moved(before, after):
    """Those of the tests in both that did not stay as they were: another id, a state that was forgotten, or no
    round since. A state may have changed by what was measured. That rounds kept their phase is seen in the
    store, by the agents' clocks: broken_histories()."""
    found = []
    for name in before.keys() & after.keys():
        (had, _, _, had_last), (now, state, _, last) = before[name], after[name]
        if None in (had_last, last) or now != had or state == "Indeterminate" or last <= had_last:
            found.append(name)
    return found


def began_anew(store):
    """How many tests got a state more than once where there was none: a test that stays gets its first one only."""
    row = store.query("SELECT toString(countIf(times > 1)) AS anew FROM (SELECT count() AS times FROM "
                      f"linewatch.state_changes WHERE from_state = {INDETERMINATE} GROUP BY test_id)")[0]
    return int(row["anew"])


def broken_histories(store, frequency):
    """(tests whose rounds do not follow each other by one interval, all tests) of what is in the store."""
    row = store.query(
        f"SELECT toString(countIf(arrayExists(step -> step != {frequency * 1_000_000}, steps))) AS broken, "
        "toString(count()) AS tests FROM (SELECT arrayPopFront(arrayDifference(arraySort(groupArray("
        "toUnixTimestamp64Micro(ts))))) AS steps FROM linewatch.rounds GROUP BY test_id)")[0]
    return int(row["broken"]), int(row["tests"])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Usage:
    """CPU seconds so far and resident bytes of a process."""

    def __init__(self, pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        self.cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.resident, self.peak = (int(status.split(key + ":")[1].split()[0]) * 1024
                                    for key in ("VmRSS", "VmHWM"))


def children_of(pid):
    """Process ids by the name of the program."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found[(entry / "comm").read_text().strip()] = int(entry.name)
        except (OSError, IndexError, ValueError):
            continue
    return found


class ServerProcess:
    """`linewatch server` with a folder of its own, for benches."""

    def __init__(self, program, folder):
        self.program, self.folder = str(program), pathlib.Path(folder)
        self.data = self.folder / "data"
        self.port, self.agent_port = free_port(), free_port()
        self.process = None

    def start(self):
        """Seconds until it answered."""
        began = time.monotonic()
        log = open(self.folder / "server.log", "a")
        self.process = subprocess.Popen(
            [self.program, "server", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}",
             "--agent-listen", f"127.0.0.1:{self.agent_port}"], stdout=log, stderr=log)
        while True:
            try:
                Client(self.port, self.data).get("/api/v1/status")
                return time.monotonic() - began
            except (OSError, AssertionError, ValueError, http.client.HTTPException):
                if self.process.poll() is not None or time.monotonic() - began > 120:
                    raise AssertionError(f"the server did not start; see {self.folder}/server.log") from None
                time.sleep(0.05)

    def client(self):
        return Client(self.port, self.data)

    @property
    def pids(self):
        pids = {"server": self.process.pid}
        for name, pid in children_of(self.process.pid).items():
            if name.startswith("linewatch-stor"):
                pids["store"] = pid
        return pids

    host = None  # for tests/system/store.py

    def store_pid(self):
        return self.pids["store"]

    def usage(self):
        return {role: Usage(pid) for role, pid in self.pids.items()}

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()


class Simulation:
    """`linewatch simulate` in the background; counters out of what it tells each five seconds."""

    def __init__(self, program, server, folder, options):
        self.log = pathlib.Path(folder) / "simulate.log"
        self.out = pathlib.Path(folder) / "simulate.json"
        with self.out.open("w") as out, self.log.open("w") as log:
            self.process = self._start(program, server, options, out, log)

    @staticmethod
    def _start(program, server, options, out, log):
        return subprocess.Popen(
            [str(program), "simulate", "--server", f"https://127.0.0.1:{server.port}", "--token",
             (server.data / "admin.token").read_text().strip(), "--ca", str(server.data / "ca.pem"),
             "--connect", f"127.0.0.1:{server.agent_port}", "-o", "json", *map(str, options)],
            stdout=out, stderr=log)

    def counters(self):
        """The newest ones, or None."""
        found = None
        for found in PROGRESS.finditer(self.log.read_text(errors="replace")):
            pass
        return {key: int(value or 0) for key, value in found.groupdict().items()} if found else None

    def lines(self):
        return len(PROGRESS.findall(self.log.read_text(errors="replace")))

    def fresh_counters(self):
        """Those that are told after now, and after what was under way."""
        enough = self.lines() + 2
        while self.lines() < enough:
            if self.process.poll() is not None:
                raise AssertionError(f"the simulation has ended; see {self.log}")
            time.sleep(0.1)
        return self.counters()

    def wait(self, predicate, seconds, what):
        """Until the counters are so. Returns them."""
        end = time.monotonic() + seconds
        while True:
            counters = self.counters()
            if counters and predicate(counters):
                return counters
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{what}: {counters}; see {self.log}")
            time.sleep(0.1)

    def usage(self):
        return Usage(self.process.pid)

    def stop(self):
        """The summary."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        return json.loads(self.out.read_text() or "{}")
