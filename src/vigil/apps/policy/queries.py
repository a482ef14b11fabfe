"""Reading the policy: as the settings would have it, as adopted, who has read it, and as PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import translation

from vigil.apps.policy.access import in_force
from vigil.apps.policy.models import Reading
from vigil.apps.policy.rules import Section, Settings, differences, sections
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.agencies.models import Agency, agency_of, this_node
from vigil.platform.agencies.retention import retention_of
from vigil.platform.documents import as_pdf

TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(lang: "en", size: 11pt)
#set page(paper: "us-letter", numbering: "1")
#set par(justify: false)
#title()
#text(data.state)
#for section in data.sections [
  #heading(level: 1, section.at(0))
  #list(..section.at(1).map(line => text(line)))
]
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the page shows. `adopted_on` None: none is in force, the sections are a proposal."""

    sections: list[Section]
    adopted_on: date | None
    signed_by: str
    differences: list[str]
    read_at: datetime | None
    readers: list[tuple[str, datetime]]


def from_settings(actor: Actor) -> list[Section]:
    """The policy as the settings are now."""
    actor.require("policy.adoption.read")
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    if agency is None:
        raise NotFound
    return proposal(agency)


def proposal(agency: Agency) -> list[Section]:
    """The policy as the settings of the agency and its node are now; in English, as it is adopted and compared."""
    with translation.override("en"):
        return sections(_settings(agency))


def _settings(agency: Agency) -> Settings:
    node = this_node()
    retention = retention_of(agency.rules)
    # The hours are those of the node's desk: an agency with a desk of its own says them by itself.
    own_desk = bool(agency.watch_desk_phone)
    return Settings(
        agency=agency.name,
        lead_time_minutes=agency.lead_time_minutes,
        rules=agency.rules,
        desk_name=f"{agency.label} watch desk" if own_desk else node.watch_desk_name,
        desk_phone=agency.watch_desk_phone or node.watch_desk_phone,
        desk_hours="" if own_desk else node.desk_hours,
        desk_holidays="" if own_desk else node.desk_holidays,
        outside="" if own_desk else node.outside,
        place_days=retention.place_days,
        subject_days=retention.subject_days,
        keeps_history=retention.keeps_history,
        deconflictor=", ".join(filter(None, node.deconflictor)),
    )


def policy(actor: Actor) -> Policy:
    """The policy in force, or the proposal where there is none."""
    now = from_settings(actor)
    adopted = in_force(actor)
    if adopted is None:
        return Policy(now, None, "", [], None, [])
    readings = list(Reading.objects.filter(adoption=adopted).select_related("user").order_by("read_at"))
    return Policy(
        sections=adopted.sections,
        adopted_on=adopted.adopted_on,
        signed_by=adopted.signed_by,
        differences=differences(adopted.sections, now),
        read_at=next((one.read_at for one in readings if one.user_id == actor.user_id), None),
        readers=[(one.user.full_name, one.read_at) for one in readings] if actor.can("policy.adoption.sign") else [],
    )


def pdf(actor: Actor) -> bytes:
    """The policy in force, or the proposal marked as one."""
    shown = policy(actor)
    state = "Proposal, not adopted."
    if shown.adopted_on:
        state = f"Adopted {shown.adopted_on:%Y-%m-%d}, signed {shown.signed_by}."
    data: dict[str, Any] = {"title": "Deconfliction policy", "state": state, "sections": shown.sections}
    return as_pdf(TEMPLATE, data)
