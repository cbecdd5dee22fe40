# SPDX-License-Identifier: Apache-2.0
"""Throw-away copies of this machine, for what installs things."""

import subprocess

# In a mount namespace of its own: an overlay over this machine's files that is kept in memory, and goes.
COPY = """set -eu
mount -t tmpfs none {work}
mkdir {work}/upper {work}/work {work}/root
mount -t overlay none -o lowerdir=/,upperdir={work}/upper,workdir={work}/work {work}/root
mount -t proc none {work}/root/proc
mount -t tmpfs none {work}/root/run
mount --rbind /dev {work}/root/dev
exec chroot {work}/root /bin/sh -c "$1"
"""


def run_in_copy(folder, script, seconds=120):
    """Runs a shell script as root on a copy of this machine, on the same network. `folder` holds it while it is
    there. Other file systems that are mounted below / are empty folders in it. What the script leaves running
    ends with it."""
    work = folder / "copy"
    work.mkdir(exist_ok=True)
    return subprocess.run(["unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                           "--kill-child", "sh", "-c",
                           COPY.format(work=work), "sh", script],
                          capture_output=True, text=True, timeout=seconds)
