"""A conflict as CAP messages: each side its own, one after another, with nothing of the other side but its contact."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.plans import site
from tests.apps.deconfliction.test_actions import register, supervises
from tests.engine.test_cap import read, said

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.models import Conflict
from vigil.apps.deconfliction.plan import Contact, Disclosure
from vigil.engine.operation import Mode

pytestmark = pytest.mark.django_db


def asked(client: Any, token: str, conflict: UUID) -> Any:
    return client.get(f"/api/v1/deconfliction/conflicts/{conflict}/cap", headers={"authorization": f"Bearer {token}"})


def test_each_side_reads_the_others_contact_and_never_its_place(
    people: Any, now: datetime, client: Any, token: Any, login: Any
) -> None:
    register(people, "alice", now)
    hers = register(people, "dave", now, lead_contact=Contact("Dee Dunn", "+14105550211"))
    conflict = Conflict.objects.get().id
    answer = asked(client, token("alice", "deconfliction"), conflict)
    message = read(answer.content)
    assert answer["Content-Type"] == "application/cap+xml"
    assert (said(message, "msgType"), said(message, "status"), said(message, "contact")) == (
        "Alert",
        "Actual",
        "Dee Dunn +14105550211",
    )
    text = answer.content.decode()
    assert hers.reference not in text
    for secret in ("39.29", "76.61", "Harbor", "C26-000123", "ledger"):
        assert secret not in text
    assert said(read(asked(client, token("dave", "deconfliction"), conflict).content), "contact") == (
        "Lou Lead +14105550111"
    )
    assert asked(client, token("carol", "deconfliction"), UUID(int=1)).status_code == 404
    page = login("alice").get(f"/conflicts/{conflict}/").content.decode()
    link = re.search(r'href="([^"]+)">As CAP 1.2', page)
    assert link
    file = client.get(link[1])
    assert (file.content, file["Content-Type"]) == (answer.content, "application/cap+xml")
    assert file["Content-Disposition"] == 'attachment; filename="conflict.cap.xml"'


def test_a_withdrawn_conflict_is_a_cancel_that_names_the_alert(
    people: Any, now: datetime, client: Any, token: Any
) -> None:
    register(people, "alice", now)
    theirs = register(people, "dave", now)
    conflict = Conflict.objects.get().id
    first = read(asked(client, token("alice", "deconfliction"), conflict).content)
    later = now + timedelta(minutes=5)
    actions.cancel_operation(people.actor("dave"), theirs.id, theirs.revision, later)
    actions.run_due_search(people.actor("dave"), theirs.id, later)
    second = read(asked(client, token("alice", "deconfliction"), conflict).content)
    assert said(second, "msgType") == "Cancel"
    named = f"{said(first, 'sender')},{said(first, 'identifier')},{said(first, 'sent')}"
    assert said(second, "references") == named


def test_an_exercise_is_its_status_and_a_silent_side_names_the_desk(
    people: Any, now: datetime, client: Any, token: Any
) -> None:
    supervises(people, "dave")
    register(people, "alice", now, mode=Mode.EXERCISE)
    register(people, "dave", now, site(now), mode=Mode.EXERCISE, disclosure=Disclosure.SILENT)
    message = read(asked(client, token("alice", "deconfliction"), Conflict.objects.get().id).content)
    assert said(message, "status") == "Exercise"
    assert "+14105550199" in said(message, "contact")
    assert "not named" in said(message, "description")
