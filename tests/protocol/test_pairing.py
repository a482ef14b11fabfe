"""Pairing files: read back as they were made, as a file and as a code; whatever was changed is refused in words."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace

import pytest

from vigil.protocol.pairing import (
    CODE_PREFIX,
    Pairing,
    Unpaired,
    check_address,
    groups,
    is_heard,
    read,
    write_code,
    write_file,
)
from vigil.protocol.signing import Signer

SIGNER = Signer.from_seed(b"E" * 32)
ELM = Pairing(
    node_id="0193a000-0000-7000-8000-000000000001",
    name="Elm Region",
    address="https://vigil.elm.example",
    key=SIGNER.public_key,
    desk_name="Elm desk",
    desk_phone="+14105550177",
    desk_hours="around the clock",
    served=(("MD0000300", "MD"),),
    area=((-77.6, 37.8, -74.9, 39.8),),
    versions=(1, 2),
    predicates=("p1",),
    made_at=1_700_000_000_000_000,
)


def test_a_pairing_is_read_back_from_its_file_and_from_its_code() -> None:
    assert read(write_file(ELM, SIGNER)) == ELM
    code = write_code(ELM, SIGNER)
    assert read(code.lower().encode()) == ELM
    assert read("\n".join(re.findall(".{1,60}", code)).encode()) == ELM, "as somebody pastes it from a scanner"
    with pytest.raises(ValueError, match="signed by the key"):
        write_file(ELM, Signer.from_seed(b"F" * 32))


def test_no_changed_byte_passes() -> None:
    said = json.loads(write_file(ELM, SIGNER))
    body = base64.b64decode(said["body"])
    for changed in (
        body.replace(b"elm.example", b"oak.example"),
        body.replace(SIGNER.public_key.hex().encode(), Signer.from_seed(b"F" * 32).public_key.hex().encode()),
    ):
        assert changed != body
        with pytest.raises(Unpaired, match="was changed after it was made"):
            read(json.dumps(said | {"body": base64.b64encode(changed).decode()}).encode())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no pairing file"),
        (b"operation_id,agency_ori\n", "no pairing file"),
        (b'{"kind": "vigil receipts", "version": 1}', "no pairing file"),
        (b'{"kind": "vigil pairing", "version": 9}', "another version"),
        (b'{"kind": "vigil pairing", "version": 1, "body": 7}', "not whole"),
        (b" " * 500_001, "larger than 500 kB"),
        (CODE_PREFIX.encode() + b"ABCD", "cut off"),
        (CODE_PREFIX.encode() + base64.b32encode(zlib.compress(b"x" * 600_000)), "cut off"),
    ],
)
def test_what_is_no_pairing_file_is_refused_in_words(content: bytes, told: str) -> None:
    with pytest.raises(Unpaired, match=told):
        read(content)


@pytest.mark.parametrize(
    "wrong",
    [
        {"node_id": "elm"},
        {"name": ""},
        {"name": "Elm\u202eRegion"},
        {"desk_phone": "4" * 33},
        {"served": (("MD03", "MD"),)},
        {"area": ((-77.6, 39.8, -74.9, 37.8),)},
        {"versions": (True,)},
    ],
)
def test_a_wrong_field_is_refused_though_it_was_signed(wrong: dict[str, object]) -> None:
    with pytest.raises(Unpaired, match="missing or wrong"):
        read(write_file(replace(ELM, **wrong), SIGNER))  # type: ignore[arg-type]


def test_an_address_is_https_or_this_machine() -> None:
    for fine in ("https://vigil.elm.example", "https://10.0.0.7:8443/vigil", "http://127.0.0.1:8765", "http://[::1]:1"):
        assert check_address(fine) == fine
    assert check_address("http://node-b:8765", plain=True)
    for wrong in (
        "http://vigil.elm.example",
        "ftp://elm",
        "https://",
        "https://a@elm",
        "https://elm/?x",
        "https://elm/",
        "https://elm:port",
        "elm.example",
        "https://elm\n",
        7,
    ):
        with pytest.raises(Unpaired, match="address"):
            check_address(wrong)


def test_what_was_heard_is_the_fingerprint_or_not() -> None:
    mark = ELM.fingerprint
    spoken = " ".join(groups(mark))
    assert len(groups(mark)) == 8
    for typed in (spoken, spoken.upper(), spoken.replace(" ", "-"), mark, f"  {spoken}\n"):
        assert is_heard(typed, mark)
    for typed in ("", spoken[:-1], groups(mark)[0], spoken.replace(spoken[0], "g", 1), mark[::-1]):
        assert not is_heard(typed, mark)
