# SPDX-License-Identifier: Apache-2.0
"""How far reported round-trip times are from those on the wire, while all cores do other work.

The wire is tcpdump's ring on the agent's interface: the kernel stamps each packet as it leaves and
enters, in nanoseconds. Each contender's RTT is compared with the stamps of that very request and its
reply.
"""

import bisect
import collections
import concurrent.futures
import http.client
import re
import struct
import subprocess
import sys
import time

import contenders
from bed import CORES, nth_address

HOG = "while True: pass"


class Hogs:
    """Twice as many busy loops as there are cores, with the same niceness as the probers."""

    def __enter__(self):
        self.processes = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(2 * len(CORES))]
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


class Capture:
    """All echoes on the agent's interface, while the block lasts. It comes before the hogs in priority,
    since a yardstick that drops packets is none."""

    def __init__(self, bed):
        self.bed = bed
        self.file = bed.folder / "echoes.pcap"
        self.dropped = 0

    def __enter__(self):
        niceness, self.bed.niceness = self.bed.niceness, -15
        interface = self.bed.lab.host("agent").interfaces[1]
        self.process = self.bed.start(
            ["tcpdump", "-i", interface, "-n", "-s", "64", "-B", "65536", "-Z", "root",
             "--time-stamp-precision=nano", "-w", self.file, "icmp"], stderr=subprocess.PIPE)
        self.bed.niceness = niceness
        self.process.stderr.readline()  # "listening on …"
        return self

    def __exit__(self, *_):
        time.sleep(0.5)  # The last block of the ring is handed over after a while only.
        contenders.interrupt(self.process)
        text = self.process.stderr.read().decode()
        dropped = re.search(r"(\d+) packets dropped by kernel", text)
        self.dropped = int(dropped[1]) if dropped else -1

    def echoes(self):
        """Destination → [(request's stamp in ns, RTT in ns or None, sequence)], in order of time."""
        open_requests, found = {}, collections.defaultdict(list)
        for stamp, source, destination, kind, id_and_sequence in _packets(self.file):
            if kind == 8:
                entry = [stamp, None, id_and_sequence & 0xffff]
                open_requests[destination, id_and_sequence] = entry
                found[destination].append(entry)
            elif kind == 0:
                entry = open_requests.pop((source, id_and_sequence), None)
                if entry:
                    entry[1] = stamp - entry[0]
        return found


def _packets(file):
    data = file.read_bytes()
    if struct.unpack_from("<I", data)[0] != 0xa1b23c4d:
        raise SystemExit("bench: tcpdump wrote no nanosecond pcap")
    at = 24
    while at + 16 <= len(data):
        seconds, nanoseconds, size, _ = struct.unpack_from("<IIII", data, at)
        at += 16
        ip = at + 14
        if data[ip + 9] == 1:
            source, destination = struct.unpack_from("!II", data, ip + 12)
            icmp = ip + (data[ip] & 15) * 4
            yield (seconds * 10**9 + nanoseconds, source, destination, data[icmp],
                   struct.unpack_from("!I", data, icmp + 4)[0])
        at += size


def _number(address):
    return struct.unpack("!I", bytes(map(int, address.split("."))))[0]


# Samples are (destination, how to find the request, RTT in ns).


def by_time(echoes, samples):
    """The request nearest to the sample's own start. Requests to one destination are far apart."""
    starts = {destination: [each[0] for each in list_] for destination, list_ in echoes.items()}
    for destination, start, rtt in samples:
        stamps = starts.get(destination, [])
        at = bisect.bisect(stamps, start)
        near = [i for i in (at - 1, at) if 0 <= i < len(stamps)]
        if near:
            best = min(near, key=lambda i: abs(stamps[i] - start))
            yield rtt, echoes[destination][best][1]


def by_sequence(echoes, samples):
    for destination, sequence, rtt in samples:
        for _, wire, number in echoes.get(destination, []):
            if number == sequence:
                yield rtt, wire
                break


def by_order(echoes, samples):
    for destination, index, rtt in samples:
        list_ = echoes.get(destination, [])
        if index < len(list_):
            yield rtt, list_[index][1]


def errors_us(pairs):
    return sorted(abs(rtt - wire) / 1000 for rtt, wire in pairs if wire is not None)


def summary(name, errors, samples, rate, dropped):
    def at(share):
        return errors[int(share * (len(errors) - 1))] if errors else None
    return {"name": name, "samples": samples, "matched": len(errors), "per_second": rate,
            "p50_us": at(0.5), "p99_us": at(0.99), "p999_us": at(0.999), "max_us": at(1.0),
            "over_1ms": sum(1 for error in errors if error > 1000), "capture_dropped": dropped}


def ours(bed, seconds, targets):
    interval = 2
    dump = bed.folder / "checks"
    with Capture(bed) as capture:
        figure = contenders.ours(bed, "icmp", CORES, tests=targets, targets=targets, interval=interval,
                                 checks=1, warm=1, seconds=seconds, dump=dump)
    samples = []
    for line in contenders.lines_of(dump):
        _, address, start, rtt, _ = line.split()
        if int(rtt) >= 0:
            samples.append((_number(address), int(start) * 1000, int(rtt) * 1000))
    return summary("ours", errors_us(by_time(capture.echoes(), samples)), len(samples),
                   figure.per_wall_second, capture.dropped) | {"failed": figure.failed}


def fping(bed, seconds, targets):
    period = 2000
    counts = max(2, seconds * 1000 // period)
    with Capture(bed) as capture:
        run = bed.run(["fping", "-i", str(period / targets), "-p", str(period), "-t", "1000", "-c",
                       str(counts), "-f", contenders.target_file(bed, targets)], CORES)
    samples = [(_number(match[1]), int(match[2]), float(match[3]) * 1e6) for match in
               re.finditer(r"([\d.]+)\s*: \[(\d+)\], \d+ bytes, ([\d.]+) ms", run.output)]
    return summary("fping", errors_us(by_order(capture.echoes(), samples)), len(samples),
                   len(samples) / run.wall, capture.dropped)


def ping(bed, seconds, targets):
    """One process for each of 50 targets; more would be a test of the scheduler."""
    count = min(50, targets)
    with Capture(bed) as capture:
        running = [(nth_address(i), bed.start(
            ["ping", "-n", "-i", "0.05", "-w", str(seconds), nth_address(i)],
            stdout=subprocess.PIPE, text=True)) for i in range(count)]
        outputs = [(address, process.communicate()[0]) for address, process in running]
    samples = [(_number(address), int(match[1]), float(match[2]) * 1e6) for address, output in outputs
               for match in re.finditer(r"icmp_seq=(\d+) .*time=([\d.]+) ms", output)]
    return summary("ping", errors_us(by_sequence(capture.echoes(), samples)), len(samples),
                   len(samples) / seconds, capture.dropped)


def _ask_blackbox(number, workers, targets, deadline):
    """One connection that probes its share of the targets again and again."""
    samples = []
    connection = http.client.HTTPConnection("127.0.0.1", 9115, timeout=10)
    target = number
    while time.monotonic() < deadline:
        address = nth_address(target % targets)
        begin = time.time_ns()
        connection.request("GET", f"/probe?module=icmp&target={address}")
        body = connection.getresponse().read().decode()
        rtt = re.search(r'probe_icmp_duration_seconds{phase="rtt"} (\S+)', body)
        if rtt and float(rtt[1]) > 0:
            # The request left somewhere between the two times: the exporter first made its socket.
            samples.append((_number(address), begin, float(rtt[1]) * 1e9))
        target += workers
    return samples


def blackbox(bed, seconds, targets, workers=8):
    with contenders.Blackbox(bed, CORES), Capture(bed) as capture:
        deadline = time.monotonic() + seconds
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            parts = [pool.submit(bed.lab.host("agent").call, _ask_blackbox, number, workers, targets,
                                 deadline) for number in range(workers)]
            samples = [sample for part in parts for sample in part.result()]
    return summary("blackbox_exporter", errors_us(by_time(capture.echoes(), samples)), len(samples),
                   len(samples) / seconds, capture.dropped)


def compare(bed, seconds, targets, names):
    """All of them, one after the other, with all cores busy."""
    known = {"ours": ours, "ping": ping, "fping": fping, "blackbox_exporter": blackbox}
    niceness, bed.niceness = bed.niceness, 0
    try:
        with Hogs():
            return [known[name](bed, seconds, targets) for name in names]
    finally:
        bed.niceness = niceness
