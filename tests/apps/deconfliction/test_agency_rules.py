"""An agency's own lead time, radii and buffers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from vigil.apps.deconfliction.contexts import plan_context
from vigil.engine.types import OPERATION_TYPES

pytestmark = [pytest.mark.db, pytest.mark.django_db]
COLUMNS = ("radius_m", "buffer_before_min", "buffer_after_min")


def typed(**changes: str) -> dict[str, str]:
    shipped = {
        f"{code}.{name}": f"{getattr(kind, name):g}"
        for code, kind in OPERATION_TYPES.items()
        if kind.takes_place
        for name in COLUMNS
    }
    return {"lead_time_minutes": "120", **shipped, **changes}


def test_only_what_differs_is_kept_and_counts_for_the_next_operation(login: Any, people: Any, now: Any) -> None:
    client: Client = login("erin")
    assert client.get("/agency/rules/").status_code == 200
    assert client.post("/agency/rules/", typed(lead_time_minutes="90", **{"raid.radius_m": "400"})).status_code == 302
    people.port_calvert.refresh_from_db()
    assert people.port_calvert.rules == {"types": {"raid": {"radius_m": 400}}}
    context = plan_context(people.port_calvert.pk, now)
    assert (context.types["raid"].radius_m, context.lead_time.total_seconds()) == (400, 5400)
    assert "shipped: 300" in client.get("/agency/rules/").content.decode()


@pytest.mark.parametrize(
    ("field", "text"),
    [("lead_time_minutes", "-1"), ("raid.radius_m", "0"), ("raid.radius_m", "9" * 30), ("raid.buffer_after_min", "x")],
)
def test_a_wrong_number_stores_nothing(login: Any, people: Any, field: str, text: str) -> None:
    answer = login("erin").post("/agency/rules/", typed(**{"dignitary.radius_m": "900", field: text}))
    assert answer.status_code == 422
    assert "Give whole" in answer.content.decode()
    people.port_calvert.refresh_from_db()
    assert people.port_calvert.rules == {}


def test_an_officer_has_no_such_page(login: Any) -> None:
    assert login("alice").get("/agency/rules/").status_code == 403
