"""What the receipt opens: reading, answering, adding, taking back. No login: the receipt travels in a hidden field."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse

from vigil.core.privacy import recognise, surrogates
from vigil.door import drop, receipts
from vigil.door.fields import PROMPTS
from vigil.door.models import Door, Kind, Report, Stage
from vigil.door.story import read_story, text_fault
from vigil.door.views import HASHING, page, show, today
from vigil.texts import gettext as _

LINE = threading.BoundedSemaphore(8)
"""How many may wait for a receipt to be looked up; one at a time is."""
TURN = threading.Lock()


@page()
def receipt(request: HttpRequest, door: Door) -> HttpResponse:
    """With the receipt: read, answer, add, withdraw."""
    if request.method != "POST":
        return show(request, "receipt.html", door)
    typed = request.POST.get("receipt", "")
    code = receipts.read(typed)
    if code is None:
        return _ask_again(request, door, typed, _("A receipt has 16 letters and digits. Look whether one is missing."))
    with _in_line() as is_in:
        if not is_in:
            said = _("Many ask at this moment. Your receipt is still in the field: press the button again.")
            return _ask_again(request, door, typed, said, 503)
        found = drop.find(drop.name_of(code, door))
    if found is None:
        return _ask_again(
            request,
            door,
            typed,
            _("No report has this receipt. Look at each character; 0 is O, 1 is I."),
        )
    with HASHING:
        key = drop.key_of(code, door)
    return _dialogue(request, door, found, key, code)


@contextmanager
def _in_line() -> Iterator[bool]:
    """One receipt is looked up at a time, others wait; whether there was room to wait."""
    is_in = LINE.acquire(blocking=False)
    try:
        if is_in:
            with TURN:
                yield True
        else:
            yield False
    finally:
        if is_in:
            LINE.release()


def _ask_again(request: HttpRequest, door: Door, typed: str, said: str, status: int = 422) -> HttpResponse:
    return show(request, "receipt.html", door, status=status, typed=typed[:40], fault=said)


def _dialogue(request: HttpRequest, door: Door, found: Report, key: drop.Key, code: str) -> HttpResponse:
    act, text = request.POST.get("go", "open"), request.POST.get("text", "").strip()
    fault, findings, is_written = "", (), False
    if act == "withdraw-now":
        drop.withdraw(found)
    elif act in ("answer", "as-typed", "replaced") and found.stage != Stage.WITHDRAWN:
        fault, findings = _say(found, key, act, text)
        is_written = not (fault or findings)
    letters = drop.read(found, key)
    found.refresh_from_db(fields=("stage",))
    if found.stage == Stage.WITHDRAWN:  # by another page meanwhile, it may be: what was just written is gone too
        letters, is_written = [], False
    return show(
        request,
        "dialogue.html",
        door,
        status=422 if fault else 200,
        code=code,
        grouped=receipts.grouped(code),
        stage=found.stage,
        stage_words=_stage_words(found.stage),
        letters=[(letter, _letter_title(letter.kind), _shown(letter)) for letter in letters],
        text="" if is_written else text,
        fault=fault,
        findings=findings,
        is_written=is_written,
        asks_withdrawal=act == "withdraw" and found.stage != Stage.WITHDRAWN,
    )


def _say(found: Report, key: drop.Key, act: str, text: str) -> tuple[str, tuple[Any, ...]]:
    """Write what the reporter adds, once it was looked through; what is wrong, what was found."""
    if not text:
        return _("Write something first."), ()
    if fault := text_fault(text):
        return fault, ()
    spans = recognise(text)
    if spans and act == "answer":
        return "", tuple((text[span.start : span.end], span.proposal, _(span.title)) for span in spans)
    if not drop.reporter_writes(found, key, surrogates(text, spans) if act == "replaced" else text, today()):
        found.stage = Stage.WITHDRAWN
        return _stage_words(Stage.WITHDRAWN), ()
    return "", ()


def _shown(letter: drop.Read) -> list[tuple[str, str]]:
    """A letter's paragraphs with their labels."""
    if letter.text is None:
        return [("", _("The text was destroyed."))]
    if letter.kind != Kind.REPORT:
        return [("", letter.text)]
    told = read_story(letter.text)["texts"]
    return [(_(prompt.label), told[prompt.name]) for prompt in PROMPTS if told.get(prompt.name)]


def _letter_title(kind: str) -> str:
    return {
        Kind.REPORT: _("Your report"),
        Kind.ANSWER: _("Your answer"),
        Kind.ADDITION: _("You added"),
        Kind.QUESTION: _("The reviewers ask"),
        Kind.DONE: _("What was done"),
    }[Kind(kind)]


def _stage_words(stage: str) -> str:
    return {
        Stage.RECEIVED: _("Received. Nobody has looked at it yet."),
        Stage.IN_REVIEW: _("Reviewers are reading it."),
        Stage.PUBLISHED: _("Published as a lesson, without what points at you."),
        Stage.CLOSED: _("Closed. What was done stands below, where something was."),
        Stage.WITHDRAWN: _("You took this report back. Its text is destroyed."),
    }[Stage(stage)]
