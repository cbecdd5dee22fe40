#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds api/openapi.yaml to the routes of src/server/api/*.cpp and of OTHERS: the same paths and methods on both
sides, the path parameters described, and the access that a route asks for said in words."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUTE = re.compile(r'router\.add\(\s*"([A-Z]+)",\s*"([^"]+)",\s*\{?Access::(\w+)(?:,\s*Reach::(\w+))?')
# Files elsewhere that have routes of /api/v1, and /sql.
OTHERS = ["src/server/logs/native.cpp", "src/server/logs/saved_routes.cpp", "src/server/logs/workspace_routes.cpp",
          "src/server/sql/routes.cpp"]
METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


def routes_of_code(folder, others=()):
    """(method, path) → (access, reach), from the router.add calls."""
    routes = {}
    for file in [*sorted(folder.glob("*.cpp")), *others]:
        if file.name.endswith(".test.cpp"):
            continue
        text = file.read_text()
        found = ROUTE.findall(text)
        # A call that the pattern does not read would pass unseen.
        calls = len(re.findall(r"\brouter\.add\(", text))
        if calls != len(found):
            raise AssertionError(f"{file.name}: {calls} calls of router.add, {len(found)} read")
        for method, path, access, reach in found:
            if (method, path) in routes:
                raise AssertionError(f"{method} {path} is added twice")
            routes[method, path] = (access, reach or "Server")
    return routes


def operations_of_contract(text):
    """(method, path) → the lines of that operation and of its path, by indentation alone."""
    operations, section, path, method, shared = {}, None, None, None, []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        if indent == 0:
            section, path, method = line.rstrip(":"), None, None
        elif section != "paths":
            continue
        elif indent == 2:
            path, method, shared = line.strip().rstrip(":").strip("\"'"), None, []
        elif indent == 4:
            name = line.strip().split(":")[0]
            method = name.upper() if name in METHODS else None
            if method is not None:
                operations[method, path] = list(shared)
            else:
                shared.append(line)
        elif method is not None:
            operations[method, path].append(line)
        else:
            shared.append(line)
    return operations


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (ROOT / "api" / "openapi.yaml").read_text()
        cls.routes = routes_of_code(ROOT / "src" / "server" / "api", [ROOT / other for other in OTHERS])
        cls.operations = operations_of_contract(cls.text)

    def test_there_is_something_to_compare(self):
        self.assertGreater(len(self.routes), 10)

    def test_every_route_is_in_the_contract(self):
        self.assertEqual(sorted(self.routes.keys() - self.operations.keys()), [])

    def test_the_contract_promises_no_route_that_is_not_there(self):
        # Answered before the router, so that they work while the server starts (server.cpp).
        outside = {("GET", "/healthz"), ("GET", "/readyz")}
        self.assertEqual(sorted(self.operations.keys() - self.routes.keys() - outside), [])
        server = (ROOT / "src" / "server" / "server.cpp").read_text()
        for _, path in outside:
            self.assertIn(f'"{path}"', server)

    def test_every_path_parameter_is_described(self):
        for (method, path), lines in self.operations.items():
            block = "\n".join(lines)
            for name in re.findall(r"{(\w+)}", path):
                refs = re.findall(r"#/components/parameters/(\w+)", block)
                named = [ref for ref in refs if re.search(
                    rf"^    {ref}:\n(?:      .*\n)*?      name: {name}\n", self.text, re.MULTILINE)]
                self.assertTrue(named, f"{method} {path} does not describe {{{name}}}")

    def test_the_access_of_each_route_is_that_of_the_code(self):
        for route, (access, reach) in self.routes.items():
            if route not in self.operations:
                continue
            block = "\n".join(self.operations[route])
            said = re.findall(r"^      x-access: (\w+)$", block, re.MULTILINE)
            self.assertEqual(said, [access.lower()], route)
            said = re.findall(r"^      x-scope: (\w+)$", block, re.MULTILINE)
            self.assertEqual(said, [] if reach == "Server" else [reach.lower()], route)
            is_open = re.search(r"^      security: \[\]$", block, re.MULTILINE) is not None
            self.assertEqual(is_open, access == "Everybody", route)

    def test_every_reference_leads_somewhere(self):
        for kind, name in set(re.findall(r"#/components/(\w+)/(\w+)", self.text)):
            self.assertRegex(self.text, rf"(?m)^  {kind}:$")
            self.assertRegex(self.text, rf"(?m)^    {name}:$", f"{kind}/{name}")

    def test_the_reader_finds_faults(self):
        operations = operations_of_contract(
            "paths:\n  /a/{b}:\n    parameters:\n      - x\n    get:\n      x-access: reader\n"
            "    put:\n      x-access: operator\ncomponents:\n  get:\n    y: 1\n")
        self.assertEqual(set(operations), {("GET", "/a/{b}"), ("PUT", "/a/{b}")})
        self.assertIn("      - x", operations["PUT", "/a/{b}"])


if __name__ == "__main__":
    unittest.main()
