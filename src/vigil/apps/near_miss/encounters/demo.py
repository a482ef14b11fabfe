"""Case studies of the demo region: a published one, and a draft that is held. Everything here is invented."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from vigil.apps.near_miss import queries
from vigil.apps.near_miss.encounters import consents, encounters
from vigil.apps.near_miss.encounters.rules import OURS, TOOLKIT, Answer, Encounter, How, Person, Said
from vigil.apps.near_miss.models import Review
from vigil.apps.near_miss.review import actions
from vigil.apps.near_miss.review.working import Reader
from vigil.core.actor import Actor
from vigil.core.privacy import recognise, surrogates

STAIRWELL = Encounter(
    title="The stairwell",
    texts={
        "officer_about": "Six years of service, known as easy-going. Had been in this stairwell a dozen times and had "
        "never met anybody there. Went up alone to save the partner the stairs.",
        "officer_seen": "The offender heard one pair of boots and a hand on the rail. He took the officer for somebody "
        "in a hurry who did not look up.",
        "offender_about": "Wanted for a missed court date. Had told two friends that he would not go back to jail. "
        "Kept a folding knife in his sleeve since he had been robbed.",
        "offender_seen": "The officer saw a man who sat and smiled, with one arm in his jacket. The arm looked hurt.",
        "circumstance_about": "A warrant on the third floor, late in the evening. The lamp on the landing was out. The "
        "partner parked the car.",
        "timeline": "Minute 0: the officer goes up. Minute 1: calls hello. Minute 2: stands two steps below him and "
        "asks for his hands. Minute 2: the knife. Minute 4: the partner is there.",
        "changed": "The vest took the first thrust. Two steps below, the officer could not step back. The partner "
        "heard the shout because the radio was off.",
        "learned": "Call him down instead of going up. Hands before names. Nobody goes first while the other parks.",
    },
    answers={
        "service": ("5-9",),
        "assignment": ("two",),
        "kit": ("armor",),
        "hazard": ("knife",),
        "subject": ("armed",),
        "call_type": ("arrest",),
        "time_band": ("1801-2400",),
        "officers": ("2",),
        "light": ("dark",),
    },
    met=(*TOOLKIT, *OURS),
    year="2019",
)
FACTORS = ("positioning", "concealed_weapon", "light")
LESSONS = "Call him down instead of going up. Hands before names. Two go together or nobody goes."
PARKING_LOT = Encounter(
    title="The parking lot",
    texts={"circumstance_about": "A stop behind a store. The driver came back with a tire iron."},
    answers={"call_type": ("traffic",), "hazard": ("other_weapon",)},
    met=("interacted", "assaulted"),
    year="",
)
HELD_DAYS = 180


def add(
    coordinator: Actor, witness: Actor, first: tuple[Actor, Reader], second: tuple[Actor, Reader], today: date
) -> None:
    """The published study, reviewed by both, and the draft that waits for an appeal."""
    row = encounters.submit(coordinator, None, 0, STAIRWELL, today)
    for person, answer in (
        (Person.OFFICER, Answer.GIVEN),
        (Person.AGENCY_HEAD, Answer.GIVEN),
        (Person.OFFENDER, Answer.NOT_NEEDED),
    ):
        said = Said(person, answer, How.PAPER, today.isoformat(), str(witness.user_id))
        consent = consents.record_consent(coordinator, row.pk, said, today)
        consents.confirm_consent(witness, consent.pk, today)
    _publish(UUID(int=row.report or 0), *first, *second, today)
    draft = encounters.save(coordinator, None, 0, PARKING_LOT, today)
    until = today + timedelta(days=HELD_DAYS)
    encounters.hold(coordinator, draft.pk, "The appeal is not decided.", until.isoformat(), today)


def _publish(report: UUID, one: Actor, key: Reader, two: Actor, other_key: Reader, today: date) -> None:
    def revision() -> int:
        review = Review.objects.filter(report=report.int).first()
        return review.revision if review else 0

    actions.triage(one, report, revision(), key, False, "Long over; nothing that others must hear of today.")
    raw = queries.open_report(one, report, key).raw
    actions.mask(one, report, revision(), key, surrogates(raw, recognise(raw)))
    actions.agree(two, report, revision(), other_key)
    actions.code(two, report, revision(), other_key, "Up the stairs alone", LESSONS, FACTORS, FACTORS[0])
    actions.publish(one, report, revision(), key, today)
