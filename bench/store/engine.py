# SPDX-License-Identifier: Apache-2.0
"""A linewatch-store of a bench's own, and statements to it."""

import os
import pathlib
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request


class StoreError(Exception):
    pass


class Store:
    """The store in `folder`, running from `with` to its end. What it holds stays there."""

    def __init__(self, build, folder):
        self.program = pathlib.Path(build) / "linewatch-store"
        self.folder = pathlib.Path(folder)
        self.password = secrets.token_hex(16)
        self.process = None
        self.url = ""

    def __enter__(self):
        if not self.program.exists():
            raise StoreError(f"{self.program} is missing: build it with ./dev build")
        self.folder.mkdir(parents=True, exist_ok=True)
        port_file = self.folder / "url"
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [self.program, "--data", self.folder, "--listen", "127.0.0.1:0", "--port-file", port_file],
            env={**os.environ, "LINEWATCH_STORE_PASSWORD": self.password})
        while not (port_file.exists() and port_file.read_text().strip()):
            if self.process.poll() is not None:
                raise StoreError("linewatch-store ended at its start: see above")
            time.sleep(0.05)
        self.url = port_file.read_text().strip()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def query(self, sql, database="linewatch", **settings):
        """The answer's text (TabSeparated, unless the statement names a format)."""
        return self.timed(sql, database, **settings)[0]

    def timed(self, sql, database="linewatch", **settings):
        """The answer's text, and how many seconds it took from here."""
        target = urllib.parse.urlencode({"database": database, "wait_end_of_query": 1, **settings})
        request = urllib.request.Request(
            f"{self.url}/?{target}", data=sql.encode(),
            headers={"X-ClickHouse-User": "linewatch", "X-ClickHouse-Key": self.password})
        begun = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=3600) as answer:
                return answer.read().decode(errors="replace"), time.perf_counter() - begun
        except urllib.error.HTTPError as error:
            raise StoreError(f"{error.read().decode(errors='replace')[:1500]}\n{sql[:1500]}") from error

    def rows(self, sql, **settings):
        return [line.split("\t") for line in self.query(sql, **settings).splitlines()]

    def usage(self):
        """CPU seconds so far, and the peak of resident bytes."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        ticks = os.sysconf("SC_CLK_TCK")
        return ((int(fields[11]) + int(fields[12])) / ticks,
                int(status.split("VmHWM:")[1].split()[0]) * 1024)
