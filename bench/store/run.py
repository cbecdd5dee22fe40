#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a stored check takes on disk: loads rounds of a model (round_model.h) into a linewatch-store of its
own, merges them as time would, and prints bytes by column. bench/README.md says what is counted."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from engine import Store, StoreError  # noqa: E402
from tables import table, verdict  # noqa: E402

GOAL = 2.2  # bytes a check, all columns and what the engine keeps beside them


def load(store, build, options):
    """Rounds as the server's writer sends them; only the waiting for the disk is left out."""
    run_loader(store, build, options, 0)
    store.query("ALTER TABLE rounds MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0")
    return run_loader(store, build, options, options.rounds // options.tests)


def run_loader(store, build, options, intervals):
    done = subprocess.run(
        [pathlib.Path(build) / "store_load_bench", f"url={store.url}", f"from={options.start}",
         f"tests={options.tests}", f"interval={options.interval}",
         f"intervals={intervals}", f"seed={options.seed}"],
        env={**os.environ, "LINEWATCH_STORE_PASSWORD": store.password}, capture_output=True, text=True)
    if done.returncode != 0:
        raise StoreError(done.stderr.strip())
    return done.stdout.strip()


def sizes(store, name):
    """Rows, bytes on disk with all that the engine keeps, and bytes of each column."""
    rows, disk, parts = (int(n) for n in store.rows(
        "SELECT sum(rows), sum(bytes_on_disk), count() FROM system.parts "
        f"WHERE active AND database = 'linewatch' AND table = '{name}'")[0])
    columns = {column: int(size) for column, size in store.rows(
        "SELECT column, sum(column_data_compressed_bytes + column_marks_bytes) FROM "
        f"system.parts_columns WHERE active AND database = 'linewatch' AND table = '{name}' "
        "GROUP BY column ORDER BY 2 DESC")}
    return {"rows": rows, "disk": disk, "parts": parts, "columns": columns}


def measure(store, build, options):
    loaded = load(store, build, options)
    print(loaded)
    result = {"loaded": loaded, "before": sizes(store, "rounds")}
    for name in ("rounds", "m1", "h1"):
        store.query(f"OPTIMIZE TABLE {name} FINAL")
        result[name] = sizes(store, name)
    result["checks"] = int(store.query("SELECT sum(length(outcomes)) FROM rounds"))
    return result


def report(result):
    checks, rounds = result["checks"], result["rounds"]["rows"]
    table(f"{rounds:,} rounds, {checks:,} checks: columns of `rounds`",
          ["column", "bytes a round", "bytes a check"],
          [[name, f"{size / rounds:.3f}", f"{size / checks:.4f}"]
           for name, size in result["rounds"]["columns"].items() if size / rounds >= 0.0005])
    per_check = result["rounds"]["disk"] / checks
    rows = [["rounds", f"{rounds:,}", f"{result['rounds']['disk'] / 1e6:,.1f}", f"{per_check:.3f}",
             f"{verdict(per_check <= GOAL)} (goal {GOAL})"]]
    for name in ("m1", "h1"):
        rows.append([name, f"{result[name]['rows']:,}", f"{result[name]['disk'] / 1e6:,.1f}",
                     f"{result[name]['disk'] / checks:.3f}",
                     f"{result[name]['disk'] / result[name]['rows']:.1f} bytes a row"])
    rows.append(["rounds as loaded", f"{result['before']['rows']:,}",
                 f"{result['before']['disk'] / 1e6:,.1f}", f"{result['before']['disk'] / checks:.3f}",
                 f"{result['before']['parts']} parts"])
    table("on disk, with marks, keys and checksums", ["table", "rows", "MB", "bytes a check", ""], rows)
    return per_check <= GOAL


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=root / "build/release", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=10_000_000)
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--interval", type=int, default=60, help="seconds")
    parser.add_argument("--start", default="2026-06-01T00:00:00Z")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=pathlib.Path, help="keep the store's files here")
    parser.add_argument("--json", type=pathlib.Path, help="write everything that was measured here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lw-bench-store-") as folder:
        try:
            with Store(options.build, options.data or folder) as store:
                result = measure(store, options.build, options)
        except StoreError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    return 0 if report(result) else 1


if __name__ == "__main__":
    sys.exit(main())
