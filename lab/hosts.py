# SPDX-License-Identifier: Apache-2.0
"""What tests hold in their hands: a host of a running lab, and a server on it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import namespaces
import network
from firewall import Firewall
from namespaces import LabError
from topologies import DOMAIN


class Host:
    """One namespace. `run` and `popen` are subprocess's, inside it."""

    def __init__(self, lab, name, is_router):
        self.lab, self.name, self.is_router = lab, name, is_router
        self.namespace = f"{lab.name}-{name}"
        self.interfaces = {}  # link number → interface
        self.addresses = {}   # link number → last parts of its addresses there
        self.firewall = Firewall(self.namespace)

    def command(self, command):
        return namespaces.exec_command(self.namespace, command)

    def run(self, command, **options):
        options = {"capture_output": True, "text": True} | options
        return subprocess.run(self.command(command), **options)

    def popen(self, command, **options):
        return subprocess.Popen(self.command(command), **options)

    def call(self, function, *arguments, **keywords):
        """Calls a Python function with this host's network."""
        return namespaces.call_inside(self.namespace, function, *arguments, **keywords)

    def address(self, version=4):
        number = next(iter(self.addresses))
        return network.address_on(number, self.addresses[number][0], version)

    def ping(self, address, seconds=2.0, ttl=64):
        """One echo by lab/ping.py: {"reply": true, "ms": …} or the ICMP type and code that came."""
        tool = pathlib.Path(__file__).with_name("ping.py")
        done = self.run([sys.executable, tool, address, seconds, ttl])
        if done.returncode != 0:
            raise LabError(f"ping {address}: {done.stderr.strip()}")
        return json.loads(done.stdout)


class Service:
    """A server of the lab: stop it, start it, change its certificate or its DNS answers."""

    def __init__(self, lab, name, description):
        self.lab, self.name, self.description = lab, name, description
        self.host, self.port = lab.host(description["host"]), description["port"]
        self.dns_name = f"{name}.{DOMAIN}"
        self.process = None
        number = next(iter(self.host.interfaces))
        self.last = description.get("last") or self.host.addresses[number][0]
        self._number = number

    def address(self, version=4):
        return network.address_on(self._number, self.last, version)

    def start(self):
        command = [sys.executable, pathlib.Path(__file__).with_name("services.py"),
                   self.description["kind"], "--port", self.port]
        for version in (4, 6):
            command += ["--address", self.address(version)]
        if self.description["kind"] == "tls":
            self.use_certificate(self.description["certificate"])
            command += ["--certificate", self._certificate_file()]
            if self.description["certificate"] == "client-certificate":
                command += ["--client-ca", self.lab.certificates.ca]
        if self.description["kind"] == "dns":
            self.lab.write_zone("answer")
            command += ["--zone", self.lab.zone_file]
        self.process = self.lab.start_and_wait(self.host.command(command), self.name)

    def stop(self):
        """Kills it: the port refuses connections from now on."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def use_certificate(self, kind):
        """Shows another certificate of certificates.KINDS from the next handshake on."""
        names = [self.dns_name, self.address(4), self.address(6)]
        made = self.lab.certificates.issue(kind, names)
        fresh = self._certificate_file().with_suffix(".new")
        shutil.copy(made, fresh)
        os.replace(fresh, self._certificate_file())

    def answer_with(self, mode):
        """DNS only: answer, servfail, nxdomain, refused, silent."""
        self.lab.write_zone(mode)

    def _certificate_file(self):
        return self.lab.folder / f"{self.name}.active.pem"
