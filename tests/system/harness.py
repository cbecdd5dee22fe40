# SPDX-License-Identifier: Apache-2.0
"""Starts real linewatch programs for system tests, on this machine or on hosts of the lab.

Every test class has a folder of its own with the data and the log of each process. It is removed when
all went well; else it stays, and its path is printed.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from processes import (PATIENCE, ROOT, Child, Process, Seen, free_port, sanitizer_report, tail,
                       wait_until)

BUILD = pathlib.Path(os.environ.get("LW_BUILD", ROOT / "build/dev")).resolve()
LINEWATCH = BUILD / "linewatch"
JOIN_TOKEN = re.compile(r"lw1-[0-9a-f]{32}-[0-9a-f]{64}")


class Server(Process):
    """`linewatch server`. `address` is what agents and clients connect to."""

    verb = "server"
    ends_with = 0

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

    @property
    def files(self):
        """Its data folder for us, who may not see the small disk that is mounted there."""
        return self.inside(self.data) if self.data in self.small_disks else self.data

    def cli(self, *arguments, timeout=PATIENCE, token=None, text=None, authority=None):
        """Runs a verb against this server: (exit code, stdout, stderr)."""
        environment = os.environ | self.environment | {
            "LINEWATCH_SERVER": f"https://{self.address}:{self.port}",
            "LINEWATCH_CA": str(authority or self.files / "ca.pem")}
        if token is None:
            token_file = self.files / "admin.token"
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
        for parent in [self, *map(Child, self.children())]:
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

    ends_with = 0

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
        faults = [process.fault for process in cls._processes if process.fault]
        faults += filter(None, map(sanitizer_report, cls.logs()))
        if cls._healthy and not faults:
            shutil.rmtree(cls.folder)
        else:
            print(f"\n{cls.__name__}: kept {cls.folder}", file=sys.stderr)
        if faults:
            raise AssertionError("\n".join([*faults, *map(tail, cls.logs())]))

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
