"""A gateway to try alarms with: it takes SMS and calls, shows them on a page, and answers as it is told.

It sends nothing to anybody. Which way it behaves is chosen on its page or with --behave: `take`, `slow`, `refuse` (no
such number), `down`, `garbage` (an answer that is none), `twice` (tells everything twice).
"""

from __future__ import annotations

import argparse
import html
import json
import os
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs

from vigil.core.errors import Unavailable
from vigil.core.identifiers import uuid7
from vigil.platform.delivery import signing

BEHAVIOURS = ("take", "slow", "refuse", "down", "garbage", "twice")
SEND, REPLY, BEHAVE = "/send", "/reply", "/behave"
LARGEST_BYTES = 65_536
ARRIVED = {"sms": "delivered", "voice": "answered"}

Tell = Callable[[dict[str, str], bytes], dict[str, Any]]
"""Takes headers and body to the node; what it answered."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where it listens, and where the node is."""
    parser.add_argument("--port", type=int, default=8770, help="port of 127.0.0.1 to listen on (8770)")
    parser.add_argument("--node", default="http://127.0.0.1:8765", help="where the node is (http://127.0.0.1:8765)")
    parser.add_argument("--behave", choices=BEHAVIOURS, default="take", help="how it answers at first")
    parser.add_argument("--seconds", type=float, default=15.0, help="how long it waits when it is slow (15)")


def run(args: argparse.Namespace) -> int:
    """Listen until interrupted. The secret is VIGIL_GATEWAY_SECRET, or one drawn now."""
    secret = os.environ.get("VIGIL_GATEWAY_SECRET", "") or secrets.token_urlsafe(32)
    try:
        gateway = TestGateway(secret, over_http(args.node), args.port)
    except OSError as error:
        raise Unavailable(f"Cannot listen on port {args.port}: {error.strerror}. Choose another one.") from None
    gateway.behaviour, gateway.seconds = args.behave, args.seconds
    print(f"The test gateway is at {gateway.url}/ and sends nothing to anybody. Stop it with Ctrl+C.")
    if "VIGIL_GATEWAY_SECRET" not in os.environ:
        print(
            f"Start the node with:\n  VIGIL_GATEWAY_URL={gateway.url}{SEND} VIGIL_GATEWAY_SECRET={secret}", flush=True
        )
    gateway.serve_forever()
    return 0


def over_http(node: str) -> Tell:
    """The way to a node that listens."""

    def tell(headers: dict[str, str], body: bytes) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the operator names the node
            f"{node.rstrip('/')}/delivery/callback/", body, {**headers, "Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                read: dict[str, Any] = json.load(answer)
        except HTTPError as error:
            return {"status": error.code}
        except (OSError, ValueError) as error:
            return {"error": type(error).__name__}
        return read

    return tell


@dataclass
class Got:
    """A message that was taken, and how often it came."""

    message: dict[str, Any]
    at: datetime
    times: int = 1
    told: list[str] = field(default_factory=list)

    @property
    def code(self) -> str:
        """The reply code of its text, if it has one."""
        digits = [word.strip(".") for word in self.message["text"].split()]
        return next((word for word in digits if word.isdecimal()), "")


class TestGateway:
    """A server on the loopback. A message that comes again under its id is shown once."""

    __test__ = False  # pytest need not look for tests in it

    def __init__(self, secret: str, tell: Tell, port: int = 0) -> None:
        self.secret, self._tell = secret, tell
        self.behaviour, self.seconds = BEHAVIOURS[0], 0.0
        self.got: dict[str, Got] = {}
        self.refused = 0
        self.arrived: Callable[[str], None] = lambda message_id: None
        """Called with the id of each message that is new."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def serve_forever(self) -> None:
        """Until `close` or an interruption."""
        self._server.serve_forever()

    def start(self) -> TestGateway:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def take(self, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
        """What is answered to a message of the node."""
        try:
            message_id = signing.verified(self.secret, headers, body, datetime.now(UTC))
        except signing.BadSignature as bad:
            self.refused += 1
            return 401, {"error": str(bad)}
        if self.behaviour == "slow":
            time.sleep(self.seconds)
        if self.behaviour in ("refuse", "down"):
            self.refused += 1
            return (422, {"error": "no such number"}) if self.behaviour == "refuse" else (503, {"error": "down"})
        if message_id in self.got:
            self.got[message_id].times += 1
        else:
            self.got[message_id] = Got(json.loads(body), datetime.now(UTC))
            self.arrived(message_id)
            threading.Thread(target=self._deliver, args=(message_id,), daemon=True).start()
        return 200, {} if self.behaviour == "garbage" else {"id": message_id}

    def _deliver(self, message_id: str) -> None:
        self.tell({"event": ARRIVED[self.got[message_id].message["channel"]], "id": message_id})

    def reply(self, message_id: str, text: str = "", number: str = "") -> dict[str, Any]:
        """Send the message's code back, or another text, from its number or another one; what the node answered."""
        got = self.got[message_id]
        return self.tell({"event": "reply", "from": number or got.message["to"], "text": text or got.code}, got)

    def tell(self, said: dict[str, Any], got: Got | None = None) -> dict[str, Any]:
        """Tell the node something, signed; what it answered."""
        body = json.dumps(said).encode()
        headers = signing.sign(self.secret, str(uuid7()), body, datetime.now(UTC))
        answer = self._tell(headers, body)
        if self.behaviour == "twice":
            answer = self._tell(headers, body)
        got = got or self.got.get(str(said.get("id")))
        if got:
            got.told.append(f"{said['event']}: {answer}")
        return answer


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Test gateway</title>
<h1>Test gateway</h1><p>It sends nothing to anybody. Reload this page to see what came.</p>
<form method="post" action="{behave}"><label>Behave: <select name="behaviour">{behaviours}</select></label>
<label>Seconds when slow: <input name="seconds" size="5" value="{seconds}"></label> <button>Set</button></form>
<p>{count} messages, {refused} refused.</p><table border="1" cellpadding="6">
<tr><th>At</th><th>Channel</th><th>To</th><th>Text</th><th>Came</th><th>Told the node</th><th>Reply</th></tr>
{rows}</table>"""
ROW = """<tr><td>{at:%H:%M:%S}</td><td>{channel}</td><td>{to}</td><td>{text}</td><td>{times}×</td><td>{told}</td><td>
<form method="post" action="{reply}"><input type="hidden" name="id" value="{id}"><label>From
<input name="number" value="{to}"></label>
<label>Text <input name="text" value="{code}" size="8"></label> <button>Reply</button></form></td></tr>"""


def _page(gateway: TestGateway) -> str:
    chosen = (f"<option{' selected' if one == gateway.behaviour else ''}>{one}</option>" for one in BEHAVIOURS)
    rows = (
        ROW.format(
            at=got.at,
            times=got.times,
            told=html.escape("; ".join(got.told)),
            reply=REPLY,
            code=got.code,
            **{name: html.escape(str(got.message[name])) for name in ("id", "channel", "to", "text")},
        )
        for got in reversed(gateway.got.values())
    )
    return PAGE.format(
        behave=BEHAVE,
        behaviours="".join(chosen),
        seconds=gateway.seconds,
        count=len(gateway.got),
        refused=gateway.refused,
        rows="".join(rows),
    )


def _handler(gateway: TestGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, _page(gateway).encode(), "text/html; charset=utf-8")

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST_BYTES))
            if self.path == SEND:
                status, said = gateway.take(self.headers, body)
                self._answer(status, json.dumps(said).encode(), "application/json")
                return
            typed = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
            if self.path == BEHAVE and typed.get("behaviour") in BEHAVIOURS:
                gateway.behaviour = typed["behaviour"]
                gateway.seconds = float(typed["seconds"]) if typed.get("seconds", "").isdecimal() else gateway.seconds
            elif self.path == REPLY and typed.get("id") in gateway.got:
                gateway.reply(typed["id"], typed.get("text", ""), typed.get("number", ""))
            self._answer(303, b"", "text/html", [("Location", "/")])

        def _answer(self, status: int, body: bytes, kind: str, more: Iterable[tuple[str, str]] = ()) -> None:
            self.send_response(status)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *more):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what came is on the page."""

    return Handler
