"""What nodes say about themselves: written, read again, refused where it is not whole."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.trace import NORTH, SOUTH
from vigil.engine.operation import Mode
from vigil.protocol.envelope import Malformed
from vigil.protocol.nodes import Capabilities, key_news, read_key_news
from vigil.protocol.signing import Signer

NEXT, OTHER = Signer.from_seed(b"2" * 32), Signer.from_seed(b"3" * 32)
CAPABILITIES = Capabilities(
    (1, 2), ("p1",), (Mode.EXERCISE, Mode.TEST), False, 8_000_000, 600_000_000, 1_800_000_000_000_000
)


def test_capabilities_are_read_as_they_were_written() -> None:
    assert Capabilities.read(CAPABILITIES.content()) == CAPABILITIES


@pytest.mark.parametrize(
    "wrong",
    [
        {"versions": []},
        {"versions": ["2"]},
        {"predicates": [1]},
        {"modes": ["real"]},
        {"blind": 0},
        {"predicates": "p1"},
        {"most_bytes": 1.5},
        {"life_us": -1},
        {"now": True},
        {"surplus": 1},
    ],
)
def test_capabilities_that_are_not_whole_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Capabilities.read({**CAPABILITIES.content(), **wrong})


def test_the_next_key_signs_for_itself_and_for_its_node() -> None:
    said = key_news(NEXT, NORTH)
    assert read_key_news(said, NORTH) == NEXT.public_key
    for content, sender in (
        (said, SOUTH),
        ({**said, "key": OTHER.public_key.hex()}, NORTH),
        ({**said, "proof": key_news(OTHER, NORTH)["proof"]}, NORTH),
        ({**said, "key": said["key"].upper()}, NORTH),
        ({**said, "key": 7}, NORTH),
        ({**said, "proof": "A"}, NORTH),
        ({"key": said["key"]}, NORTH),
        (None, NORTH),
    ):
        with pytest.raises(Malformed):
            read_key_news(content, sender)
