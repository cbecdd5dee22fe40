# SPDX-License-Identifier: Apache-2.0
"""The tests' series, pushed by Prometheus' remote write to the real Prometheus (over TLS with a CA of its
own) and to VictoriaMetrics (which asks for a user and a password), and asked back there; and a receiver that
refuses, is overloaded and goes away."""

import base64
import http.server
import json
import shutil
import ssl
import subprocess
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import Agent, Server, SystemTest, agent_endpoint, monitor
from processes import Process, free_port

SERIES = ["linewatch_checks_failed_percent", "linewatch_round_trip_time_ms", "linewatch_test_result"]
CERTIFICATE_DAYS = "2"
# With what would break if it were not encoded as it should.
USER, PASSWORD = "lines", "pässword: with=all?/+"


class Receiver(http.server.ThreadingHTTPServer):
    """Answers as it is told, and keeps what it took."""

    def __init__(self):
        self.answers, self.bodies, self.heads = [], [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                status = self.answers.pop(0) if self.answers else 204
                self.heads.append(dict(handler.headers))
                if status < 300:
                    self.bodies.append(body)
                handler.send_response(status)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Program(Process):
    """A receiver from Debian."""

    ends_with = 0

    def __init__(self, name, folder, command):
        super().__init__(name, folder)
        self.command = command

    def start(self):
        self.start_program(self.command)
        return self


class RemoteWrite(SystemTest):
    @classmethod
    def prepare(cls):
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.server_close)
        cls.addClassCleanup(cls.receiver.shutdown)
        cls.prometheus_port, cls.victoria_port = free_port(), free_port()
        cls.certificate()
        cls.prometheus()
        victoria = shutil.which("victoria-metrics")
        cls.keep(Program("victoria", cls.folder, [
            victoria, f"-storageDataPath={cls.folder}/victoria", f"-httpListenAddr=127.0.0.1:{cls.victoria_port}",
            "-retentionPeriod=1", f"-httpAuth.username={USER}", f"-httpAuth.password={PASSWORD}"])).start()
        cls.password_file = cls.folder / "password"
        cls.password_file.write_text(PASSWORD + "\n")
        (cls.folder / "token").write_text("bearer-secret\n")
        settings = {"intervalSec": 1, "targets": [
            {"name": "prometheus", "url": f"https://localhost:{cls.prometheus_port}/api/v1/write",
             "caFile": f"{cls.folder}/ca.pem", "labels": {"site": "here"}},
            {"name": "victoria", "url": f"http://127.0.0.1:{cls.victoria_port}/api/v1/write",
             "basicAuth": {"username": USER, "passwordFile": str(cls.password_file)}},
            {"name": "ours", "url": f"http://127.0.0.1:{cls.receiver.server_address[1]}/write",
             "bearerTokenFile": f"{cls.folder}/token", "samplesPerRequest": 2}]}
        file = cls.folder / "remote.yaml"
        file.write_text(json.dumps(settings))
        cls.server = cls.keep(Server(cls.folder, options=["--remote-write", file])).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, name="probe1")).start()
        cls.server.apply(monitor("watched", [agent_endpoint("probe1"), {"name": "here", "address": "127.0.0.1"}],
                                 [{"name": "ping", "protocol": "Icmp", "testFrequencySec": 30}],
                                 [{"name": "g", "sources": ["probe1"], "destinations": ["here"],
                                   "testConfigurations": ["ping"]}]))

    @classmethod
    def certificate(cls):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", cls.folder / "key.pem", "-out", cls.folder / "ca.pem", "-days", CERTIFICATE_DAYS,
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, capture_output=True)

    @classmethod
    def prometheus(cls):
        (cls.folder / "web.yml").write_text(json.dumps({"tls_server_config": {
            "cert_file": f"{cls.folder}/ca.pem", "key_file": f"{cls.folder}/key.pem"}}))
        (cls.folder / "prometheus.yml").write_text("global: {}\n")
        cls.keep(Program("prometheus", cls.folder, [
            shutil.which("prometheus"), f"--config.file={cls.folder}/prometheus.yml",
            f"--storage.tsdb.path={cls.folder}/prometheus", f"--web.listen-address=127.0.0.1:{cls.prometheus_port}",
            f"--web.config.file={cls.folder}/web.yml", "--web.enable-remote-write-receiver"])).start()

    def ask(self, base, query):
        context = ssl.create_default_context(cafile=self.folder / "ca.pem") if base.startswith("https") else None
        url = f"{base}/api/v1/query?query={urllib.parse.quote(query)}"
        request = urllib.request.Request(url)
        if not context:
            request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return json.loads(answer.read())["data"]["result"]

    def metric(self, name, **labels):
        token = (self.server.data / "admin.token").read_text().strip()
        request = urllib.request.Request(f"https://127.0.0.1:{self.server.port}/metrics",
                                         headers={"Authorization": f"Bearer {token}"})
        context = ssl.create_default_context(cafile=self.server.data / "ca.pem")
        with urllib.request.urlopen(request, context=context) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(name + "{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
                    return float(line.rsplit(" ", 1)[1])
        return None

    def test_prometheus_and_victoria_metrics_have_what_was_measured(self):
        for base in (f"https://localhost:{self.prometheus_port}", f"http://127.0.0.1:{self.victoria_port}"):
            for series in SERIES:
                def there():
                    found = self.ask(base, f'{series}{{connection_monitor="watched"}}')
                    return found and found[0]
                one = self.wait_until(there, 60, f"{base} has {series}")
                self.assertEqual(one["metric"]["destination_name"], "here")
                self.assertEqual(one["metric"].get("site"), "here" if base.startswith("https") else None)
        row = self.server.tests()["probe1/here/ping"].row
        newest = self.ask(f"http://127.0.0.1:{self.victoria_port}", "linewatch_round_trip_time_ms")[0]["value"][1]
        self.assertGreater(float(newest), 0)
        self.assertEqual(row["state"], "Pass")
        for target in ("prometheus", "victoria"):
            self.assertGreater(self.metric("linewatch_remote_write_samples_sent_total", target=target), 2)
            if target == "prometheus":  # The other was given a wrong password.
                self.assertEqual(self.metric("linewatch_remote_write_samples_dropped_total", target=target,
                                             reason="refused"), 0)

    def test_a_password_is_needed_and_read_anew_for_each_request(self):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{self.victoria_port}/api/v1/query?query=up", timeout=10)
        self.assertEqual(refused.exception.code, 401)
        figures = [lambda: self.metric("linewatch_remote_write_samples_dropped_total", target="victoria", reason="refused"),
                   lambda: self.metric("linewatch_remote_write_samples_sent_total", target="victoria")]
        # The one grows with a wrong password, the other with the right one.
        for password, figure in zip(["wrong", PASSWORD], figures):
            self.password_file.write_text(password + "\n")
            before = figure()
            self.wait_until(lambda: figure() > before, 60, f"with the password {password}")

    def test_what_is_refused_for_good_is_dropped_and_the_rest_tried_again(self):
        dropped = self.metric("linewatch_remote_write_samples_dropped_total", target="ours", reason="refused")
        retries = self.metric("linewatch_remote_write_retries_total", target="ours")
        taken = len(self.receiver.bodies)
        self.receiver.answers = [400, 503, 429]
        self.wait_until(lambda: not self.receiver.answers and len(self.receiver.bodies) > taken, 60, "all were given")
        self.wait_until(lambda: self.metric("linewatch_remote_write_samples_dropped_total", target="ours",
                                            reason="refused") == dropped + 1 or None, 20, "one request was dropped")
        self.assertEqual(self.metric("linewatch_remote_write_retries_total", target="ours"), retries + 2)
        head = self.receiver.heads[-1]
        self.assertEqual(head["Authorization"], "Bearer bearer-secret")
        self.assertEqual((head["Content-Encoding"], head["Content-Type"], head["X-Prometheus-Remote-Write-Version"]),
                         ("snappy", "application/x-protobuf", "0.1.0"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
