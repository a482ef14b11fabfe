"""Who reviews, how far each report is, what was published, and what was destroyed.

No text of a report is here before it is published: what reviewers write on the way is sealed to their keys like the
report itself (`working.py`), so that neither this database nor its backups hold a name that nobody has masked yet.
"""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models

from vigil.apps.near_miss.rules import State
from vigil.core.identifiers import uuid7
from vigil.platform import clock
from vigil.platform.sealed import SealedText


class Seat(models.Model):
    """A person who reviews, or is to. `wrapped` is the private half of their key under the passphrase. The public half
    waits here until another reviewer has confirmed it, and then stands in the drop under `number`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    number = models.BigIntegerField(null=True, unique=True)
    wrapped = models.BinaryField(default=bytes)
    waiting = models.BinaryField(default=bytes)
    confirmed_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    is_active = models.BooleanField(default=True)
    named_at = models.DateTimeField(default=clock.now)
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("named_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True) | ~models.Q(confirmed_by=models.F("id")),
                name="near_miss_two_confirm",
            ),
        )


class AgencySize(models.Model):
    """How large an agency of the reviewers is, `band` a code of `vigil.door.fields`: a report that gives the same may
    be of that agency (`review/independence.py`). Without a row nobody has said it.
    """

    agency = models.OneToOneField("agencies.Agency", models.CASCADE, primary_key=True, related_name="+")
    band = models.CharField(max_length=10)


class Review(models.Model):
    """How far the review of one report of the drop is; `report` is its number there.

    `revision` counts the steps: a form that shows an older one is refused. `content` and `keys` are what `working`
    seals. `ended_on` starts the days after which the raw text goes.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    report = models.BigIntegerField(unique=True)
    state = models.CharField(
        max_length=10, choices=[(one.value, one.value) for one in State], default=State.RECEIVED.value
    )
    revision = models.PositiveIntegerField(default=0)
    is_alert = models.BooleanField(null=True)
    triaged_by = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    masked_by = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    agreed_by = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    coded_by = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    published_by = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    content = models.BinaryField(default=bytes)
    keys = models.JSONField(default=dict)
    ended_on = models.DateField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(agreed_by__isnull=True) | ~models.Q(agreed_by=models.F("masked_by")),
                name="near_miss_two_agree",
            ),
            models.CheckConstraint(
                condition=models.Q(published_by__isnull=True) | ~models.Q(published_by=models.F("coded_by")),
                name="near_miss_two_publish",
            ),
        )


class Batch(models.Model):
    """Lessons that the patterns began to count together (`learning/rules.py`): `size` of them, of the kind of call
    `row` or of several, published up to the end of a quarter.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    row = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    until = models.DateField()


class Lesson(models.Model):
    """What was published: masked text, coding, lessons. Nothing leads from here to the report or its review.

    `month` is `2026-11` as the reporter chose it, or empty; `call_type`, `time_band`, `factors` and `primary` are codes
    of `vigil.door.fields`. `scene` is what the report said of the event besides (question → codes): counted in the
    tables of `learning`, shown on no page and in no export of a lesson. `linked` are other lessons that reviewers found
    to be like it.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    title = models.CharField(max_length=120)
    text = models.TextField()
    lessons = models.TextField()
    call_type = models.CharField(max_length=40, blank=True)
    time_band = models.CharField(max_length=40, blank=True)
    month = models.CharField(max_length=7, blank=True)
    factors = models.JSONField(default=list)
    primary = models.CharField(max_length=40)
    scene = models.JSONField(default=dict)
    linked = models.ManyToManyField("self")
    published_on = models.DateField()
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="+")
    """With which others it is counted; null: not yet."""

    class Meta:
        ordering = ("-published_on", "title", "id")


class Destruction(models.Model):
    """Proof that a report's raw text was destroyed: `body` is the signed JSON, with the digest of the ciphertexts, the
    week in which the report came, and how many reviewers could read it.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    body = models.BinaryField()
    signature = models.BinaryField()
    destroyed_on = models.DateField()

    class Meta:
        ordering = ("-destroyed_on", "id")


class Outcome(models.TextChoices):
    """How a recommendation ended; empty while it is open."""

    DONE = "done"
    IN_PART = "in_part"
    NOT_DONE = "not_done"


class Recommendation(models.Model):
    """What an agency means to do about a lesson: by whom (`owner`, or `office` where it is no single person), until
    which day, and how it ended. Its words are the agency's own and sealed. `revision` counts the edits: a form that
    shows an older one replaces nothing unseen.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="recommendations")
    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="+")
    text = SealedText("near_miss.recommendation")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    office = SealedText("near_miss.office")
    due_on = models.DateField()
    revision = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Outcome], blank=True)
    reason = SealedText("near_miss.outcome")
    ended_on = models.DateField(null=True)

    class Meta:
        ordering = ("due_on", "id")
        indexes = (models.Index(fields=("agency", "outcome", "due_on"), name="near_miss_recommended"),)


class Origin(models.Model):
    """Which lesson a report became, and the outcomes that its reporter was told.

    Sealed to the reviewers (`origins.py`): nobody who has this database comes from a lesson to its report.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    review = models.OneToOneField(Review, models.CASCADE, related_name="origin")
    content = models.BinaryField(default=bytes)
    keys = models.JSONField(default=dict)


class LessonFeed(models.Model):
    """A person's own address of the feed of lessons, a secret of which only the SHA-256 is kept. Revoked rows stay."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("user", "agency"), condition=models.Q(revoked_at__isnull=True), name="near_miss_one_feed"
            ),
        )


class ForeignLesson(models.Model):
    """A near miss of another service, as its own system published it (`foreign/`); never one of our lessons.

    `source` is a code of `foreign.mapping.SOURCES`, `number` the source's own. `taxonomy` is the source's coding as it
    stands there, `terms` the same values as one text to search in; `call_type`, `time_band`, `factors`, `primary` are
    what of it maps onto our codes. `flags` counts by kind what the masking check marks.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    source = models.CharField(max_length=20)
    number = models.CharField(max_length=40)
    title = models.CharField(max_length=160)
    text = models.TextField()
    lessons = models.TextField(blank=True)
    call_type = models.CharField(max_length=40, blank=True)
    time_band = models.CharField(max_length=40, blank=True)
    month = models.CharField(max_length=7)
    factors = models.JSONField(default=list)
    primary = models.CharField(max_length=40, blank=True)
    taxonomy = models.JSONField(default=list)
    terms = models.TextField(blank=True)
    flags = models.JSONField(default=dict)
    imported_on = models.DateField()

    class Meta:
        ordering = ("-month", "source", "number")
        constraints = (models.UniqueConstraint(fields=("source", "number"), name="near_miss_foreign_once"),)


class AlertDraft(models.Model):
    """What one reviewer would tell others now, sealed to the reviewers until another releases it; then it is empty."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    review = models.OneToOneField(Review, models.CASCADE, related_name="alert_draft")
    revision = models.PositiveIntegerField(default=0)
    written_by = models.ForeignKey(Seat, models.PROTECT, related_name="+")
    released_by = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+")
    content = models.BinaryField(default=bytes)
    keys = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(released_by__isnull=True) | ~models.Q(released_by=models.F("written_by")),
                name="near_miss_two_alert",
            ),
        )


class Alert(models.Model):
    """What others must hear of before a lesson can be written. Nothing leads from here to the report.

    `goes_out_at` is one of the fixed hours: before it nobody reads it, and no later instant is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    text = models.TextField()
    goes_out_at = models.DateTimeField()

    class Meta:
        ordering = ("-goes_out_at", "id")


class Subscription(models.Model):
    """What a person wants to be told of."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    alerts = models.BooleanField(default=False)
    lessons = models.BooleanField(default=False)
    digest = models.BooleanField(default=False)


class Announcement(models.Model):
    """What subscribers were told of, by a key of its own, so that nothing is told twice."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    key = models.CharField(max_length=80, unique=True)
    told_at = models.DateTimeField()


class Encounter(models.Model):
    """An assault on an officer that an agency means as a case study: a draft, then a report of the drop.

    `content` is the draft, and empty once it was submitted: from then on its text is sealed to the reviewers alone,
    under the number `report` in the drop. `title` is the agency's own; `met` has the codes of the criteria; `writers`
    are the ids of all who saved it, `author` the first of them, `submitted_by` who gave it to the reviewers.
    `revision` counts the saves: a form that shows an older one replaces nothing unseen.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    title = SealedText("near_miss.encounter_title")
    content = SealedText("near_miss.encounter")
    met = models.JSONField(default=list)
    writers = models.JSONField(default=list)
    revision = models.PositiveIntegerField(default=0)
    report = models.BigIntegerField(null=True, unique=True)
    saved_on = models.DateField()
    submitted_on = models.DateField(null=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-saved_on", "-id")
        indexes = (models.Index(fields=("agency", "-saved_on"), name="near_miss_encountered"),)


class Consent(models.Model):
    """What one of the persons said, how and when (`how` and `got_on`, of what was given), and who wrote it down. The
    newest counts: a refusal at once, all else once the witness has confirmed it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    encounter = models.ForeignKey(Encounter, models.CASCADE, related_name="consents")
    person = models.CharField(max_length=12)
    answer = models.CharField(max_length=12)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_on = models.DateField()
    how = models.CharField(max_length=10, blank=True)
    got_on = models.DateField(null=True)
    witness = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_on = models.DateField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(witness__isnull=True) | ~models.Q(witness=models.F("recorded_by")),
                name="near_miss_two_consent",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_on__isnull=True) | models.Q(witness__isnull=False),
                name="near_miss_witness_confirms",
            ),
        )


class LegalHold(models.Model):
    """While it lasts, the encounter is neither published nor destroyed. `until` is its last day; null: until lifted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    encounter = models.ForeignKey(Encounter, models.PROTECT, related_name="holds")
    reason = SealedText("near_miss.hold")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_on = models.DateField()
    until = models.DateField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_on = models.DateField(null=True)

    class Meta:
        ordering = ("id",)


class CaseStudy(models.Model):
    """A published encounter: masked panels, lessons, coding. Nothing leads from here to the encounter.

    `year` alone is kept of the day; the codes are those of `vigil.door.fields`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    title = models.CharField(max_length=120)
    officer = models.TextField()
    offender = models.TextField()
    circumstance = models.TextField()
    lessons = models.TextField()
    answers = models.JSONField(default=dict)
    year = models.CharField(max_length=4, blank=True)
    factors = models.JSONField(default=list)
    primary = models.CharField(max_length=40)
    published_on = models.DateField()

    class Meta:
        ordering = ("-published_on", "title", "id")


class PartnerChoice(models.Model):
    """What the node's administrator chose for a partner node: whether it is sent what this node publishes, and whether
    what it publishes is shown here. Without a row neither.
    """

    partner = models.OneToOneField("partners.Partner", models.CASCADE, primary_key=True, related_name="+")
    sends = models.BooleanField(default=False)
    shows = models.BooleanField(default=False)


class HandedOut(models.Model):
    """What a partner was last told of a lesson or alert: `digest` of what was said, empty once it was taken back."""

    id = models.BigAutoField(primary_key=True)
    partner = models.ForeignKey("partners.Partner", models.CASCADE, related_name="+")
    number = models.UUIDField()
    what = models.CharField(max_length=6)
    revision = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("partner", "number"), name="near_miss_handed_out_once"),)


class PartnerPublication(models.Model):
    """A lesson or an alert (`what`) of a partner node, as it last told it; one that it took back says nothing.

    `number` is the partner's own; the codes are those of its lists, which may not be ours.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    partner = models.ForeignKey("partners.Partner", models.CASCADE, related_name="+")
    number = models.UUIDField()
    what = models.CharField(max_length=6)
    revision = models.PositiveIntegerField()
    is_withdrawn = models.BooleanField(default=False)
    title = models.CharField(max_length=120, blank=True)
    text = models.TextField(blank=True)
    lessons = models.TextField(blank=True)
    call_type = models.CharField(max_length=40, blank=True)
    time_band = models.CharField(max_length=40, blank=True)
    month = models.CharField(max_length=7, blank=True)
    factors = models.JSONField(default=list)
    primary = models.CharField(max_length=40, blank=True)
    published_on = models.DateField(null=True)

    class Meta:
        ordering = ("-published_on", "title", "id")
        constraints = (models.UniqueConstraint(fields=("partner", "number"), name="near_miss_published_once"),)
