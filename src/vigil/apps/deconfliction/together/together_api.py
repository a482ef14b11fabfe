"""The JSON API of what is planned and known together: joint offers, possible matches, registered interests.

Doors to the same verbs and reads as the pages; a change answers with the operation's id and new revision.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from vigil.api.conditions import if_match
from vigil.api.routes import actor_of, needs
from vigil.apps.deconfliction.api import EDIT_REFUSALS, REFUSALS, ContactIn, PersonOut, Strict, SubjectIn
from vigil.apps.deconfliction.federation.asking import search_and_ask
from vigil.apps.deconfliction.models import Operation
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.subjects import interests, possible_matches
from vigil.apps.deconfliction.together import joint
from vigil.platform import clock

router = Router(tags=["deconfliction"])


class CardOut(Schema):
    """What the other side shows; a silent one names the deconflictor alone."""

    agency: str
    type_label: str
    people: list[PersonOut]
    plain_clothes: bool
    armed_and_dangerous: bool
    silent: bool


class JointOut(Schema):
    """`state`: `joint`, `asked` (this operation names it, it does not) or `offered` (answer by `offer_id`)."""

    other_id: UUID
    state: str
    card: CardOut | None
    offer_id: UUID | None
    source: str
    offered_at: datetime | None


class PossibleOut(Schema):
    """Advice to the owner: no conflict, and on no receipt."""

    subject: str
    reason: str
    card: CardOut


class RevisedOut(Schema):
    """The operation that was revised, and searched for again."""

    id: UUID
    reference: str
    revision: int
    determination: str


class InterestIn(Strict):
    """Subjects without an operation, for up to 180 days from now."""

    subjects: list[SubjectIn | str] = Field(examples=[["phone:410-555-0142"]])
    days: int = 180
    lead_contact: ContactIn | None = None
    case_number: str = ""
    objective: str = ""
    disclosure: Disclosure = Disclosure.CONTACT_ONLY


class InterestOut(Schema):
    """One registered interest of the agency."""

    operation_id: UUID
    reference: str
    revision: int
    subjects: list[str]
    determination: str
    submitter: str
    ends_at: datetime
    is_over: bool


@router.get(
    "/operations/{operation_id}/joint", response={200: list[JointOut]} | REFUSALS, summary="Whom it is run with"
)
@needs("deconfliction.operation.read")
def list_joint(request: HttpRequest, operation_id: UUID) -> list[JointOut]:
    """Joint operations, those asked, and offers that wait for an answer."""
    return [JointOut.model_validate(row) for row in joint.joint_rows(actor_of(request), operation_id)]


@router.post(
    "/conflicts/{conflict_id}/run-together", response={200: RevisedOut} | REFUSALS, summary="Offer to run together"
)
@needs("deconfliction.joint_offer.create")
def offer(request: HttpRequest, conflict_id: UUID) -> RevisedOut:
    """Your operation names the other one; both are alarmed until the other names yours."""
    return _revised(request, joint.offer_joint(actor_of(request), conflict_id, clock.now()))


@router.post("/joint-offers/{offer_id}/accept", response={200: RevisedOut} | REFUSALS, summary="Accept a joint offer")
@needs("deconfliction.joint_offer.answer")
def accept(request: HttpRequest, offer_id: UUID) -> RevisedOut:
    """A revision of your operation, which names the other one."""
    return _revised(request, joint.accept_joint(actor_of(request), offer_id, clock.now()))


@router.post("/joint-offers/{offer_id}/refuse", response={204: None} | REFUSALS, summary="Refuse a joint offer")
@needs("deconfliction.joint_offer.answer")
def refuse(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """No revision; the other side is told."""
    joint.refuse_joint(actor_of(request), offer_id, clock.now())
    return HttpResponse(status=204)


@router.post(
    "/operations/{operation_id}/joint/{other_id}/leave",
    response={200: RevisedOut} | REFUSALS,
    summary="Leave a joint group",
)
@needs("deconfliction.joint_offer.answer")
def leave(request: HttpRequest, operation_id: UUID, other_id: UUID) -> RevisedOut:
    """A revision that no longer names the other one; both match and alarm again."""
    return _revised(request, joint.leave_joint(actor_of(request), operation_id, other_id, clock.now()))


@router.get(
    "/operations/{operation_id}/possible-matches",
    response={200: list[PossibleOut]} | REFUSALS,
    summary="Subjects that may be the same",
)
@needs("deconfliction.operation.read")
def list_possible(request: HttpRequest, operation_id: UUID) -> list[PossibleOut]:
    """On this node only, with the reason."""
    found = possible_matches.possible_matches(actor_of(request), operation_id)
    return [PossibleOut.model_validate(match) for match in found]


@router.get("/interests", response={200: list[InterestOut]} | REFUSALS, summary="List registered interests")
@needs("deconfliction.operation.read")
def list_interests(request: HttpRequest) -> list[InterestOut]:
    """Those of your agency, the one that ends first first."""
    return [InterestOut.model_validate(row) for row in interests.interest_list(actor_of(request), clock.now())]


@router.post("/interests", response={201: RevisedOut} | REFUSALS, summary="Register an interest")
@needs("deconfliction.operation.register")
def register_interest(request: HttpRequest, payload: InterestIn) -> HttpResponse:
    """An `online_only` operation from now on; read its answer as that of any operation."""
    raw = payload.model_dump(mode="json", exclude_unset=True)
    made = _revised(request, interests.register_interest(actor_of(request), raw, clock.now()))
    return HttpResponse(made.model_dump_json(), status=201, content_type="application/json")


@router.post("/interests/{operation_id}/renew", response={200: RevisedOut} | EDIT_REFUSALS, summary="Renew an interest")
@needs("deconfliction.operation.edit")
def renew_interest(request: HttpRequest, operation_id: UUID) -> RevisedOut:
    """180 days from now: a revision that asks again. Needs `If-Match`."""
    renewed = interests.renew_interest(actor_of(request), operation_id, if_match(request), clock.now())
    return _revised(request, renewed)


def _revised(request: HttpRequest, operation: Operation) -> RevisedOut:
    """The second act, after the first has committed."""
    verdict = search_and_ask(actor_of(request), operation.id)
    return RevisedOut(
        id=operation.id,
        reference=operation.reference,
        revision=operation.revision,
        determination=verdict.determination if verdict else "checking",
    )
