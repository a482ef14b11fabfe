"""How long an agency keeps what it registered."""

from __future__ import annotations

from typing import Any

import pytest

from vigil.core.errors import Invalid
from vigil.platform.agencies.retention import KINDS, Retention, is_set, read_retention, retention_of

TYPED = {"place_days": "7", "subject_days": "30", "keeps_history": ""}


def test_without_a_setting_the_shipped_days_count() -> None:
    kept = retention_of({"types": {}})
    assert (kept.places.days, kept.subjects.days, kept.keeps_history) == (1, 1, False)
    assert not is_set({})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "١", "99999", "x"])
def test_days_outside_the_limits_are_refused_at_their_field(kind: Any, text: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_retention({**TYPED, kind.code: text})
    (problem,) = raised.value.problems
    assert problem.path == (kind.code,)
    assert f"from {kind.least} to {kind.most:,}" in problem.sentence


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_the_limits_themselves_are_taken(kind: Any) -> None:
    for days in (kind.least, kind.most):
        assert getattr(read_retention({**TYPED, kind.code: str(days)}), kind.code) == days


@pytest.mark.db
@pytest.mark.django_db
def test_saving_keeps_the_other_rules_and_bad_input_keeps_what_was_typed(login: Any, people: Any, now: Any) -> None:
    agency = people.port_calvert
    agency.rules = {"types": {"raid": {"radius_m": 400}}}
    agency.save()
    client = login("erin")
    refused = client.post("/setup/retention/", {**TYPED, "subject_days": "2000"})
    assert refused.status_code == 422
    assert 'value="2000"' in refused.content.decode()
    assert "1,825" in refused.content.decode()
    assert client.post("/setup/retention/", {**TYPED, "keeps_history": "yes"}).status_code == 302
    agency.refresh_from_db()
    assert agency.rules["types"] == {"raid": {"radius_m": 400}}
    assert is_set(agency.rules)
    assert retention_of(agency.rules) == Retention(7, 30, True)


@pytest.mark.db
@pytest.mark.django_db
def test_an_officer_may_not_see_or_set_it(login: Any, people: Any) -> None:
    assert login("alice").get("/setup/retention/").status_code == 403
