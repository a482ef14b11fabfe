"""Every door that takes a file: what it is no reader of is refused in words, and nothing of it lies anywhere in clear.

No door takes pictures, and no file that was sent is given back.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conftest import make_user

from vigil.engine.formats import tabular
from vigil.engine.formats.tabular import UnusableInput, open_sheet
from vigil.web import uploads

SOURCE = Path(__file__).parents[2] / "src" / "vigil"

DOORS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "apps/deconfliction/imports/import_views.py": ("/import/", "file", "bob", {}),
    "apps/deconfliction/study/study_views.py": ("/study/", "file", "bob", {"source": "file", "radii": "500"}),
    "apps/deconfliction/views.py": ("/operations/register/", "shapes_file", "alice", {"do": "read_file"}),
    "apps/deconfliction/receipts/receipt_views.py": ("/receipts/check/", "file", "alice", {}),
    "apps/deconfliction/field_tools/tak_views.py": ("/agency/tak/", "client_file", "ada", {"host": "tak.example"}),
    "apps/deconfliction/federation/partner_views.py": ("/partners/", "file", "erin", {"purpose": "live"}),
    "platform/accounts/life_views.py": ("/accounts/invite/", "file", "ada", {}),
    "apps/near_miss/foreign/import_views.py": ("/near-miss/foreign/import/", "file", "erin", {"source": "asrs"}),
    "apps/whom_to_call/views.py": ("/whom-to-call/import/", "file", "erin", {}),
}
"""The module that reads `request.FILES`: address, field, who may, and what else is sent."""
FIELDS = {field for _, field, _, _ in DOORS.values()} | {"authority_file"}

WAITS = {("/import/", True), ("/study/", True)}
"""What is text may be a table: it waits, encrypted, and is refused when it is read to its end."""

CANARY = b"kanary-in-a-file"
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0eXIf" + CANARY
ODD = {
    "picture.csv": PICTURE,
    "../../../../etc/page.csv": b"<html><script>alert('" + CANARY + b"')</script></html>",
    "program.xlsx": b"\x7fELF\x02\x01\x01" + CANARY + bytes(64),
    "nothing.csv": b"",
}


def packed(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_every_door_that_takes_a_file_is_in_the_table() -> None:
    texts = {
        str(file.relative_to(SOURCE)): file.read_text(encoding="utf-8")
        for kind in ("py", "html")
        for file in SOURCE.rglob(f"*.{kind}")
    }
    readers = {name for name, text in texts.items() if re.search(r"\brequest\.FILES\b|\bFile\(", text)}
    assert readers == DOORS.keys()
    inputs = [tag for text in texts.values() for tag in re.findall(r"<input[^>]*type=\"file\"[^>]*>", text)]
    assert {found[1] for tag in inputs if (found := re.search(r' name="([a-z_]+)"', tag))} == FIELDS
    assert len(inputs) == len(DOORS) + 1, "the TAK server's page has two"


@pytest.mark.slow
@pytest.mark.django_db
def test_what_no_door_reads_is_refused_in_words_and_lies_nowhere(
    login: Callable[[str], Any], people: Any, settings: Any, tmp_path: Path, now: Any
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    people.users["ada"] = make_user("ada", "Ada Amos", people.port_calvert, "agency_admin")
    sent = ODD | {"folder.xlsx": packed(readme=CANARY)}
    for address, field, who, more in DOORS.values():
        client = login(who)
        for name, content in sent.items():
            answer = client.post(address, more | {field: SimpleUploadedFile(name, content, "text/csv")})
            page = client.get(answer["Location"]) if answer.status_code == 302 else answer
            assert page.status_code in (200, 422), (address, name, page.status_code)
            assert b"<script>alert" not in page.content
            if answer.status_code == 302:
                assert (address, b"script" in content) in WAITS, (address, name)
    kept = [file for folder in (tmp_path, settings.VIGIL_DATA_DIR) for file in folder.rglob("*") if file.is_file()]
    assert all(re.fullmatch(r"[0-9a-f-]{36}\.upload", file.name) for file in kept), "no name from the client"
    assert all(CANARY not in file.read_bytes() for file in kept)


@pytest.mark.slow
@pytest.mark.django_db
def test_more_than_the_limit_is_refused_before_it_is_taken(
    login: Callable[[str], Any], people: Any, settings: Any, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    people.users["ada"] = make_user("ada", "Ada Amos", people.port_calvert, "agency_admin")
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000
    for address, field, who, more in DOORS.values():
        answer = login(who).post(address, more | {field: SimpleUploadedFile("large.csv", b"x" * 1_001)})
        assert answer.status_code == 413, address
        assert "larger than this node takes" in answer.content.decode()
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert login("bob").post("/import/", {"file": SimpleUploadedFile("l.csv", b"x" * 3_000)}).status_code == 413
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_who_is_not_logged_in_brings_no_large_file(client: Any, people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "STRANGERS_BYTES", 1_000)
    for address in ("/receipts/check/", "/login/"):
        assert client.post(address, {"file": SimpleUploadedFile("l.csv", b"x" * 1_001)}).status_code == 413, address
        assert client.post(address, {"file": SimpleUploadedFile("l.csv", b"x" * 999)}).status_code != 413, address


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "LARGEST_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(UnusableInput, match="unpacks to more than 1 MB"):
        open_sheet(io.BytesIO(packed(bomb=bytes(1_000_001))))
