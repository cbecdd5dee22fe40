# SPDX-License-Identifier: Apache-2.0
"""The network that the probe bench runs in, and processes whose cost it measures.

Two namespaces over one veth pair: `agent`, where probers run, and `target`, which owns the million
addresses of 10.96.0.0/12 and serves TCP 7000 and, by nginx, HTTP on 80 and HTTPS on 443. Echoes are
answered by the target's kernel, inside the CPU time of whoever sent the request.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))

from certificates import Authority  # noqa: E402
from lab import Lab  # noqa: E402

TOPOLOGY = {"hosts": {"agent": {}, "target": {}},
            "links": [{"number": 1, "ends": ["agent", "target"]}]}
NETWORK = "10.96.0.0/12"
FIRST = "10.96.0.1"
SERVER = "10.77.1.2"
TCP_PORT = 7000

# The measured process has the last core for itself, everybody else the others.
CORES = sorted(os.sched_getaffinity(0))
MEASURED_CORE = CORES[-1]
OTHER_CORES = CORES[:-1] or CORES

NGINX = """\
worker_processes 1;
error_log {folder}/nginx.log;
pid {folder}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-tmp;
  proxy_temp_path {folder}/nginx-tmp;
  fastcgi_temp_path {folder}/nginx-tmp;
  uwsgi_temp_path {folder}/nginx-tmp;
  scgi_temp_path {folder}/nginx-tmp;
  server {{
    listen 80 backlog=4096;
    listen 443 ssl backlog=4096;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.pem;
    ssl_session_cache off;
    ssl_session_tickets off;
    location / {{ return 200 "ok\\n"; }}
  }}
}}
"""

# What each contender is, as a program, and where Debian has it.
PEERS = {"fping": "fping", "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
         "wrk": "wrk", "nginx": "nginx-light", "tcpdump": "tcpdump", "ping": "iputils-ping"}


def missing_peers():
    """Programs that are not installed → the Debian packages that have them."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return {name: package for name, package in PEERS.items() if not shutil.which(name, path=path)}


def nth_address(i):
    """The i-th destination, as a dotted quad. Like prober_bench and the ceiling count."""
    value = (10 << 24) + (96 << 16) + 1 + i
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


class Finished:
    """What a process that ended has printed and used."""

    def __init__(self, output, errors, status, usage, wall):
        self.output, self.errors, self.status, self.wall = output, errors, status, wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.rss_kb = usage.ru_maxrss


class Bed:
    """`with Bed(build) as bed`: up, with servers, until the end of the block."""

    # Before other work of the machine, so that it disturbs the figures less.
    niceness = -20

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.lab = Lab(TOPOLOGY)
        self._servers = []

    def __enter__(self):
        self.lab.up()
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self._servers:
            if server.poll() is None:
                server.kill()
            server.wait()
        self.lab.down()

    @property
    def folder(self):
        return self.lab.folder

    @property
    def ca(self):
        return self.folder / "ca" / "ca.pem"

    def _prepare(self):
        self.sysctl("target", "net/core/somaxconn", 65535)
        self.lab.host("target").run(["ip", "route", "add", "local", NETWORK, "dev", "lo"], check=True)
        self.lab.host("agent").run(["ip", "route", "add", NETWORK, "via", SERVER], check=True)
        self.server("target", [self.program("ceiling_tcp_bench"), "--serve", TCP_PORT], "ready")
        Authority(self.folder / "ca", "Bench Root").issue(self.folder / "server.pem", [SERVER])
        config = self.folder / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder))
        if "nginx" not in missing_peers():
            self.server("target", ["nginx", "-c", config, "-p", self.folder, "-g", "daemon off;"])
            self.lab.wait_until(lambda: self._listens(443), 10, "nginx listens")

    def _listens(self, port):
        out = self.lab.host("target").run(["cat", "/proc/net/tcp"]).stdout
        return f":{port:04X} 00000000:0000 0A" in out

    def sysctl(self, host, name, value):
        self.lab.host(host).call(pathlib.Path("/proc/sys", name).write_text, str(value))

    def program(self, name):
        program = self.build / name
        if not program.exists():
            raise SystemExit(f"bench: {program} is not built: run `./dev bench probe`")
        return program

    def server(self, host, command, says=None, cores=None, env=None):
        """Starts a process that is killed at the end; waits for the line `says`."""
        log = open(self.folder / f"{pathlib.Path(str(command[0])).name}.log", "ab")
        process = self._start(host, command, cores or OTHER_CORES, stderr=log, env=env,
                              stdout=subprocess.PIPE if says else log)
        log.close()
        self._servers.append(process)
        if says and process.stdout.readline().strip() != says.encode():
            raise SystemExit(f"bench: {command[0]} did not start")
        return process

    def stop(self, process):
        process.kill()
        process.wait()
        self._servers.remove(process)

    def run(self, command, cores=None, host="agent"):
        """Runs a process to its end and returns what it printed and used. It gets the measured core."""
        begin = time.monotonic()
        with open(self.folder / "output", "w+") as output, open(self.folder / "errors", "w+") as errors:
            process = self._start(host, command, cores or [MEASURED_CORE], stdout=output, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            wall = time.monotonic() - begin
            output.seek(0), errors.seek(0)
            return Finished(output.read(), errors.read(), process.returncode, usage, wall)

    def start(self, command, cores=None, host="agent", **options):
        """Starts a process; the caller waits for it."""
        return self._start(host, command, cores or CORES, **options)

    def _start(self, host, command, cores, **options):
        pinned = ["nice", "-n", self.niceness, "taskset", "-c", ",".join(map(str, cores)), *command]
        return self.lab.host(host).popen(pinned, stdin=subprocess.DEVNULL, **options)


def cpu_of(pid):
    """User + system seconds of a running process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])
