# SPDX-License-Identifier: Apache-2.0
"""One small server of the lab: `services.py http|tls|tcp|dns …`, run inside a host's namespace.

Prints "ready" when it listens. What it shall do differently later it reads from a file at each
request (the certificate, the DNS mode), so changing it needs no restart and loses no connection.
"""

import argparse
import http.server
import json
import pathlib
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    """/ answers 200; /status/N answers N; /slow/MS waits first; /redirect/N hops N times;
    /bytes/N sends N bytes; /close hangs up; POST echoes its body."""

    protocol_version = "HTTP/1.1"
    # Header and body go out as one segment.
    wbufsize = -1

    def do_GET(self):
        command, _, number = self.path.split("?")[0].strip("/").partition("/")
        number = int(number) if number.isdigit() else 0
        if command == "close":
            self.close_connection = True
            return
        if command == "slow":
            time.sleep(number / 1000)
        if command == "redirect" and number > 0:
            self.answer(302, b"", {"Location": f"/redirect/{number - 1}"})
        elif command == "status":
            self.answer(number, f"status {number}\n".encode())
        else:
            self.answer(200, b"x" * number if command == "bytes" else b"hello from the lab\n")

    def do_POST(self):
        self.answer(200, self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):  # pylint: disable=redefined-builtin
        pass


def linger(connection):
    """Reads what the client still sends, past TLS, until it closes. Closing before that would reset
    the connection, and the reset may overtake the TLS alert that tells the client why."""
    socket.socket.shutdown(connection, socket.SHUT_WR)
    while socket.socket.recv(connection, 4096):
        pass


class HttpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address, certificate=None, client_ca=None):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.certificate, self.client_ca = certificate, client_ca
        super().__init__(address, Handler)

    def server_bind(self):
        # The base class looks up its own name, which waits for a resolver that may be dead.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def finish_request(self, request, client_address):
        # On the connection's own thread, so that a slow handshake holds up nobody.
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            if self.client_ca:
                context.load_verify_locations(self.client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
            request.settimeout(10)
            request = context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
            try:
                request.do_handshake()
            except OSError:
                linger(request)
                raise
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # Clients that hang up or dislike the certificate are what the lab is for.


class TcpHandler(socketserver.BaseRequestHandler):
    """Says nothing and waits for the other side to close."""

    def handle(self):
        try:
            while self.request.recv(4096):
                pass
        except OSError:
            pass


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address, handler=TcpHandler):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def handle_error(self, request, client_address):
        pass  # Whoever sends nonsense or hangs up is no concern of ours.


RCODES = {"answer": 0, "servfail": 2, "nxdomain": 3, "refused": 5}
TYPE_A, TYPE_AAAA = 1, 28


def dns_answer(query, zone):
    """The answer to a DNS query from {"mode": …, "records": {name: [address, …]}}; None for silence."""
    if zone["mode"] == "silent" or len(query) < 17:
        return None
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    name = ".".join(labels).lower()
    question = query[12:at + 5]
    wanted = struct.unpack("!H", query[at + 1:at + 3])[0]
    addresses = zone["records"].get(name)
    code = RCODES[zone["mode"]]
    if code == 0 and addresses is None:
        code = RCODES["nxdomain"]
    answers = []
    for address in (addresses or []) if code == 0 else []:
        kind = TYPE_AAAA if ":" in address else TYPE_A
        if kind == wanted:
            raw = socket.inet_pton(socket.AF_INET6 if kind == TYPE_AAAA else socket.AF_INET, address)
            # 0xc00c points to the question's name; a TTL of 0 keeps caches out of the experiments.
            answers.append(struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(raw)) + raw)
    flags = 0x8480 | (query[2] & 1) << 8 | code
    return query[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 0) + question + b"".join(answers)


def serve_dns_udp(address, zone_file):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as server:
        server.bind(address)
        yield
        while True:
            query, client = server.recvfrom(4096)
            try:
                answer = dns_answer(query, json.loads(pathlib.Path(zone_file).read_text()))
            except (IndexError, struct.error):
                continue
            if answer:
                server.sendto(answer, client)


class DnsTcpHandler(socketserver.StreamRequestHandler):
    """The same answers over TCP, each message after its length (RFC 1035 4.2.2)."""

    def handle(self):
        while len(length := self.rfile.read(2)) == 2:
            query = self.rfile.read(int.from_bytes(length, "big"))
            answer = dns_answer(query, json.loads(pathlib.Path(self.server.zone_file).read_text()))
            if answer:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)


def start(steps):
    """Runs a generator that yields once it listens, from there on a thread of its own."""
    next(steps)
    threading.Thread(target=lambda: next(steps, None), daemon=True).start()


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("http", "tls", "tcp", "dns"))
    parser.add_argument("--address", action="append", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--client-ca")
    parser.add_argument("--zone")
    options = parser.parse_args()
    for address in options.address:
        at = (address, options.port)
        if options.kind == "dns":
            start(serve_dns_udp(at, options.zone))
            by_tcp = TcpServer(at, DnsTcpHandler)
            by_tcp.zone_file = options.zone
            serve(by_tcp)
        elif options.kind == "tcp":
            serve(TcpServer(at))
        else:
            serve(HttpServer(at, options.certificate, options.client_ca))
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
