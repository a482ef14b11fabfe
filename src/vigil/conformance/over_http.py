"""Messages over HTTP: to a node, and from one."""

from __future__ import annotations

import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from vigil.conformance.wire import JOSE, PREFIX, NoAnswer, Receive, Response
from vigil.protocol.envelope import MOST_BYTES

PART_BYTES = 65_536


class CannotListen(Exception):
    """Somebody else does, or it is no address of this machine; the text is a sentence for people."""


class Http:
    """A node at an address such as `https://vigil.example.gov`, with a certificate that this machine trusts."""

    def __init__(self, address: str) -> None:
        self._parts = urlsplit(address)

    def post(self, path: str, body: bytes, seconds: float, content_type: str = JOSE) -> Response:
        until = time.monotonic() + seconds
        connection = self._connection(seconds)
        try:
            where = self._parts.path.rstrip("/") + PREFIX + path
            connection.request("POST", where, body, {"Content-Type": content_type, "Accept": JOSE})
            answer = connection.getresponse()
            return Response(_read(answer, until), answer.status, answer.headers.get("Content-Type", ""))
        except TimeoutError:
            raise NoAnswer(f"nothing within {seconds:g} s") from None
        except (HTTPException, OSError) as error:
            raise NoAnswer(f"the connection was closed ({type(error).__name__})") from None
        finally:
            connection.close()

    def _connection(self, seconds: float) -> HTTPConnection:
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        return kind(self._parts.hostname or "", self._parts.port, timeout=seconds)


def _read(answer: HTTPResponse, until: float) -> bytes:
    read = bytearray()
    while len(read) <= MOST_BYTES and (part := answer.read1(PART_BYTES)):
        read += part
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(read)


class Server:
    """Takes messages on an address of this machine, each in a thread of its own. Raises CannotListen."""

    def __init__(self, listen: str, receive: Receive) -> None:
        parts = urlsplit(f"//{listen}")
        try:
            self._server = ThreadingHTTPServer((parts.hostname or "127.0.0.1", parts.port or 0), _handler(receive))
        except OSError as error:
            raise CannotListen(f"Cannot listen on {listen}: {error.strerror}. Choose another address.") from None
        self._server.daemon_threads = True
        self.address = f"http://{parts.hostname or '127.0.0.1'}:{self._server.server_port}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(receive: Receive) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, MOST_BYTES + 1))
            self.close_connection = length > len(body)
            path = self.path.partition("?")[0]
            if not path.startswith(PREFIX):
                self._send(Response(b"", 404, "text/plain"))
                return
            self._send(receive(path.removeprefix(PREFIX), body))

        def _send(self, response: Response) -> None:
            time.sleep(response.delay)
            if response.cut:
                self.close_connection = True
                return
            self.send_response(response.status)
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            try:
                self._write(response)
            except OSError:
                self.close_connection = True  # the reader has left

        def _write(self, response: Response) -> None:
            if not response.drip:
                self.wfile.write(response.body)
                return
            for byte in response.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(response.drip)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what matters is in the report."""

    return Handler
