"""The watch desk enters an operation for somebody on the telephone: who may be entered for, and whom it alarms."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.apps.deconfliction.test_actions import register

from vigil.apps.deconfliction import notices
from vigil.apps.deconfliction.alarms import people as alarmed
from vigil.apps.deconfliction.alarms.rules import Rung
from vigil.apps.deconfliction.desk import entry
from vigil.apps.deconfliction.models import Conflict, ConflictSide, Operation, Standing, TelephoneEntry
from vigil.apps.deconfliction.past import purge
from vigil.core.actor import system
from vigil.core.errors import Invalid
from vigil.platform.accounts import pins
from vigil.platform.audit.models import AuditRecord

CALLER = {"caller-name": "Hal Hart", "caller-phone": "410 555 0155", "caller-identity_check": "called_back"}
PLAN = {
    "operation_type": "search_warrant",
    "sites-0-place": "39.2904, -76.6122",
    "starts_at": "2026-11-24 15:00",
    "ends_at": "2026-11-24 17:00",
}


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.mark.django_db
def test_for_a_caller_without_account_of_another_agency(people: Any, login: Any, now: datetime) -> None:
    theirs = register(people, "alice", now)
    supervisor = _supervisor_of(people.bay_county)
    carol = login("carol")
    page = words(carol.get("/desk/enter/"))
    assert 'name="caller-identity_check"' in page
    assert not re.search('type="radio"[^>]* checked', page), "how identity was checked is never preselected"
    sent = CALLER | PLAN | {"caller-agency": str(people.bay_county.pk), "caller-taken_at": "11:15"}
    unchecked = carol.post("/desk/enter/", sent | {"caller-identity_check": "", "operation_type": ""})
    assert unchecked.status_code == 422
    for said in ("Say how you know who it is.", "Pick the type of operation.", 'value="Hal Hart"'):
        assert said in words(unchecked)
    assert Operation.objects.count() == 1
    answer = carol.post("/desk/enter/", sent)
    entered = Operation.objects.exclude(pk=theirs.pk).get()
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/enter/{entered.pk}/")
    assert (entered.agency, entered.submitter, entered.determination) == (people.bay_county, None, "conflict")
    told = words(carol.get(answer["Location"]))
    assert entered.reference in told
    assert "You meet an operation of Port Calvert" in told
    assert "Call Lou Lead at" in told
    # The desk reads the answer, not the other agency's operation; the agency reads how it came to it.
    assert carol.get(f"/operations/{entered.pk}/").status_code == 404
    assert "/operations/" not in told[told.index("<main") : told.index("</main>")]
    history = words(login("dave").get(f"/operations/{entered.pk}/"))
    assert "Entered at the watch desk by Carol Cole" in history
    assert "for Hal Hart, (410) 555-0155" in history
    assert "Called back on the listed number" in history
    assert "Taken on paper Tue Nov 24, 06:15" in history
    assert login("dave").get(f"/desk/enter/{entered.pk}/").status_code == 403
    # Nobody submitted it: its supervisors answer for it, and the ladder begins with the caller's telephone.
    assert notices.owners(entered) == [supervisor.pk]
    side = ConflictSide.objects.get(own_operation=entered)
    assert [one.to for one in alarmed.reach(side, Rung.LEAD, now).addresses][:1] == ["(410) 555-0155"]
    assert supervisor.pk in alarmed.reach(side, Rung.SUPERVISOR, now).accounts
    record = AuditRecord.objects.get(verb="deconfliction.operation.register_for", outcome="done")
    assert record.object_ids["operation"] == str(entered.pk)
    row = TelephoneEntry.objects.get()
    assert b"Hal" not in bytes(row.caller)
    later = now + entry.ANSWER_SHOWN
    assert entry.answer(people.actor("carol"), entered.pk, later - timedelta(seconds=1)).agency
    TelephoneEntry.objects.update(entered_at=now - entry.ANSWER_SHOWN)
    assert login("carol").get(f"/desk/enter/{entered.pk}/").status_code == 404


def _supervisor_of(agency: Any) -> Any:
    from tests.conftest import make_user

    return make_user("sue", "Sue Stern", agency, "supervisor")


@pytest.mark.slow
@pytest.mark.django_db
def test_for_none_of_the_agencies_and_by_pin(people: Any, login: Any, now: datetime) -> None:
    carol = login("carol")
    sent = CALLER | PLAN | {"caller-agency": "none", "caller-phone": "+14105550101"}
    assert "Say which agency or unit it is, in at most 200 letters." in words(carol.post("/desk/enter/", sent))
    carol.post("/desk/enter/", sent | {"caller-unit": "Harbor Rangers"})
    foreign = Operation.objects.get()
    assert (foreign.agency, foreign.submitter) == (people.port_calvert, None)
    assert foreign.revisions.get().participants == ["Harbor Rangers"]
    # A listed telephone makes its account the submitter, of the agency that it is of.
    sent |= {"caller-agency": str(people.port_calvert.pk)}
    carol.post("/desk/enter/", sent)
    assert Operation.objects.latest("created_at", "id").submitter == people.user("alice")
    pins.set_pin(people.actor("dave"), "480217", "480217", now)
    sent |= {"caller-agency": str(people.bay_county.pk), "caller-phone": "410 555 0177", "caller-identity_check": "pin"}
    sent |= {"caller-account": "dave"}
    for guess in ("", "480218"):
        refused = carol.post("/desk/enter/", sent | {"caller-pin": guess})
        assert refused.status_code == 422
        assert "480218" not in words(refused)
    right = words(carol.post("/desk/enter/", sent | {"caller-pin": "480217", "do": "check_pin"}))
    assert "The PIN is right." in right
    (proof,) = re.findall(r'name="proof" value="([^"]+)"', right)
    assert carol.post("/desk/enter/", sent | {"proof": proof, "caller-account": "alice"}).status_code == 422
    assert carol.post("/desk/enter/", sent | {"proof": proof}).status_code == 302
    kept = Operation.objects.latest("created_at", "id")
    assert kept.submitter == people.user("dave")
    # Callers are forgotten with the record's contents, also where its other side keeps the record itself.
    Operation.objects.update(next_end_at=None)
    Operation.objects.filter(pk=kept.pk).update(legal_hold=True)
    Conflict.objects.update(standing=Standing.WITHDRAWN)
    purge.purge(system("worker"), now + timedelta(days=400))
    assert Operation.objects.count() == 3
    assert TelephoneEntry.objects.get().operation == kept


NOON = datetime.fromisoformat("2026-11-24T17:00:00+00:00")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("", None),
        ("11:15", "2026-11-24T16:15"),
        ("13:00", "2026-11-23T18:00"),
        ("11/24/2026 06:00", "2026-11-24T11:00"),
    ],
)
def test_a_time_on_paper_is_the_last_such_time(people: Any, typed: str, taken: str | None) -> None:
    told = {"name": "Hal", "phone": "410 555 0155", "agency": str(people.bay_county.pk)}
    caller = entry.read_caller(told | {"identity_check": "known_voice", "taken_at": typed}, "America/New_York", NOON)
    assert (f"{caller.taken_at:%Y-%m-%dT%H:%M}" if caller.taken_at else None) == taken


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["11/24/2026 12:01", "+1h", "11/01/2026 06:00", "soon"])
def test_a_time_on_paper_is_never_in_the_future(people: Any, typed: str) -> None:
    told = {"name": "Hal", "phone": "410 555 0155", "agency": str(people.bay_county.pk), "taken_at": typed}
    with pytest.raises(Invalid) as refused:
        entry.read_caller(told | {"identity_check": "known_voice"}, "America/New_York", NOON)
    assert [problem.path for problem in refused.value.problems] == [("caller", "taken_at")]
