#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long questions take with 100 million stored rounds: the queries of queries.json as KQL (by the server's
own translation) and as hand-written SQL, views of the product, and metrics over 30 days. bench/README.md
says what is measured."""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "store")]
from engine import Store, StoreError  # noqa: E402
from tables import table, verdict  # noqa: E402

INTERVAL, BASE_HOURS, DAYS = 60, 4, 30
# The limits that linewatch-store's readers have.
LIMITS = {"max_threads": 2, "max_memory_usage": 300_000_000}
RATIO = 1.3
TRANSLATION_US = 1_000


def note(what):
    print(f"[{time.strftime('%H:%M:%S')}] {what}; load {os.getloadavg()[0]:.1f}", file=sys.stderr)


# ---- the store -------------------------------------------------------------------------------

def fill(store, options):
    """Four hours of rounds through the writer's path, and as many copies before them as it takes. Values of
    two copies are never in one compressed block, so they cost what others would. Beyond the rounds the
    table of hours alone goes on to 30 days: long spans read nothing else."""
    base = options.tests * 3600 // INTERVAL * BASE_HOURS
    end = datetime.datetime.now(datetime.UTC).replace(minute=0, second=0, microsecond=0)
    start = end - datetime.timedelta(hours=BASE_HOURS)
    note(f"loading {base:,} rounds")
    load(store, options, start, base // options.tests)
    for name in ("rounds", "m1", "h1"):
        store.query(f"OPTIMIZE TABLE {name} FINAL")
    copies = -(-options.rounds // base)
    for copy in range(1, copies):
        copy_base(store, start, copy, ("rounds", "m1", "h1"))
        if copy % 6 == 0:
            note(f"{(copy + 1) * base:,} rounds")
    for copy in range(copies, DAYS * 24 // BASE_HOURS):
        copy_base(store, start, copy, ("h1",))
    name_tests(store)
    for name in ("rounds", "m1", "h1"):
        store.query(f"OPTIMIZE TABLE {name} FINAL")


def load(store, options, start, intervals):
    arguments = [options.build / "store_load_bench", f"url={store.url}", "keep=730", f"tests={options.tests}",
                 f"interval={INTERVAL}", f"from={start:%Y-%m-%dT%H:%M:%SZ}"]
    environment = {**os.environ, "LINEWATCH_STORE_PASSWORD": store.password}
    # Makes the tables. That rounds are synced to the disk is not what is measured here.
    subprocess.run([*arguments, "intervals=0"], env=environment, check=True, stdout=subprocess.DEVNULL)
    store.query("ALTER TABLE rounds MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0")
    subprocess.run([*arguments, f"intervals={intervals}"], env=environment, check=True)


def copy_base(store, start, copy, names):
    for name in names:
        at = "ts" if name == "rounds" else "t"
        store.query(
            f"INSERT INTO {name} SELECT * REPLACE ({at} - INTERVAL {copy * BASE_HOURS} HOUR AS {at}) FROM "
            f"(SELECT * FROM {name} WHERE toStartOfHour({at}) >= "
            f"toDateTime('{start:%Y-%m-%d %H:%M:%S}', 'UTC'))", insert_deduplicate=0, max_threads=1)


def name_tests(store):
    # store_load_bench's names follow from the address that it gives a test.
    store.query("""INSERT INTO test_facts (test_id, valid_from, monitor, test_group, configuration, source,
          destination, destination_address, protocol, frequency_s)
        SELECT test_id, fromUnixTimestamp64Micro(0, 'UTC'), concat('monitor', toString(intDiv(n, 1000))), 'all',
          'ping', concat('agent', toString(intDiv(n, 100))), concat('target', toString(n)), a, 'Icmp', 60
        FROM (SELECT test_id, any(toString(address)) AS a,
                bitAnd(toUInt32(toIPv4(a)), 0xFFFFFF) AS n
              FROM rounds WHERE toStartOfHour(ts) = (SELECT max(toStartOfHour(ts)) FROM rounds)
              GROUP BY test_id)""")


# ---- the questions ---------------------------------------------------------------------------

class Instants:
    """What stands for {from}, {now} and so on: the newest round, and a day before it."""

    def __init__(self, store, tests):
        target = f"target{min(4_242, tests - 1)}"
        self.end = int(store.query("SELECT toUnixTimestamp64Micro(max(ts)) FROM rounds"))
        test = store.query(f"SELECT test_id FROM test_facts WHERE destination = '{target}' LIMIT 1").strip()
        now, start = self.sql(self.end), self.sql(self.end - 86_400_000_000)
        self.values = {"{target}": target, "{from}": start, "{now}": now, "{test}": test,
                       "{then}": self.sql(self.end - 43_200_000_000),
                       "{hours}": f"toStartOfHour(ts) >= toStartOfHour({start}) AND "
                                  f"toStartOfHour(ts) <= toStartOfHour({now})"}

    @staticmethod
    def sql(micros):
        return f"fromUnixTimestamp64Micro(toInt64({micros}), 'UTC')"

    def put_into(self, sql):
        for name, value in self.values.items():
            sql = sql.replace(name, value)
        return sql

    def iso(self):
        at = datetime.datetime.fromtimestamp(self.end / 1e6, datetime.UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def metric_questions(instants, tests):
    """30 days of one metric of all tests in hours and days, from the table of hours and from rounds."""
    end = instants.end // 3_600_000_000 * 3_600
    start = end - DAYS * 86_400
    members = "r.test_id IN (SELECT test_id FROM test_facts)"
    questions = []
    for name, step in (("hours", 3_600), ("days", 86_400)):
        questions.append({
            "name": f"RTT of {tests:,} tests, {DAYS} days in {name}", "goal_ms": 1_000,
            "sql": "SELECT toUInt32(intDiv(toInt64(toUnixTimestamp(r.t)) - "
                   f"{start}, {step})) AS step, sum(r.avg_count), sum(r.avg_sum) / 1000., "
                   f"min(r.avg_min) / 1000., max(r.avg_max) / 1000. FROM h1 AS r WHERE {members} AND "
                   f"r.t >= toDateTime({start}, 'UTC') AND r.t < toDateTime({end}, 'UTC') "
                   "GROUP BY step ORDER BY step"})
    return questions


def timed(store, sql, repeat, **settings):
    """Milliseconds, and the store's CPU milliseconds for each run."""
    settings = {**LIMITS, **settings}
    store.timed(sql, **settings)  # warms up
    cpu_before, took = store.usage()[0], []
    for _ in range(repeat):
        took.append(store.timed(sql, **settings)[1] * 1e3)
    took.sort()
    return {"p50": took[len(took) // 2], "p95": took[min(len(took) - 1, int(len(took) * 0.95))],
            "min": took[0], "cpu": (store.usage()[0] - cpu_before) * 1e3 / repeat}


def translated(options, instants, queries):
    """The server's SQL of each query, or None where the tool is not built."""
    tool = options.build / "query_sql_bench"
    if not tool.exists():
        note(f"{tool} is not built: hand-written SQL only")
        return [None] * len(queries)
    lines = "".join(instants.put_into(query["kql"]) + "\n" for query in queries)
    done = subprocess.run([tool, instants.iso()], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def put_first(store):
    """On a busy machine others' work must not be measured."""
    try:
        for thread in pathlib.Path(f"/proc/{store.process.pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), -20)
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    except PermissionError:
        note("no right to go first: times hold on an idle machine only")


def measure(store, options):
    put_first(store)
    instants = Instants(store, options.tests)
    catalogue = json.loads((HERE / "queries.json").read_text())
    answers = translated(options, instants, catalogue["common"])
    result = {"rounds": int(store.query("SELECT count() FROM rounds")), "common": [], "views": [],
              "load": os.getloadavg()[0]}
    for query, answer in zip(catalogue["common"], answers):
        note(query["name"])
        figure = {"name": query["name"], "goal_ms": query["goal_ms"],
                  "hand": timed(store, instants.put_into(query["sql"]) + " FORMAT Null", options.repeat)}
        if answer and "error" in answer:
            figure["error"] = answer["error"]
        elif answer:
            figure["translate_us"] = answer["translate_us"]
            figure["kql"] = timed(store, answer["sql"] + " FORMAT Null", options.repeat,
                                  **answer["settings"])
        result["common"].append(figure)
    for query in catalogue["views"] + metric_questions(instants, options.tests):
        note(query["name"])
        result["views"].append({"name": query["name"], "goal_ms": query["goal_ms"],
                                "hand": timed(store, instants.put_into(query["sql"]), options.repeat)})
    return result


def report(result):
    met = True
    rows = []
    for figure in result["common"]:
        shown = figure.get("kql") or figure["hand"]
        ratio = figure["kql"]["p50"] / figure["hand"]["p50"] if "kql" in figure else None
        translate = figure.get("translate_us")
        good = (shown["p95"] <= figure["goal_ms"] and (ratio is None or ratio <= RATIO)
                and (translate is None or translate <= TRANSLATION_US) and "error" not in figure)
        met = met and good
        rows.append([figure["name"], f"{shown['p50']:.0f}", f"{shown['p95']:.0f}",
                     f"{shown['cpu']:.0f}", f"{figure['hand']['p50']:.0f}",
                     f"{ratio:.2f}" if ratio else "-", f"{translate}" if translate else "-",
                     figure.get("error") or verdict(good)])
    table(f"{result['rounds']:,} rounds; 24 h of KQL (hand SQL where there is none), ms",
          ["query", "p50", "p95", "CPU", "by hand p50", "ratio", "translation µs", ""], rows)
    rows = []
    for figure in result["views"]:
        good = figure["hand"]["p95"] <= figure["goal_ms"]
        met = met and good
        rows.append([figure["name"], f"{figure['hand']['p50']:.0f}", f"{figure['hand']['p95']:.0f}",
                     f"{figure['hand']['cpu']:.0f}", str(figure["goal_ms"]), verdict(good)])
    table("views of the product, ms", ["question", "p50", "p95", "CPU", "goal", ""], rows)
    print(f"\nload of the machine before: {result['load']:.1f}")
    return met


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=HERE.parents[1] / "build/release", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=100_000_000)
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=60,
                        help="runs of each query, after one that warms up; of 20, the 95th percentile is the worst")
    parser.add_argument("--data", type=pathlib.Path, help="keep the store's files here; filled if empty")
    parser.add_argument("--json", type=pathlib.Path, help="write everything that was measured here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lw-bench-query-") as folder:
        data = options.data or pathlib.Path(folder)
        is_new = not (data / "filled").exists()
        try:
            with Store(options.build, data) as store:
                if is_new:
                    fill(store, options)
                    (data / "filled").touch()
                result = measure(store, options)
        except (StoreError, subprocess.CalledProcessError) as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    return 0 if report(result) else 1


if __name__ == "__main__":
    sys.exit(main())
