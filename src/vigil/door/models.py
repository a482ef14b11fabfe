"""The drop: what the door and the node's review have in common. No times, no source, no text that is not sealed.

Ids are random and are SQLite's own row numbers, so that rows lie in no order of arrival. A week is an ISO week such as
`2026-W48`.
"""

from __future__ import annotations

import secrets

from django.db import models


def random_id() -> int:
    """63 random bits, never 0."""
    return secrets.randbits(63) or 1


class Rows(models.Model):
    """What every row has."""

    id = models.IntegerField(primary_key=True, default=random_id, editable=False)

    class Meta:
        abstract = True


class Door(Rows):
    """One row: what the door is called, whom it serves, the salts of its receipts."""

    name = models.CharField(max_length=200)
    region = models.CharField(max_length=200, blank=True, default="")
    agencies = models.JSONField(default=list)
    """Names of the agencies that share it, as the pages list them."""
    name_salt = models.BinaryField()
    key_salt = models.BinaryField()

    class Meta:
        db_table = "door_door"


class Reviewer(Rows):
    """The public key of a reviewer. Written by the node; the private half never comes here."""

    public = models.BinaryField()
    is_active = models.BooleanField(default=True)
    """Whether new letters are sealed to it. What was sealed before stays readable by who has the private half."""

    class Meta:
        db_table = "door_reviewer"


class Stage(models.TextChoices):
    """How far a report is, as the reporter reads it."""

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Report(Rows):
    """One near miss: a name that only its receipt gives, the reporter's public key, and the week it came in."""

    name = models.BinaryField(unique=True)
    reporter_public = models.BinaryField()
    week = models.CharField(max_length=8)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.RECEIVED)

    class Meta:
        db_table = "door_report"


class Kind(models.TextChoices):
    """What a letter is. The reporter writes the first three, the reviewers the others."""

    REPORT = "report"
    ANSWER = "answer"
    ADDITION = "addition"
    QUESTION = "question"
    DONE = "done"


class Letter(Rows):
    """One text of a report's dialogue, sealed to the reviewers and to the reporter.

    Of kind `report` it is the JSON object of `story.Story.as_text`; of the others plain text. `content` is empty once
    the raw text was destroyed.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    number = models.IntegerField()
    """Its place in the dialogue, from 0."""
    week = models.CharField(max_length=8)
    content = models.BinaryField()

    class Meta:
        db_table = "door_letter"
        constraints = (models.UniqueConstraint(fields=("report", "number"), name="door_letter_number"),)


class LetterKey(Rows):
    """A letter's content key, handed to one reader: a reviewer, or the reporter (no reviewer)."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="keys")
    reviewer = models.ForeignKey(Reviewer, on_delete=models.CASCADE, null=True, related_name="keys")
    handed = models.BinaryField()

    class Meta:
        db_table = "door_letterkey"


class Sharing(Rows):
    """How many published lessons say the same: written by the node, shown before sending. Only five and more."""

    call_type = models.CharField(max_length=40)
    time_band = models.CharField(max_length=40)
    lessons = models.IntegerField()

    class Meta:
        db_table = "door_sharing"
        constraints = (
            models.CheckConstraint(condition=models.Q(lessons__gte=5), name="door_sharing_five"),
            models.UniqueConstraint(fields=("call_type", "time_band"), name="door_sharing_once"),
        )


class Pulse(Rows):
    """One row of random bytes, written anew each minute, so that the file's times tell of no report."""

    noise = models.BinaryField()

    class Meta:
        db_table = "door_pulse"
