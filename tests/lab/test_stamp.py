# SPDX-License-Identifier: Apache-2.0
"""STAMP over the lab's delay link: what happens to one direction is told from the other."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from lab import Lab  # noqa: E402

BUILD = pathlib.Path(os.environ.get("LW_BUILD", ROOT / "build/dev")).resolve()
REFLECTOR = BUILD / "linewatch-lab-reflector"
LINEWATCH = BUILD / "linewatch"


class Stamp(unittest.TestCase):
    """The reflector is on `web`; the line's direction ab is the way from the agent to it."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab("two-routers")
        cls.lab.up()
        cls.addClassCleanup(cls.lab.down)
        cls.reflector = cls.lab.host("web").popen(
            [REFLECTOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        if cls.reflector.stdout.readline() != "ready\n":
            raise RuntimeError("the reflector did not start")

    @classmethod
    def stop(cls):
        cls.reflector.communicate()

    def setUp(self):
        self.addCleanup(self.lab.line().reset)

    def measure(self, *options, interval_ms=5, version=4):
        done = self.lab.host("agent").run(
            [LINEWATCH, "check", "stamp", self.lab.address("web", version), "-o", "json",
             "-i", str(interval_ms), *options])
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode, json.loads(done.stdout)

    def test_a_good_line(self):
        for version in (4, 6):
            code, found = self.measure("-c", "20", version=version)
            self.assertEqual(code, 0, found)
            self.assertEqual((found["sent"], found["received"]), (20, 20))
            self.assertTrue(found["isStateful"])
            self.assertEqual((found["lostForward"], found["lostBackward"]), (0, 0))
            self.assertEqual(found["stamps"], "Kernel")

    def test_loss_on_the_way_there(self):
        self.lab.line().set(direction="ab", loss=30)
        code, found = self.measure("-c", "100")
        self.assertEqual(code, 1)
        lost = found["sent"] - found["received"]
        self.assertGreater(lost, 0)
        self.assertEqual(found["lostForward"] + found["lostUnknown"], lost, found)
        self.assertEqual(found["lostBackward"], 0)

    def test_loss_on_the_way_back(self):
        self.lab.line().set(direction="ba", loss=30)
        code, found = self.measure("-c", "100")
        self.assertEqual(code, 1)
        lost = found["sent"] - found["received"]
        self.assertGreater(lost, 0)
        self.assertEqual(found["lostBackward"] + found["lostUnknown"], lost, found)
        self.assertEqual(found["lostForward"], 0)

    def test_both_directions_at_once_add_up_to_what_the_line_dropped(self):
        before = self.lab.line().show()
        self.lab.line().set(loss=20)
        _, found = self.measure("-c", "200")
        after = self.lab.line().show()
        lost = found["lostForward"] + found["lostBackward"] + found["lostUnknown"]
        self.assertEqual(lost, found["sent"] - found["received"])
        dropped = [after[way]["lost"] - before[way]["lost"] for way in ("ab", "ba")]
        self.assertLessEqual(abs(found["lostForward"] - dropped[0]), found["lostUnknown"])
        self.assertLessEqual(abs(found["lostBackward"] - dropped[1]), found["lostUnknown"])

    def test_delay_and_its_variation_belong_to_their_direction(self):
        self.lab.line().set(direction="ab", delay_ms=20, jitter_ms=10)
        _, found = self.measure("-c", "50", interval_ms=25)
        self.assertGreater(found["roundTripTimeMinMs"], 20)
        self.assertGreater(found["delayVariationForwardMs"], 1)
        self.assertLess(found["delayVariationBackwardMs"], found["delayVariationForwardMs"])

    def test_duplicates(self):
        self.lab.line().set(direction="ab", duplicate=50)
        _, found = self.measure("-c", "50")
        self.assertGreater(found["duplicates"], 0)
        self.assertEqual((found["received"], found["lostForward"], found["lostBackward"]),
                         (found["sent"], 0, 0))


if __name__ == "__main__":
    unittest.main()
