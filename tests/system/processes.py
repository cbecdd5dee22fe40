# SPDX-License-Identifier: Apache-2.0
"""Processes of a system test: their logs, their children, their small disks, their end; and waiting for
what they do. Processes are told by the ids that we started, or by their parent being one of those."""

import contextlib
import ctypes
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from namespaces import is_alive, start_time  # noqa: E402

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


SANITIZED = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error: ")


def sanitizer_report(path):
    """What a sanitizer wrote into a log, if the programs were built with one and it found something."""
    text = pathlib.Path(path).read_text(errors="replace") if pathlib.Path(path).exists() else ""
    found = SANITIZED.search(text)
    return text[found.start():found.start() + 6000] if found else None


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

    ends_with = None  # The exit code that it must have after SIGTERM; None if any will do.

    def __init__(self, name, folder, host=None, environment=None):
        self.name, self.host = name, host
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.environment = environment or {}
        self.small_disks = {}  # folder → size in MB: a tmpfs of its own, seen by this process alone
        self.process = None
        self.started = None
        self.fault = None

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

    def descendants(self):
        """Ids of all processes below this one, with what tells them from later ones of that id."""
        found = {}
        for pid in self.children():
            found[pid] = start_time(pid)
            found |= Child(pid).descendants()
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
        """At the end of a test: gone, children included, whatever state it is in. What was wrong with
        that, `fault` says."""
        if not self.is_running():
            return
        orphans = self.descendants()
        self.process.terminate()
        try:
            code = self.process.wait(PATIENCE)
            if self.ends_with not in (None, code):
                self.fault = f"{self.name} ended with code {code} at SIGTERM"
        except subprocess.TimeoutExpired:
            self.kill()
            self.fault = f"{self.name} did not end within {PATIENCE:g} s of SIGTERM"
        for pid, started in orphans.items():
            if is_alive(pid, started):
                os.kill(pid, signal.SIGKILL)


class Child(Process):
    """A process that another one started."""

    def __init__(self, pid):  # pylint: disable=super-init-not-called
        self._pid = pid

    @property
    def pid(self):
        return self._pid
