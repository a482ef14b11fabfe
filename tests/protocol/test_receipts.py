"""Receipts: what they say, and that verification tells a changed byte, a missing link and a foreign key apart."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.trace import NORTH, START
from vigil.engine.operation import Operation, Point, Site
from vigil.protocol.memory import MemoryStore
from vigil.protocol.node import Node
from vigil.protocol.receipts import Finding, verify_chain, verify_receipt
from vigil.protocol.signing import Signer
from vigil.protocol.store import Partner, Revision, StoredReceipt

HOUR = 3_600_000_000
SIGNER = Signer.from_seed(b"N" * 32)
FOREIGN = Signer.from_seed(b"F" * 32)


def a_chain(count: int, signer: Signer = SIGNER) -> list[StoredReceipt]:
    store = MemoryStore(NORTH)
    node = Node(store, signer)
    for number in range(count):
        site = Site(Point(10.0 * number, 50.0), 300.0, START + HOUR, START + 2 * HOUR, uncertainty_m=400.0)
        operation = Operation(f"op-{number}", (site,), frozenset({f"plate:VA/XYZ12{number}"}))
        node.register(Revision(operation, 1, "agency", reference=f"N-26-{number:06}"), START)
        node.search(f"op-{number}", START)
    return list(store.rows.receipts.values())


CHAIN = a_chain(4)


def test_a_whole_chain_is_sound() -> None:
    report = verify_chain(CHAIN, SIGNER.public_key)
    assert (report.finding, report.number, report.checked) == (Finding.SOUND, None, 4)


@given(st.integers(0, 3), st.data())
def test_any_changed_byte_is_found(position: int, data: st.DataObject) -> None:
    receipt = CHAIN[position]
    at = data.draw(st.integers(0, len(receipt.body) - 1))
    body = bytearray(receipt.body)
    body[at] ^= data.draw(st.integers(1, 255))
    broken = [*CHAIN[:position], replace(receipt, body=bytes(body)), *CHAIN[position + 1 :]]
    report = verify_chain(broken, SIGNER.public_key)
    assert report.finding in (Finding.CHANGED, Finding.FOREIGN_KEY)  # a changed name of the key is a foreign key
    assert report.number == receipt.number


@pytest.mark.parametrize("field", ["number", "digest", "previous", "operation_id", "revision"])
def test_a_row_that_contradicts_its_signed_body_is_found(field: str) -> None:
    value: Any = 9 if field in ("number", "revision") else "other"
    broken = [CHAIN[0], replace(CHAIN[1], **{field: value}), *CHAIN[2:]]
    assert verify_chain(broken, SIGNER.public_key).finding is Finding.CHANGED


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_missing_link_is_found(gone: int) -> None:
    report = verify_chain([receipt for receipt in CHAIN if receipt is not CHAIN[gone]], SIGNER.public_key)
    assert (report.finding, report.number) == (Finding.MISSING_LINK, CHAIN[gone + 1].number)


def test_an_exchanged_order_is_a_missing_link() -> None:
    swapped = [CHAIN[0], CHAIN[2], CHAIN[1], CHAIN[3]]
    assert verify_chain(swapped, SIGNER.public_key).finding is Finding.MISSING_LINK


def test_a_foreign_key_is_told_from_a_changed_byte() -> None:
    foreign = a_chain(1, FOREIGN)[0]
    assert verify_receipt(foreign.body, foreign.signature, SIGNER.public_key) is Finding.FOREIGN_KEY
    assert verify_receipt(CHAIN[0].body, foreign.signature, SIGNER.public_key) is Finding.CHANGED


def test_the_chain_stays_verifiable_when_bodies_are_purged() -> None:
    purged = [replace(receipt, body=b"", signature=b"") for receipt in CHAIN[:2]] + CHAIN[2:]
    assert verify_chain(purged, SIGNER.public_key).finding is Finding.SOUND
    assert verify_chain([purged[0], *CHAIN[2:]], SIGNER.public_key).finding is Finding.MISSING_LINK


def test_a_part_of_the_chain_is_verified_from_a_trusted_receipt() -> None:
    assert verify_chain(CHAIN[2:], SIGNER.public_key, after=CHAIN[1]).finding is Finding.SOUND
    assert verify_chain(CHAIN[3:], SIGNER.public_key, after=CHAIN[1]).finding is Finding.MISSING_LINK


def test_a_receipt_says_who_was_asked_and_nothing_of_place_or_subject() -> None:
    body = CHAIN[0].body
    said = json.loads(body)
    assert said["determination"] == "no_known_conflict"
    assert "asked: this node only" in said["notes"]
    assert "neighbouring agencies unknown" in said["notes"]
    assert any("widened by 400 m" in note for note in said["notes"])
    assert "does not prove" in said["does_not_prove"]
    for secret in (b"50.0", b"XYZ12", b"POINT", b"clear"):
        assert secret not in body


def test_a_new_determination_names_the_receipt_it_supersedes_and_an_unchanged_one_issues_none() -> None:
    store = MemoryStore(NORTH, not_covered=["Elm County Sheriff"])
    node = Node(store, SIGNER)
    operation = Operation("a", (Site(Point(1.0, 2.0), 300.0, START, START + HOUR),))
    node.register(Revision(operation, 1, "agency"), START)
    first = node.search("a", START)
    assert node.search("a", START + 1) == first
    node.change_roster([Partner("south", "South", "+12025550100")], START + 2)
    second = node.verdict("a")
    assert first.receipt == 1
    assert second is not None
    assert (second.determination, second.not_answered, second.receipt) == ("incomplete", ("south",), 2)
    said = json.loads(store.rows.receipts[2].body)
    assert said["supersedes"] == 1
    assert said["roster"] == 1
    assert said["coverage"] == [
        {"name": "South", "coverage": "not answered", "answered_at": None, "desk_phone": "+12025550100"},
        {"name": "Elm County Sheriff", "coverage": "not covered", "answered_at": None, "desk_phone": ""},
    ]
    assert said["notes"] == []
    node.change_roster([], START + 3)
    third = json.loads(store.rows.receipts[3].body)
    assert (third["determination"], third["supersedes"]) == ("no_known_conflict", 2)
    assert third["coverage"][0] == {"name": "South", "coverage": "not covered", "answered_at": None, "desk_phone": ""}
