"""What is sealed opens for its readers alone; receipts and tickets are read as people type and wait."""

from __future__ import annotations

import hashlib

import pytest

from vigil.door import receipts, sealing, tickets

ABOUT = b"vigil.door/letter/1/2/report"


def test_each_reader_opens_it_and_nobody_else() -> None:
    pairs = {number: sealing.draw_pair() for number in (0, 1, 2)}
    sealed = sealing.seal("dog came through the side door", {n: public for n, (_, public) in pairs.items()}, ABOUT)
    for number, (private, _) in pairs.items():
        opened = sealing.open_sealed(sealed.content, sealed.keys[number], private, ABOUT)
        assert opened == "dog came through the side door"
    stranger, _ = sealing.draw_pair()
    for private, handed, about in (
        (stranger, sealed.keys[1], ABOUT),
        (pairs[1][0], sealed.keys[2], ABOUT),
        (pairs[1][0], sealed.keys[1], b"another letter"),
        (pairs[1][0], sealed.keys[1][:-1] + b"\0", ABOUT),
    ):
        with pytest.raises(sealing.Unreadable):
            sealing.open_sealed(sealed.content, handed, private, about)


def test_the_length_of_a_short_text_is_not_seen() -> None:
    _, public = sealing.draw_pair()
    lengths = {len(sealing.seal(text, {1: public}, ABOUT).content) for text in ("", "x", "é" * 1000)}
    assert len(lengths) == 1


def test_a_key_under_a_passphrase_opens_with_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "WRAP_MEMORY", 64)
    private, _ = sealing.draw_pair()
    wrapped = sealing.wrap(private, "five quiet herons")
    assert private not in wrapped
    assert sealing.unwrap(wrapped, "five quiet herons") == private
    with pytest.raises(sealing.Unreadable):
        sealing.unwrap(wrapped, "five quiet heron")


def test_a_receipt_is_read_as_people_write_it() -> None:
    receipt = receipts.written(0x0123456789ABCDEF0123)
    assert len(receipt) == 16
    assert receipts.read(receipts.grouped(receipt).lower()) == receipt
    assert receipts.read("oO00-iIlL-1111-2222") == "0000111111112222"
    assert receipts.written(2**80 - 1) == "Z" * 16
    for wrong in ("", "0000", "0000 0000 0000 000U", "00000000000000000"):
        assert receipts.read(wrong) is None


def test_the_two_salts_give_two_values_and_neither_is_the_receipt() -> None:
    receipt = receipts.written(12345)
    one, other = receipts.slow(receipt, b"n" * 16), receipts.slow(receipt, b"k" * 16)
    assert one != other
    assert receipt.encode() not in one + other
    assert receipts.MEMORY_KIB >= 8_192


def test_a_ticket_ripens_slower_when_many_come_and_is_good_for_one_report(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(tickets.time, "monotonic", lambda: now[0])
    door = tickets.Tickets()
    ticket, other = door.draw(), door.draw()
    assert door.wait(ticket) == tickets.RIPE_SECONDS
    now[0] += tickets.RIPE_SECONDS
    assert door.wait(ticket) == 0
    for _ in range(3 * tickets.CROWD):
        door.used()
    assert door.wait(ticket) == 3
    assert door.wait(ticket, is_proven=True) == 0
    now[0] += 61
    assert door.ripens() == tickets.RIPE_SECONDS
    assert door.number(ticket) == door.number(ticket) != door.number(other)
    for forged in ("", "a.b", ticket[:-1] + ("0" if ticket[-1] != "0" else "1"), "é.1.2"):
        assert door.wait(forged) is None
    assert tickets.Tickets().wait(ticket) is None
    now[0] += tickets.LIFE_SECONDS
    assert door.wait(ticket) is None


def test_a_proof_of_work_is_of_its_ticket_and_costs_more_in_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "LEAST_BITS", 8)
    monkeypatch.setattr(tickets, "CROWD", 1)
    door = tickets.Tickets()
    ticket, other = door.draw(), door.draw()
    proof = next(str(number) for number in range(100_000) if door.is_proven(ticket, str(number)))
    assert hashlib.sha256(f"{ticket}:{proof}".encode()).digest()[0] == 0
    assert sum(door.is_proven(ticket, str(number)) for number in range(5120)) in range(1, 60)
    assert not door.is_proven(other, proof)
    assert not any(door.is_proven(ticket, bad) for bad in ("", "é", proof + "0" * 17))
    for _ in range(4):
        door.used()
    assert door.bits() == 9
