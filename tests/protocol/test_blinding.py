"""Blinded points commute, refuse what is no point, and are what an independent slow arithmetic says they are."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
from pathlib import Path

import pytest

from vigil.protocol.blinding import ORDER, PartnerBlinder

VECTORS = Path(__file__).parents[2] / "docs" / "protocol" / "vectors" / "blind" / "blinding.json"
CHECKS = 2_000


# --- P-256 by schoolbook arithmetic (SEC 2, section 2.4.2): nothing of the product's --------------------------------

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
SlowPoint = tuple[int, int] | None


def slow_lift(x: int) -> SlowPoint:
    if x >= P:
        return None
    square = (x**3 - 3 * x + B) % P
    root = pow(square, (P + 1) // 4, P)
    return (x, root) if root * root % P == square else None


def slow_add(one: SlowPoint, two: SlowPoint) -> SlowPoint:
    if one is None or two is None:
        return two if one is None else one
    if one[0] == two[0] and (one[1] + two[1]) % P == 0:
        return None
    if one == two:
        slope = (3 * one[0] ** 2 - 3) * pow(2 * one[1], -1, P)
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P)
    x = (slope**2 - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def slow_power(point: SlowPoint, exponent: int) -> str:
    total: SlowPoint = None
    while exponent:
        if exponent & 1:
            total = slow_add(total, point)
        point, exponent = slow_add(point, point), exponent >> 1
    assert total is not None
    return format(total[0], "064x")


def slow_hash(value: str) -> SlowPoint:
    for counter in range(256):
        data = b"vigil blind p256 1" + bytes([counter]) + value.encode()
        if point := slow_lift(int.from_bytes(hashlib.sha256(data).digest())):
            return point
    raise AssertionError(value)


def slow_exponent(secret: bytes, own: str, partner: str, generation: int) -> int:
    """HKDF (RFC 5869) with SHA-256 and no salt, 48 bytes."""
    key = hmac.digest(bytes(32), secret, "sha256")
    info = b"vigil blind exponent 1\0" + f"{own}\0{partner}\0{generation}".encode()
    first = hmac.digest(key, info + b"\1", "sha256")
    second = hmac.digest(key, first + info + b"\2", "sha256")
    return int.from_bytes((first + second)[:48]) % (ORDER - 1) + 1


def made_vectors() -> dict[str, object]:
    """What `blinding.json` holds, by the slow arithmetic alone."""
    a, b = (
        {"node": "node-a", "secret": bytes(range(32)).hex()},
        {"node": "node-b", "secret": bytes(range(32, 64)).hex()},
    )
    exponent_a = slow_exponent(bytes.fromhex(a["secret"]), "node-a", "node-b", 1)
    exponent_b = slow_exponent(bytes.fromhex(b["secret"]), "node-b", "node-a", 1)
    values = ["", "a", "phone:+12025550143", "person:SMITH,JOHN,1980-01-31", "handle:Straße/名", "x" * 1000]
    cases = []
    for value in values:
        point = slow_hash(value)
        assert point is not None
        blinded_a, blinded_b = slow_power(point, exponent_a), slow_power(point, exponent_b)
        joint = slow_power(point, exponent_a * exponent_b % ORDER)
        cases.append(
            {
                "value": value,
                "hashed": format(point[0], "064x"),
                "blinded_by_a": blinded_a,
                "blinded_by_b": blinded_b,
                "joint": joint,
            }
        )
    off_curve = next(x for x in range(1, 100) if slow_lift(x) is None)
    return {
        "topic": "blinding",
        "about": "Points of P-256 that two nodes compare values by; see docs/protocol/blind.md.",
        "generation": 1,
        "a": {**a, "exponent": format(exponent_a, "064x")},
        "b": {**b, "exponent": format(exponent_b, "064x")},
        "cases": cases,
        "refused": {
            "not on the curve": format(off_curve, "064x"),
            "not below the field's prime": format(P, "064x"),
            "too large a writing of a point": format(P + 5, "064x"),
            "too short": "0" * 62,
            "upper case": cases[0]["joint"].upper(),
            "infinity": "00",
            "empty": "",
        },
    }


# --------------------------------------------------------------------------------------------------------------------

A = PartnerBlinder(bytes(range(32)), "node-a")
OTHER = PartnerBlinder(bytes(range(32, 64)), "node-b")


def test_the_vectors_are_what_the_slow_arithmetic_says() -> None:
    made = json.dumps(made_vectors(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("VIGIL_WRITE_VECTORS"):
        VECTORS.write_text(made, encoding="utf-8")
    assert VECTORS.read_text(encoding="utf-8") == made


def test_the_product_gives_the_vectors() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    values = [case["value"] for case in vectors["cases"]]
    assert format(A.exponent("node-b"), "064x") == vectors["a"]["exponent"]
    assert A.blind("node-b", values) == [case["blinded_by_a"] for case in vectors["cases"]]
    assert OTHER.blind("node-a", values) == [case["blinded_by_b"] for case in vectors["cases"]]
    assert OTHER.raised("node-a", A.blind("node-b", values)) == [case["joint"] for case in vectors["cases"]]


@pytest.mark.slow
def test_whichever_node_is_first_the_joint_token_is_the_same_and_values_never_share_one() -> None:
    rng = random.Random(7)
    values = [f"{rng.getrandbits(rng.randint(1, 300)):x}|{number}" for number in range(CHECKS)]
    by_a, by_b = A.blind("node-b", values), OTHER.blind("node-a", values)
    joint = OTHER.raised("node-a", by_a)
    assert joint == A.raised("node-b", by_b)
    assert len({*by_a, *by_b, *joint}) == 3 * CHECKS


def test_what_is_no_point_is_refused() -> None:
    refused = json.loads(VECTORS.read_text(encoding="utf-8"))["refused"]
    point = A.blind("node-b", ["x"])[0]
    for why, text in refused.items():
        with pytest.raises(ValueError, match="point"):
            pytest.fail(f"{why} was taken: {A.raised('node-b', [point, text])}")


def test_another_partner_generation_or_secret_gives_other_points() -> None:
    points = {
        A.blind("node-b", ["x"])[0],
        A.blind("node-c", ["x"])[0],
        PartnerBlinder(A.secret, "node-d").blind("node-b", ["x"])[0],
        PartnerBlinder(A.secret, "node-a", generation=2).blind("node-b", ["x"])[0],
        PartnerBlinder(OTHER.secret, "node-a").blind("node-b", ["x"])[0],
    }
    assert len(points) == 5


def test_a_secret_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PartnerBlinder(bytes(31), "node-a")
