"""`vigil account`: a new beginning for who lost everything, on the server's own shell, recorded."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from tests.conftest import PASSWORD, give_app

from vigil.cli import account
from vigil.core.errors import Locked, NotFound
from vigil.platform.accounts.lockout import Source
from vigil.platform.accounts.login import log_in
from vigil.platform.accounts.models import LoginLock
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
HERE = Source("127.0.0.1")


def lock(name: str, now: Any) -> None:
    for _ in range(5):
        with pytest.raises(Exception, match="do not match"):
            log_in(name, "wrong", HERE, now)
    with pytest.raises(Locked):
        log_in(name, PASSWORD, HERE, now)


def test_reset_ends_sessions_and_factors_and_gives_a_first_password(people: Any, now: Any, capsys: Any) -> None:
    give_app(people.user("erin"))
    client = Client()
    client.force_login(people.user("erin"))
    lock("erin", now)
    assert account._reset("erin") == 0
    said = capsys.readouterr().out
    password = said.splitlines()[0].rsplit(" ", 1)[1]
    assert client.get("/setup/people/").headers["Location"].startswith("/login/")
    assert not Authenticator.objects.exists()
    answer = client.post("/login/", {"username": "erin", "password": password})
    assert answer.headers["Location"] == "/account/password/"
    record = AuditRecord.objects.filter(verb="accounts.user.edit").get()
    assert (record.via, record.object_ids["user"]) == ("cli", str(people.user("erin").pk))
    assert password not in repr(list(AuditRecord.objects.values()))


def test_release_opens_the_account_again(people: Any, now: Any, capsys: Any) -> None:
    lock("erin", now)
    account._release("erin")
    assert "1 released" in capsys.readouterr().out
    assert log_in("erin", PASSWORD, HERE, now)
    assert LoginLock.objects.get().released_at == now
    assert AuditRecord.objects.filter(verb="accounts.lock.release", outcome="done").count() == 1


def test_an_unknown_name_is_told(people: Any) -> None:
    with pytest.raises(NotFound, match="no account nobody"):
        account._reset("nobody")
