# SPDX-License-Identifier: Apache-2.0
"""Runs one contender once and returns a Figure: how many checks it made, and what that cost."""

import dataclasses
import json
import pathlib
import re
import signal
import subprocess
import time

from bed import FIRST, MEASURED_CORE, OTHER_CORES, SERVER, TCP_PORT, cpu_of, nth_address, rss_of

BLACKBOX_CONFIG = """\
modules:
  icmp: {prober: icmp, timeout: 2s, icmp: {preferred_ip_protocol: ip4}}
  tcp: {prober: tcp, timeout: 2s, tcp: {preferred_ip_protocol: ip4}}
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  https:
    prober: http
    timeout: 5s
    http: {preferred_ip_protocol: ip4, fail_if_not_ssl: true, tls_config: {ca_file: CA}}
"""

# Asks the exporter for probes of ever other targets, and counts those that succeeded.
WRK_SCRIPT = """\
local next, good, bad = 0, 0, 0
function request()
  next = next + 1
  return wrk.format("GET", "/probe?module=MODULE&target=" .. TARGET)
end
function response(status, headers, body)
  if body:find("probe_success 1", 1, true) then good = good + 1 else bad = bad + 1 end
  wrk.thread:set("good", good)
  wrk.thread:set("bad", bad)
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done()
  for _, thread in ipairs(threads) do
    print("good " .. (thread:get("good") or 0) .. " bad " .. (thread:get("bad") or 0))
  end
end
"""
LUA_TARGET = {
    "icmp": '"10." .. 96 + math.floor(next / 65536) % 8 .. "." .. math.floor(next / 256) % 256 .. "."'
            ' .. next % 256',
    "tcp": f'"{SERVER}:{TCP_PORT}"',
    "http": f'"http://{SERVER}/"',
    "https": f'"https://{SERVER}/"',
}


@dataclasses.dataclass
class Figure:
    name: str
    done: int
    failed: int
    cpu: float   # seconds, of the measured process
    wall: float
    more: dict = dataclasses.field(default_factory=dict)

    @property
    def per_cpu_second(self):
        return self.done / self.cpu if self.cpu > 0 else 0

    @property
    def per_wall_second(self):
        return self.done / self.wall if self.wall > 0 else 0

    def to_json(self):
        return {"name": self.name, "done": self.done, "failed": self.failed, "cpu_s": self.cpu,
                "wall_s": self.wall, "per_cpu_s": self.per_cpu_second,
                "per_wall_s": self.per_wall_second, **self.more}


def _words(options):
    return [word for name, value in options.items()
            for word in ("--" + name.replace("_", "-"), value)]


def ours(bed, protocol, cores=None, **options):
    """Our prober; options are those of prober_bench. The measured CPU is that of all its threads."""
    defaults = {"protocol": protocol, "interval": 1, "checks": 10, "warm": 2, "seconds": 5}
    if protocol == "icmp":
        defaults |= {"address": FIRST, "targets": 10_000}
    else:
        defaults |= {"address": SERVER, "targets": 1, "ca": bed.ca}
    if protocol == "tcp":
        defaults["port"] = TCP_PORT
    run = bed.run([bed.program("prober_bench"), *_words(defaults | options)], cores)
    if run.status != 0:
        raise SystemExit(f"bench: prober_bench ended with {run.status}: {run.errors}")
    told = json.loads(run.output)
    name = "ours" if protocol != "icmp" else f"ours, {told['stamps']} stamps"
    return Figure(name, told["checks_done"] - told["failed"], told["failed"], told["process_cpu_s"],
                  told["wall_s"], told)


def holds(figure, rate):
    """Whether our prober kept up: nothing failed, missed or late, and all of the rate was done."""
    told = figure.more
    return (figure.failed == 0 and told["missed_intervals"] == 0
            and told["late_checks"] <= figure.done / 1000
            and told["checks_started"] >= 0.98 * rate * figure.wall)


def capacity(bed, protocol, rates, **options):
    """The highest of the rising rates that our prober holds on one core. What it does not hold is
    tried once more, since the machine is not ours alone."""
    best = None
    for rate in rates:
        if not any(holds(ours(bed, protocol, rate=rate, seconds=3, **options), rate)
                   for _ in range(2)):
            return best or rate
        best = rate


def ours_that_holds(bed, protocol, rate, **options):
    """Ours at this rate, or as little below as it takes to hold it now. Above what it holds, an open
    loop spends its CPU on checks that time out, which says nothing of what a check costs; the others
    go only as fast as they are answered and never come to that."""
    for _ in range(6):
        figure = ours(bed, protocol, rate=rate, **options)
        figure.more["rate"] = rate
        if holds(figure, rate):
            break
        rate = int(rate * 0.85)
    return figure


def ceiling_icmp(bed, stamps, **options):
    run = bed.run([bed.program("ceiling_icmp_bench"), "--stamps", stamps,
                   *_words({"address": FIRST, "targets": 10_000} | options)])
    told = json.loads(run.output)
    return Figure(f"ceiling, {stamps} stamps", told["checks_done"], told["failed"],
                  told["process_cpu_s"], told["wall_s"], told)


def ceiling_tcp(bed, **options):
    run = bed.run([bed.program("ceiling_tcp_bench"), "--port", TCP_PORT,
                   *_words({"address": SERVER, "targets": 1} | options)])
    told = json.loads(run.output)
    return Figure("ceiling", told["checks_done"], told["failed"], told["process_cpu_s"],
                  told["wall_s"], told)


def target_file(bed, count):
    file = bed.folder / f"targets{count}"
    if not file.exists():
        file.write_text("".join(nth_address(i) + "\n" for i in range(count)))
    return file


def fping(bed, targets=6_000, count=10):
    """As fast as it goes. At most 65,535 echoes in all: it has no more sequence numbers in 10 s."""
    run = bed.run(["fping", "-q", "-i", "0", "-p", "10", "-t", "1000", "-c", str(count),
                   "-f", target_file(bed, targets)])
    sent = answered = 0
    for match in re.finditer(r"= (\d+)/(\d+)/", run.errors):
        sent, answered = sent + int(match[1]), answered + int(match[2])
    more = {} if sent else {"error": run.errors.strip()[-200:]}
    return Figure("fping", answered, sent - answered, run.cpu, run.wall, more)


class Blackbox:
    """A running exporter, on the measured core."""

    def __init__(self, bed, cores=None):
        self.bed = bed
        config = bed.folder / "blackbox.yml"
        config.write_text(BLACKBOX_CONFIG.replace("CA", str(bed.ca)))
        command = ["prometheus-blackbox-exporter", f"--config.file={config}",
                   "--web.listen-address=127.0.0.1:9115", "--log.level=error"]
        self.process = bed.server("agent", command, cores=cores or [MEASURED_CORE])
        bed.lab.wait_until(lambda: b":239B " in self._listeners(), 10, "the exporter listens")

    def _listeners(self):
        host = self.bed.lab.host("agent")
        return host.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"]).stdout.encode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bed.stop(self.process)

    def load(self, protocol, seconds, connections=16):
        script = self.bed.folder / f"{protocol}.lua"
        script.write_text(WRK_SCRIPT.replace("MODULE", protocol).replace(
            "TARGET", LUA_TARGET[protocol]))
        before, began = cpu_of(self.process.pid), time.monotonic()
        run = self.bed.run(["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s",
                            "--timeout", "10s", "-s", script, "http://127.0.0.1:9115/"], OTHER_CORES)
        wall, cpu = time.monotonic() - began, cpu_of(self.process.pid) - before
        counts = re.search(r"good (\d+) bad (\d+)", run.output)
        if not counts:
            raise SystemExit(f"bench: wrk on the exporter: {run.output} {run.errors}")
        return Figure("blackbox_exporter", int(counts[1]), int(counts[2]), cpu, wall,
                      {"rss_kb": rss_of(self.process.pid)})


def wrk(bed, scheme, seconds, connections=32):
    """New connection for each request."""
    run = bed.run(["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s",
                   "-H", "Connection: close", f"{scheme}://{SERVER}/"])
    done = re.search(r"(\d+) requests in", run.output)
    bad = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", run.output)
    failed = sum(int(bad[i]) for i in range(1, 5)) if bad else 0
    return Figure("wrk", int(done[1]) if done else 0, failed, run.cpu, run.wall)


def interrupt(process):
    """Ends a process of ours the way that lets it write what it has."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def lines_of(path):
    return pathlib.Path(path).read_text().splitlines()
