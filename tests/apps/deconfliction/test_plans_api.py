"""Changed plans and series as a records system uses them, and through the typed client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.test_api import Caller, caller, entry, faults
from tests.apps.deconfliction.test_client import node

from vigil import client as api
from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.models import Draft, Operation, Series

__all__ = ["caller", "node"]
pytestmark = [pytest.mark.db, pytest.mark.django_db]
TWO = [{"latitude": 38.9784, "longitude": -76.4922}, {"latitude": 38.2, "longitude": -77.9, "label": "second"}]
NIGHTLY = {"how": "nightly", "count": 2}


def test_a_move_needs_the_revision_and_happens_once(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    made = alice.register()
    path = f"/operations/{made['id']}/move"
    assert alice.post(path, {"days": 1}).status_code == 428
    for _ in range(2):
        moved = alice.post(path, {"days": 1}, If_Match='"1"', Idempotency_Key="k1")
        assert (moved.status_code, moved.json()["starts_at"]) == (200, "2026-11-26T09:30:00Z")
    assert moved.headers["Idempotency-Replayed"] == "true"
    assert moved.headers["ETag"].startswith('"2')
    assert alice.post(path, {"days": 1}, If_Match='"1"').status_code == 409
    assert "/by" in faults(alice.post(path, {}, If_Match='"2"'))
    assert alice.post(path, {"weeks": 1}, If_Match='"2"').status_code == 422
    assert caller("dave").post(path, {"days": 1}, If_Match='"2"').status_code == 404
    assert caller("alice", "deconfliction.operation.read").post(path, {"days": 1}, If_Match='"2"').status_code == 403


def test_a_tentative_time_is_fixed(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    made = alice.register(tentative=True, starts_at="2026-11-25T00:00:00-05:00", ends_at="2026-11-30T00:00:00-05:00")
    path = f"/operations/{made['id']}/fix-time"
    backwards = {"starts_at": "2026-11-26 04:30", "ends_at": "2026-11-26 04:00"}
    assert list(faults(alice.post(path, backwards, If_Match='"1"'))) == ["/ends_at"]
    twice = {"starts_at": "2027-11-07 01:30", "ends_at": "2027-11-07 05:00"}
    assert "twice" in faults(alice.post(path, twice, If_Match='"1"'))["/starts_at"]
    fixed = alice.post(path, {"starts_at": "2026-11-26 04:30", "ends_at": "+2h"}, If_Match='"1"').json()
    assert (fixed["revision"], fixed["tentative"], fixed["ends_at"]) == (2, False, "2026-11-26T11:30:00Z")
    assert "tentative" in faults(alice.post(path, {"starts_at": "now", "ends_at": "+2h"}, If_Match='"2"'))[""]


def test_sites_are_split_off_and_both_parts_answered(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    made = alice.register(sites=TWO)
    path = f"/operations/{made['id']}/split"
    assert list(faults(alice.post(path, {"sites": [0, 1]}, If_Match='"1"'))) == ["/sites"]
    for _ in range(2):
        parts = alice.post(path, {"sites": [1]}, If_Match='"1"', Idempotency_Key="k").json()
        assert [parts[one]["determination"] for one in ("left", "taken")] == ["no_known_conflict"] * 2
        assert [site["label"] for site in parts["taken"]["sites"]] == ["second"]
    assert Operation.objects.count() == 2


def test_a_copy_is_a_draft_and_a_renewal_refuses_what_is_not_renewed(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    made = alice.register()
    for _ in range(2):
        copied = alice.post(f"/operations/{made['id']}/copy", Idempotency_Key="c")
        assert copied.status_code == 201
    draft = Draft.objects.get()
    assert copied.json() == {"draft_id": str(draft.pk), "page": f"/operations/register/?draft={draft.pk}"}
    assert "renewed" in faults(alice.post(f"/operations/{made['id']}/renew", If_Match='"1"'))[""]


@pytest.mark.slow
def test_a_series_is_previewed_made_once_read_moved_and_cancelled(caller: Callable[..., Caller]) -> None:
    alice, dave = caller("alice"), caller("dave")
    made = alice.register()
    path = f"/operations/{made['id']}/repeat"
    days = alice.post(f"{path}/preview", NIGHTLY).json()
    assert [(day["days"], day["starts_at"]) for day in days] == [
        (1, "2026-11-26T09:30:00Z"),
        (2, "2026-11-27T09:30:00Z"),
    ]
    assert not Series.objects.exists()
    assert list(faults(alice.post(path, {"how": "weekdays", "count": 2}, If_Match='"1"'))) == ["/weekdays"]
    assert alice.post(path, NIGHTLY).status_code == 428
    for _ in range(2):
        answer = alice.post(path, NIGHTLY, If_Match='"1"', Idempotency_Key="s")
        assert answer.status_code == 201
    found = answer.json()
    assert [one["determination"] for one in found["operations"]] == ["no_known_conflict"] * 3
    assert found["waiting"] == []
    replaced = alice.put(f"/operations/{made['id']}", entry(subjects=["phone:410-555-0171"]), If_Match='"2"').json()
    assert len(replaced["joint_with"]) == 2
    series_path, second = f"/series/{found['id']}", found["operations"][1]["id"]
    assert dave.get(series_path).status_code == 404
    for _ in range(2):
        moved = alice.post(f"{series_path}/move", {"first": second, "minutes": 60}, Idempotency_Key="m").json()
    assert [one["starts_at"][11:16] for one in moved["operations"]] == ["09:30", "10:30", "10:30"]
    assert alice.post(f"{series_path}/cancel", {"first": str(UUID(int=7))}).status_code == 404
    done = alice.post(f"{series_path}/cancel", {"first": second}).json()
    assert (done["changed"], [one["status"] for one in done["operations"]]) == (2, ["registered"] + ["cancelled"] * 2)
    assert alice.post(f"{series_path}/register").status_code == 200


def test_a_series_whose_answer_was_lost_in_the_middle_is_finished_by_the_retry(
    caller: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, whole = caller("alice"), actions.run_due_search
    made, count = alice.register(), []

    def dies(*given: Any) -> Any:
        count.append(given)
        if len(count) == 2:
            raise RuntimeError("out of luck")
        return whole(*given)

    monkeypatch.setattr(actions, "run_due_search", dies)
    path = f"/operations/{made['id']}/repeat"
    assert alice.post(path, NIGHTLY, If_Match='"1"', Idempotency_Key="s").status_code == 500
    monkeypatch.setattr(actions, "run_due_search", whole)
    again = alice.post(path, NIGHTLY, If_Match='"1"', Idempotency_Key="s")
    assert (again.status_code, len(again.json()["operations"]), Series.objects.count()) == (201, 3, 1)


def test_the_typed_client_changes_plans(node: Callable[..., api.Client]) -> None:
    alice = node("alice")
    made = alice.register(entry(sites=TWO))
    moved = alice.move(made, days=1)
    assert (moved.revision, moved.starts_at.isoformat()) == (2, "2026-11-26T09:30:00+00:00")
    with pytest.raises(api.Stale):
        alice.move(made, days=1)
    parts = alice.split(moved, [1])
    assert [len(alice.operation(part.id).sites) for part in (parts.left, parts.taken)] == [1, 1]
    assert alice.copy(parts.left).page.startswith("/operations/register/?draft=")
    with pytest.raises(api.Invalid):
        alice.renew(parts.left)
    with pytest.raises(api.Invalid):
        alice.fix_time(parts.left, "2026-11-26 04:30", "+2h")
    found = alice.repeat(parts.left, NIGHTLY)
    assert alice.series(found.id) == found
    assert alice.register_waiting(found) == found
    assert alice.move_series(found, found.operations[1], minutes=60).changed == 2
    done = alice.cancel_series(found)
    assert (done.changed, done.refused) == (3, ())
    assert {one.status for one in done.operations} == {"cancelled"}
