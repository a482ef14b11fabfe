"""The way to a partner's node: kept open, cut off in time, followed nowhere, never by http:// to another machine."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import NOON

from vigil.platform.partners import client, rates
from vigil.platform.partners.client import JOSE, Unreached, address_of, send

SIGNED = b"HTTP/1.1 200 OK\r\nContent-Type: application/jose\r\nContent-Length: 5\r\n\r\na.b.c"


class Peer(socketserver.ThreadingTCPServer):
    """Answers each request of a connection with the next of `answers`: bytes, or what speaks with the socket."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Line)
        self.answers: list[bytes | Callable[[Any], None]] = []
        self.heard: list[bytes] = []
        self.connections = 0
        self.over = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever does not trust this certificate hangs up: that is what is tried, not a fault to be printed."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Line(socketserver.StreamRequestHandler):
    server: Peer

    def handle(self) -> None:
        self.server.connections += 1
        while self.rfile.readline():
            length = 0
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.server.heard.append(self.rfile.read(length))
            answer = self.server.answers.pop(0)
            if isinstance(answer, bytes):
                self.wfile.write(answer)
            else:
                answer(self)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def test_one_connection_carries_one_message_after_another(peer: Peer) -> None:
    peer.answers = [SIGNED, SIGNED]
    assert [send(address_of(peer.url, "query"), body, 60) for body in (b"one", b"two")] == [b"a.b.c", b"a.b.c"]
    assert (peer.heard, peer.connections) == ([b"one", b"two"], 1)


def head(status: str, **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (head("200 OK", Content_Type="text/html", Content_Length="2") + b"hi", "not_signed"),
        (head("503 Busy", Content_Type=JOSE, Content_Length="2") + b"hi", "status_503"),
        (head("302 Found", Location="http://127.0.0.1:1/", Content_Length="0"), "status_302"),
        (head("200 OK", Content_Type=JOSE, Content_Length="9") + b"half", "ProtocolError"),
        (b"SSH-2.0-something\r\n", "ProtocolError"),
    ],
)
def test_what_is_no_answer_of_the_protocol_is_none(peer: Peer, answer: bytes, code: str) -> None:
    def said_and_left(line: Any) -> None:
        line.wfile.write(answer)
        line.connection.shutdown(socket.SHUT_RDWR)

    peer.answers = [said_and_left]
    with pytest.raises(Unreached) as refused:
        send(peer.url, b"", 60)
    assert refused.value.code == code


def test_an_answer_without_end_is_not_read_to_its_end(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 10)
    peer.answers = [head("200 OK", Content_Type=JOSE, Content_Length="1000") + b"x" * 11, SIGNED]
    with pytest.raises(Unreached, match="too_large"):
        send(peer.url, b"", 60)
    assert send(peer.url, b"", 60) == b"a.b.c"
    assert peer.connections == 2, "what was left of the first answer is not the beginning of the second"


@pytest.mark.parametrize("whole", [b"", head("200 OK", Content_Type=JOSE, Content_Length="1000000")])
def test_who_answers_drop_by_drop_is_cut_off(peer: Peer, whole: bytes) -> None:
    def drip(line: Any) -> None:
        line.wfile.write(whole)
        while not peer.over.wait(0.02):
            line.wfile.write(b"x")

    peer.answers = [drip]
    with pytest.raises(Unreached, match="timeout"):
        send(peer.url, b"", 0.2)


def test_nobody_there_is_told_from_a_slow_one(peer: Peer) -> None:
    peer.shutdown()
    peer.server_close()
    with pytest.raises(Unreached, match="no_connection"):
        send(peer.url, b"", 60)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://vigil.elm.gov/federation/v1/queries", True),
        ("http://127.0.0.1:8765/", True),
        ("http://[::1]:8765/", True),
        ("http://vigil.elm.gov/", False),
        ("http://127.0.0.1.elm.gov/", False),
        ("ftp://127.0.0.1/", False),
        ("https:///path", False),
    ],
)
def test_messages_go_out_in_clear_only_within_the_machine(url: str, may: bool, settings: Any) -> None:
    assert client.may_be_reached(url) is may
    if not may:
        with pytest.raises(Unreached, match="no_https"):
            send(url, b"", 1)
    settings.VIGIL_FEDERATION_HTTP = True
    assert client.may_be_reached("http://vigil.elm.gov/")


def test_what_a_partner_sends_beyond_measure_is_logged_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "MUCH", 3)
    counted = rates.Rates()
    for seconds in (0, 1, 2, 3, 61, 62):
        counted.count("elm", NOON + timedelta(seconds=seconds))
        counted.count(f"other {seconds}", NOON)
    assert [record.partner for record in caplog.records] == ["elm"]
