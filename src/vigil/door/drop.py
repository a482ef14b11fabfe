"""Reading and writing the drop: plain functions for the door and for the node's review.

`find` and what takes a `Key` is the reporter's side; `reviewers_write`, `reviewers_open`, `let_read` and `destroy` are
the reviewers', `say_sharing` is the node's. Each write is one short transaction. In the door's project the drop is the
default database, in the node's it is the database `door` (`router.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from django.db import IntegrityError, router, transaction

from vigil.door import LEAST_REVIEWERS, receipts, sealing
from vigil.door.models import Door, Kind, Letter, LetterKey, Report, Reviewer, Sharing, Stage, random_id

REPORTER = 0
"""The reporter's number among the readers of a letter; a reviewer's is the id of the key, which is never 0."""
FROM_REPORTER = (Kind.REPORT, Kind.ANSWER, Kind.ADDITION)


@dataclass(frozen=True, slots=True)
class Key:
    """What a receipt gives: the report's name in the drop and the private key of the reporter's half."""

    name: bytes
    private: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """A letter as its reader reads it; `text` is None where the raw text was destroyed."""

    kind: str
    week: str
    text: str | None

    @property
    def is_own(self) -> bool:
        """Whether the reporter wrote it."""
        return self.kind in FROM_REPORTER


def week_of(day: date) -> str:
    """`2026-W48`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def the_door() -> Door | None:
    """The one row, if the door was set up."""
    return Door.objects.first()


def is_open() -> bool:
    """Whether reports are taken: enough reviewers can read them."""
    return Reviewer.objects.filter(is_active=True).count() >= LEAST_REVIEWERS


def name_of(receipt: str, door: Door) -> bytes:
    """The name under which the receipt's report is found."""
    return receipts.slow(receipt, bytes(door.name_salt))


def key_of(receipt: str, door: Door) -> Key:
    """Both halves of what the receipt gives."""
    return Key(name_of(receipt, door), receipts.slow(receipt, bytes(door.key_salt)))


def about(letter: Letter) -> bytes:
    """What a letter's seal is bound to."""
    return f"vigil.door/letter/{letter.report_id}/{letter.pk}/{letter.kind}".encode()


def take(key: Key, text: str, today: date) -> bool:
    """A new report; whether it is new: one that was sent already stays as it is."""
    report = Report(name=key.name, reporter_public=sealing.public_of(key.private), week=week_of(today))
    readers = _readers(report)
    letter, keys = _sealed(report, Kind.REPORT, 0, text, readers, today)
    try:
        with transaction.atomic(router.db_for_write(Report)):
            report.save(force_insert=True)
            letter.save(force_insert=True)
            LetterKey.objects.bulk_create(keys)
    except IntegrityError:
        return False
    return True


def find(name: bytes) -> Report | None:
    """The report of that name."""
    return Report.objects.filter(name=name).first()


def read(report: Report, key: Key) -> list[Read]:
    """The dialogue as the reporter reads it, oldest first."""
    return [_read(letter, key.private, None) for letter in _letters(report)]


def reviewers_open(report: Report, reviewer: Reviewer, private: bytes) -> list[Read]:
    """The dialogue as a reviewer reads it, oldest first; `sealing.Unreadable` where the key is another."""
    return [_read(letter, private, reviewer) for letter in _letters(report)]


def reporter_writes(report: Report, key: Key, text: str, today: date) -> bool:
    """An answer where the reviewers wrote last, else an addition; sent twice before they write again it is one letter.

    False where the report was taken back meanwhile: then nothing is written.
    """
    with transaction.atomic(router.db_for_write(Report)):
        before = read(report, key)
        if any(letter.text == text for letter in takewhile(lambda letter: letter.is_own, reversed(before))):
            return True
        is_asked = bool(before) and not before[-1].is_own
        return _write(report, Kind.ANSWER if is_asked else Kind.ADDITION, text, today)


def reviewers_write(report: Report, kind: Kind, text: str, today: date) -> bool:
    """A question, or what was done: for the reporter, and for every reviewer of today.

    False where the report was taken back meanwhile: then nothing is written.
    """
    with transaction.atomic(router.db_for_write(Report)):
        return _write(report, kind, text, today)


def move_on(report: Report, stage: Stage) -> None:
    """How far the report is, as its reporter reads it; one that was taken back stays so."""
    report.stage = stage
    Report.objects.filter(pk=report.pk).exclude(stage=Stage.WITHDRAWN).update(stage=stage)


def let_read(report: Report, reviewer: Reviewer, private: bytes, other: Reviewer) -> int:
    """One reviewer lets another read the report's letters that were sealed before; how many keys were handed over."""
    handed = 0
    with transaction.atomic(router.db_for_write(Report)):
        for letter in _letters(report):
            own = letter.keys.filter(reviewer=reviewer).first()
            if own is None or letter.keys.filter(reviewer=other).exists():
                continue
            key = sealing.take_over(bytes(own.handed), private, about(letter))
            given = sealing.hand_over(key, bytes(other.public), about(letter))
            LetterKey.objects.create(letter=letter, reviewer=other, handed=given)
            handed += 1
    return handed


def withdraw(report: Report) -> None:
    """The reporter takes the report back: every text of it is destroyed, and the row says so to the receipt."""
    with transaction.atomic(router.db_for_write(Report)):
        destroy(report.letters.all())
        report.letters.all().delete()
        report.stage = Stage.WITHDRAWN
        report.save(update_fields=("stage",))


def destroy(letters: Iterable[Letter]) -> int:
    """Destroy the texts: the content key in every wrapping, then the ciphertext; how many letters had one.

    `secure_delete` overwrites the bytes; the write-ahead log is emptied by the door's pulse within the minute.
    """
    done = 0
    with transaction.atomic(router.db_for_write(Report)):
        for letter in letters:
            LetterKey.objects.filter(letter=letter).delete()
            done += bool(letter.content)
            letter.content = b""
            letter.save(update_fields=("content",))
    return done


def sharing() -> dict[tuple[str, str], int]:
    """The published lessons by kind of call and time of day, as the node last told."""
    return {(one.call_type, one.time_band): one.lessons for one in Sharing.objects.all()}


def say_sharing(counts: Mapping[tuple[str, str], int]) -> None:
    """Put these counts in the place of those of before."""
    rows = [Sharing(call_type=call, time_band=band, lessons=n) for (call, band), n in counts.items()]
    with transaction.atomic(router.db_for_write(Sharing)):
        Sharing.objects.all().delete()
        Sharing.objects.bulk_create(rows)


def _letters(report: Report) -> Iterable[Letter]:
    return report.letters.order_by("number").prefetch_related("keys")


def _read(letter: Letter, private: bytes, reviewer: Reviewer | None) -> Read:
    number = reviewer.pk if reviewer else None
    handed = next((key.handed for key in letter.keys.all() if key.reviewer_id == number), None)
    if handed is None or not letter.content:
        return Read(letter.kind, letter.week, None)
    text = sealing.open_sealed(bytes(letter.content), bytes(handed), private, about(letter))
    return Read(letter.kind, letter.week, text)


def _write(report: Report, kind: Kind, text: str, today: date) -> bool:
    # In the caller's transaction, which holds the drop's write lock from its beginning.
    if Report.objects.filter(pk=report.pk, stage=Stage.WITHDRAWN).exists():
        return False
    letter, keys = _sealed(report, kind, report.letters.count(), text, _readers(report), today)
    letter.save(force_insert=True)
    LetterKey.objects.bulk_create(keys)
    return True


def _readers(report: Report) -> dict[int, bytes]:
    active = Reviewer.objects.filter(is_active=True).values_list("pk", "public")
    return {REPORTER: bytes(report.reporter_public)} | {number: bytes(public) for number, public in active}


def _sealed(
    report: Report, kind: Kind, number: int, text: str, readers: dict[int, bytes], today: date
) -> tuple[Letter, list[LetterKey]]:
    letter = Letter(pk=random_id(), report=report, kind=kind, number=number, week=week_of(today))
    sealed = sealing.seal(text, readers, about(letter))
    letter.content = sealed.content
    return letter, [
        LetterKey(letter=letter, reviewer_id=reader or None, handed=handed) for reader, handed in sealed.keys.items()
    ]
