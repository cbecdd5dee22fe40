# SPDX-License-Identifier: Apache-2.0
"""`linewatch query` on a terminal (a pty): queries one after the other, completion, history that outlives it, Ctrl-C
and Ctrl-D; and the line that tells of waiting. The server is a real one without an agent."""

import http.server
import os
import pathlib
import pty
import re
import select
import signal
import termios
import threading
import time
import unittest

from harness import LINEWATCH, Server, SystemTest

PATIENCE = 30
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x07|\r")


class Terminal:
    """A program that has a terminal of its own."""

    def __init__(self, command, environment):
        self.seen = b""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, environment)

    def type(self, text):
        os.write(self.master, text.encode())

    def read_until(self, pattern, since=0, seconds=PATIENCE):
        """What came from `since` on up to the pattern, without what only moves the cursor."""
        end = time.monotonic() + seconds
        while True:
            text = ESCAPES.sub(b"", self.seen)[since:].decode("utf-8", "replace")
            if re.search(pattern, text):
                return text
            if time.monotonic() > end:
                raise AssertionError(f"no {pattern!r} in {text!r}")
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError as error:
                    raise AssertionError(f"it ended without {pattern!r}: {text!r}") from error

    def mark(self):
        return len(ESCAPES.sub(b"", self.seen))

    def ask(self, line, pattern):
        since = self.mark()
        self.type(line + "\n")
        return self.read_until(pattern, since)

    def end(self):
        """The exit code; reads what is left, so that nobody waits for us."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                os.close(self.master)
                return os.waitstatus_to_exitcode(status)
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:
                    pass
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError("it does not end")


class QueryShell(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()

    def environment(self, **more):
        token = (self.server.data / "admin.token").read_text().strip()
        return {**os.environ, "LINEWATCH_SERVER": f"https://127.0.0.1:{self.server.port}", "LINEWATCH_TOKEN": token,
                "LINEWATCH_CA": str(self.server.data / "ca.pem"), "TERM": "xterm", "LANG": "C.UTF-8",
                "LINEWATCH_QUERY_HISTORY": str(self.folder / f"history-{self.id()}"), **more}

    def start(self, *arguments, **more):
        terminal = Terminal([str(LINEWATCH), "query", *arguments], self.environment(**more))
        self.addCleanup(lambda: pathlib.Path(f"/proc/{terminal.pid}").exists() and os.kill(terminal.pid, signal.SIGKILL))
        return terminal

    def test_queries_one_after_the_other(self):
        shell = self.start()
        greeting = shell.read_until(r"kql> $")
        self.assertRegex(greeting, r"\d\d tables at https://127")
        self.assertNotIn("cannot be edited", greeting, "libedit is there")
        self.assertRegex(shell.ask("print answer = 6 * 7", r"42\n(.|\n)*kql> $"), r"(?i)answer")
        # A bar at the end wants more.
        shell.ask("range x from 1 to 3 step 1 |", r"-> $")
        self.assertRegex(shell.ask("summarize total = sum(x)", r"kql> $"), r"\n6\s*\n")
        self.assertRegex(shell.ask("print nope(1)", r"kql> $"), r"line 1, column 7")
        shell.ask(".output csv", r"kql> $")
        self.assertRegex(shell.ask("print a = 1, b = 'x'", r"kql> $"), r"\na,b\n1,x\n")
        self.assertRegex(shell.ask(".schema LinewatchTests", r"kql> $"), r"\nConnectionMonitor\n")
        self.assertRegex(shell.ask(".nope", r"kql> $"), r"there is no \.nope")
        shell.type("\x04")
        self.assertEqual(shell.end(), 0)

    def test_tab_completes(self):
        shell = self.start()
        shell.read_until(r"kql> $")
        shell.type("LinewatchSt\t")
        shell.read_until(r"LinewatchStateChanges ")
        shell.type("| summ\t")
        shell.read_until(r"summarize ")
        since = shell.mark()
        shell.type("count() by FromS\t\n")
        shell.read_until(r"FromState (.|\n)*kql> $", since)
        # Several candidates: what they have in common, then all of them.
        since = shell.mark()
        shell.type("Linewatch\t")
        self.assertIn("LinewatchHops", shell.read_until(r"LinewatchTests(.|\n)*kql> Linewatch", since))
        shell.type("\x03")
        shell.read_until(r"kql> $", since)
        self.assertEqual((shell.type(".quit\n"), shell.end())[1], 0)

    def test_history_outlives_it(self):
        first = self.start()
        first.read_until(r"kql> $")
        first.ask("print kept = 11 * 11", r"121(.|\n)*kql> $")
        first.ask("range y from 1 to 2 step 1 |", r"-> $")
        first.ask("count", r"kql> $")
        first.type("\x04")
        self.assertEqual(first.end(), 0)
        history = self.folder / f"history-{self.id()}"
        self.assertEqual(history.stat().st_mode & 0o777, 0o600)
        second = self.start()
        second.read_until(r"kql> $")
        since = second.mark()
        second.type("\x1b[A\x1b[A\n")
        self.assertIn("print kept = 11 * 11", second.read_until(r"121(.|\n)*kql> $", since))
        since = second.mark()
        second.type("\x1b[A\x1b[A\n")
        second.read_until(r"range y from 1 to 2 step 1 \| count", since)
        second.type(".quit\n")
        self.assertEqual(second.end(), 0)

    def test_ctrl_c_drops_the_line_and_what_was_before_it(self):
        shell = self.start()
        shell.read_until(r"kql> $")
        shell.ask("print dropped = 1 |", r"-> $")
        # Once the prompt is seen, Ctrl-C is a key, not a signal that would leave no prompt behind.
        self.assertEqual(termios.tcgetattr(shell.master)[3] & termios.ISIG, 0)
        since = shell.mark()
        shell.type("where nonsense\x03")
        shell.read_until(r"kql> $", since)
        self.assertNotIn("error", shell.ask("print fine = 5", r"\n5\s*\n(.|\n)*kql> $"))
        shell.type("\x04")
        self.assertEqual(shell.end(), 0)

    def test_waiting_is_told_on_the_terminal_and_ctrl_c_ends_it(self):
        slow = SlowServer()
        self.addCleanup(slow.stop)
        terminal = self.start("T | count", LINEWATCH_SERVER=f"http://127.0.0.1:{slow.port}")
        terminal.read_until(r"running for [1-9] s; Ctrl-C ends it")
        terminal.type("\x03")
        self.assertNotEqual(terminal.end(), 0)

        shell = self.start(LINEWATCH_SERVER=f"http://127.0.0.1:{slow.port}")
        shell.read_until(r"kql> $")
        shell.ask("T | count", r"running for [1-9] s; Ctrl-C ends it")
        since = shell.mark()
        shell.type("\x03")
        self.assertIn("given up", shell.read_until(r"kql> $", since))
        shell.type("\x04")
        self.assertEqual(shell.end(), 0)

    def test_nothing_is_told_where_nobody_looks(self):
        code, out, error = self.server.cli("query", "print 1", "-o", "csv")
        self.assertEqual((code, out.split(), error), (0, ["print_0", "1"], ""))
        code, _, error = self.server.cli("query", text="")
        self.assertEqual(code, 2, error)
        self.assertIn("what is asked?", error)


class SlowServer(http.server.ThreadingHTTPServer):
    """Knows what a shell wants to know, and lets queries wait until it is stopped."""

    daemon_threads = True

    def __init__(self):
        over = self.over = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                handler.send_response(200)
                handler.send_header("Content-Length", "13")
                handler.end_headers()
                handler.wfile.write(b'{"tables":[]}')

            def do_POST(handler):
                over.wait()

            def log_message(handler, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def stop(self):
        self.over.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


if __name__ == "__main__":
    unittest.main()
