"""Receipts as files and codes: read back whole, and each change, gap and foreign key told apart, by the command too."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.test_receipts import CHAIN, FOREIGN, SIGNER, a_chain
from vigil.cli.main import main
from vigil.protocol.receipt_files import Unreadable, code_of, read, read_key, verify_run, write_file
from vigil.protocol.receipts import Finding

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def codes(*receipts: int) -> bytes:
    return "\n".join(code_of(CHAIN[number]) for number in receipts).encode()


def test_a_file_and_a_code_read_back_what_was_written() -> None:
    assert read(write_file(CHAIN)) == CHAIN
    (one,) = read(codes(2).lower() + b"\r\n")
    assert (one.body, one.signature, one.number) == (CHAIN[2].body, CHAIN[2].signature, CHAIN[2].number)


@pytest.mark.parametrize("whole", [write_file(CHAIN), codes(0, 1, 2, 3), write_file(CHAIN[2:]), codes(3)])
def test_one_and_a_run_are_sound_wherever_the_run_begins(whole: bytes) -> None:
    assert verify_run(read(whole), SIGNER.public_key).finding is Finding.SOUND


def test_a_gap_and_a_foreign_key_are_told_apart() -> None:
    gap = verify_run(read(write_file([CHAIN[0], CHAIN[2]])), SIGNER.public_key)
    assert (gap.finding, gap.number) == (Finding.MISSING_LINK, CHAIN[2].number)
    assert verify_run(read(codes(2, 1)), SIGNER.public_key).finding is Finding.MISSING_LINK
    assert verify_run(read(codes(1)), FOREIGN.public_key).finding is Finding.FOREIGN_KEY
    theirs = a_chain(1, FOREIGN)
    assert verify_run(read(write_file(theirs)), SIGNER.public_key).finding is Finding.FOREIGN_KEY


@given(st.integers(0, 3), st.data())
def test_any_changed_byte_of_a_file_is_never_sound(position: int, data: st.DataObject) -> None:
    rows = json.loads(write_file(CHAIN))
    row = rows["receipts"][position]
    body = bytearray(base64.b64decode(row["body"]))
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    row["body"] = base64.b64encode(bytes(body)).decode()
    report = verify_run(read(json.dumps(rows).encode()), SIGNER.public_key)
    assert report.finding in (Finding.CHANGED, Finding.FOREIGN_KEY)
    assert report.number == CHAIN[position].number


@given(st.data())
def test_a_code_with_a_wrong_letter_is_unreadable_or_not_sound(data: st.DataObject) -> None:
    text = bytearray(codes(1))
    at = data.draw(st.integers(len("VIGIL1:"), len(text) - 1))
    text[at] = data.draw(st.sampled_from([letter for letter in LETTERS if letter != text[at]]))
    try:
        receipts = read(bytes(text))
    except Unreadable:
        return
    # The last letter of base32 may hold bits that stand for nothing: the bytes are then the same.
    same = receipts[0].body == CHAIN[1].body and receipts[0].signature == CHAIN[1].signature
    assert (verify_run(receipts, SIGNER.public_key).finding is Finding.SOUND) == same


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff\xfe", b"VIGIL1:", b"VIGIL1:AAAA", codes(1)[:-20], b'{"kind": "vigil receipts"}']
)
def test_what_is_no_receipt_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(Unreadable, match=r"\.$|VIGIL1:$"):
        read(data)


def test_a_key_is_read_from_hexadecimal_and_base64() -> None:
    key = SIGNER.public_key
    assert read_key(f" {key.hex()}\n") == read_key(base64.b64encode(key).decode()) == key
    with pytest.raises(Unreadable):
        read_key("abcd")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; from vigil.cli.main import main\n"
        "code = main(['receipt', *sys.argv[1:]])\n"
        "assert 'django' not in sys.modules\n"
        "sys.exit(code)"
    )
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def test_the_command_needs_no_server_and_says_what_is_sound(tmp_path: Path) -> None:
    file = tmp_path / "receipts.json"
    file.write_bytes(write_file(CHAIN))
    done = command("verify", str(file), "--key", SIGNER.public_key.hex())
    assert (done.returncode, "4 receipts in a row" in done.stdout, "does not prove" in done.stdout) == (0, True, True)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda rows: rows[1].update(body=base64.b64encode(CHAIN[1].body + b" ").decode()), 1, "byte"),
        (lambda rows: rows.pop(1), 1, "missing"),
        (lambda rows: rows[1].pop("signature"), 2, "not whole"),
    ],
)
def test_the_command_tells_what_is_wrong(
    change: object, code: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = json.loads(write_file(CHAIN))
    change(said["receipts"])  # type: ignore[operator]
    file, key = tmp_path / "receipts.json", tmp_path / "key.txt"
    file.write_text(json.dumps(said))
    key.write_text(SIGNER.public_key.hex())
    assert main(["receipt", "verify", str(file), "--key", str(key)]) == code
    out = capsys.readouterr()
    assert words in (out.out if code == 1 else out.err)


def test_the_command_tells_a_foreign_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "code.txt"
    file.write_bytes(codes(1))
    assert main(["receipt", "verify", str(file), "--key", FOREIGN.public_key.hex(), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["finding"] == "foreign_key"
