# SPDX-License-Identifier: Apache-2.0
"""Just enough HTTP/2 to make one gRPC call without a gRPC library, as a stranger might, and to read what
the answer says in clear text."""

import socket
import ssl

DATA, HEADERS, SETTINGS = 0, 1, 4
END_HEADERS = 4


def _frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _header(name, value):
    """A literal without index and without Huffman code (RFC 7541 6.2.2)."""
    return b"\0" + b"".join(bytes([len(text)]) + text.encode() for text in (name, value))


def grpc_call(address, method, context, seconds=10):
    """Sends an empty message; returns the headers of the answer as they stood on the wire."""
    context.set_alpn_protocols(["h2"])
    headers = b"".join(_header(*each) for each in (
        (":method", "POST"), (":scheme", "https"), (":path", method), (":authority", "localhost"),
        ("content-type", "application/grpc"), ("te", "trailers")))
    with socket.create_connection(address, timeout=seconds) as plain, \
            context.wrap_socket(plain, server_hostname=address[0]) as stream:
        stream.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(SETTINGS, 0, 0)
                       + _frame(HEADERS, END_HEADERS, 1, headers) + _frame(DATA, 0, 1, b"\0" * 5))
        with stream.makefile("rb") as answer:
            while len(head := answer.read(9)) == 9:
                payload = answer.read(int.from_bytes(head[:3], "big"))
                if head[3] == HEADERS:
                    return payload
    raise ssl.SSLError("the connection was closed without an answer")
