"""Two nodes over real sockets: this one as it is served, the other behind an HTTP server of the standard library."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import uvicorn
from django.db import connections
from tests.apps.deconfliction.elm_node import ElmNode
from tests.apps.deconfliction.plans import HARBOR

from vigil.apps.deconfliction import api
from vigil.apps.deconfliction.federation.asking import Asking
from vigil.apps.deconfliction.models import Operation, SearchDue
from vigil.apps.deconfliction.plan_rows import instant
from vigil.config import asgi
from vigil.platform import clock
from vigil.platform.partners import contacts
from vigil.platform.partners.client import JOSE, address_of, send
from vigil.platform.partners.models import Contact

pytestmark = pytest.mark.django_db(transaction=True)
SOUTH = (-76.6, 38.2)


class Server(uvicorn.Server):
    ready = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@pytest.fixture
def served() -> Iterator[str]:
    """The node's own ASGI application, on a port of the loopback."""
    server = Server(uvicorn.Config(asgi.application, port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.ready.wait(60)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
    for pool in (asgi._writer, asgi._answering):
        if isinstance(pool, ThreadPoolExecutor):
            pool.submit(connections.close_all).result()


class Door(ThreadingHTTPServer):
    """The other node's."""

    daemon_threads = True
    receive: Callable[[bytes], bytes]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.is_gone = False

    def leave(self) -> None:
        """Nobody is there any more, also on connections that are open."""
        self.is_gone = True
        self.shutdown()
        self.socket.close()


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece
    server: Door

    def do_POST(self) -> None:
        if self.server.is_gone:
            self.close_connection = True
            return
        said = self.server.receive(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", JOSE)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def elm(people: Any) -> Iterator[ElmNode]:
    with Door() as door:
        threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01}).start()
        node = ElmNode(clock.now(), url=f"http://127.0.0.1:{door.server_address[1]}")
        door.receive = lambda token: node.exchange.receive(token, instant(clock.now()))
        node.leave = door.leave
        yield node
        door.leave()


def test_each_node_finds_what_came_to_the_other_before(
    served: str, elm: ElmNode, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "Asking", partial(Asking, seconds=60))
    monkeypatch.setattr(contacts, "LATE_MILLISECONDS", 60_000)
    theirs = elm.registers(clock.now(), HARBOR)
    line = HTTPConnection(served.removeprefix("http://"))
    head = {"Authorization": f"Bearer {token('alice', 'deconfliction')}", "Content-Type": "application/json"}

    def registered(place: tuple[float, float], key: str) -> Any:
        start = elm.node.store.rows.revisions[theirs, 1].operation.sites[0].starts_at // 1_000_000
        plan = {
            "operation_type": "search_warrant",
            "sites": [{"longitude": place[0], "latitude": place[1], "source": "pin"}],
            "starts_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start)),
            "ends_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + 7_200)),
            "lead_contact": {"name": "Lou Lead", "phone": "+14105550111"},
        }
        body = json.dumps(plan)
        line.request("POST", "/api/v1/deconfliction/operations", body, head | {"Idempotency-Key": key})
        answer = line.getresponse()
        said = answer.read()
        assert answer.status == 201, said
        return json.loads(said)

    first = registered(HARBOR, "one")
    assert first["determination"] == "conflict", "the partner's answer is in the first answer"
    assert registered(HARBOR, "one") == first, "a retry is told what the first was told after it had waited"

    second = registered(SOUTH, "two")
    assert second["determination"] == "no_known_conflict"
    elm.registers(clock.now(), SOUTH)
    elm.asks(clock.now(), lambda message: send(address_of(served, "query"), message, 60))
    assert Operation.objects.get(pk=second["id"]).determination == "conflict"
    with pytest.raises(Exception, match="status_401"):
        send(address_of(served, "query"), b"a.b.c", 60)

    elm.leave()
    third = registered((-75.0, 38.2), "three")
    assert third["determination"] == "incomplete"
    assert SearchDue.objects.filter(operation=third["id"], target=elm.id).exists()
    assert Contact.objects.get().failing_since is not None
    line.close()
