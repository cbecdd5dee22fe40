#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants one fault for each rule of check-layers in a small tree and sees that it is found."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK_LAYERS = pathlib.Path(__file__).parent / "check-layers"
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"

CLEAN_TREE = {
    "src/base/CMakeLists.txt": "lw_module(base LIBS spdlog::spdlog)\n",
    "src/base/time.h": SPDX + "#include <mutex>\nauto now() { return std::chrono::steady_clock::now(); }\n",
    "src/model/CMakeLists.txt": "lw_module(model DEPENDS base)\n",
    "src/model/test.h": SPDX + '#include "base/time.h"\n',
    "src/io/CMakeLists.txt": "lw_module(io DEPENDS base LIBS OpenSSL::SSL)\n",
    "src/io/loop.h": SPDX + "#include <asio.hpp>\n#include <sys/socket.h>\n",
    "src/store/CMakeLists.txt": "lw_module(store DEPENDS base model io EXCLUDE host)\nadd_subdirectory(host)\n",
    "src/store/store.h": SPDX + '#include "model/test.h"\n',
    "src/store/host/CMakeLists.txt":
        "add_executable(linewatch-store main.cpp)\ntarget_link_libraries(linewatch-store lw_base lw_io lw_flags)\n",
    "src/store/host/engine.h": SPDX + "#include <dlfcn.h>\n",
    "src/store/host/main.cpp": SPDX + '#include "store/host/engine.h"\n#include "io/loop.h"\n',
    "src/cli/CMakeLists.txt": "lw_module(cli DEPENDS base LIBS CLI11::CLI11)\n",
    "src/cli/cli.h": SPDX + "#include <CLI/CLI.hpp>\n",
    "src/main.cpp": SPDX + '#include "cli/cli.h"\n',
}


def check(changes, tree=CLEAN_TREE):
    """The exit status and output of check-layers over the clean tree with some files changed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**tree, **changes}.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        run = subprocess.run([sys.executable, CHECK_LAYERS, "--root", folder], capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr


class CheckLayers(unittest.TestCase):
    def finds(self, changes, *expected):
        status, output = check(changes)
        for text in expected:
            self.assertIn(text, output)
        self.assertEqual(len(output.splitlines()), len(expected), output)
        self.assertEqual(status, 1)

    def test_a_clean_tree_has_no_fault(self):
        self.assertEqual(check({}), (0, "layers: 8 files of 6 modules, no fault\n"))

    def test_an_include_of_a_module_outside_depends(self):
        self.finds({"src/model/test.h": SPDX + '#include "io/loop.h"\n'},
                   "src/model/test.h:2: model may not include io/: not in its DEPENDS")

    def test_leaning_on_a_dependency_of_a_dependency(self):
        self.finds({"src/store/CMakeLists.txt": "lw_module(store DEPENDS model EXCLUDE host)\n",
                    "src/store/store.h": SPDX + '#include "base/time.h"\n'},
                   "src/store/store.h:2: store may not include base/: not in its DEPENDS")

    def test_angle_brackets_hide_nothing(self):
        self.finds({"src/model/test.h": SPDX + "#include <io/loop.h>\n"}, "model may not include io/")

    def test_an_arrow_that_the_design_does_not_have(self):
        self.finds({"src/model/CMakeLists.txt": "lw_module(model DEPENDS base io)\n"},
                   "src/model/CMakeLists.txt:1: model may not depend on io: no such arrow in docs/architecture.md")

    def test_a_cycle(self):
        self.finds({"src/base/CMakeLists.txt": "lw_module(base DEPENDS model)\n"},
                   "base may not depend on model", "base depends on itself", "model depends on itself")

    def test_an_unknown_module(self):
        self.finds({"src/utils/CMakeLists.txt": "lw_module(utils DEPENDS base)\n"},
                   "utils is not in the table of modules")

    def test_a_reach_into_a_private_folder(self):
        self.finds({"src/store/inner/rows.h": SPDX, "src/io/CMakeLists.txt": "lw_module(io DEPENDS base)\n",
                    "src/cli/cli.h": SPDX + '#include "store/inner/rows.h"\n'},
                   "src/cli/cli.h:2: cli reaches into store/inner/rows.h: private")

    def test_a_module_reaching_into_the_program_inside_it(self):
        self.finds({"src/store/store.h": SPDX + '#include "store/host/engine.h"\n'},
                   "store reaches into store/host/engine.h: private")

    def test_the_program_inside_a_module_leaning_on_that_module(self):
        self.finds({"src/store/host/main.cpp": SPDX + '#include "store/store.h"\n'},
                   "store/host may not include store/: not in its DEPENDS")

    def test_a_program_whose_target_is_made_by_the_module_around_it(self):
        files = dict(CLEAN_TREE)
        del files["src/store/host/CMakeLists.txt"]
        self.assertEqual(check({"src/store/CMakeLists.txt":
                                "lw_module(store DEPENDS base model io EXCLUDE host)\n"
                                "target_link_libraries(linewatch-store PRIVATE lw_base lw_io lw_flags)\n"}, files)[0], 0)

    def test_main_including_more_than_verbs(self):
        self.finds({"src/main.cpp": SPDX + '#include "store/store.h"\n'}, "main may not include store/")

    def test_an_include_without_its_module(self):
        self.finds({"src/model/test.h": SPDX + '#include "round.h"\n'},
                   'model includes "round.h": name it from src/')

    def test_outside_headers_with_another_owner(self):
        for header, owner in {"sys/socket.h": "io", "openssl/ssl.h": "io", "curl/curl.h": "io", "ares.h": "io",
                              "asio/ip/tcp.hpp": "io", "restinio/all.hpp": "io", "mutex": "base",
                              "shared_mutex": "base", "thread": "base", "atomic": "base", "future": "base",
                              "nlohmann/json.hpp": "base", "yaml-cpp/yaml.h": "base", "spdlog/spdlog.h": "base",
                              "grpcpp/grpcpp.h": "wire/, server/, agent", "SQLiteCpp/SQLiteCpp.h": "registry",
                              "CLI/CLI.hpp": "cli", "histedit.h": "cli",
                              "dlfcn.h": "store/host/, cli"}.items():
            with self.subTest(header):
                self.finds({"src/model/test.h": SPDX + f"#include <{header}>\n"},
                           f"src/model/test.h:2: model includes <{header}>: {owner}/ owns it")

    def test_clocks_chance_and_environment_outside_base(self):
        for code in ("std::chrono::system_clock::now()", "std::random_device chance;", 'std::getenv("HOME")',
                     "time(nullptr)", "rand()", "clock_gettime(CLOCK_REALTIME, &now)"):
            with self.subTest(code):
                self.finds({"src/model/test.h": SPDX + f"auto x = {code};\n"}, "src/model/test.h:2: model is unrepeatable")

    def test_prose_about_clocks_is_no_fault(self):
        self.assertEqual(check({"src/model/test.h": SPDX + 'auto a = "rand()";  // not time(nullptr)\n'})[0], 0)

    def test_a_missing_licence_line(self):
        self.finds({"tests/system/a.test.cpp": "int main() {}\n"}, "tests/system/a.test.cpp:1: the SPDX line is missing")

    def test_files_that_are_too_long(self):
        self.finds({"src/model/test.h": SPDX + "\n" * 600}, "601 lines, limit 600")
        self.finds({"src/model/test.test.cpp": SPDX + "\n" * 900}, "901 lines, limit 900")
        self.assertEqual(check({"src/model/test.test.cpp": SPDX + "\n" * 899})[0], 0)


if __name__ == "__main__":
    unittest.main()
