"""Commands on a node that is open already: what they print and which code they end with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from vigil.cli.main import COMMANDS, main
from vigil.core.actor import system
from vigil.platform.accounts.access import actor_of_token
from vigil.platform.accounts.models import ApiToken, Membership
from vigil.platform.audit import append_only, sealer
from vigil.platform.audit.models import AuditRecord, AuditSeal
from vigil.platform.audit.trail import record
from vigil.platform.jobs import queue
from vigil.platform.jobs.models import Job

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_without_a_command_all_are_listed(capsys: Any) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


def test_an_unknown_command_is_named(capsys: Any) -> None:
    assert main(["swep"]) == 2
    assert "there is no command 'swep'" in capsys.readouterr().err


def test_commands_need_a_node(capsys: Any, db: None) -> None:
    assert main(["jobs"]) == 2
    assert "vigil setup" in capsys.readouterr().err


def test_a_created_token_works_is_listed_and_revoked(people: Any, capsys: Any, now: Any) -> None:
    assert main(["token", "create", "alice", "--name", "dispatch", "--scope", "deconfliction.operation"]) == 0
    text = capsys.readouterr().out.strip()
    known = actor_of_token(text, now)
    assert known is not None
    assert known[0].scopes == frozenset({"deconfliction.operation"})
    assert main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert "valid" in listed
    assert "dispatch" in listed
    assert text not in listed
    assert main(["token", "revoke", known[1].prefix]) == 0
    assert actor_of_token(text, now) is None
    assert AuditRecord.objects.filter(verb__startswith="accounts.token.", via="cli").count() == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create", "nobody"], "nobody has no active role"),
        (["create", "alice", "--scope", "deconflicted"], "There is no permission deconflicted"),
        (["create", "alice", "--days", "400"], "at most a year"),
        (["create", "alice", "--days", "99999999999"], "at most a year"),
        (["revoke", "00000000"], "There is no token 00000000"),
    ],
)
def test_what_is_wrong_with_a_token_is_told(people: Any, capsys: Any, arguments: list[str], sentence: str) -> None:
    assert main(["token", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert ApiToken.objects.count() == 0


def test_a_person_of_two_agencies_needs_the_agency_named(people: Any, capsys: Any) -> None:
    Membership.objects.create(user=people.user("alice"), agency=people.bay_county, role="officer")
    assert main(["token", "create", "alice"]) == 2
    assert "--agency" in capsys.readouterr().err
    assert main(["token", "create", "alice", "--agency", "MD0000200"]) == 0
    assert ApiToken.objects.get().agency == people.bay_county


def test_verify_finds_what_was_changed(people: Any, capsys: Any, now: Any) -> None:
    from django.db import connection

    record(system("test"), "agencies.agency.edit")
    sealer.seal_new(now)
    assert main(["audit", "verify"]) == 0
    head = capsys.readouterr().out.split("head ")[1].split(",")[0]
    append_only.remove(connection)
    AuditRecord.objects.update(verb="x")
    assert main(["audit", "verify"]) == 1
    assert "was changed" in capsys.readouterr().err
    AuditRecord.objects.update(verb="agencies.agency.edit")
    assert main(["audit", "verify", "--head", head]) == 0
    assert main(["audit", "verify", "--head", "1:" + "0" * 64]) == 1
    assert "rewritten" in capsys.readouterr().err


def test_a_signed_head_kept_elsewhere_shows_what_was_cut_off(people: Any, capsys: Any, now: Any, tmp_path: Any) -> None:
    from django.db import connection

    for _ in range(3):
        record(system("test"), "agencies.agency.edit")
    sealer.seal_new(now)
    assert main(["audit", "head"]) == 0
    kept = tmp_path / "heads.txt"
    kept.write_text(capsys.readouterr().out)
    assert main(["audit", "verify", "--heads", str(kept)]) == 0
    append_only.remove(connection)
    AuditSeal.objects.filter(position__gte=2).delete()
    AuditRecord.objects.filter(pk__gt=AuditRecord.objects.earliest("pk").pk).delete()
    assert main(["audit", "verify"]) == 0, "the chain alone does not show a cut"
    capsys.readouterr()
    assert main(["audit", "verify", "--heads", str(kept)]) == 1
    assert "The first break is at position 3: the end was cut off" in capsys.readouterr().err
    kept.write_text(kept.read_text().replace('"position": 3', '"position": 1'))
    assert main(["audit", "verify", "--heads", str(kept)]) == 2
    assert "not signed by this node's key" in capsys.readouterr().err


def test_dead_jobs_are_shown_and_revived(people: Any, capsys: Any, now: Any) -> None:
    queue.enqueue("test.kind", key="k", run_after=now + timedelta(hours=1))
    assert main(["jobs"]) == 0
    assert "1 waiting, 0 dead" in capsys.readouterr().out
    Job.objects.update(state="dead", last_error="ValueError")
    assert main(["jobs"]) == 1
    assert "ValueError" in capsys.readouterr().out
    assert main(["jobs", "--revive", str(Job.objects.get().pk)]) == 0
    assert Job.objects.get().state == "ready"


def test_a_reader_that_leaves_is_no_crash(monkeypatch: Any, capfd: Any) -> None:
    """`vigil ... | head -1` must not end in a traceback."""
    monkeypatch.setattr("vigil.cli.jobs.run", lambda args: (_ for _ in ()).throw(BrokenPipeError))
    monkeypatch.setattr("os.dup2", lambda old, new: new)
    assert main(["jobs"]) == 141
    assert capfd.readouterr().err == ""


def test_the_version_is_told(capsys: Any) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("vigil ")
