"""Common Alerting Protocol 1.2 (OASIS, 1 July 2010): one alert message as XML, and the rules it must keep.

Promise: what `write` returns keeps the order, the sets of values and the forms of the OASIS schema and text; a message
that does not is refused. Messages are always `Restricted`: who may read them stands in `restriction`. There is no place
in one: its `area` is left out, which the schema allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from vigil.engine.formats.xml_text import printable

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"

STATUSES = {"live": "Actual", "exercise": "Exercise", "test": "Test"}
"""Specification 9: a mode's CAP status."""
MESSAGE_TYPES = frozenset({"Alert", "Update", "Cancel"})
URGENCIES = frozenset({"Immediate", "Expected", "Future", "Past", "Unknown"})
SEVERITIES = frozenset({"Extreme", "Severe", "Moderate", "Minor", "Unknown"})
CERTAINTIES = frozenset({"Observed", "Likely", "Possible", "Unlikely", "Unknown"})
_NAME = re.compile(r"[^\s,<&]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message that this one updates or cancels. `sent` is microseconds UTC."""

    sender: str
    identifier: str
    sent: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One message. Times are microseconds UTC; `parameters` are names and values that CAP has no field for."""

    identifier: str
    sender: str
    sent: int
    mode: str
    message_type: str
    restriction: str
    event: str
    urgency: str
    severity: str
    certainty: str
    onset: int
    expires: int
    sender_name: str
    headline: str
    description: str
    instruction: str
    contact: str
    references: tuple[Reference, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()


def write(alert: Alert) -> bytes:
    """The message as UTF-8 XML.

    Raises:
        ValueError: a value that CAP 1.2 does not allow.
    """
    _check(alert)
    root = ElementTree.Element("alert", xmlns=NAMESPACE)
    _add(root, "identifier", alert.identifier)
    _add(root, "sender", alert.sender)
    _add(root, "sent", _time(alert.sent))
    _add(root, "status", STATUSES[alert.mode])
    _add(root, "msgType", alert.message_type)
    _add(root, "scope", "Restricted")
    _add(root, "restriction", alert.restriction)
    _add(root, "references", " ".join(map(_reference, alert.references)))
    info = ElementTree.SubElement(root, "info")
    _add(info, "language", "en-US")
    _add(info, "category", "Safety")
    _add(info, "event", alert.event)
    _add(info, "responseType", "Assess")
    _add(info, "urgency", alert.urgency)
    _add(info, "severity", alert.severity)
    _add(info, "certainty", alert.certainty)
    _add(info, "onset", _time(alert.onset))
    _add(info, "expires", _time(alert.expires))
    _add(info, "senderName", alert.sender_name)
    _add(info, "headline", alert.headline)
    _add(info, "description", alert.description)
    _add(info, "instruction", alert.instruction)
    _add(info, "contact", alert.contact)
    for name, value in alert.parameters:
        pair = ElementTree.SubElement(info, "parameter")
        _add(pair, "valueName", name)
        _add(pair, "value", value)
    ElementTree.indent(root)
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def _check(alert: Alert) -> None:
    for name in (
        alert.identifier,
        alert.sender,
        *(part for one in alert.references for part in (one.sender, one.identifier)),
    ):
        if not _NAME.fullmatch(name):
            raise ValueError("A CAP identifier or sender has no space, comma, < or &, and is not empty.")
    if alert.mode not in STATUSES or alert.message_type not in MESSAGE_TYPES:
        raise ValueError("CAP knows no such status or type of message.")
    if alert.urgency not in URGENCIES or alert.severity not in SEVERITIES or alert.certainty not in CERTAINTIES:
        raise ValueError("CAP knows no such urgency, severity or certainty.")
    if bool(alert.references) == (alert.message_type == "Alert"):
        raise ValueError("An update or a cancel names the messages before it; a first alert names none.")
    if not alert.restriction or not alert.event:
        raise ValueError("A restricted message says who may read it, and every message its event.")


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    """An element with this text; none where the text is empty, since all that may be empty here is optional."""
    if text:
        ElementTree.SubElement(parent, name).text = printable(text)


def _reference(earlier: Reference) -> str:
    return f"{earlier.sender},{earlier.identifier},{_time(earlier.sent)}"


def _time(instant: int) -> str:
    """As CAP wants it: whole seconds, and `-00:00` for UTC, never `Z`."""
    return f"{_EPOCH + timedelta(microseconds=instant):%Y-%m-%dT%H:%M:%S}-00:00"
