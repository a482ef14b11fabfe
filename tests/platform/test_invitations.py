"""Many people from a file: looked at first, each row added or refused with its place, nobody doubled."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conftest import make_user

from vigil.cli import account
from vigil.core.actor import system
from vigil.engine.formats.tabular import UnusableInput
from vigil.platform.accounts import invitations
from vigil.platform.accounts.models import User

pytestmark = [pytest.mark.db, pytest.mark.django_db]

FILE = """full_name,username,roles,ori,unit,phone,employment
Frank Field,frank,,,Harbor,410-555-0107,sworn
Gina Gold,gina,officer supervisor,MD0000100,,,
Alice Arden,alice,,,,,
Somebody Else,bob,,,,,
"Hugo ""H"" Hall",h,,,,,
Ivy Ives,ivy,chief,,,,
Jack Jones,jack,agency_admin agency_auditor,,,,
Kim Kane,kim,,MD0000200,,,
Lou Lane,lou,,,,12,
Max Moss,max,,,,,clerk
Frank Field,FRANK,,,,,
"""
REFUSED = [
    (5, "username"),
    (6, "username"),
    (7, "roles"),
    (8, "roles"),
    (9, "ori"),
    (10, "phone"),
    (11, "employment"),
    (12, "username"),
]


@pytest.fixture
def cast(people: Any, now: Any) -> Any:
    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    return people


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("people.csv", FILE.encode())


def test_a_file_is_looked_at_then_added_and_doubles_nobody(cast: Any, login: Any) -> None:
    client, before = login("ann"), User.objects.count()
    page = client.post("/accounts/invite/", {"do": "look", "file": upload()}).content.decode()
    assert "2 new, 1 there already, 8 refused" in page
    assert [(int(line), column) for line, column in re.findall(r"Line (\d+), (\w+)<", page)] == REFUSED
    assert User.objects.count() == before, "a look adds nobody"
    content = re.search(r'name="content" value="([^"]+)"', page)
    assert content
    sheet = client.post("/accounts/invite/", {"do": "sheet", "content": content[1]}).content.decode()
    passwords = re.findall(r"data-secret>([^<]+)<", sheet)
    frank, gina = User.objects.get(username="frank"), User.objects.get(username="gina")
    assert [frank.check_password(passwords[0]), gina.check_password(passwords[1])] == [True, True]
    assert (frank.employment, frank.must_change_password, frank.unit) == ("sworn", True, "Harbor")
    assert {one.role for one in gina.memberships.all()} == {"officer", "supervisor"}
    again = client.post("/accounts/invite/", {"do": "csv", "content": content[1]}).content.decode()
    assert "0 people added" in again
    assert User.objects.count() == before + 2
    assert User.objects.get(username="frank").password == frank.password


def test_the_passwords_come_as_csv_where_that_is_asked(cast: Any) -> None:
    invitation = invitations.read(cast.actor("ann"), io.BytesIO(FILE.encode()))
    added, bad = invitations.invite(cast.actor("ann"), invitation)
    lines = invitations.sheet_csv(added).decode().splitlines()
    assert lines[0] == "full_name,username,agency,first_password"
    assert lines[1].startswith("Frank Field,frank,Port Calvert PD,")
    assert len(bad) == 8


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"full_name,phone\nFrank,1\n", "No column username"),
        (b"full_name,username,rank\nFrank,frank,1\n", "There is no column rank here"),
        (b"full_name,username\n" + b"".join(b"A B,ab%d\n" % count for count in range(101)), "More than 100 rows"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(cast: Any, content: bytes, sentence: str) -> None:
    with pytest.raises(UnusableInput, match=sentence):
        invitations.read(cast.actor("ann"), io.BytesIO(content), invitations.MOST)


def test_the_command_looks_adds_and_prints_once(people: Any, now: Any, tmp_path: Any, capsys: Any) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Name,User name,ORI\nFrank Field,frank,MD0000200\nNo Agency,noa,\n", encoding="utf-8")
    assert account._invite(file, dry=True) == 3
    assert not User.objects.filter(username="frank").exists()
    assert account._invite(file, dry=False) == 3
    said = capsys.readouterr().out
    assert "line 3, ori" in said
    password = next(line for line in said.splitlines() if line.startswith("Frank Field,frank,")).rsplit(",", 1)[1]
    assert User.objects.get(username="frank").check_password(password)
    assert invitations.read(system("console"), file).new == []
