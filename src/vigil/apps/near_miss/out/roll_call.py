"""A lesson on one sheet for roll call: what to do, what happened, what to talk about. In the reader's language.

Source: the drill sheets of Firefighter Near Miss's report of the week.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from vigil.apps.near_miss import access
from vigil.apps.near_miss.models import Lesson
from vigil.apps.near_miss.out import exports
from vigil.apps.near_miss.queries import NOTHING, said, shown
from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import this_node
from vigil.platform.documents import as_pdf

TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(lang: data.language, size: data.size * 1pt)
#set page(paper: "us-letter", margin: (x: 18mm, y: 14mm))
#set par(justify: false, leading: 0.55em)
#show title: set text(size: 20pt)
#show heading: set text(size: 12pt)
#text(weight: "bold", data.kind)
#title()
#table(columns: (auto, 1fr), stroke: none, inset: (x: 0pt, y: 2.5pt), column-gutter: 4mm,
  ..data.facts.map(fact => (text(weight: "bold", fact.at(0)), text(fact.at(1)))).flatten())
= #data.lessons.at(0)
#for line in data.lessons.at(1) [
  #par(text(line))
]
= #data.talk.at(0)
#list(..data.talk.at(1).map(text))
= #data.told.at(0)
#block(height: 1fr, clip: true)[
  #for line in data.told.at(1) [
    #par(text(line))
  ]
]
#line(length: 100%, stroke: 0.4pt)
#text(size: 8pt, data.foot)
"""
LARGE, SMALL = 11, 8.5
"""Points; a sheet with more than `LINES_LARGE` lines takes the small ones."""
LINES_LARGE = 32
LINES = {"lessons": 18, "text": 26}
"""So many lines of each part at most, so that it stays one sheet."""
LINE, GAP = 100, 0.6
"""Characters of a line in the small type, on the safe side, and what the space after a paragraph takes."""


@action(exports.EXPORT)
def give_roll_call(actor: Actor, lesson: UUID) -> bytes:
    """The sheet (PDF/UA-1); `NotFound` where there is no such lesson."""
    concerns(lesson=lesson)
    found = access.lessons(actor).filter(pk=lesson).first()
    if found is None:
        raise NotFound
    content = as_pdf(TEMPLATE, _sheet(actor, found))
    detail(kind="roll_call", size=len(content))
    return content


def cut(text: str, most: float) -> tuple[list[str], bool]:
    """The paragraphs of a text in `most` lines at most, ended at a word, and whether something is left out."""
    kept: list[str] = []
    for paragraph in filter(None, map(str.strip, text.splitlines())):
        if most <= 0:
            return kept, True
        room = int(most * LINE)
        if len(paragraph) > room:
            return [*kept, paragraph[:room].rpartition(" ")[0] + " …"], True
        kept.append(paragraph)
        most -= _lines(paragraph)
    return kept, False


def _lines(paragraph: str) -> float:
    return -(-len(paragraph) // LINE) + GAP


def _sheet(actor: Actor, lesson: Lesson) -> dict[str, Any]:
    words = shown(lesson, said(actor).get(lesson.pk, NOTHING))
    lessons, is_less = cut(lesson.lessons, LINES["lessons"])
    told, is_cut = cut(lesson.text, LINES["text"])
    foot = [_("From the near misses of {node}. Names, places and times are masked.").format(node=this_node().name)]
    if is_less or is_cut:
        foot.append(_("Shortened for one sheet; the whole stands in the library."))
    return {
        "title": lesson.title,
        "kind": _("Near miss for roll call"),
        "language": (get_language() or "en").partition("-")[0],
        "size": LARGE if sum(map(_lines, lessons + told)) <= LINES_LARGE else SMALL,
        "facts": [
            (label, said)
            for label, said in (
                (_("Kind of call"), words.call_type),
                (_("Primary factor"), words.primary),
                (_("Contributing factors"), ", ".join(words.factors)),
            )
            if said
        ],
        "lessons": (_("Lessons learned"), lessons),
        "told": (_("What happened"), told),
        "talk": (
            _("Talk about it"),
            [
                _("Where could this happen to us on this shift?"),
                _("What would you have seen, said or done, and when?"),
                _("What do we change today, and who does it?"),
            ],
        ),
        "foot": " ".join(foot),
    }
