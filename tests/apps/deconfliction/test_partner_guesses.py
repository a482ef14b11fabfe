"""A partner that guesses in what is compared blind is put before the watch desks, once a reason and day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.urls import reverse
from tests.apps.deconfliction.test_actions import told

from vigil.apps.deconfliction import jobs
from vigil.apps.deconfliction.federation.rows import forget_ended
from vigil.apps.deconfliction.models import MaskedOperation, PartnerDay
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.probing import partner_guesses
from vigil.apps.deconfliction.store import DatabaseStore
from vigil.engine.operation import Mode, Operation
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.partners.models import Partner
from vigil.protocol.budget import NOT_FOLLOWED, POINTS_A_DAY
from vigil.protocol.store import Masked, Reference, Side

pytestmark = [pytest.mark.db, pytest.mark.django_db]
ELM = "01900000-0000-7000-8000-0000000000e1"


def asks(now: datetime, key: UUID, tokens: int = 3, **fields: Any) -> None:
    """The partner put an operation: what the exchange stores of it."""
    reference = Reference(ELM, str(key))
    cells = frozenset(f"{key.int % 2**64:016x}{number:048x}" for number in range(tokens))
    values: dict[str, Any] = {"revision": 1, "mode": Mode.LIVE, "registered": True, "wanted_at": None}
    masked = Masked(reference, expires_at=instant(now) + 10**12, subjects=frozenset(), cells=cells, **values | fields)
    with DatabaseStore().transaction() as tx:
        tx.put_masked(masked)


def follows(now: datetime, key: UUID) -> None:
    """Its plain question comes."""
    reference = Reference(ELM, str(key))
    asks(now, key, operation=Operation(str(key)), side=Side(reference, 1))


def test_hits_that_are_not_followed_up_are_told_once_a_day(people: Any, now: datetime) -> None:
    later = now + timedelta(hours=1)
    keys = [uuid4() for _ in range(NOT_FOLLOWED + 1)]
    for key in keys:
        asks(now, key, wanted_at=instant(now))
        asks(later, key, wanted_at=instant(later), revision=2)  # asked again: wanted since the first time
    follows(now, keys[0])
    jobs.look_for_guessing(later - timedelta(seconds=1))
    assert told(people, "carol") == []
    for _ in range(2):
        jobs.look_for_guessing(later)
    assert told(people, "carol") == told(people, "erin") == [partner_guesses.TOLD]
    assert told(people, "alice") == []
    record = AuditRecord.objects.get(verb="partners.guessing.note")
    assert record.object_ids == {"partner": ELM}
    jobs.look_for_guessing(later + timedelta(days=1))
    assert len(told(people, "carol")) == 2
    row = MaskedOperation.objects.get(operation_id=keys[0])
    assert (row.wanted_at, row.followed) == (instant(now), True)


def test_the_partners_page_says_it_and_sets_blind(people: Any, now: datetime, login: Callable[[str], Any]) -> None:
    Partner.objects.create(pk=UUID(ELM), name="Elm Region", base_url="https://elm.example", state="active")
    PartnerDay.objects.create(node=ELM, day=now.date(), guesses=["not_followed"])
    address = reverse("deconfliction:partner", args=[ELM])
    heading = "It asks as if it were guessing"
    assert [heading in login(name).get(address).content.decode() for name in ("carol", "alice")] == [True, False]
    page = login("erin")
    assert "did not ask exactly" in page.get(address).content.decode()
    for do, blind in (("blind", True), ("plain", False)):
        assert page.post(address, {"do": do}).status_code == 302
        assert Partner.objects.get().is_blind is blind
    assert login("carol").post(address, {"do": "blind"}).status_code == 403


def test_new_points_are_counted_by_day_and_only_of_live_operations(people: Any, now: datetime) -> None:
    key = uuid4()
    asks(now, key, tokens=10)
    asks(now, key, tokens=12, revision=2)
    asks(now, key, tokens=12, revision=2)
    asks(now, uuid4(), tokens=50, mode=Mode.TEST)
    assert PartnerDay.objects.get().points == 12
    with clock.fixed(now + timedelta(days=1)):
        asks(now, uuid4(), tokens=7)
    assert sorted(PartnerDay.objects.values_list("points", flat=True)) == [7, 12]
    PartnerDay.objects.filter(points=12).update(points=POINTS_A_DAY + 1)
    jobs.look_for_guessing(now)
    assert PartnerDay.objects.get(points=POINTS_A_DAY + 1).guesses == ["many_points"]
    forget_ended(instant(now + timedelta(days=91)))
    assert [one.points for one in PartnerDay.objects.all()] == [7]
