"""Receipts in people's hands: the sheet, the file, and the page on which anybody checks one."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.apps.deconfliction.test_actions import register

from vigil.apps.deconfliction.models import Receipt
from vigil.apps.deconfliction.receipts import chain
from vigil.apps.deconfliction.receipts.paper import receipt_pdf
from vigil.cli import receipt as command
from vigil.cli.main import main
from vigil.platform import keys
from vigil.protocol.receipt_files import code_of, read, write_file
from vigil.protocol.store import StoredReceipt

pytestmark = pytest.mark.django_db

CHECK = "/receipts/check/"


@pytest.fixture
def receipt(people: Any, now: datetime) -> StoredReceipt:
    operation = register(people, "alice", now)
    return chain.between(Receipt.objects.filter(operation=operation).latest("number").number)[0]


def sent(client: Client, content: bytes) -> tuple[int, str]:
    answer = client.post(CHECK, {"file": SimpleUploadedFile("receipt.json", content)})
    return answer.status_code, re.sub(r"\s+", " ", answer.content.decode())


def test_the_sheet_is_one_page_and_the_file_verifies(receipt: StoredReceipt, login: Any) -> None:
    alice = login("alice")
    paper = alice.get(f"/receipts/{receipt.number}/pdf/")
    assert paper["Content-Type"] == "application/pdf"
    assert len(re.findall(rb"/Type\s*/Page\b", paper.content)) == 1
    assert b"C26-000123" not in paper.content
    assert read(alice.get(f"/receipts/{receipt.number}/file/").content) == [receipt]


def test_anybody_checks_a_receipt_without_a_login(client: Client, receipt: StoredReceipt) -> None:
    status, page = sent(client, write_file([receipt]))
    assert (status, "This receipt is sound" in page) == (200, True)
    pasted = client.post(CHECK, {"code": code_of(receipt)}).content.decode()
    assert "This receipt is sound" in pasted


def test_the_page_tells_changed_missing_and_foreign_apart(
    client: Client, people: Any, receipt: StoredReceipt, now: datetime
) -> None:
    register(people, "alice", now)
    run = chain.between(receipt.number)
    assert "byte was changed" in sent(client, write_file(run).replace(b'"revision": 1', b'"revision": 2', 1))[1]
    third = register(people, "alice", now)
    run = chain.between(receipt.number)
    assert third.revision == 1
    assert "is missing" in sent(client, write_file([run[0], run[-1]]))[1]
    foreign = client.post(CHECK, {"code": code_of(receipt), "key": "ab" * 32}).content.decode()
    assert "another key" in foreign


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"VIGIL1:AAAA", b"x" * 4_100_000])
def test_what_is_no_receipt_is_refused_at_its_field(client: Client, content: bytes) -> None:
    status, page = sent(client, content)
    assert (status, 'href="#file"' in page) == (422, True)


def test_a_sheet_too_long_for_a_code_says_so_and_stays_one_page(receipt: StoredReceipt) -> None:
    said = json.loads(receipt.body)
    line = {"coverage": "not answered", "answered_at": None, "desk_phone": "+14105550142"}
    said["coverage"] = [line | {"name": f"Node {token_hex(8)}"} for _ in range(20)]
    said["coverage"] += [
        {"name": token_hex(13), "coverage": "not covered", "answered_at": None, "desk_phone": ""} for _ in range(60)
    ]
    paper = receipt_pdf(replace(receipt, body=json.dumps(said).encode()), "Bay Gateway", "America/New_York")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1


def test_the_key_and_a_run_come_out_at_the_console(receipt: StoredReceipt, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "run.json"
    assert command._export(Namespace(first=1, last=None, out=out)) == 0
    assert main(["receipt", "verify", str(out), "--key", keys.public_key().hex()]) == 0
    assert "Sound: 1 receipt" in capsys.readouterr().out
