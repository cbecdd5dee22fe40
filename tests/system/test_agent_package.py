# SPDX-License-Identifier: Apache-2.0
"""How an agent gets onto a host: the package that the server hands out starts where nothing is installed, and
the one command that an operator copies installs, joins and starts it."""

import functools
import http.server
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import threading

from copies import run_in_copy
from harness import BUILD, Agent, Server, SystemTest, agent_endpoint, external, monitor
from processes import ROOT, Seen
from system import agent_row

HOME = "/opt/linewatch-agent"
PACKAGE = BUILD / "agent-package"
# What an agent may take of its host, in bytes (docs/decisions/0029), and what it may take more in a build that is not
# optimised: that program is 3 MB larger.
IS_RELEASE = "LW_MODE:STRING=release" in (BUILD / "CMakeCache.txt").read_text()
DISK_MAX = RESIDENT_MAX = 25e6 if IS_RELEASE else 28e6


class BareAgent(Agent):
    """The packaged agent in a folder with nothing else in it."""

    def __init__(self, folder, server, root, name):
        super().__init__(folder, server, name=name)
        self.root = root

    def start(self):
        self.start_program(["chroot", self.root, f"{HOME}/bin/linewatch", "--data", "/data", "agent", "--server",
                            f"{self.server.address}:{self.server.agent_port}", "--join-token",
                            self.server.join_token(), "--name", self.name, "--extra-ca", "/roots.pem"])
        return self

    def status(self, key):
        """A figure of /proc/PID/status, in bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
        raise LookupError(key)


class Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    request_queue_size = 100

    def handle_error(self, *_):
        """Checks end with a reset, so that they leave nothing behind."""


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

    def unpack(self, name):
        """A folder with nothing in it but the package."""
        root = self.folder / name
        for folder in ("opt", "dev", "proc"):
            (root / folder).mkdir(parents=True)
        archive = PACKAGE / "linewatch-agent-linux-x86_64.tar.gz"
        subprocess.run(["tar", "-C", root / "opt", "-xzf", archive], check=True)
        return root

    @functools.cache
    def servers_of(self, authority):
        """Ports of a server without TLS and of one with, on all addresses."""
        addresses = ",".join(f"IP:127.0.0.{i}" for i in range(1, 26))
        key = self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", authority, "-days", "2", "-subj", "/CN=here", "-addext",
                        f"subjectAltName={addresses}"], check=True, capture_output=True)
        plain, secure = Quiet(("0.0.0.0", 0), Ok), Quiet(("0.0.0.0", 0), Ok)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority, key)
        secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
        for server in (plain, secure):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        return plain.server_address[1], secure.server_address[1]

    def hundred_tests(self, root):
        """Four kinds of test of 25 addresses, each all five seconds, their ways followed as usual."""
        plain, secure = self.servers_of(root / "roots.pem")
        kinds = [{"name": "ping", "protocol": "Icmp"},
                 {"name": "connect", "protocol": "Tcp", "tcpConfiguration": {"port": plain}},
                 {"name": "http", "protocol": "Http", "httpConfiguration": {"port": plain}},
                 {"name": "https", "protocol": "Http", "httpConfiguration": {"port": secure, "preferHTTPS": True}}]
        places = [external(f"place{i}", f"127.0.0.{i}") for i in range(1, 26)]
        group = {"name": "all", "sources": ["bare"], "destinations": [place["name"] for place in places],
                 "testConfigurations": [kind["name"] for kind in kinds]}
        return monitor("hundred", [agent_endpoint("bare"), *places],
                       [kind | {"testFrequencySec": 5} for kind in kinds], [group])

    def test_it_takes_little_of_its_host(self):
        root = self.unpack("bare")
        files = [os.lstat(os.path.join(folder, name)) for folder, _, names in os.walk(root / "opt") for name in names]
        disk = sum(file.st_blocks * 512 for file in files)
        print(f"on disk: {disk / 1e6:.1f} MB in {len(files)} files")
        self.assertLess(disk, DISK_MAX)
        self.server.apply(self.hundred_tests(root))
        agent = self.keep(BareAgent(self.folder, self.server, root, "bare")).start()

        def all_pass():
            states = [(row.state, row.reason) for key, row in self.server.tests().items() if key.startswith("bare/")]
            wrong = [state for state in states if state[0] != "Pass"]
            return (len(states) == 100 and not wrong) or Seen(f"{len(states)} tests, not passing: {wrong[:3]}")

        self.wait_until(all_pass, 90, "a hundred tests pass")
        print(f"resident: {agent.status('VmRSS') / 1e6:.1f} MB, at most {agent.status('VmHWM') / 1e6:.1f} MB")
        self.assertLess(agent.status("VmHWM"), RESIDENT_MAX)
        agent.end()

    def test_it_starts_where_nothing_is_installed(self):
        root = self.unpack("empty")
        done = subprocess.run(["chroot", root, f"{HOME}/bin/linewatch", "check", "icmp", "127.0.0.1",
                               "-c", "2"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("0 of 2 checks failed", done.stdout)
        elsewhere = subprocess.run(["chroot", root, f"{HOME}/bin/linewatch", "get", "tests"],
                                   capture_output=True, text=True, timeout=30)
        self.assertEqual(elsewhere.returncode, 2)
        self.assertIn("`get` is not in this program", elsewhere.stderr)

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
