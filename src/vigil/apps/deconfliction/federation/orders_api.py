"""A partner that is named for tests alone plans operations in mode `test` here: the conformance suite (ADR 11)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from vigil.apps.deconfliction import models, plan_rows
from vigil.apps.deconfliction.actions import node
from vigil.apps.deconfliction.batches import BatchStore, BatchTransaction
from vigil.apps.deconfliction.plan import Contact, Plan, PlannedSubject
from vigil.apps.deconfliction.plan_rows import Author, moment
from vigil.apps.deconfliction.store import Written
from vigil.engine.operation import Mode
from vigil.platform.agencies.models import served_agencies
from vigil.protocol import store as port
from vigil.protocol.canonical import JSON
from vigil.protocol.envelope import Malformed, Message
from vigil.protocol.store import Transaction
from vigil.protocol.testing import KIND, Action, TestOrder, state_of

__all__ = ["KIND", "take"]
AUTHOR = "test partner"


def take(tx: Transaction, message: Message, now: int) -> JSON:
    """Register, edit or cancel what is ordered; how it stands then. Raises `Malformed` where that is not to be."""
    assert isinstance(tx, BatchTransaction)
    if not any(one.node_id == message.sender and one.modes == {Mode.TEST} for one in tx.roster().members):
        raise Malformed("Operations are ordered by a partner for tests alone.")
    order = TestOrder.from_content(message.content)
    current = tx.current(str(UUID(order.operation_id)))
    if current is not None and current.operation.mode is not Mode.TEST:
        raise Malformed("This operation is not one of the tests.")
    if order.operation is not None:
        revision = _revision(order, current)
        if current is None or (order.action is Action.EDIT and current.operation != revision.operation):
            _write(tx, revision, _plan(order, revision), models.RevisionKind.EDIT, now)
    elif order.action is Action.CANCEL and current is not None and current.status is not port.Status.CANCELLED:
        cancelled = replace(current.operation, registered=False)
        revision = replace(current, operation=cancelled, number=current.number + 1, status=port.Status.CANCELLED)
        row = tx._current_row(order.operation_id)
        assert row is not None
        _write(tx, revision, plan_rows.plan_of(row), models.RevisionKind.CANCEL, now)
    return state_of(tx, order.operation_id).content()


def _revision(order: TestOrder, current: port.Revision | None) -> port.Revision:
    assert order.operation is not None
    tokens = frozenset(plan_rows.token_of(canonical) for canonical in order.operation.subjects)
    agencies = served_agencies()
    if not agencies:
        raise Malformed("This node serves no agency.")
    return port.Revision(
        operation=replace(order.operation, subjects=tokens),
        number=1 if current is None else current.number + 1,
        agency_id=str(agencies[0].pk),
        disclosure=order.disclosure,
        plain_clothes=order.card.plain_clothes,
        armed_and_dangerous=order.card.armed_and_dangerous,
    )


def _plan(order: TestOrder, revision: port.Revision) -> Plan:
    assert order.operation is not None
    words = (canonical.partition(":") for canonical in sorted(order.operation.subjects))
    plan = Plan(
        operation_type=order.card.operation_type or "training",
        mode=Mode.TEST,
        sites=(),
        lead_contact=Contact(order.card.contact_name, order.card.contact_phone),
        subjects=tuple(PlannedSubject(kind, value, f"{kind}:{value}") for kind, _, value in words),
        plain_clothes=revision.plain_clothes,
        armed_and_dangerous=revision.armed_and_dangerous,
    )
    return plan_rows.carried_over(revision, plan)


def _write(tx: BatchTransaction, revision: port.Revision, plan: Plan, kind: models.RevisionKind, now: int) -> None:
    kind = models.RevisionKind.REGISTER if revision.number == 1 else kind
    tx.store_with(revision.operation_id, Written(plan, Author(kind, None, AUTHOR, moment(now))))
    if revision.number == 1:
        tx.expect_new((revision.operation_id,))
    node(BatchStore()).register(revision, now, within=tx)
