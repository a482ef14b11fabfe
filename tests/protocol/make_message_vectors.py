"""Make the vectors of messages between nodes: signed with fixed keys, and tokens that must be refused.

python tests/protocol/make_message_vectors.py
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from vigil.config.folders import BASE_DIR
from vigil.conformance import forging
from vigil.engine.operation import Band, Mode, Operation, Point, Site, Window
from vigil.protocol import pairing
from vigil.protocol.blinding import PartnerBlinder
from vigil.protocol.canonical import JSON, from_base64url
from vigil.protocol.cover import is_first, subject_tokens
from vigil.protocol.envelope import LIFE_US, MOST_BYTES, Message, seal
from vigil.protocol.messages import Acknowledgement, Plain, Points, Query, Reply, Sighting, Tidings, Trouble, Withdrawal
from vigil.protocol.nodes import Capabilities, key_news
from vigil.protocol.pairing import Pairing
from vigil.protocol.signing import Signer
from vigil.protocol.store import Card, ConflictState, Disclosure, Outcome, Status
from vigil.protocol.testing import Action, TestConflict, TestOrder, TestState

FILE = BASE_DIR / "docs" / "protocol" / "vectors" / "federation" / "messages.json"
NOW = 1_800_000_000_000_000
MINUTE, HOUR = 60_000_000, 3_600_000_000
NORTH, SOUTH = (f"01900000-0000-7000-8000-00000000000{letter}" for letter in "ab")
SEEDS = {NORTH: b"N" * 32, SOUTH: b"S" * 32, "next": b"2" * 32, "stranger": b"?" * 32}
SECRETS = {NORTH: b"n" * 32, SOUTH: b"s" * 32}
THEIRS, OURS = (f"01900000-0000-7000-8000-0000000000{number}" for number in (10, 11))
"""An operation of North, which asks, and one of South."""
CARD = Card("Vienna Police", "R. Okafor", "+12025550143", "", plain_clothes=True)

LESSON: dict[str, JSON] = {
    "id": "01900000-0000-4000-8000-000000000020",
    "revision": 1,
    "what": "lesson",
    "said": {
        "title": "Crossfire at a traffic stop",
        "text": "Two officers stood on both sides of a car when one drew.",
        "lessons": "Say who stands where before the door is opened.",
        "call_type": "traffic_stop",
        "time_band": "1801-2400",
        "month": "2026-11",
        "factors": ["position", "radio"],
        "primary": "position",
        "published_on": "2026-11-20",
    },
}


def signer(name: str) -> Signer:
    return Signer.from_seed(SEEDS[name])


def operation() -> Operation:
    site = Site(Point(-77.0364, 38.8951), 300.0, NOW + HOUR, NOW + 3 * HOUR, HOUR, HOUR, 12.5)
    return Operation(THEIRS, (site,), frozenset({"phone:+12025550107"}), mode=Mode.EXERCISE, tentative=True)


def query() -> Query:
    plan, blinder = operation(), PartnerBlinder(SECRETS[NORTH], NORTH)
    tokens = sorted(subject_tokens(plan.subjects, plan.subject_window, plan.mode, is_first(NORTH, SOUTH)))
    return Query(
        operation_id=THEIRS,
        revision=2,
        commitment="c" * 64,
        mode=plan.mode,
        registered=True,
        expires_at=NOW + 168 * HOUR,
        predicates=frozenset({"p1"}),
        points=Points(subjects=tuple(blinder.blind(SOUTH, tokens[:2]))),
        plain=Plain(replace(plan, subjects=frozenset()), False, CARD),
    )


def reply() -> Reply:
    asked = query()
    raised = PartnerBlinder(SECRETS[SOUTH], SOUTH).raised(NORTH, asked.points.subjects)
    return Reply(NOW + 1, Outcome.ANSWERED, THEIRS, 2, asked.commitment, Points(subjects=tuple(raised)), (sighting(),))


def sighting() -> Sighting:
    return Sighting(OURS, 5, Band.NEAR, Window(NOW + HOUR, NOW + 2 * HOUR), False, True, CARD)


def contents() -> list[tuple[str, str, JSON, str]]:
    """(kind, sender, content, what it answers)."""
    silent = replace(sighting(), band=None, silent=True, card=Card("", "Watch desk", "+12025550100"))
    cancelled = replace(query(), revision=3, registered=False, points=Points(), plain=None)
    plan = replace(operation(), mode=Mode.TEST)
    met = TestConflict(NORTH, OURS, ConflictState.OPEN, Band.DIRECT, Window(NOW, NOW + HOUR), 1)
    state = TestState(plan.operation_id, 1, Status.REGISTERED, "conflict", True, (NORTH,), (), (met,))
    file = pairing_file()
    return [
        ("query", NORTH, query().content(), ""),
        ("reply", SOUTH, reply().content(), "message-1"),
        ("query", NORTH, cancelled.content(), ""),
        ("match", NORTH, Tidings(OURS, 5, silent).content(), ""),
        ("taken", SOUTH, {}, "message-4"),
        ("withdrawal", NORTH, Withdrawal(OURS, 5, THEIRS, 3).content(), ""),
        ("acknowledgement", NORTH, Acknowledgement(OURS, THEIRS, "resolved", NOW, "delay").content(), ""),
        ("health", NORTH, {}, ""),
        ("health-answer", SOUTH, {"now": NOW + 1}, "message-8"),
        ("capabilities", NORTH, {}, ""),
        (
            "capabilities-answer",
            SOUTH,
            Capabilities((1, 2), ("p1",), tuple(Mode), False, MOST_BYTES, LIFE_US, NOW).content(),
            "message-10",
        ),
        ("keys", NORTH, key_news(signer("next"), NORTH), ""),
        ("keys-answer", SOUTH, {}, "message-12"),
        ("error", SOUTH, Trouble("clock", NOW, (1, 2)).content(), "message-13"),
        ("test-operations", NORTH, TestOrder(Action.REGISTER, THEIRS, plan, Disclosure.SILENT, CARD).content(), ""),
        ("test-operations-answer", SOUTH, state.content(), "message-15"),
        ("pairing", NORTH, {"file": file}, ""),
        ("pairing-answer", SOUTH, {"taken": True}, "message-17"),
        ("publication", NORTH, LESSON, ""),
        ("publication-answer", SOUTH, {"taken": True}, "message-19"),
        ("publication", NORTH, {**LESSON, "revision": 2, "said": None}, ""),
    ]


def messages() -> list[dict[str, Any]]:
    made = []
    for number, (kind, sender, content, answered) in enumerate(contents(), 1):
        to = SOUTH if sender == NORTH else NORTH
        message = Message(kind, f"message-{number}", sender, to, NOW, 4_611_686_018_427_387_904, 17, content, answered)
        token = seal(message, signer(sender))
        made.append({"kind": kind, "payload": forging.payload_of(token), "token": token.decode()})
    return made


def refused() -> list[dict[str, str]]:
    """Tokens of North that South must not take at NOW, with what it answers."""
    key, whole = signer(NORTH), seal(Message("health", "fresh", NORTH, SOUTH, NOW, 1, 1, {}), signer(NORTH))
    payload = forging.payload_of(whole)
    head, body, signature = whole.split(b".")
    edits: list[tuple[str, str, bytes]] = [
        ("signed by another key", "unsigned", forging.signed(payload, signer("stranger"))),
        ("alg none", "unsigned", forging.signed(payload, key, alg="none")),
        ("another key named", "unsigned", forging.signed(payload, key, kid=signer(SOUTH).fingerprint)),
        ("no signature", "unsigned", head + b"." + body + b"."),
        ("another payload under the signature", "unsigned", forging.altered(whole, lambda said: said.update(epoch=2))),
        ("base64url with padding", "unsigned", whole + b"="),
        ("a bit that is not used", "unsigned", whole[:-1] + bytes([whole[-1] + 1])),
        ("a member more", "unsigned", forging.signed({**payload, "urgent": 1}, key)),
        ("a member twice", "unsigned", forging.signed(_canonical(payload).replace(b"{", b'{"kind":"x",', 1), key)),
        ("half a character", "unsigned", forging.signed(_canonical(payload).replace(b"fresh", b"\\ud800"), key)),
        (
            "a number that is none",
            "unsigned",
            forging.signed(_canonical(payload).replace(b'"sequence":1', b'"sequence":1.0'), key),
        ),
        ("of somebody unknown", "unsigned", forging.signed({**payload, "from": OURS}, key)),
        ("for somebody else", "malformed", forging.signed({**payload, "to": OURS}, key)),
        ("of tomorrow", "clock", forging.signed({**payload, "issued_at": NOW + 24 * HOUR}, key)),
        ("expired", "clock", forging.signed({**payload, "issued_at": NOW - HOUR, "expires_at": NOW - MINUTE}, key)),
        ("of a newer version", "version", forging.signed({**payload, "version": 3}, key)),
        ("of an unknown kind", "unknown_kind", forging.signed({**payload, "kind": "gossip"}, key)),
        ("a blind query of version 1", "malformed", forging.signed(_blind({**payload, "version": 1}), key)),
        ("a content that is not whole", "malformed", forging.signed({**payload, "kind": "query"}, key)),
    ]
    assert signature
    return [{"name": name, "answer": answer, "token": token.decode()} for name, answer, token in edits]


def _blind(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "kind": "query", "content": replace(query(), plain=None).content()}


def _canonical(payload: dict[str, Any]) -> bytes:
    return from_base64url(forging.signed(payload, signer(NORTH)).split(b".")[1])


def pairing_file() -> str:
    said = Pairing(
        node_id=NORTH,
        name="Elm County",
        address="https://vigil.elm.example",
        key=signer(NORTH).public_key,
        desk_name="Watch desk",
        desk_phone="+12025550100",
        desk_hours="always",
        served=(("VA0290000", "VA"),),
        area=((-77.5, 38.6, -77.0, 39.1),),
        versions=(1, 2),
        predicates=("p1",),
        made_at=NOW,
    )
    return pairing.write_file(said, signer(NORTH)).decode()


def vectors() -> str:
    keys = {
        name: {"seed": seed.hex(), "key": signer(name).public_key.hex(), "fingerprint": signer(name).fingerprint}
        for name, seed in SEEDS.items()
    }
    whole = {
        "about": "Signed messages between the nodes North and South; see docs/protocol/federation.md.",
        "north": NORTH,
        "south": SOUTH,
        "now": NOW,
        "keys": keys,
        "messages": messages(),
        "refused": refused(),
        "pairing_file": pairing_file(),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(vectors(), encoding="utf-8")
