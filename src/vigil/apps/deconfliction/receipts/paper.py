"""A receipt on one sheet of paper, with its signed bytes as a QR code: whoever holds the sheet can check it offline.

In English, as it is signed. Nothing stands here that the signed body does not hold: no place, subject or case.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import segno

from vigil.apps.deconfliction.plan_rows import moment
from vigil.platform.documents import as_pdf
from vigil.protocol.receipt_files import code_of
from vigil.protocol.receipts import FIRST, Coverage
from vigil.protocol.store import StoredReceipt

TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#let long = data.asked.len() > 10
#set text(lang: "en", size: if long { 7.5pt } else { 9.5pt })
#set page(paper: "us-letter", margin: (x: 18mm, y: 14mm))
#set par(justify: false)
#show title: set text(size: 20pt)
#show heading: set text(size: 11pt)
#if data.mode != "" [
  #block(width: 100%, inset: 8pt, stroke: 2pt, text(size: 15pt, weight: "bold", data.mode))
]
#grid(columns: (1fr, auto), column-gutter: 8mm,
  [
    #title()
    #text(size: 13pt, weight: "bold", data.answer)
    #v(2mm)
    #table(columns: (auto, 1fr), stroke: none, inset: (x: 0pt, y: 2.5pt), column-gutter: 4mm,
      ..data.facts.map(fact => (text(weight: "bold", fact.at(0)), text(fact.at(1)))).flatten())
  ],
  if data.code != "" { image(bytes(data.code), format: "svg", width: 58mm, alt: data.code_alt) })
= Who was asked
#table(columns: (1fr, auto, auto), inset: if long { 2pt } else { 3.5pt }, stroke: 0.4pt,
  table.header([*Asked*], [*What*], [*Answered, or whom to telephone*]),
  ..data.asked.map(line => line.map(text)).flatten())
#for note in data.notes [
  #text(note) \\
]
#if data.not_covered != "" [
  #text(weight: "bold", "Not asked, because no node here serves them: ") #text(data.not_covered)
]
= What it does not prove
#text(data.does_not_prove)
= Checking it
#text(data.check)
#table(columns: (auto, 1fr), stroke: none, inset: (x: 0pt, y: 2pt), column-gutter: 4mm,
  ..data.seals.map(fact => (text(fact.at(0)), text(font: "DejaVu Sans Mono", size: 7.5pt, fact.at(1)))).flatten())
"""

ANSWERS = {
    "conflict": "Conflict: call the other side",
    "no_known_conflict": "No known conflict",
    "incomplete": "Incomplete: not everybody has answered",
}
MODES = {"exercise": "EXERCISE. Nothing here is real.", "test": "TEST. Nothing here is real."}
CHECK = (
    "Scan the code, put its text into a file and run `vigil receipt verify FILE --key PUBLIC`, or open the page “Check "
    "a receipt” of the node. Neither needs a login. Ask the node for its public key over a way that you trust: its "
    "fingerprint stands below."
)
NO_CODE = (
    "This receipt is too long for a code: take it out as a file. `vigil receipt verify FILE --key PUBLIC` checks it, "
    "or the page “Check a receipt” of the node. Neither needs a login."
)
WHAT = {
    Coverage.ANSWERED: "answered",
    Coverage.NOT_ANSWERED: "NOT ANSWERED",
    Coverage.REFUSED: "REFUSED",
    Coverage.NO_SHARED_PREDICATE: "CANNOT COMPARE",
}


def receipt_pdf(receipt: StoredReceipt, node: str, zone: str) -> bytes:
    """The sheet (PDF/UA-1). The receipt must still have its body; times are given in `zone` and in UTC."""
    said = json.loads(receipt.body)
    code = _code(receipt)
    coverage = [(Coverage(line["coverage"]), line) for line in said["coverage"]]
    return as_pdf(
        TEMPLATE,
        {
            "title": f"Receipt {receipt.number:06d}",
            "mode": MODES.get(said["mode"], ""),
            "answer": _answer(said),
            "facts": _facts(said, node, zone),
            "code": code,
            "code_alt": f"QR code with receipt {receipt.number:06d} and its signature.",
            "asked": [
                (node, "own search", _at(said["issued_at"], zone)),
                *(_asked(what, line, zone) for what, line in sorted(coverage, key=_silent_first) if _was_asked(what)),
            ],
            "not_covered": ", ".join(line["name"] for what, line in coverage if what is Coverage.NOT_COVERED),
            "notes": [f"{note[:1].upper()}{note[1:]}." for note in said["notes"]],
            "does_not_prove": said["does_not_prove"],
            "check": CHECK if code else NO_CODE,
            "seals": _seals(receipt, said),
        },
    )


def _code(receipt: StoredReceipt) -> str:
    out = io.BytesIO()
    try:
        segno.make(code_of(receipt), micro=False, error="l", boost_error=False).save(out, kind="svg", border=2)
    except segno.DataOverflowError:
        return ""
    return out.getvalue().decode()


def _answer(said: Mapping[str, Any]) -> str:
    answer = ANSWERS[said["determination"]]
    return f"{answer} (a time is not fixed yet)" if said["tentative"] else answer


def _facts(said: Mapping[str, Any], node: str, zone: str) -> list[tuple[str, str]]:
    facts = [
        ("Operation", f"{said['reference']}, revision {said['revision']}, {said['status'].replace('_', ' ')}"),
        ("Said at", _at(said["issued_at"], zone)),
        ("By", f"{node}, list of partners number {said['roster']}"),
    ]
    if said["supersedes"]:
        facts.append(("In place of", f"receipt {said['supersedes']:06d}"))
    return facts


def _was_asked(what: Coverage) -> bool:
    return what is not Coverage.NOT_COVERED


def _silent_first(line: tuple[Coverage, Any]) -> bool:
    return line[0] is Coverage.ANSWERED


def _asked(what: Coverage, line: Mapping[str, Any], zone: str) -> Sequence[str]:
    instead = f"Call {line['desk_phone']}" if line["desk_phone"] else "No telephone known"
    return line["name"], WHAT[what], _at(line["answered_at"], zone) if line["answered_at"] else instead


def _seals(receipt: StoredReceipt, said: Mapping[str, Any]) -> list[tuple[str, str]]:
    before = "none, this is the first" if receipt.previous == FIRST else receipt.previous
    return [("This receipt", receipt.digest), ("The one before", before), ("Key", said["key"])]


def _at(instant: int, zone: str) -> str:
    at: datetime = moment(instant)
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z} ({at:%H:%M:%S}Z)"
