# SPDX-License-Identifier: Apache-2.0
"""How an agent gets onto a host: the package that the server hands out starts where nothing is installed, and
the one command that an operator copies installs, joins and starts it."""

import json
import shutil
import subprocess

from copies import run_in_copy
from harness import BUILD, Server, SystemTest
from processes import ROOT
from system import agent_row

HOME = "/opt/linewatch-agent"
PACKAGE = BUILD / "agent-package"


class AgentPackage(SystemTest):
    @classmethod
    def prepare(cls):
        if PACKAGE.exists():
            shutil.rmtree(PACKAGE)
        cls.addClassCleanup(shutil.rmtree, PACKAGE, ignore_errors=True)
        subprocess.run([ROOT / "packaging/agent/make-package", BUILD, PACKAGE], check=True,
                       capture_output=True)
        cls.server = cls.keep(Server(cls.folder)).start()

    def install_command(self, name):
        """What `agent token create` says to copy, for a root who needs no sudo."""
        code, out, error = self.server.cli("agent", "token", "create", "-o", "json")
        self.assertEqual(code, 0, error)
        command = json.loads(out)["installCommand"]
        self.assertIn("| sudo sh -s -- ", command)
        return command.replace("| sudo sh", "| sh") + f" --name {name} --label 'site=Köln east'"

    def in_copy(self, script):
        return run_in_copy(self.folder, script)

    def test_it_starts_where_nothing_is_installed(self):
        root = self.folder / "empty"
        for folder in ("opt", "dev", "proc"):
            (root / folder).mkdir(parents=True)
        archive = PACKAGE / "linewatch-agent-linux-x86_64.tar.gz"
        subprocess.run(["tar", "-C", root / "opt", "-xzf", archive], check=True)
        done = subprocess.run(["chroot", root, f"{HOME}/bin/linewatch", "check", "icmp", "127.0.0.1",
                               "-c", "2"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("0 of 2 checks failed", done.stdout)
        installed = sum(file.stat().st_size for file in (root / "opt").rglob("*") if file.is_file())
        # Of a release build some 51 MB (docs/install.md); the program of this one is not optimised.
        self.assertLess(installed, 80e6)

    def test_one_command_installs_joins_and_a_second_one_updates(self):
        command = self.install_command("new-host")
        data = "/var/lib/linewatch-agent"
        # No systemd in there: the script says how to start, and that is what is done here.
        done = self.in_copy(f"""set -e
            {command}
            timeout -s INT 15 {HOME}/bin/linewatch --data {data} agent || [ $? = 124 ]
            stat -c %U {data}/identity.json
            {command.split(' --token')[0]}
            sh -c 'curl -fsS --cacert "$0" {self.url()}/install.sh' "$CA" | sh -s -- --uninstall
            ls -d {HOME} {data} 2>&1 || true
            """)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("there is no systemd here", done.stdout)
        self.assertIn("linewatch-agent\n", done.stdout)
        self.assertIn("the agent is gone from this host", done.stdout)
        self.assertIn(f"cannot access '{HOME}'", done.stdout)
        row = agent_row(self.server, "new-host")
        self.assertEqual(row["labels"], {"site": "Köln east"}, row)
        self.assertTrue(row["lastSeen"], row)

    def url(self):
        return f"https://{self.server.address}:{self.server.port}"

    def test_another_server_is_not_believed(self):
        other = self.keep(Server(self.folder, "other")).start()
        command = self.install_command("victim").replace(str(self.server.port), str(other.port))
        done = self.in_copy(command)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("FAILED", done.stdout + done.stderr)
        self.assertNotIn("fetching", done.stdout)

    def test_what_is_wrong_is_said_before_anything_is_done(self):
        script = "curl -fsSk " + self.url() + "/install.sh >/tmp/i.sh; "
        for options, text in (("", "give --token"), ("--tokn x", "unknown option --tokn"),
                              ("--token", "--token needs a value")):
            done = self.in_copy(script + f"sh /tmp/i.sh {options}; code=$?; ls -d {HOME}; exit $code")
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn(text, done.stderr)
            self.assertIn("cannot access", done.stderr)
        done = self.in_copy(script + "sh /tmp/i.sh --token lw1-00; exit $?")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("joining failed", done.stderr)


if __name__ == "__main__":
    import unittest
    unittest.main()
