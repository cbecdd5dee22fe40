# SPDX-License-Identifier: Apache-2.0
"""Starts real linewatch programs for system tests, on this machine or on hosts of the lab.

Every test class has a folder of its own with the data and the log of each process. It is removed when
all went well; else it stays, and its path is printed. Processes are told by the ids that we started, or by
their parent being one of those.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from namespaces import is_alive, start_time  # noqa: E402

BUILD = pathlib.Path(os.environ.get("LW_BUILD", ROOT / "build/dev")).resolve()
LINEWATCH = BUILD / "linewatch"
JOIN_TOKEN = re.compile(r"lw1-[0-9a-f]{32}-[0-9a-f]{64}")

# How long things may take that are not what a test is about, on the slowest of machines.
PATIENCE = float(os.environ.get("LW_PATIENCE", "30"))

_libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def _die_with_the_test():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    """A port that nobody uses, below those that the kernel gives to outgoing connections, so that it
    is still free after a restart."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def tail(path, lines=25):
    try:
        text = pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:]
    except OSError as error:
        text = [str(error)]
    return "\n".join([f"--- {path}", *text])


def wait_until(predicate, seconds, what, logs=()):
    """Waits until predicate() is truthy and returns that. Otherwise fails with what was seen last:
    predicate may return a Seen, or raise what it ran into."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = predicate()
            if seen:
                return seen
        except (AssertionError, OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
            seen = f"{type(error).__name__}: {error}"
        if time.monotonic() > deadline:
            last = seen.what if isinstance(seen, Seen) else seen
            raise AssertionError("\n".join([f"waited {seconds:g} s in vain: {what}",
                                            f"last seen: {last}", *map(tail, logs)]))
        time.sleep(0.1)


class Seen:
    """A falsy answer of a predicate that says what it saw instead."""

    def __init__(self, what):
        self.what = what

    def __bool__(self):
        return False


class Process:
    """A program with its log, on this machine or, with `host`, on a host of the lab."""

    def __init__(self, name, folder, host=None, environment=None):
        self.name, self.host = name, host
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.environment = environment or {}
        self.small_disks = {}  # folder → size in MB: a tmpfs of its own, seen by this process alone
        self.process = None
        self.started = None

    def start_program(self, command):
        command = self._with_small_disks([str(word) for word in command])
        if self.host:
            command = self.host.command(command)
        with self.log.open("ab") as log:
            log.write(f"$ {' '.join(command)}\n".encode())
            log.flush()
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                env=os.environ | self.environment, preexec_fn=_die_with_the_test)
        self.started = start_time(self.process.pid)

    def _with_small_disks(self, command):
        """Mounts in a mount namespace of the process's own, so that nothing is left to unmount."""
        if not self.small_disks:
            return command
        script = []
        for folder, megabytes in self.small_disks.items():
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            script.append(f"mount -t tmpfs -o size={megabytes}m,mode=0700 tmpfs '{folder}'")
        return ["unshare", "--mount", "sh", "-ec", "; ".join([*script, 'exec "$@"']), "sh", *command]

    def inside(self, path):
        """A path as the process sees it, small disks included."""
        return pathlib.Path(f"/proc/{self.pid}/root{path}")

    def fill(self, folder):
        """Fills a small disk to its last byte; removing the returned file frees it."""
        filler = self.inside(folder) / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size):
                        pass
        return filler

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def children(self, program=None):
        """Ids of direct children, of those that run `program` only if one is named."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                parent = int(pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[1])
                words = pathlib.Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
                if parent == self.pid and (not program or words[0].decode().endswith(program)):
                    found.append(int(entry))
        return found

    def kill(self):
        """kill -9, of this one process."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=PATIENCE):
        """SIGTERM; returns its exit code. That it does not end is a failure."""
        if not self.is_running():
            return self.process.returncode if self.process else None
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"{self.name} did not end within {seconds:g} s of SIGTERM\n"
                                 + tail(self.log)) from None

    def end(self):
        """At the end of a test: gone, children included, whatever state it is in."""
        if not self.is_running():
            return
        orphans = [(pid, start_time(pid)) for child in [self, *map(_Child, self.children())]
                   for pid in child.children()]
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        for pid, started in orphans:
            if is_alive(pid, started):
                os.kill(pid, signal.SIGKILL)


class _Child(Process):
    def __init__(self, pid):  # pylint: disable=super-init-not-called
        self._pid = pid

    @property
    def pid(self):
        return self._pid


class Server(Process):
    """`linewatch server`. `address` is what agents and clients connect to."""

    verb = "server"

    def __init__(self, folder, name="server", host=None, address="127.0.0.1", data=None, options=(),
                 environment=None):
        super().__init__(name, folder, host, environment)
        self.data = pathlib.Path(data or pathlib.Path(folder) / name)
        self.address = address
        # On a host of the lab nobody else has these ports.
        self.port, self.agent_port = (8443, 8444) if host else (free_port(), free_port())
        self.options = list(options)

    def start(self, wait=True):
        self.start_program([LINEWATCH, self.verb, "--data", self.data,
                            "--listen", f"{self.address}:{self.port}",
                            "--agent-listen", f"{self.address}:{self.agent_port}", *self.options])
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=PATIENCE):
        def answers():
            if not self.is_running():
                raise AssertionError(f"it ended with code {self.process.returncode}")
            code, _, error = self.cli("status", "-o", "json")
            return code == 0 or Seen(error)
        wait_until(answers, seconds, f"{self.name} answers `linewatch status`", [self.log])

    def cli(self, *arguments, timeout=PATIENCE, token=None, text=None, authority=None):
        """Runs a verb against this server: (exit code, stdout, stderr)."""
        environment = os.environ | self.environment | {
            "LINEWATCH_SERVER": f"https://{self.address}:{self.port}",
            "LINEWATCH_CA": str(authority or self.data / "ca.pem")}
        if token is None:
            token_file = self.data / "admin.token"
            token = token_file.read_text().strip() if token_file.exists() else ""
        environment["LINEWATCH_TOKEN"] = token
        command = [str(LINEWATCH), *map(str, arguments)]
        done = subprocess.run(self.host.command(command) if self.host else command, env=environment,
                              input=text, capture_output=True, text=True, timeout=timeout)
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments):
        code, out, error = self.cli(*arguments, "-o", "json")
        if code != 0:
            raise AssertionError(f"linewatch {' '.join(map(str, arguments))}: code {code}: {error}")
        return json.loads(out)

    def join_token(self):
        code, out, error = self.cli("agent", "token", "create")
        found = JOIN_TOKEN.search(out)
        if code != 0 or not found:
            raise AssertionError(f"agent token create: code {code}: {out}{error}")
        return found[0]

    def apply(self, document):
        """Applies monitors (a dict of the file's form); the error text is the failure's."""
        file = self.log.with_name("monitors.json")
        file.write_text(json.dumps(document, indent=1))
        code, out, error = self.cli("apply", "-f", file)
        if code != 0:
            raise AssertionError(f"apply: code {code}: {error}")
        return out

    def tests(self):
        """Test rows by "source/destination/configuration"."""
        return {row.key: row for row in map(TestRow, rows_of(self.json("get", "tests"), "tests"))}

    def store_pid(self):
        """The engine is a child of the server, or of the supervisor's server."""
        for parent in [self, *map(_Child, self.children())]:
            for pid in parent.children("linewatch-store"):
                return pid
        raise LookupError("no linewatch-store runs below the server")

    def kill_store(self):
        os.kill(self.store_pid(), signal.SIGKILL)


class Up(Server):
    """`linewatch up`: server, store and a local agent under one supervisor."""

    verb = "up"


class Agent(Process):
    """`linewatch agent`, joined to a server by a token."""

    def __init__(self, folder, server, name="agent", host=None, data=None, options=()):
        super().__init__(name, folder, host)
        self.server = server
        self.data = pathlib.Path(data or pathlib.Path(folder) / name)
        self.options = list(options)
        self._token = None

    def start(self):
        if self._token is None:
            self._token = self.server.join_token()
        self.start_program([LINEWATCH, "agent", "--data", self.data, "--server",
                            f"{self.server.address}:{self.server.agent_port}", "--join-token",
                            self._token, "--name", self.name, *self.options])
        return self


def rows_of(document, name):
    """The list in an API answer, bare or under its name or `value`."""
    if isinstance(document, list):
        return document
    return next(document[key] for key in (name, "value", "items") if key in document)


class TestRow:
    """One row of `get tests -o json`."""

    def __init__(self, row):
        self.row = row
        self.state = row["state"]
        reason = row.get("reason") or ""
        self.reason = reason["text"] if isinstance(reason, dict) else reason
        configuration = row.get("testConfiguration") or row.get("configuration")
        self.key = f"{row['source']}/{row['destination']}/{configuration}"

    def __repr__(self):
        return f"{self.key}: {self.state} ({self.reason})"


def monitor(name, endpoints, configurations, groups):
    """A monitors file with one monitor."""
    return {"connectionMonitors": [{"name": name, "endpoints": endpoints,
                                    "testConfigurations": configurations, "testGroups": groups}]}


def agent_endpoint(name):
    return {"name": name, "type": "Agent", "linewatch": {"agent": name}}


def external(name, address):
    return {"name": name, "type": "ExternalAddress", "address": address}


class SystemTest(unittest.TestCase):
    """A test class with a folder and processes of its own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="linewatch-test-"))
        cls._healthy = False
        cls._processes = []
        cls.addClassCleanup(cls._finish)
        cls.prepare()
        cls._healthy = True

    @classmethod
    def prepare(cls):
        """What all tests of the class share."""

    @classmethod
    def _finish(cls):
        for process in reversed(cls._processes):
            process.end()
        if cls._healthy:
            shutil.rmtree(cls.folder)
        else:
            print(f"\n{cls.__name__}: kept {cls.folder}", file=sys.stderr)

    @classmethod
    def keep(cls, process):
        """Notes a process that ends with the class at the latest."""
        cls._processes.append(process)
        return process

    @classmethod
    def logs(cls):
        return [process.log for process in cls._processes]

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            type(self)._healthy = False
        return result

    def wait_until(self, predicate, seconds, what):
        return wait_until(predicate, seconds, what, self.logs())

    def wait_for_states(self, server, expected, seconds, what):
        """Waits until each named test has its state and a reason that matches: {key: (state, regular
        expression)}. Returns how long that took."""
        begin = time.monotonic()

        def all_as_expected():
            rows = server.tests()
            wrong = [repr(rows.get(key, f"{key}: no such test")) + f" instead of {state} /{reason}/"
                     for key, (state, reason) in expected.items()
                     if key not in rows or rows[key].state != state
                     or not re.search(reason, rows[key].reason)]
            return Seen("\n  ".join(["", *wrong])) if wrong else True

        self.wait_until(all_as_expected, seconds, what)
        return time.monotonic() - begin
