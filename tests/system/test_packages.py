# SPDX-License-Identifier: Apache-2.0
"""The Debian packages: installed on a copy of this machine they make a server that runs as its own user, finds its
engine, and hands out agents; removed, they leave the data, and purged, nothing."""

import shutil
import subprocess

from copies import run_in_copy
from harness import BUILD, SystemTest
from processes import ROOT, free_port

# What systemd would do, in short: the server as its user, for as long as a host takes to join.
TRY_OUT = """set -e
dpkg -i {packages}/*.deb
. /etc/default/linewatch-server
rm -rf /var/lib/linewatch
install -d -o linewatch /var/lib/linewatch
setpriv --reuid linewatch --regid linewatch --clear-groups linewatch --data /var/lib/linewatch server --listen 127.0.0.1:{port} \
  --agent-listen 127.0.0.1:{agent_port} >/tmp/server.log 2>&1 &
server=$!
for i in $(seq 60); do curl -fsk https://127.0.0.1:{port}/readyz >/dev/null && break; sleep 0.5; done
cat /tmp/server.log >&2
curl -fsS --cacert /var/lib/linewatch/ca.pem https://127.0.0.1:{port}/install.sh | grep -c "^url='https://127.0.0.1:{port}'"
export LINEWATCH_SERVER=https://127.0.0.1:{port} LINEWATCH_CA=/var/lib/linewatch/ca.pem
export LINEWATCH_TOKEN=$(cat /var/lib/linewatch/admin.token)
token=$(linewatch agent token create)
install -d -o linewatch-agent /var/lib/linewatch-agent
setpriv --reuid linewatch-agent --regid linewatch-agent --clear-groups linewatch --data /var/lib/linewatch-agent agent join 127.0.0.1:{agent_port} --token $token --name packaged
linewatch get agents -o csv
stat -c '%U %a' /var/lib/linewatch/admin.token
kill -INT $server; wait $server; echo "server ended with $?"
dpkg -r linewatch-server linewatch-agent && ls /var/lib/linewatch/admin.token
dpkg -P linewatch-server linewatch-agent linewatch
ls -d /usr/bin/linewatch /var/lib/linewatch /etc/default/linewatch-server 2>&1 || true
getent passwd linewatch || echo no user
"""


class Packages(SystemTest):
    def test_they_install_run_and_go(self):
        build, packages = self.folder / "build", self.folder / "packages"
        build.mkdir()
        for program in ("linewatch", "linewatch-store"):
            (build / program).symlink_to(BUILD / program)
        subprocess.run([ROOT / "packaging/agent/make-package", BUILD, build / "agent-package"], check=True,
                       capture_output=True)
        made = subprocess.run([ROOT / "packaging/deb/make-packages", build, packages],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        done = run_in_copy(self.folder, TRY_OUT.format(
            packages=packages, port=free_port(), agent_port=free_port()), seconds=180)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        out = done.stdout
        for text in ("\n1\n", "packaged", "linewatch 600", "server ended with 0", "/var/lib/linewatch/admin.token",
                     "no user"):
            self.assertIn(text, out)
        for path in ("/usr/bin/linewatch", "/var/lib/linewatch", "/etc/default/linewatch-server"):
            self.assertIn(f"cannot access '{path}'", out)
        shutil.rmtree(packages)


if __name__ == "__main__":
    import unittest
    unittest.main()
