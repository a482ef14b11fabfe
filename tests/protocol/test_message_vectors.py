"""The vectors of messages: ours are exactly these bytes, and what is to be refused there is refused."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from protocol import make_message_vectors as made
from vigil.protocol import pairing
from vigil.protocol.blinding import PartnerBlinder
from vigil.protocol.canonical import canonical_bytes
from vigil.protocol.envelope import Malformed, Message, opened, seal
from vigil.protocol.exchange import Exchange
from vigil.protocol.memory import MemoryStore
from vigil.protocol.node import Node
from vigil.protocol.signing import Signer
from vigil.protocol.store import Partner

VECTORS = json.loads(made.FILE.read_text(encoding="utf-8"))
NORTH, SOUTH = VECTORS["north"], VECTORS["south"]


def key(name: str) -> bytes:
    return bytes.fromhex(VECTORS["keys"][name]["key"])


def test_the_file_is_what_the_code_writes() -> None:
    assert made.FILE.read_text(encoding="utf-8") == made.vectors()


@pytest.mark.parametrize("case", VECTORS["messages"], ids=lambda case: case["payload"]["id"])
def test_a_message_is_read_and_written_as_these_bytes(case: dict[str, Any]) -> None:
    token, payload = case["token"].encode(), case["payload"]
    message = opened(token, lambda sender: (key(sender),))
    assert (message.kind, message.content) == (case["kind"], payload["content"])
    assert seal(message, Signer.from_seed(bytes.fromhex(VECTORS["keys"][message.sender]["seed"]))) == token


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_what_is_to_be_refused_is_refused_as_said(case: dict[str, str]) -> None:
    numbers = itertools.count(1)
    node = Node(MemoryStore(SOUTH), Signer.from_seed(b"S" * 32))
    south = Exchange(node, node.signer, PartnerBlinder(b"s" * 32, SOUTH), lambda: f"answer-{next(numbers)}")
    node.change_roster([Partner(NORTH, "North", public_key=key(NORTH))], VECTORS["now"])
    try:
        answer: Message | None = opened(
            south.receive(case["token"].encode(), VECTORS["now"]), lambda sender: (key(SOUTH),)
        )
    except Malformed:
        answer = None
    assert (answer.content["code"] if answer else "unsigned") == case["answer"]


def test_the_next_key_and_the_pairing_file_hold() -> None:
    said = pairing.read(VECTORS["pairing_file"].encode())
    assert (said.node_id, said.key) == (NORTH, key(NORTH))
    assert VECTORS["keys"][NORTH]["fingerprint"] == said.fingerprint


def test_canonical_bytes_are_those_of_the_document() -> None:
    value = {"é": "\u2028é\U0001f6a8", "b": [1, True, None], "a": '"\\\n\x1f\x7f', "A": -1}
    expected = '{"A":-1,"a":"\\"\\\\\\n\\u001f\x7f","b":[1,true,null],"é":"\u2028é\U0001f6a8"}'
    assert canonical_bytes(value) == expected.encode()
