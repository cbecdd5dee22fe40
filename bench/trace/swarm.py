# SPDX-License-Identifier: Apache-2.0
"""Traces many destinations with mtr, which knows one: a process for each, so many at a time.

    swarm.py CORE COUNT STARTS_PER_SECOND FOLDER

Runs where the packets are to leave, on other cores than CORE, which the processes get. Each report
becomes a file of FOLDER. Prints a JSON object: wall and CPU seconds, the latter without its own.
"""

import json
import os
import resource
import sys
import time

import networks

# More at a time hear each other's answers, which costs each of them more than it gains.
AT_ONCE = 32
# As numbers, without a terminal, every hop once, a probe each 10 ms. It waits out the grace in any case,
# so this is the shortest that does: five times the farthest answer's time. The others may wait a second.
COMMAND = ["mtr", "-n", "-r", "-c", "1", "-i", "0.1", "-G", "0.1", "-Z", "1", "-U", "5", "-m", "30"]


def start(address, core, folder):
    # A file for each: it locks its output, and processes with one output would wait for each other.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 1, os.path.join(folder, address), flags, 0o644)]
    pid = os.posix_spawnp(COMMAND[0], [*COMMAND, address], os.environ, file_actions=actions)
    os.sched_setaffinity(pid, {core})


def run(core, count, per_second, folder):
    begin = time.monotonic()
    started = running = 0
    while started < count or running:
        is_due = time.monotonic() >= begin + started / per_second
        if started < count and running < AT_ONCE and is_due:
            start(networks.nth_address(started), core, folder)
            started, running = started + 1, running + 1
            continue
        pid, _ = os.waitpid(-1, os.WNOHANG) if running else (0, 0)
        if pid == 0:
            time.sleep(0.001)
        else:
            running -= 1
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall_s": time.monotonic() - begin, "cpu_s": usage.ru_utime + usage.ru_stime}


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])))
