# SPDX-License-Identifier: Apache-2.0
"""Asks a server's linewatch-store over ClickHouse's HTTP interface, behind the server's back."""

import http.client
import json
import pathlib
import time
import urllib.parse

from processes import PATIENCE


class Store:
    """The engine that a server runs now. Found anew for each query, since tests kill it."""

    def __init__(self, server):
        self.server = server

    def _access(self):
        """URL, user and password: from the process itself, whoever started it and however."""
        pid = self.server.store_pid()
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        options = dict(zip(words, words[1:]))
        variables = dict(entry.split("=", 1) for entry in
                         pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                         if "=" in entry)
        return (f"http://{options['--listen']}", options.get("--user", "linewatch"),
                variables["LINEWATCH_STORE_PASSWORD"])

    def query(self, sql):
        """The rows of a SELECT, as dicts. A store that was killed is waited for while it comes back."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                text = self._ask(sql)
                return [json.loads(line) for line in text.splitlines()]
            except (ConnectionError, LookupError, FileNotFoundError, http.client.RemoteDisconnected):
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def _ask(self, sql):
        url, user, password = self._access()
        ask = self.server.host.call if self.server.host else lambda function, *rest: function(*rest)
        return ask(_post, url, user, password, sql + " FORMAT JSONEachRow")

    def rounds(self):
        """Spool id → (rows, different sequence numbers, highest one), of all rounds."""
        rows = self.query("SELECT spool_id, count() AS n, uniqExact(sequence) AS u, max(sequence) AS top "
                          "FROM linewatch.rounds GROUP BY spool_id "
                          "SETTINGS output_format_json_quote_64bit_integers = 0")
        return {row["spool_id"]: (row["n"], row["u"], row["top"]) for row in rows}

    def count(self, expression="count()", table="rounds"):
        return int(self.query(f"SELECT toString({expression}) AS n FROM linewatch.{table}")[0]["n"])


def _post(url, user, password, body):
    address = urllib.parse.urlparse(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.request("POST", "/", body.encode(),
                           {"X-ClickHouse-User": user, "X-ClickHouse-Key": password})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status != 200:
        raise AssertionError(f"store: {answer.status}: {text[:500]}\n{body}")
    return text
