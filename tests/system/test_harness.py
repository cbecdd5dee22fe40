# SPDX-License-Identifier: Apache-2.0
"""What the other system tests rest on, tried without linewatch."""

import struct
import sys
import unittest
import zlib

from harness import SystemTest, TestRow, rows_of
from processes import Process, Seen, is_alive, sanitizer_report, start_time, wait_until
from spool import read_segment


def segment(spool=7, first=1, payloads=(b"one", b"two")):
    """A segment as docs/formats/spool.md describes it."""
    head = b"LWSPOOL1" + struct.pack("<QQ", spool, first)
    data = head + struct.pack("<I", zlib.crc32(head))
    for sequence, payload in enumerate(payloads, start=first):
        length = struct.pack("<I", len(payload))
        rest = struct.pack("<Q", sequence) + payload
        data += length + struct.pack("<I", zlib.crc32(length + rest)) + rest
    return data


class ReadingASpool(unittest.TestCase):
    def test_all_whole_records_are_found(self):
        self.assertEqual(read_segment(segment()), (7, [1, 2]))
        self.assertEqual(read_segment(segment(first=40)), (7, [40, 41]))

    def test_reading_stops_at_a_torn_or_spoilt_record(self):
        whole = segment()
        self.assertEqual(read_segment(whole[:-1]), (7, [1]))
        self.assertEqual(read_segment(whole[:-1] + b"X"), (7, [1]))
        self.assertEqual(read_segment(whole + b"\0" * 9), (7, [1, 2]))

    def test_a_bad_header_is_no_segment(self):
        self.assertIsNone(read_segment(b"LWSPOOL1"))
        self.assertIsNone(read_segment(b"X" + segment()[1:]))


class Waiting(unittest.TestCase):
    def test_it_returns_what_came_true(self):
        answers = iter([None, Seen("nearly"), "there"])
        self.assertEqual(wait_until(lambda: next(answers), 5, "an answer"), "there")

    def test_it_fails_with_what_was_seen_last_and_the_logs(self):
        seen = r"(?s)in vain: a wonder.*last seen: no wonder.*--- /nowhere"
        with self.assertRaisesRegex(AssertionError, seen):
            wait_until(lambda: Seen("no wonder"), 0, "a wonder", ["/nowhere"])

    def test_an_error_on_the_way_is_what_was_seen(self):
        with self.assertRaisesRegex(AssertionError, "last seen: KeyError: 'x'"):
            wait_until(lambda: {}["x"], 0, "a key")


class Processes(SystemTest):
    def start(self, code):
        process = self.keep(Process("sleeper", self.folder))
        process.start_program([sys.executable, "-c", code])
        return process

    def test_a_process_ends_with_its_children(self):
        process = self.start("import subprocess, time; print('up', flush=True);"
                             "subprocess.Popen(['sleep', '1000']); time.sleep(1000)")
        child = wait_until(lambda: process.children("sleep"), 10, "a child", [process.log])[0]
        started = start_time(child)
        process.end()
        self.assertFalse(process.is_running())
        wait_until(lambda: not is_alive(child, started), 10, "the child is gone")

    def test_one_that_ignores_sigterm_is_a_failure_that_shows_its_log(self):
        process = self.start("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
                             "print('deaf', flush=True); time.sleep(1000)")
        wait_until(lambda: "\ndeaf" in process.log.read_text(), 10, "it is up")
        with self.assertRaisesRegex(AssertionError, "(?s)did not end.*deaf"):
            process.stop(0.2)

    def test_an_exit_code_that_must_not_be_is_noted(self):
        process = self.start("import time; print('up', flush=True); time.sleep(1000)")
        wait_until(lambda: "\nup" in process.log.read_text(), 10, "it is up")
        process.ends_with = 0
        process.end()
        self.assertRegex(process.fault, "ended with code -15")
        process.fault = None  # or this class would fail

    def test_what_a_sanitizer_says_is_found_in_a_log(self):
        log = self.folder / "sanitized.log"
        log.write_text("all well\n==1==ERROR: AddressSanitizer: heap-use-after-free on 0x0\nhere\n")
        self.assertTrue(sanitizer_report(log).startswith("ERROR: AddressSanitizer"))
        log.write_text("all well\n")
        self.assertIsNone(sanitizer_report(log))

    def test_a_small_disk_fills_up_and_is_the_processs_own(self):
        disk = self.folder / "disk"
        process = Process("writer", self.folder)
        process.small_disks = {disk: 1}
        self.keep(process).start_program(["sleep", "1000"])
        wait_until(lambda: process.inside(disk).stat().st_dev != disk.stat().st_dev, 10, "it is mounted")
        filler = process.fill(disk)
        self.assertEqual(list(disk.iterdir()), [])
        with self.assertRaisesRegex(OSError, "No space left"):
            (process.inside(disk) / "more").write_bytes(b"x" * 5000)
        filler.unlink()
        (process.inside(disk) / "more").write_bytes(b"x" * 5000)


class Rows(unittest.TestCase):
    def test_a_row_has_a_key_a_state_and_a_reason(self):
        row = TestRow({"source": "a", "destination": "b", "testConfiguration": "c", "state": "Fail",
                       "reason": {"code": "AllChecksFailed", "text": "10 of 10 checks failed"}})
        self.assertEqual((row.key, row.state, row.reason), ("a/b/c", "Fail", "10 of 10 checks failed"))

    def test_lists_are_found_bare_or_under_a_name(self):
        self.assertEqual(rows_of([1], "tests"), [1])
        self.assertEqual(rows_of({"tests": [1]}, "tests"), [1])


if __name__ == "__main__":
    unittest.main()
