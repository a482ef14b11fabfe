"""A report as it travels from page to page in hidden fields: nothing of it is stored before it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from vigil.core.privacy import KEEP, REPLACE, Choice, forbidden
from vigil.door.fields import FACTORS, MOST_CHARACTERS, PROMPTS, SCENE, months
from vigil.texts import gettext as _

WAYS = ("replace", "own", "keep")


class Posted(Protocol):
    """What Django's QueryDict does."""

    def get(self, name: str, default: str) -> str: ...
    def getlist(self, name: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Story:
    """What was typed and ticked. `choices`: by a thing's words, what the reporter decided at the check.

    `final` are the prompts' texts as they are shown before sending, and sent; empty before the check is done.
    """

    texts: dict[str, str]
    answers: dict[str, tuple[str, ...]]
    factors: tuple[str, ...] = ()
    primary: str = ""
    choices: dict[str, Choice] = field(default_factory=dict)
    final: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, posted: Posted, today: date) -> Story:
        """Out of a page's fields; codes that no form offers are left out."""
        answers = {one.name: tuple(code for code in posted.getlist(one.name) if code in one.choices) for one in SCENE}
        answers["month"] = tuple(code for code in posted.getlist("month") if code in months(today))
        factors = tuple(code for code in dict.fromkeys(posted.getlist("factor")) if code in FACTORS)
        primary = posted.get("primary", "")
        if primary in FACTORS and primary not in factors:
            factors = (*factors, primary)
        return cls(
            texts={prompt.name: _plain(posted.get(prompt.name, "")) for prompt in PROMPTS},
            answers={name: codes for name, codes in answers.items() if codes},
            factors=factors,
            primary=primary if primary in FACTORS else "",
            choices=dict(_choices(posted.getlist("choice"))),
            final={
                prompt.name: _plain(posted.get(f"final_{prompt.name}", ""))
                for prompt in PROMPTS
                if posted.get(f"final_{prompt.name}", "")
            },
        )

    def hidden(self, shown: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
        """The fields that a page carries on, without those that it shows."""
        for name, text in self.texts.items():
            if name not in shown and text:
                yield name, text
        for name, codes in self.answers.items():
            if name not in shown:
                yield from ((name, code) for code in codes)
        if "factor" not in shown:
            yield from (("factor", code) for code in self.factors)
            if self.primary:
                yield "primary", self.primary
        for words, choice in self.choices.items():
            yield "choice", json.dumps([words, choice.way, choice.words])
        for name, text in self.final.items():
            yield f"final_{name}", text

    def with_choice(self, words: str, choice: Choice | None) -> Story:
        """With a decision, or (None) without one."""
        kept = {key: value for key, value in self.choices.items() if key != words}
        return replace(self, choices=kept if choice is None else kept | {words: choice}, final={})

    def as_text(self) -> str:
        """What is sealed: a JSON object of `texts`, `answers` (lists of codes), `factors` and `primary`."""
        answers = {name: list(codes) for name, codes in self.answers.items()}
        texts = self.final or {name: text for name, text in self.texts.items() if text}
        return json.dumps({"texts": texts, "answers": answers, "factors": list(self.factors), "primary": self.primary})

    def faults(self) -> dict[str, str]:
        """What is wrong with the texts, by prompt: a sentence that says how to mend it."""
        found = {}
        if not self.texts[PROMPTS[0].name].strip():
            found[PROMPTS[0].name] = _("Tell what happened: a few sentences are enough.")
        for name, text in self.texts.items():
            if said := text_fault(text):
                found[name] = said
        return found


def read_story(text: str) -> dict[str, Any]:
    """What `Story.as_text` wrote, for who reads it."""
    read: dict[str, Any] = json.loads(text)
    return read


def text_fault(text: str) -> str:
    """What keeps a text from being sent: its length, or other people's files in it."""
    if len(text) > MOST_CHARACTERS:
        return _("This has {n} characters; at most {most} are taken. Shorten it to what nearly went wrong.").format(
            n=f"{len(text):,}", most=f"{MOST_CHARACTERS:,}"
        )
    return " ".join(map(_, forbidden(text)))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "")


def _choices(values: list[str]) -> Iterator[tuple[str, Choice]]:
    for value in values:
        try:
            words, way, own = json.loads(value)
        except (ValueError, TypeError, RecursionError):
            continue
        if way in WAYS and isinstance(words, str) and isinstance(own, str):
            yield words, {"replace": REPLACE, "keep": KEEP}.get(way, Choice("own", own))
