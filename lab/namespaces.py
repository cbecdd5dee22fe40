# SPDX-License-Identifier: Apache-2.0
"""Network namespaces and the processes in them: the parts of the lab that touch the kernel.

Everything here is told by exact name or process id, so that nothing but the lab's own things is ever
touched. Needs root, iproute2 and nothing else.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

NETNS = pathlib.Path("/run/netns")
ETC_NETNS = pathlib.Path("/etc/netns")
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab could not be built or changed; the message says which command and why."""


def run(command, text=None):
    """Runs a tool to its end and returns its output; its failure is a LabError with its own words."""
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        script = f"\n{text}" if text else ""
        raise LabError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}{script}")
    return done.stdout


def ip_batch(lines, namespace=None):
    """Runs `ip` commands as one batch, in a namespace or in the own one."""
    if lines:
        run(["ip"] + (["-n", namespace] if namespace else []) + ["-batch", "-"], "\n".join(lines) + "\n")


def exec_command(namespace, command):
    """The command as it is run inside the namespace, with its /etc/netns files over those of /etc. `ip`
    replaces itself by the command, so the process id is the command's own."""
    return ["ip", "netns", "exec", namespace, *map(str, command)]


def call_inside(namespace, function, *arguments, **keywords):
    """Calls a function on a thread of its own that has entered the namespace; sockets that it opens
    are the namespace's. Files, and so /etc/resolv.conf, stay those of the caller."""
    outcome = {}

    def body():
        try:
            with open(NETNS / namespace) as file:
                if _libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                    raise LabError(f"enter {namespace}: {os.strerror(ctypes.get_errno())}")
            outcome["value"] = function(*arguments, **keywords)
        except BaseException as error:  # pylint: disable=broad-except  # handed to the caller below
            outcome["error"] = error

    thread = threading.Thread(target=body, name=f"in {namespace}")
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def start_time(pid):
    """When the process started, in clock ticks since boot: with the id it names a process for ever.
    None if there is no such process, or only its zombie."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def is_alive(pid, started):
    return started is not None and start_time(pid) == started


def processes_in(namespace):
    """Ids of the processes whose network namespace this is."""
    try:
        wanted = os.stat(NETNS / namespace)
    except FileNotFoundError:
        return []
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            theirs = os.stat(f"/proc/{entry}/ns/net")
        except OSError:
            continue
        if (theirs.st_ino, theirs.st_dev) == (wanted.st_ino, wanted.st_dev) and start_time(int(entry)):
            found.append(int(entry))
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_gone(pid, started, seconds=5):
    """Waits until the process is no more; reaps it if it is our child."""
    deadline = time.monotonic() + seconds
    while is_alive(pid, started) and time.monotonic() < deadline:
        time.sleep(0.005)
    return not is_alive(pid, started)


def kill_processes_in(namespace):
    # Again and again, since a process may fork between the look and the kill.
    for _ in range(100):
        pids = processes_in(namespace)
        if not pids:
            return
        for pid in pids:
            kill(pid)
        time.sleep(0.01)
    raise LabError(f"{namespace}: processes {processes_in(namespace)} do not die")


def names_with_prefix(prefix):
    """Namespaces of the lab `prefix`, whether they are still mounted or left a resolv.conf only."""
    found = set()
    for folder in (NETNS, ETC_NETNS):
        if folder.is_dir():
            found.update(name for name in os.listdir(folder) if name.startswith(prefix + "-"))
    return sorted(found)


def delete_namespace(namespace):
    if (NETNS / namespace).exists():
        kill_processes_in(namespace)
        run(["ip", "netns", "del", namespace])
    shutil.rmtree(ETC_NETNS / namespace, ignore_errors=True)
    try:
        ETC_NETNS.rmdir()  # Only while it is empty: then it was ours, or nobody's.
    except OSError:
        pass


def write_json(path, value):
    """Whole or not at all, so that a reader in another process never sees half of it."""
    path = pathlib.Path(path)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(value))
    os.replace(fresh, path)
