# SPDX-License-Identifier: Apache-2.0
"""Runs KQL cases: translates them with kql_translate, runs the SQL on linewatch-store, and compares the
rows with what the case expects, as acceptance does (compare.py)."""

import http.client
import json
import subprocess
import urllib.parse

from values import value_of


class Translator:
    """The program kql_translate: one line of JSON in, one out."""

    def __init__(self, program, tables=None):
        words = [program] + (["--tables", tables] if tables else [])
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        encoding="utf-8")
        self.settings = json.loads(self.process.stdout.readline())["settings"]

    def ask(self, request):
        """The answer to a request; None if the program died of it."""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            return None
        return json.loads(line) if line else None

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Engine:
    """A linewatch-store that runs somewhere, over one connection kept open."""

    def __init__(self, url, user, password, settings):
        address = urllib.parse.urlparse(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        self.headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}
        self.path = "/?" + urllib.parse.urlencode({"max_execution_time": 20,
                                                   "max_memory_usage": 1_000_000_000})
        # linewatch-store takes only few settings by URL; in the text it takes the writer's.
        self.settings = ", ".join(f"{name} = {value!r}" if not value.isdigit() else f"{name} = {value}"
                                  for name, value in settings.items())

    def rows(self, sql):
        """(rows, None) or (None, error text)."""
        self.connection.request("POST", self.path, 
                                f"{sql} SETTINGS {self.settings} FORMAT JSONCompactEachRow".encode(),
                                self.headers)
        answer = self.connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        if answer.status != 200:
            return None, text[:600]
        return [json.loads(line) for line in text.splitlines() if line], None


def run_query(translator, engine, query):
    """A dict with `names`, `types` and `rows`; or with `diagnostics`, or with `failure`."""
    request = {"query": query, "answers": {}}
    for _ in range(5):
        answer = translator.ask(request)
        if answer is None:
            return {"failure": "the translator died"}
        if "diagnostics" in answer:
            return answer
        rows, failure = engine.rows(answer["sql"])
        if failure:
            return {"failure": failure, "sql": answer["plan"]}
        if not answer["question"]:
            names = [column["name"] for column in answer["columns"]]
            types = [column["type"] for column in answer["columns"]]
            cells = [[value_of(cell, kind) for cell, kind in zip(row, types)] for row in rows]
            return {"names": names, "types": types, "rows": cells, "sql": answer["plan"]}
        request["answers"][answer["question"]] = [[str(cell) for cell in row] for row in rows]
    return {"failure": "too many questions"}
