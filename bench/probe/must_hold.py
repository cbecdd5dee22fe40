# SPDX-License-Identifier: Apache-2.0
"""The lines of "Must hold" that are no ratios: sustained rates, many tests, memory, the start."""

import math
import statistics
import time

import contenders
from bed import CORES, FIRST, SERVER, rss_of


def _kept(figure):
    return {key: figure.more[key] for key in
            ("tests", "wall_s", "process_cpu_s", "checks_started", "checks_done", "failed", "sample",
             "missed_intervals", "late_checks", "late_replies", "socket_drops", "rss_empty_kb",
             "rss_end_kb")}


def _is_clean(figure, rate):
    told = figure.more
    return (figure.failed == 0 and told["missed_intervals"] == 0 and told["socket_drops"] == 0
            and told["checks_started"] >= 0.99 * rate * figure.wall)


def _row(name, figure, rate):
    told = figure.more
    text = (f"{told['checks_started'] / figure.wall:,.0f}/s started, {figure.failed} failed, "
            f"{told['missed_intervals']} intervals missed, {told['late_checks']} checks late, "
            f"{told['socket_drops']} drops, {100 * figure.cpu / figure.wall:.0f} % of a core")
    if told["sample"]:
        text += f" ({told['sample']})"
    return {"name": name, "met": _is_clean(figure, rate), "text": text, **_kept(figure)}


def sustained(bed, seconds, loops, stamps, rate=100_000):
    """Two loops have both cores; one loop with the cheaper stamps shows what a core can do."""
    figure = contenders.ours(bed, "icmp", CORES, rate=rate, seconds=seconds, loops=loops, stamps=stamps)
    return _row(f"ICMP {rate:,} echoes/s without false loss, {loops} probe loop{'s' * (loops > 1)}, "
                f"{stamps} stamps", figure, rate)


def many_targets(bed, seconds, targets=50_000):
    figure = contenders.ours(bed, "icmp", CORES, tests=targets, targets=targets, interval=1, checks=1,
                             seconds=seconds)
    return _row(f"ICMP {targets:,} targets at 1/s", figure, targets)


def fping_many_targets(bed, targets=50_000):
    run = bed.run(["fping", "-q", "-i", "0.01", "-p", "1000", "-c", "3", "-t", "500", "-f",
                   contenders.target_file(bed, targets)], CORES)
    last = run.errors.strip().splitlines()[-1] if run.errors else ""
    return {"name": f"fping, {targets:,} targets at 1/s", "met": None,
            "text": f"exit {run.status}: {last[:80]}"}


def connects(bed, seconds, rate=5_000):
    figure = contenders.ours(bed, "tcp", CORES, rate=rate, seconds=seconds)
    return _row(f"TCP {rate:,} connects/s to one destination", figure, rate)


def million(bed, seconds, tests=1_000_000):
    figure = contenders.ours(bed, "icmp", CORES, tests=tests, targets=tests, interval=60, checks=1,
                             warm=0, seconds=seconds)
    # The first rounds are spread over the first interval, so that one interval has most of a round.
    row = _row(f"{tests:,} tests at 60 s, 1 check", figure, tests / 60 * 0.99)
    told = figure.more
    each = 1024 * (told["rss_end_kb"] - told["rss_empty_kb"]) / tests
    row["text"] += f"; {told['rss_end_kb'] / 1024:.0f} MB resident, {each:.0f} B a test"
    return row | {"bytes_per_test": each}


def chi_square_p(statistic, freedom):
    """The chance of so much or more, by Wilson and Hilferty's approximation."""
    z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    return 0.5 * math.erfc(z / math.sqrt(2))


def first_checks(bed, tests=10_000, interval=10, bins=100):
    """Whether each test's first check is inside its first interval, and how evenly they are spread."""
    dump = bed.folder / "first"
    figure = contenders.ours(bed, "icmp", CORES, tests=tests, targets=tests, interval=interval,
                             checks=1, warm=0, seconds=interval + 2, dump=dump)
    first = {}
    for line in contenders.lines_of(dump):
        test, _, start, _, _ = line.split()
        first[test] = min(first.get(test, math.inf), int(start) - figure.more["assigned_unix_us"])
    inside = [at for at in first.values() if at < interval * 1e6 + 50_000]
    counts = [0] * bins
    for at in inside:
        counts[min(bins - 1, max(0, int(at / (interval * 1e6) * bins)))] += 1
    expected = tests / bins
    statistic = sum((count - expected) ** 2 / expected for count in counts)
    p = chi_square_p(statistic, bins - 1)
    return {"name": f"first checks of {tests:,} tests inside their first interval, evenly",
            "met": len(inside) == tests and p > 0.001, "inside": len(inside), "chi_square": statistic,
            "freedom": bins - 1, "p": p,
            "text": f"{len(inside):,} inside; chi-square {statistic:.1f} of {bins - 1} degrees of "
                    f"freedom, p {p:.2f}; fewest {min(counts)}, most {max(counts)} of {expected:.0f}"}


def _ours_resident(bed, count, seconds):
    return contenders.ours(bed, "icmp", CORES, tests=count, targets=count, interval=10, checks=10, warm=0,
                           seconds=seconds).more


def memory(bed, counts, repeat=3, seconds=12):
    """Resident bytes per target, beyond what one target takes; tests of 10 checks each 10 s, after a
    whole interval. Checks that fail or begin late are told, since then more are under way at a time."""
    rows = []
    alone = statistics.median(_ours_resident(bed, 1, seconds)["rss_end_kb"] for _ in range(repeat))
    for count in counts:
        runs = [_ours_resident(bed, count, seconds) for _ in range(repeat)]
        grown = [1024 * (told["rss_end_kb"] - alone) / count for told in runs]
        rows.append({"targets": count, "ours": statistics.median(grown), "each": grown,
                     "failed": sum(told["failed"] for told in runs),
                     "late": sum(told["late_checks"] for told in runs),
                     "fping": _fping_bytes(bed, count)})
    return rows


def _fping_rss(bed, count):
    process = bed.start(["fping", "-q", "-l", "-i", "0.2", "-p", "20000", "-f",
                         contenders.target_file(bed, count)], stdout=-3, stderr=-3)
    time.sleep(1 + count / 4000)
    try:
        return rss_of(process.pid)
    except (OSError, IndexError):
        return None
    finally:
        process.kill()
        process.wait()


def _fping_bytes(bed, count):
    alone, many = _fping_rss(bed, 1), _fping_rss(bed, count)
    return 1024 * (many - alone) / count if alone and many else None


def run(bed, quick):
    seconds = 3 if quick else 20
    for loops, stamps in ((2, "both"), (2, "receive"), (1, "receive")):
        yield sustained(bed, seconds, loops, stamps)
    yield many_targets(bed, seconds)
    yield fping_many_targets(bed)
    yield connects(bed, seconds)
    yield first_checks(bed, interval=4 if quick else 10)
    if not quick:
        yield million(bed, 130)
