"""What is missing before the node is ready."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import NOON, make_agency, make_user

from vigil.apps.policy.actions import adopt
from vigil.cli.main import main
from vigil.core.actor import system
from vigil.platform.agencies.actions import edit_node, note_backup, set_retention
from vigil.platform.agencies.demonstration import DEMO_MARK
from vigil.platform.agencies.models import Node
from vigil.platform.agencies.retention import Retention
from vigil.platform.audit.models import AuditRecord
from vigil.platform.readiness.judgement import Facts, judge, missing
from vigil.platform.readiness.queries import facts_of, readiness

READY = Facts(
    agency="Port Calvert PD",
    ori="MD0000100",
    state="MD",
    time_zone="America/New_York",
    administrators=2,
    supervisors=1,
    desk_phone="410-555-0100",
    desk_hours="around the clock",
    rules_reviewed=True,
    retention_set=True,
    backed_up_at=NOON - timedelta(days=7),
    neighbours=10,
    auditors=1,
    policy="adopted",
    desks_checked=1,
    streets=5,
    channels=1,
    partners=1,
)


def test_where_everything_is_there_nothing_is_missing() -> None:
    items = judge(READY, NOON)
    assert all(item.done for item in items)
    assert missing(items) == []


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("agency", {"state": ""}),
        ("agency", {"time_zone": ""}),
        ("administrators", {"administrators": 1}),
        ("supervisor", {"supervisors": 0}),
        ("desk", {"desk_phone": ""}),
        ("desk", {"desk_hours": ""}),
        ("rules", {"rules_reviewed": False}),
        ("retention", {"retention_set": False}),
        ("channels", {"channels": 0}),
        ("policy", {"policy": ""}),
        ("policy", {"policy": "differs"}),
        ("backup", {"backed_up_at": None}),
        ("backup", {"backed_up_at": NOON - timedelta(days=7, seconds=1)}),
    ],
)
def test_each_needed_thing_is_missed_alone(code: str, changes: dict[str, Any]) -> None:
    assert [item.code for item in missing(judge(replace(READY, **changes), NOON))] == [code]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("auditor", {"auditors": 0}),
        ("partners", {"partners": 0}),
        ("neighbours", {"neighbours": 0}),
        ("desks", {"desks_checked": 0}),
        ("streets", {"streets": 0}),
    ],
)
def test_what_is_worth_having_keeps_no_node_from_being_ready(code: str, changes: dict[str, Any]) -> None:
    items = judge(replace(READY, **changes), NOON)
    assert [item.code for item in items if not item.done] == [code]
    assert missing(items) == []


def test_a_node_without_street_search_is_not_asked_for_streets() -> None:
    assert "streets" not in {item.code for item in judge(replace(READY, streets=None), NOON)}


@pytest.mark.db
@pytest.mark.django_db
def test_the_facts_follow_what_administrators_do(people: Any, now: Any) -> None:
    ann = people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    make_agency("MD0000900", "Around PD", "", is_served=False)
    before = facts_of(people.port_calvert, now)
    assert (before.administrators, before.supervisors, before.neighbours) == (2, 1, 1)
    assert (before.policy, before.retention_set, before.backed_up_at, before.desk_hours) == ("", False, None, "")
    edit_node(people.actor("erin"), {"desk_week": {"0": ["08:00", "17:00"]}})
    note_backup(system("console"), 4_096)
    assert AuditRecord.objects.get(verb="agencies.node.backup").size == 4_096
    adopt(people.actor("ann"), "Chief Ash", now)
    after = facts_of(people.port_calvert, now)
    assert (after.policy, after.backed_up_at, after.desk_hours) == ("adopted", now, "Mon 08:00–17:00")
    set_retention(people.actor("ann"), Retention(place_days=30))
    people.port_calvert.refresh_from_db()
    changed = facts_of(people.port_calvert, now)
    assert (changed.policy, changed.retention_set) == ("differs", True)
    ann.is_active = False
    ann.save()
    assert facts_of(people.port_calvert, now).administrators == 1


@pytest.mark.db
@pytest.mark.django_db
def test_administrators_see_what_is_missing_and_officers_nothing(login: Any, people: Any, now: Any) -> None:
    page = login("erin").get("/setup/").content.decode()
    assert "missing before the node is ready" in page
    assert 'href="/setup/people/"' in page
    assert 'href="/setup/retention/"' in page
    assert login("alice").get("/setup/").status_code == 403
    assert readiness(people.actor("alice"), now) == []
    assert "Before the node is ready" not in login("alice").get("/").content.decode()
    make_user("ida", "Ida Ito", people.port_calvert, "agency_admin", "officer")
    people.users["ida"] = type(people.user("alice")).objects.get(username="ida")
    assert "Before the node is ready" in login("ida").get("/").content.decode()


@pytest.mark.db
@pytest.mark.django_db
def test_the_console_says_it_once_for_the_node_and_for_each_agency(
    people: Any, now: Any, capsys: Any, settings: Any
) -> None:
    from vigil.cli.check import what_is_missing

    lines = what_is_missing()
    assert sum("Watch desk" in line for line in lines) == 1
    assert [line for line in lines if "Retention set" in line and "Page /setup/retention/" in line] == [
        line for line in lines if "Retention set" in line
    ]
    assert sum("Retention set" in line for line in lines) == 2
    Node.objects.update(is_demo=True)
    (settings.VIGIL_DATA_DIR / DEMO_MARK).touch()
    assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert "MISSING: Port Calvert PD: Retention set." in said
    assert "A REAL NODE WOULD NOT START: There is no" in said
    assert "Disk: " in said
    assert "FIPS mode" in said
    Node.objects.update(is_demo=False)
    assert main(["check"]) == 1
    assert "WRONG: There is no" in capsys.readouterr().out
