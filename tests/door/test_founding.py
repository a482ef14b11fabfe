"""What `vigil door` and `vigil serve` say of a drop that they cannot serve, and that looking for one makes none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vigil.apps.near_miss.models import Seat
from vigil.cli import serve
from vigil.core.errors import Unavailable
from vigil.door import founding

SAID = """
import argparse, sys
from pathlib import Path
from vigil.cli import door
door.open_door(argparse.Namespace(data=sys.argv[1]))
from django.db import connection
from vigil.core.errors import Unavailable
from vigil.door import founding

def look(case):
    try:
        founding.refuse_unready()
        print(case, "served", founding.is_older())
    except Unavailable as error:
        print(case, error.sentence, founding.is_older())
    connection.close()

def change(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)

look("none:")
assert not list(Path(sys.argv[1]).iterdir()), "looking leaves nothing behind"
founding.file().touch()
look("empty:")
founding.file().write_bytes(b"no database at all, but long enough to be read as one" * 100)
look("garbage:")
founding.file().unlink()
founding.ready()
look("without a name:")
founding.found("A door", None, None)
look("founded:")
change("INSERT INTO django_migrations (app, name, applied) VALUES ('door', '9999_later', '2026-11-24')")
look("newer:")
change("DELETE FROM django_migrations WHERE name <> '0001_start'")
founding._migrations = lambda before=founding._migrations: (before()[0] | {"0002_next"}, before()[1])
look("older:")
"""


def test_each_state_of_the_file_is_told_and_none_is_made_by_looking(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VIGIL_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-c", SAID, str(tmp_path)], env=env, check=True, capture_output=True, text=True
    )
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    file = tmp_path / "door.sqlite3"
    assert said == {
        "none": f"There is no door in {tmp_path} yet. Run `vigil door setup --name …`. False",
        "empty": f"{file} holds no door: its set-up never ended. Run `vigil door setup --name …`. False",
        "garbage": f"{file} is damaged or no database. Move it aside and bring a backup back with `vigil "
        "restore`. False",
        "without a name": f"{file} holds no door: its set-up never ended. Run `vigil door setup --name …`. False",
        "founded": "served False",
        "newer": f"{file} was written by a newer version of Vigil (it has 9999_later). Update the code, or restore a "
        "backup of before the update. False",
        "older": f"{file} is older than the code. Run `vigil door setup`, which brings it up to date. True",
    }


@pytest.mark.django_db
def test_a_node_whose_drop_is_gone_is_not_served_as_if_it_had_none(
    people: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(founding, "file", lambda: tmp_path / "door.sqlite3")
    assert not serve._has_door()
    Seat.objects.create(user=people.user("alice"), number=7, wrapped=b"wrapped")  # type: ignore[attr-defined]
    with pytest.raises(Unavailable, match="Reviewers have keys"):
        serve._has_door()
    assert not (tmp_path / "door.sqlite3").exists()
