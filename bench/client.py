"""A client that costs next to nothing: one socket a connection, requests made once, bodies read by
their length. What is measured is the server."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

_END = b"\r\n\r\n"


class Client:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """The body of the answer, which must be one of status 200."""
        self._socket.sendall(request)
        data = bytearray()
        while (end := data.find(_END)) < 0:
            data += self._receive()
        head = bytes(data[:end]).lower()
        assert head.startswith(b"http/1.1 200"), bytes(data)
        body = data[end + len(_END) :]
        if b"\r\ntransfer-encoding: chunked" in head:
            while not body.endswith(b"\r\n0\r\n\r\n"):
                body += self._receive()
            return bytes(body)
        length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._receive()
        return bytes(body)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _receive(self) -> bytes:
        piece = self._socket.recv(1 << 20)
        assert piece, "the server hung up"
        return piece


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    if method == "GET":
        lines.pop()
    return "\r\n".join(lines).encode() + _END + body


def throughput(port: int, asked: Sequence[bytes], *, seconds: float) -> float:
    """Requests a second that a server answers, when there is a connection for each of `asked` that
    asks it again and again."""
    clients = [Client(port) for _ in asked]
    began = time.perf_counter()

    def run(client: Client, request: bytes) -> int:
        count = 0
        while time.perf_counter() - began < seconds:
            client.ask(request)
            count += 1
        return count

    with ThreadPoolExecutor(len(clients)) as threads:
        answered = sum(threads.map(run, clients, asked))
    spent = time.perf_counter() - began
    for client in clients:
        client.close()
    return answered / spent
