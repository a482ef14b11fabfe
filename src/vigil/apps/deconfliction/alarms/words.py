"""What pages say of alarms and talks, in the reader's language. Nothing is read here."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vigil.apps.deconfliction import words
from vigil.apps.deconfliction.queries import ConflictDetail, ConflictEventRow
from vigil.core.actor import Actor

HOW = (
    ("telephone", gettext_lazy("By telephone")),
    ("radio", gettext_lazy("By radio")),
    ("in_person", gettext_lazy("In person")),
)
CHECKS = (
    ("known_voice", gettext_lazy("A voice that the desk knows")),
    ("called_back", gettext_lazy("Called back on the listed number")),
    ("pin", gettext_lazy("Gave the PIN")),
)
RESULTS = (
    ("answered", gettext_lazy("Answered")),
    ("no_answer", gettext_lazy("No answer")),
    ("busy", gettext_lazy("Busy")),
    ("message", gettext_lazy("Left a message")),
    ("wrong_number", gettext_lazy("Wrong number")),
)
WAYS = {**dict(HOW), "page": gettext_lazy("On the page"), "reply": gettext_lazy("By reply to a text")}


def suggested(detail: ConflictDetail, actor: Actor) -> dict[str, str]:
    """Who has probably spoken with whom: the reader with the other side's contact, for a desk both sides' contacts."""
    mine, theirs = detail.own, detail.other or detail.own[1:]
    if not mine:
        mine, theirs = theirs[:1], theirs[1:]
        who = mine[0].people[0].name if mine and mine[0].people else ""
    else:
        who = actor.name
    people = [person for side in theirs for person in side.people if person.phone]
    return {"who": who, "whom": people[0].name if people else "", "how": "telephone", "identity_check": "", "note": ""}


def comes_back(at: datetime | None, zone: str, now: datetime) -> str:
    """When a side's alarm comes back; empty where it has none."""
    if at is None:
        return ""
    return _("at {time}").format(time=words.hm(at, zone)) if at > now else _("again")


def event_line(event: ConflictEventRow, own_only: bool) -> str:
    """One line of a conflict's log: what happened, between whom, by which way."""
    said = words.event_words(event.kind, own_only)
    if {"who", "whom"} <= event.people.keys():
        said = _("{what}: {who} with {whom}").format(what=said, **event.people)
    elif event.people:
        said = _("{what}: {names}").format(what=said, names=words.listed(list(event.people.values())))
    more = [WAYS.get(event.how), dict(CHECKS).get(event.identity_check), dict(RESULTS).get(event.result)]
    return ", ".join([said, *(str(one) for one in more if one)])
