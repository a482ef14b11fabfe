"""What nodes tell each other of themselves over the wire: their next key, and that name, desk or address changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.elm_node import AtOnce, ElmNode
from tests.protocol.test_pairing import ELM

from vigil.apps.deconfliction.federation import key_changes, own_news, pairing
from vigil.apps.deconfliction.federation.lanes import Lane
from vigil.apps.deconfliction.models import Outgoing
from vigil.apps.deconfliction.plan_rows import instant
from vigil.core.actor import Via, system
from vigil.platform.agencies.models import Node, this_node
from vigil.platform.partners import roster
from vigil.platform.partners.client import JOSE
from vigil.platform.partners.models import Partner
from vigil.protocol.envelope import Message
from vigil.protocol.nodes import key_news, read_key_news
from vigil.protocol.pairing import read, write_file
from vigil.protocol.signing import Signer
from vigil.protocol.store import Transaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def elm(drawn_keys: Any, people: Any, now: datetime) -> ElmNode:
    """Elm Region, which takes a next key and news."""
    node = ElmNode(now)

    def take_key(tx: Transaction, message: Message, at: int) -> Any:
        key = read_key_news(message.content, message.sender)
        (us,) = tx.roster().members
        tx.set_roster(replace(tx.roster(), members=(replace(us, next_key=key),)))
        return {}

    node.exchange.handlers |= {"keys": take_key, "pairing": lambda tx, message, at: message.content}
    return node


@pytest.fixture
def says(client: Any, elm: ElmNode, now: datetime) -> Callable[..., Any]:
    """`says("keys", content)`: what this node answers to Elm."""

    def post(kind: str, content: Any) -> Any:
        token = elm.exchange.letter(str(this_node().pk), kind, content, instant(now)).token
        return client.post(f"/federation/v1/{kind}", token, content_type=JOSE)

    return post


def lane(elm: ElmNode, now: datetime) -> Lane:
    return Lane(UUID(elm.id), elm.send, lambda: now, AtOnce())


@pytest.mark.db
def test_our_next_key_is_told_taken_and_signs(elm: ElmNode, now: datetime) -> None:
    old = roster.signer().fingerprint
    key_changes.rotate(system("console", Via.CLI), now)
    following = roster.next_signer()
    assert following is not None
    lane(elm, now).round()
    assert [kind for kind, _ in elm.heard] == ["keys"]
    assert roster.signer().fingerprint == following.fingerprint != old
    assert not Outgoing.objects.exists()
    lane(elm, now + timedelta(seconds=31)).round()
    assert len(elm.heard) == 2, "and what it signs is taken"


@pytest.mark.db
def test_their_next_key_counts_beside_the_old_one_until_it_signs(elm: ElmNode, says: Callable[..., Any]) -> None:
    following = Signer.from_seed(b"G" * 32)
    assert says("keys", key_news(Signer.from_seed(b"H" * 32), ELM.node_id)).status_code == 200
    assert not bytes(Partner.objects.get().next_key), "it was proved for another node"
    says("keys", key_news(following, elm.id))
    assert says("health", {}).status_code == 200, "the old one still signs"
    elm.exchange.signer = following
    assert says("health", {}).status_code == 200
    row = Partner.objects.get()
    assert (bytes(row.public_key), bytes(row.next_key)) == (following.public_key, b"")
    elm.exchange.signer = elm.signer
    assert says("health", {}).status_code == 401


def test_partners_are_told_once_when_something_has_changed_about_us(elm: ElmNode, now: datetime) -> None:
    def told() -> list[str]:
        own_news.tell_news(now)
        lane(elm, now).round()
        rows, elm.heard = [json.loads(_content(token)) for kind, token in elm.heard if kind == "pairings"], []
        return [read(row["content"]["file"].encode()).desk_phone for row in rows]

    assert told() == ["+14105550199"]
    assert told() == []
    Node.objects.update(watch_desk_phone="+14105550188")
    assert told() == ["+14105550188"]


def _content(token: bytes) -> bytes:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(token.split(b".")[1] + b"==")


def test_a_partners_news_counts_where_its_own_key_signed_the_file(elm: ElmNode, says: Callable[..., Any]) -> None:
    told = replace(ELM, node_id=elm.id, key=elm.signer.public_key, desk_phone="+14105550222")
    says("pairing", {"file": write_file(told, elm.signer).decode()})
    assert Partner.objects.get().watch_desk_phone == "+14105550222"

    other = Signer.from_seed(b"H" * 32)
    forged = write_file(replace(told, key=other.public_key, desk_phone="+14105550666", made_at=told.made_at + 1), other)
    older = write_file(replace(told, desk_phone="+14105550333", made_at=told.made_at - 1), elm.signer)
    nobody = write_file(replace(told, desk_phone="", made_at=told.made_at + 1), elm.signer)
    files = [{"file": one.decode()} for one in (forged, older, nobody)]
    for content in (*files, {"file": 7}, {}):
        assert says("pairing", content).status_code == 200
        assert Partner.objects.get().watch_desk_phone == "+14105550222"


def test_an_address_that_was_set_here_outlives_news_until_the_partner_moves(
    elm: ElmNode, says: Callable[..., Any]
) -> None:
    told = replace(ELM, node_id=elm.id, key=elm.signer.public_key)
    says("pairing", {"file": write_file(told, elm.signer).decode()})
    pairing.move(system("console", Via.CLI), UUID(elm.id), "https://tunnel.example.gov")

    def reached(**changed: Any) -> str:
        says("pairing", {"file": write_file(replace(told, **changed), elm.signer).decode()})
        row = Partner.objects.get()
        assert row.watch_desk_phone == changed["desk_phone"], "what it says of its desk counts at once"
        return row.base_url

    after = told.made_at
    assert reached(desk_phone="+14105550222", made_at=after + 1) == "https://tunnel.example.gov"
    moved = "https://new.example.gov"
    assert reached(desk_phone="+14105550233", made_at=after + 2, address=moved) == moved
    assert reached(desk_phone="+14105550244", made_at=after + 3, address=moved) == moved
