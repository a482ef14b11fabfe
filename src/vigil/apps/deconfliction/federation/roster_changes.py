"""The roster changes without keeping everybody from writing: a portion of the active operations at a time.

Few of them go with the roster in one transaction. Of many, **who joins** is let in last: first each active operation
gets its question and says *incomplete*, under the roster that is to be; with what was registered or answered meanwhile
the roster changes. So from its first instant on nothing active counts the new partner as answered. For **who leaves**,
has another key or is asked blind from now on, the roster comes first, so that whatever is registered next asks it:
until it is said anew what holds under it, an operation names whom it named before.

What happens to an operation is `protocol.node.change_roster`'s: it is shown a portion of them as if these were all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from vigil.apps.deconfliction import models
from vigil.apps.deconfliction.actions import node
from vigil.apps.deconfliction.batches import BatchStore
from vigil.apps.deconfliction.federation.rows import not_over
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.store import partner_of
from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.platform.actions import action, concerns, detail
from vigil.platform.jobs.queue import enqueue
from vigil.platform.partners.models import Partner, current_roster
from vigil.platform.partners.roster import partners
from vigil.platform.turns import writing
from vigil.protocol import store as port
from vigil.protocol.steps import ask_again, conclude_all
from vigil.protocol.store import Transaction

PORTION = 200
"""So many operations are changed in one transaction (ours): some tenths of a second."""
JOINS, SAID = "deconfliction.partner_joins", "deconfliction.said_anew"
"""The jobs that go on: with a partner that is let in, and with what is said under another roster."""


class _Part:
    """A transaction in which these operations are all that are active; `upcoming` is a roster that is not stored."""

    def __init__(self, tx: Transaction, operations: Sequence[str], upcoming: bool) -> None:
        self._tx, self._operations = tx, operations
        self._upcoming: port.Roster | None = None
        self._stores = not upcoming

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def active(self, now: int) -> Sequence[str]:
        return self._operations

    def roster(self) -> port.Roster:
        return self._upcoming or self._tx.roster()

    def set_roster(self, roster: port.Roster) -> None:
        if not self._stores:
            self._upcoming = roster
            return
        self._tx.set_roster(roster)
        asked = {"", *(member.node_id for member in roster.members)}
        models.SearchDue.objects.exclude(target__in=asked).delete()

    def due(self, now: int, target: str | None = None, most: int | None = None) -> Sequence[port.Due]:
        return ()  # the rows of who left are gone with the roster


class _PartStore:
    """`operations` are looked for inside of the transaction."""

    def __init__(self, operations: Callable[[], Sequence[str]], upcoming: bool = False) -> None:
        self._operations, self._upcoming = operations, upcoming

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with BatchStore().batch() as tx:
            operations = self._operations()
            tx.load(operations)
            yield _Part(tx, operations, self._upcoming)


def change(members: Sequence[Partner], now: datetime, asks: Sequence[Partner] = ()) -> None:
    """The roster is these from now on; what active operations say of it follows, and `asks` are asked everything."""
    if _are_few(now):
        node(BatchStore()).change_roster([partner_of(one) for one in members], instant(now))
        return
    node(_PartStore(tuple)).change_roster([partner_of(one) for one in members], instant(now))
    _go_on(current_roster().number, "", [str(one.pk) for one in asks])


def let_in(row: Partner, now: datetime) -> None:
    """Put a partner on the roster, or where there is much to be asked of it, begin to: the worker does the rest."""
    if _are_few(now):
        change([*_others(row), row], now)
        return
    if Partner.objects.filter(state=Partner.State.JOINING).exclude(pk=row.pk).exists():
        raise Invalid.at(sentence=_("Another partner is just being let in. Confirm this one when that is done."))
    row.state = Partner.State.JOINING
    row.save(update_fields=["state"])
    enqueue(JOINS, {"partner": str(row.pk)}, key=f"{JOINS}:{row.pk}:{now.isoformat()}")


def give_up(row: Partner) -> None:
    """Do not let it in after all: what was asked of it already is forgotten, and said anew."""
    models.SearchDue.objects.filter(target=str(row.pk)).delete()
    _go_on(current_roster().number, "", ())


def go_on_joining(actor: Actor, partner_id: UUID, now: datetime) -> bool:
    """Ask the next portion of the partner; whether anything is left to do before it is one. Safe to repeat."""
    row = Partner.objects.filter(pk=partner_id, state=Partner.State.JOINING).first()
    if row is None:
        return False
    members = [partner_of(one) for one in [*_others(row), row]]
    waiting = _unprepared(now, 2 * PORTION)
    if len(waiting) > PORTION:
        with writing():
            node(_PartStore(lambda: waiting[:PORTION], upcoming=True)).change_roster(members, instant(now))
        return True
    return not _join(actor, row, now)


@action("partners.partner.add")
def _join(actor: Actor, row: Partner, now: datetime) -> bool:
    """The roster changes, with what is not prepared; False where that has become too much meanwhile."""
    concerns(partner=row.pk)
    members = [partner_of(one) for one in [*_others(row), row]]
    try:
        node(_PartStore(lambda: _last(now))).change_roster(members, instant(now))
    except _TooMany:
        return False
    return True


class _TooMany(Exception):
    """More than a portion is not prepared yet."""


def _last(now: datetime) -> Sequence[str]:
    """What is not prepared yet, looked for in the transaction that lets nobody register meanwhile."""
    waiting = _unprepared(now, PORTION + 1)
    if len(waiting) > PORTION:
        raise _TooMany
    detail(together=len(waiting))
    return waiting


def say_anew(roster: int, after: str, asks: Sequence[str], now: datetime) -> None:
    """Say of the next portion what holds under the roster that is; another change begins from the start by itself."""
    if roster != current_roster().number:
        return
    with writing():
        rows = _active(now).filter(pk__gt=UUID(after)) if after else _active(now)
        portion = [str(key) for key in rows.order_by("pk").values_list("pk", flat=True)[:PORTION]]
        if not portion:
            return
        ours = node(BatchStore())
        with _PartStore(lambda: portion).transaction() as tx:
            for partner in asks:
                ask_again(tx, partner, instant(now))
            conclude_all(tx, ours.signer, instant(now))
        _go_on(roster, portion[-1], asks)


def unprepared_count(now: datetime) -> int:
    """How many operations still lack their question to whoever is let in."""
    return len(_unprepared(now, None))


def _go_on(roster: int, after: str, asks: Sequence[str]) -> None:
    enqueue(SAID, {"roster": roster, "after": after, "asks": list(asks)}, key=f"{SAID}:{roster}:{after}")


def _others(row: Partner) -> list[Partner]:
    return [one for one in partners() if one.pk != row.pk]


def _active(now: datetime) -> Any:
    return not_over(now).exclude(status=models.Status.DRAFT)


def _are_few(now: datetime) -> bool:
    return len(_active(now).values_list("pk", flat=True)[: PORTION + 1]) <= PORTION


def _unprepared(now: datetime, most: int | None) -> list[str]:
    """Active operations of which it was not said yet what holds under the next roster."""
    said = models.Verdict.objects.filter(operation=OuterRef("pk"), revision=OuterRef("revision"))
    prepared = said.filter(roster_number=current_roster().number + 1)
    rows = _active(now).filter(Exists(said), ~Exists(prepared)).order_by("pk").values_list("pk", flat=True)
    return [str(key) for key in rows[:most]]
