#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The KQL cases of corpus.jsonl (README.md) on a linewatch-store of this test. Each case must pass or stand in
exceptions.json with a reason; the shares of docs/kql.md must hold; nothing may be wrong silently."""

import argparse
import collections
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import time

from compare import compare_case
from runner import Engine, Translator, run_query

HERE = pathlib.Path(__file__).parent
# Share of the cases of a tier and difficulty that must pass.
BARS = {(1, "core"): 1.0, (1, "edge"): 0.92, (2, "core"): 0.90, (2, "edge"): 0.80}


class Store:
    """A linewatch-store in a folder of its own, ended with the object."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="lw-kql-")
        self.password = secrets.token_hex(16)
        port_file = pathlib.Path(self.folder.name) / "port"
        self.process = subprocess.Popen(
            [program, "--data", f"{self.folder.name}/data", "--listen", "127.0.0.1:0",
             "--port-file", str(port_file)],
            env={**os.environ, "LINEWATCH_STORE_PASSWORD": self.password}, stdout=subprocess.DEVNULL)
        while not (port_file.exists() and port_file.read_text().endswith("\n")):
            if self.process.poll() is not None:
                raise SystemExit(f"{program} ended with {self.process.returncode}")
            time.sleep(0.02)
        self.url = port_file.read_text().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def judge(case, answer):
    """("pass" | "refused" | "wrong", why)"""
    expects_error = case.get("expect") == "error"
    if "diagnostics" in answer:
        return ("pass" if expects_error else "refused"), answer["diagnostics"][0]["message"]
    if "failure" in answer:
        return "wrong", answer["failure"]
    if expects_error:
        return "wrong", "an error was expected"
    good, why = compare_case(case, answer["names"], answer["types"], answer["rows"])
    return ("pass" if good else "wrong"), why


def check(cases, judged, excepted):
    """Sentences about what does not hold."""
    totals, faults = collections.defaultdict(list), []
    for case, (verdict, why) in zip(cases, judged):
        key = (case["tier"], case.get("difficulty", "core"))
        totals[key].append(verdict == "pass")
        known = case["id"] in excepted
        if verdict == "pass" and known:
            faults.append(f"{case['id']} passes: take it out of exceptions.json")
        if verdict != "pass" and not known and (case["tier"] < 3 or verdict == "wrong"):
            faults.append(f"{case['id']}: {verdict}: {why[:300]}")
    for key, bar in BARS.items():
        share = sum(totals[key]) / max(1, len(totals[key]))
        print(f"tier {key[0]} {key[1]}: {sum(totals[key])} of {len(totals[key])}")
        if share < bar:
            faults.append(f"tier {key[0]} {key[1]}: {share:.3f} is below {bar}")
    print(f"tier 3: {sum(totals[(3, 'core')]) + sum(totals[(3, 'edge')])} pass, the others are refused")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--translate", required=True, help="the program kql_translate")
    parser.add_argument("--store", required=True, help="the program linewatch-store")
    options = parser.parse_args()
    cases = [json.loads(line) for line in (HERE / "corpus.jsonl").read_text().splitlines()]
    exceptions = json.loads((HERE / "exceptions.json").read_text())
    excepted = {name for group in exceptions.values() for name in group}
    translator = Translator(options.translate)
    with Store(options.store) as store:
        engine = Engine(store.url, "linewatch", store.password, translator.settings)
        judged = [judge(case, run_query(translator, engine, case["query"])) for case in cases]
    translator.close()
    faults = check(cases, judged, excepted)
    print("\n".join(faults) or f"{len(cases)} cases hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
