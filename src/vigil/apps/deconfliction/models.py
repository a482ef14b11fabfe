"""What a node stores about operations, searches, conflicts and receipts. Columns and constraints; no decisions.

Contacts, objective, case number, typed places and subjects are ciphertext (`platform.keys`), one purpose a column.
Instants are UTC with microseconds. The columns of `Operation` below "current revision" repeat that revision, so that a
list needs one query.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy

from vigil.apps.deconfliction.plan import Disclosure, PlaceSource
from vigil.core.identifiers import uuid7
from vigil.engine.operation import Band, Basis, Mode
from vigil.platform.sealed import SealedField, SealedList, SealedRows, SealedText


def _one_of(field: str, values: type[models.TextChoices] | list[str], name: str) -> models.CheckConstraint:
    allowed = list(values) if isinstance(values, list) else list(values.values)
    return models.CheckConstraint(condition=Q(**{f"{field}__in": allowed}), name=name)


MODES = [mode.value for mode in Mode]
DISCLOSURES = [level.value for level in Disclosure]
BASES = [basis.value for basis in Basis]
BANDS = [band.value for band in Band]
SOURCES = [source.value for source in PlaceSource]


class Status(models.TextChoices):
    """What the current revision says. `under_way` is also what a registered operation is once it has started."""

    DRAFT = "draft", "Draft"
    REGISTERED = "registered", "Registered"
    UNDER_WAY = "under_way", "Under way"
    ENDED = "ended", "Ended"
    CANCELLED = "cancelled", "Cancelled"


class Determination(models.TextChoices):
    """What the owner is told about one revision (specification, section 5)."""

    CHECKING = "checking", "Checking"
    CONFLICT = "conflict", "Conflict"
    NO_KNOWN_CONFLICT = "no_known_conflict", "No known conflict"
    INCOMPLETE = "incomplete", "Incomplete"


class RevisionKind(models.TextChoices):
    """Why a revision was made."""

    REGISTER = "register", gettext_lazy("Registered")
    EDIT = "edit", gettext_lazy("Edited")
    EXTEND = "extend", gettext_lazy("Extended")
    END = "end", gettext_lazy("Ended")
    CANCEL = "cancel", gettext_lazy("Cancelled")
    UNDO_CANCEL = "undo_cancel", gettext_lazy("Cancellation undone")
    JOIN = "join", gettext_lazy("Joint group accepted")
    IMPORT = "import", gettext_lazy("Imported")
    SHIFT = "shift", gettext_lazy("Moved in time")


class Standing(models.TextChoices):
    """Whether the pair still matches: `past`, its overlap was over when found; `withdrawn`, it matches no more."""

    OPEN = "open", "Open"
    PAST = "past", "Past"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ConflictState(models.TextChoices):
    """How far the two sides have come (specification, section 6)."""

    DETECTED = "detected", "Detected"
    NOTIFIED = "notified", "Notified"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    CONTACTED = "contacted", "Contacted"
    RESOLVED = "resolved", "Resolved"
    EXPIRED = "expired_unacknowledged", "Expired unacknowledged"


class Outcome(models.TextChoices):
    """How both sides resolved a conflict (specification, section 6)."""

    PROCEED = "proceed", "Both proceed"
    JOINT = "joint", "Run together"
    DELAY = "delay", "One is delayed"
    CANCEL = "cancel", "One is cancelled"
    FALSE_ALARM = "false_alarm", "False alarm"
    SAME_OPERATION = "same_operation", "The same operation entered twice"


class Route(models.TextChoices):
    """Whom an alarm goes to (specification, section 7)."""

    OWNER = "owner", "The owner and the watch desk"
    DECONFLICTOR = "deconflictor", "Through the deconflictor"


class ImportBatch(models.Model):
    """One imported file: who, for which agency, and what came of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="import_batches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    user_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)
    """E.g. `{"created": 10, "updated": 2, "unchanged": 0, "ended": 3, "bad_rows": 1}`."""
    problems = SealedRows("deconfliction.import.reason", default=list)
    """One entry a bad row: line, column and reason, without the row's contents."""
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"import {self.id}"


class SavedMapping(models.Model):
    """How an agency's own export is read: the mapping file of specification 9, kept under a name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="saved_mappings")
    name = models.CharField(max_length=100)
    toml = SealedText("deconfliction.mapping")
    """It may name a contact for every row."""
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("agency", "name"), name="deconfliction_one_mapping"),)

    def __str__(self) -> str:
        return self.name


class Operation(models.Model):
    """A planned law-enforcement action of an agency of this node. Its contents are in its revisions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reference = models.CharField(max_length=24, unique=True)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="operations")
    mode = models.CharField(max_length=8, default=Mode.LIVE.value)
    external_id = models.CharField(max_length=200, blank=True)
    """The `operation_id` of an imported file, unique within the agency."""
    import_batch = models.ForeignKey(ImportBatch, null=True, on_delete=models.PROTECT, related_name="operations")
    """The last import that named it."""
    task_force = models.ForeignKey("TaskForce", null=True, on_delete=models.SET_NULL, related_name="operations")
    """The task force that it is registered for, whose members of other agencies may read it (see `access`)."""
    plan_id = models.UUIDField(default=uuid7)
    """The plan that it is part of: its own id, or that of the operation it was split from or is a repetition of."""
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    # The current revision
    revision = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=Status.choices)
    operation_type = models.CharField(max_length=40)
    disclosure = models.CharField(max_length=20, default=Disclosure.CONTACT_ONLY.value)
    tentative = models.BooleanField(default=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """First start and last end over sites and span, without buffers."""
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    """The same grown by the buffers."""
    next_end_at = models.DateTimeField(null=True)
    """The earliest end of a site that nobody has ended; null where nothing is left to extend."""
    submitter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="operations"
    )
    supervisor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="supervised_operations"
    )
    """The account of the supervisor that the plan names, where there is one."""
    extension_count = models.PositiveIntegerField(default=0)
    reason_due = models.BooleanField(default=False)
    """Exigent, and reason and approver have not been given yet (specification, section 3)."""

    # The determination of that revision (see `Verdict`); empty for a draft
    determination = models.CharField(max_length=20, choices=Determination.choices, blank=True)
    determination_tentative = models.BooleanField(default=False)

    # Purge (specification, section 7; see `purge`)
    legal_hold = models.BooleanField(default=False)
    purged_at = models.DateTimeField(null=True)
    """Emptied; the record itself stays until the other side of its conflicts may go too."""

    class Meta:
        ordering = ("starts_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("agency", "external_id"), condition=~Q(external_id=""), name="deconfliction_one_external_id"
            ),
            _one_of("mode", MODES, "deconfliction_operation_mode"),
            _one_of("status", Status, "deconfliction_operation_status"),
            _one_of("disclosure", DISCLOSURES, "deconfliction_operation_disclosure"),
            _one_of("determination", ["", *Determination.values], "deconfliction_operation_determination"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="deconfliction_operation_revision"),
            models.CheckConstraint(
                condition=Q(
                    starts_at__lte=F("ends_at"), window_start__lte=F("starts_at"), window_end__gte=F("ends_at")
                ),
                name="deconfliction_operation_times",
            ),
        )
        indexes = (
            # Lists run along it in their order and decide every filter without reading the row.
            models.Index(
                fields=(
                    *("agency", "starts_at", "id", "ends_at", "status", "disclosure"),
                    *("determination", "operation_type", "reference", "external_id"),
                ),
                name="deconfliction_op_list",
            ),
            models.Index(fields=("agency", "ends_at", "starts_at"), name="deconfliction_op_running"),
            models.Index(fields=("agency", "window_end", "window_start"), name="deconfliction_op_window"),
            models.Index(
                fields=("agency", "starts_at"), name="deconfliction_op_reason_due", condition=Q(reason_due=True)
            ),
            models.Index(
                fields=("agency", "ends_at"), name="deconfliction_op_extended", condition=Q(extension_count__gt=0)
            ),
            # Without the many that nobody submitted by hand, or an index on people looks useless to the database.
            models.Index(
                fields=("submitter", "starts_at"),
                name="deconfliction_op_submitter",
                condition=Q(submitter__isnull=False),
            ),
            models.Index(
                fields=("submitter", "created_at"), name="deconfliction_op_newest", condition=Q(submitter__isnull=False)
            ),
            models.Index(fields=("next_end_at",), name="deconfliction_op_next_end"),
            models.Index(fields=("window_end",), name="deconfliction_op_window_end"),
        )

    def __str__(self) -> str:
        return self.reference


class Revision(models.Model):
    """One state of an operation, complete in itself and never changed (until purge)."""

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=RevisionKind.choices)
    status = models.CharField(max_length=12, choices=Status.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    """SHA-256 of everything the predicate looks at, hex: what answers are bound to."""

    operation_type = models.CharField(max_length=40)
    mode = models.CharField(max_length=8)
    disclosure = models.CharField(max_length=20)
    tentative = models.BooleanField(default=False)
    plain_clothes = models.BooleanField(default=False)
    armed_and_dangerous = models.BooleanField(default=False)
    share_plain_clothes = models.BooleanField(default=True)
    share_armed_and_dangerous = models.BooleanField(default=True)
    tell_local_agency = models.BooleanField(default=False)
    """The owner allows the place's own agency to be told that something is registered there."""
    personnel_band = SealedText("deconfliction.personnel")
    participants = SealedList("deconfliction.participants")
    """Who else takes part, as typed."""
    joint_with = models.JSONField(default=list)
    """Operation ids as text, sorted."""
    span_start = models.DateTimeField(null=True)
    span_end = models.DateTimeField(null=True)
    span_zone = models.CharField(max_length=64, blank=True)
    flags = models.JSONField(default=list)
    exigent = models.BooleanField(default=False)
    extension_count = models.PositiveIntegerField(default=0)
    identity_check = models.CharField(max_length=40, blank=True)
    """How the identity of someone who telephoned it in was checked, e.g. `called_back` or `pin`."""

    contacts = SealedField("deconfliction.contacts")
    """JSON of lead contact, second contact and supervisor."""
    objective = SealedField("deconfliction.objective", null=True)
    case_number = SealedField("deconfliction.case_number", null=True)
    external_references = SealedField("deconfliction.external_references", null=True)
    exigent_reason = SealedField("deconfliction.exigent", null=True)
    """JSON of reason and approver."""

    class Meta:
        ordering = ("operation", "number")
        constraints = (
            models.UniqueConstraint(fields=("operation", "number"), name="deconfliction_one_revision"),
            _one_of("status", Status, "deconfliction_revision_status"),
            _one_of("mode", MODES, "deconfliction_revision_mode"),
            _one_of("disclosure", DISCLOSURES, "deconfliction_revision_disclosure"),
            _one_of("kind", RevisionKind, "deconfliction_revision_kind"),
            models.CheckConstraint(condition=Q(number__gte=1), name="deconfliction_revision_number"),
            models.CheckConstraint(
                condition=Q(span_start__isnull=True, span_end__isnull=True) | Q(span_start__lt=F("span_end")),
                name="deconfliction_revision_span",
            ),
        )

    def __str__(self) -> str:
        return f"revision {self.number}"


class Site(models.Model):
    """One place of a revision with its own window."""

    id = models.BigAutoField(primary_key=True)
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="sites")
    ordinal = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8)
    """`point`, `line` or `polygon`."""
    geometry_wkt = models.TextField()
    """Canonical encoding (specification 4.2), longitude then latitude."""
    radius_m = models.FloatField()
    uncertainty_m = models.FloatField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    starts_wall = models.CharField(max_length=40)
    ends_wall = models.CharField(max_length=40)
    buffer_before_min = models.FloatField(default=0)
    buffer_after_min = models.FloatField(default=0)
    source = models.CharField(max_length=12)
    ended = models.BooleanField(default=False)
    """A named person has ended it: it is not extended any more."""
    typed = SealedField("deconfliction.site.typed", null=True)
    label = SealedField("deconfliction.site.label", null=True)

    class Meta:
        ordering = ("revision", "ordinal")
        constraints = (
            models.UniqueConstraint(fields=("revision", "ordinal"), name="deconfliction_one_site"),
            _one_of("kind", ["point", "line", "polygon"], "deconfliction_site_kind"),
            _one_of("source", SOURCES, "deconfliction_site_source"),
            models.CheckConstraint(
                condition=Q(radius_m__gte=0, uncertainty_m__gte=0, buffer_before_min__gte=0, buffer_after_min__gte=0),
                name="deconfliction_site_lengths",
            ),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="deconfliction_site_times"),
        )

    def __str__(self) -> str:
        return f"site {self.ordinal}"


class Subject(models.Model):
    """An identifier of a target: a keyed token to be found by, and ciphertext to be read by its owner."""

    id = models.BigAutoField(primary_key=True)
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="subjects")
    kind = models.CharField(max_length=20)
    token = models.BinaryField(null=True, max_length=32)
    """HMAC-SHA-256 of the canonical subject; null where p1 ignores it."""
    near_token = models.BinaryField(null=True, max_length=32)
    """HMAC-SHA-256 of what close subjects share (`engine.possible`), for advice alone; null where there is none."""
    sealed = SealedField("deconfliction.subject")
    """JSON of the subject as typed and its canonical form."""
    hint = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("revision", "id")
        indexes = (
            models.Index(fields=("near_token",), name="deconfliction_near", condition=Q(near_token__isnull=False)),
        )

    def __str__(self) -> str:
        return self.kind


class ActiveSite(models.Model):
    """Search index of places (see `search`): one or two boxes a site, of current and registered revisions only.

    `cell` is where the middle of the box lies in the grid of its size and duration. Boxes in degrees, instants in
    microseconds UTC; the rest is what the exact test between points needs, so that no other table is read for it.
    """

    id = models.BigAutoField(primary_key=True)
    cell = models.BigIntegerField()
    window_start = models.BigIntegerField()
    window_end = models.BigIntegerField()
    min_lat = models.FloatField()
    max_lat = models.FloatField()
    min_lon = models.FloatField()
    max_lon = models.FloatField()
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="+")
    revision = models.PositiveIntegerField()
    mode = models.CharField(max_length=8)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    is_point = models.BooleanField()
    longitude = models.FloatField()
    latitude = models.FloatField()
    radius_m = models.FloatField()
    uncertainty_m = models.FloatField()
    starts_at = models.BigIntegerField()
    ends_at = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(
                fields=("cell", "window_start", "window_end", "min_lat", "max_lat", "min_lon", "max_lon"),
                name="deconfliction_site_cell",
            ),
        )

    def __str__(self) -> str:
        return f"place of {self.operation_id}"


class ActiveSubject(models.Model):
    """Search index of subjects: rows of current and registered revisions only. Instants are microseconds UTC."""

    id = models.BigAutoField(primary_key=True)
    token = models.BinaryField(max_length=32)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="+")
    revision = models.PositiveIntegerField()
    mode = models.CharField(max_length=8)
    starts_at = models.BigIntegerField()
    ends_at = models.BigIntegerField()
    """First start and last end of the operation, without buffers and without the margin of 72 hours."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("operation", "token"), name="deconfliction_active_subject"),)
        indexes = (models.Index(fields=("token", "ends_at"), name="deconfliction_subject_token"),)

    def __str__(self) -> str:
        return f"subject of {self.operation_id}"


class Draft(models.Model):
    """What a person has typed and not registered. Shown as NOT REGISTERED; nothing is searched."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="drafts")
    operation = models.ForeignKey(Operation, null=True, on_delete=models.CASCADE, related_name="drafts")
    """The operation that is being edited; null for a new one."""
    payload = SealedField("deconfliction.draft")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ("-saved_at",)

    def __str__(self) -> str:
        return f"draft {self.id}"


class SearchDue(models.Model):
    """A search that the current revision still owes: on this node (`target` empty) or at a partner (its node id).

    The row is deleted when it has been answered; a newer revision takes the place of an older one.
    """

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="searches")
    revision = models.PositiveIntegerField()
    target = models.CharField(max_length=36, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    run_after = models.DateTimeField()
    exact = models.BooleanField(default=False)
    """To be put plain to a partner that is asked blind: its masked tokens met one of the partner's."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("operation", "target"), name="deconfliction_one_search_due"),)
        indexes = (
            models.Index(fields=("run_after",), name="deconfliction_search_due"),
            models.Index(fields=("target", "run_after"), name="deconfliction_target_due"),
        )

    def __str__(self) -> str:
        return f"search {self.id}"


class Verdict(models.Model):
    """The determination of one revision, replaced as partners answer; it never speaks for another revision (I6)."""

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="verdicts")
    revision = models.PositiveIntegerField()
    determination = models.CharField(max_length=20, choices=Determination.choices)
    determined_at = models.DateTimeField()
    roster_number = models.PositiveBigIntegerField(default=0)
    tentative = models.BooleanField(default=False)
    not_answered = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    """Partners by node id, sorted."""
    receipt_number = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("operation", "revision"), name="deconfliction_one_verdict"),
            _one_of("determination", Determination, "deconfliction_verdict_determination"),
        )

    def __str__(self) -> str:
        return self.determination


class PartnerAnswer(models.Model):
    """What a partner said of one revision, with the exact signed bytes. A later answer replaces an earlier one."""

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="answers")
    revision = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    """That of the revision asked about."""
    partner = models.CharField(max_length=36)
    outcome = models.CharField(max_length=20)
    epoch = models.BigIntegerField()
    sequence = models.BigIntegerField()
    evaluated_at = models.DateTimeField()
    received_at = models.DateTimeField()
    roster_number = models.PositiveBigIntegerField(default=0)
    void = models.BooleanField(default=False)
    """The partner announced a new epoch: evidence still, no answer any more."""
    signed_bytes = SealedText("deconfliction.answer")
    """ASCII; they name contacts of the other side."""
    signature = models.BinaryField(default=bytes)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("operation", "revision", "partner"), name="deconfliction_one_answer"),
        )

    def __str__(self) -> str:
        return f"answer {self.id}"


class PartnerHighWater(models.Model):
    """The highest epoch and sequence seen from a partner (specification 8, condition 10)."""

    partner = models.CharField(primary_key=True, max_length=36)
    epoch = models.BigIntegerField()
    sequence = models.BigIntegerField()
    round = models.BigIntegerField(default=0)
    announced = models.BigIntegerField(null=True)
    """An epoch that the partner named and no answer has confirmed yet."""
    announced_sequence = models.BigIntegerField(default=0)
    """The highest sequence seen in it."""
    clock = models.BigIntegerField(default=0)
    """Its clock minus this node's, in microseconds, as it last told it."""
    speaks = models.PositiveSmallIntegerField(default=2)
    """The newest version of the protocol that both understand."""

    def __str__(self) -> str:
        return f"{self.partner} {self.sequence}"


class ForeignRevision(models.Model):
    """The newest query evaluated for a partner's operation: ids and numbers only, no place."""

    id = models.BigAutoField(primary_key=True)
    node = models.CharField(max_length=36)
    operation_id = models.UUIDField()
    epoch = models.BigIntegerField()
    revision = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("node", "operation_id"), name="deconfliction_one_foreign"),)

    def __str__(self) -> str:
        return f"foreign {self.operation_id}"


class JointToken(models.Model):
    """A token of an own operation that this node and one partner share, as the partner raised it (ADR 11).

    `own_token` is the subject's own token (`Subject.token`); null for a cell in a span of time.
    """

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="+")
    revision = models.PositiveIntegerField()
    partner = models.CharField(max_length=36)
    token = models.BinaryField(max_length=32)
    own_token = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = (
            models.Index(fields=("token", "partner"), name="deconfliction_joint_token"),
            models.Index(fields=("operation", "partner"), name="deconfliction_joint_of"),
        )

    def __str__(self) -> str:
        return f"joint token of {self.operation_id}"


class MaskedOperation(models.Model):
    """A partner's operation as its last query left it: joint tokens and a span, never a place (ADR 11)."""

    id = models.BigAutoField(primary_key=True)
    node = models.CharField(max_length=36)
    operation_id = models.UUIDField()
    revision = models.PositiveIntegerField()
    mode = models.CharField(max_length=8)
    registered = models.BooleanField()
    expires_at = models.BigIntegerField()
    """Microseconds UTC: from then on it can meet nothing."""
    contents = SealedText("deconfliction.masked")
    """JSON: span, joint operations and the side with its card; empty where only a blind query was heard."""
    wanted_at = models.BigIntegerField(null=True, blank=True)
    """Microseconds UTC: when its plain question was first wanted after a blind one; null where that met nothing."""
    followed = models.BooleanField(default=False)
    """Whether the plain question came after it had been wanted."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("node", "operation_id"), name="deconfliction_one_masked"),)
        indexes = (
            models.Index(fields=("expires_at",), name="deconfliction_masked_expiry"),
            models.Index(
                fields=("node",), name="deconfliction_masked_wanted", condition=models.Q(wanted_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"masked {self.operation_id}"


class MaskedToken(models.Model):
    """A joint token of a partner's operation."""

    id = models.BigAutoField(primary_key=True)
    masked = models.ForeignKey(MaskedOperation, on_delete=models.CASCADE, related_name="tokens")
    token = models.BinaryField(max_length=32)
    is_cell = models.BooleanField()

    class Meta:
        indexes = (models.Index(fields=("token",), name="deconfliction_masked_token"),)

    def __str__(self) -> str:
        return f"token of {self.masked_id}"


class PartnerDay(models.Model):
    """How much a partner compared blind on one UTC day, and why that was put before people (`protocol.budget`)."""

    id = models.BigAutoField(primary_key=True)
    node = models.CharField(max_length=36)
    day = models.DateField()
    points = models.PositiveIntegerField(default=0)
    guesses = models.JSONField(default=list)
    """Reasons that people were told of on that day."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("node", "day"), name="deconfliction_one_partner_day"),)

    def __str__(self) -> str:
        return f"{self.node} on {self.day}"


class Outgoing(models.Model):
    """Something told unasked to a partner, kept until it was taken: a match, a withdrawal, a step of this side."""

    key = models.CharField(primary_key=True, max_length=160)
    partner = models.CharField(max_length=36)
    kind = models.CharField(max_length=32)
    content = SealedText("deconfliction.outgoing")
    run_after = models.DateTimeField()
    until = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=("run_after",), name="deconfliction_outgoing_due"),)

    def __str__(self) -> str:
        return f"{self.kind} to {self.partner}"


class TakenMessage(models.Model):
    """The id of a partner's message that was taken: it is not taken again (ADR 11)."""

    id = models.BigAutoField(primary_key=True)
    sender = models.CharField(max_length=36)
    message = models.CharField(max_length=64)
    until = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("sender", "message"), name="deconfliction_taken_once"),)
        indexes = (models.Index(fields=("until",), name="deconfliction_taken_until"),)

    def __str__(self) -> str:
        return f"message {self.id}"


class Conflict(models.Model):
    """A pair of operations that the predicate matches. It belongs to the pair and survives their revisions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reference = models.CharField(max_length=24, unique=True)
    node_a = models.CharField(max_length=36, blank=True)
    operation_a = models.UUIDField()
    node_b = models.CharField(max_length=36, blank=True)
    operation_b = models.UUIDField()
    """The pair in order of (node, operation). A node is empty for this one: an own operation comes first."""
    standing = models.CharField(max_length=12, choices=Standing.choices, default=Standing.OPEN)
    state = models.CharField(max_length=24, choices=ConflictState.choices, default=ConflictState.DETECTED)
    basis = models.CharField(max_length=8)
    band = models.CharField(max_length=8, blank=True)
    distance_m = models.FloatField(null=True)
    overlap_start = models.DateTimeField()
    overlap_end = models.DateTimeField()
    tentative = models.BooleanField(default=False)
    owner_only = models.BooleanField(default=False)
    """Only subjects match and a side is silent: that side's owner alone may know (specification, section 7)."""
    matched_tokens = models.JSONField(default=list)
    """Tokens of the shared subjects, hex, sorted."""
    detected_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    change = models.PositiveIntegerField(default=0)
    """Grows whenever anybody is told something, so that an alarm's key is unique."""
    withdrawn_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    desk_owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    incident_id = models.UUIDField(default=uuid7)
    """One for all pairs between the same two plans (see `alarms.incidents`)."""

    class Meta:
        ordering = ("-detected_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("node_a", "operation_a", "node_b", "operation_b"), name="deconfliction_one_conflict"
            ),
            models.CheckConstraint(
                condition=Q(node_a__lt=F("node_b")) | Q(node_a=F("node_b"), operation_a__lt=F("operation_b")),
                name="deconfliction_conflict_order",
            ),
            _one_of("standing", Standing, "deconfliction_conflict_standing"),
            _one_of("state", ConflictState, "deconfliction_conflict_state"),
            _one_of("basis", BASES, "deconfliction_conflict_basis"),
            _one_of("band", ["", *BANDS], "deconfliction_conflict_band"),
            models.CheckConstraint(
                condition=Q(overlap_start__lt=F("overlap_end")), name="deconfliction_conflict_overlap"
            ),
        )
        indexes = (
            models.Index(fields=("overlap_start", "id"), name="deconfliction_conflict_time"),
            models.Index(fields=("incident_id",), name="deconfliction_incident"),
        )

    def __str__(self) -> str:
        return self.reference


class ConflictSide(models.Model):
    """One side of a conflict: whose it is, who was told, and how far the talking has come."""

    id = models.BigAutoField(primary_key=True)
    conflict = models.ForeignKey(Conflict, on_delete=models.PROTECT, related_name="sides")
    operation_id = models.UUIDField()
    own_operation = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="conflict_sides")
    """Null where the operation belongs to another node."""
    node = models.CharField(max_length=36, blank=True)
    agency = models.ForeignKey("agencies.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    foreign_agency = models.CharField(max_length=200, blank=True)
    foreign_contact = SealedField("deconfliction.card", null=True)
    """JSON of the card that the partner disclosed: contact, flags, type."""
    revision = models.PositiveIntegerField()
    silent = models.BooleanField(default=False)
    tentative = models.BooleanField(default=False)
    plain_clothes = models.BooleanField(default=False)
    armed_and_dangerous = models.BooleanField(default=False)
    told = models.BooleanField(default=True)
    """False: a silent operation's subject match, hidden from this side."""
    digest = models.CharField(max_length=64, blank=True)
    places = models.JSONField(default=list)
    """Short digests of the sites' geometries, sorted: they tell whether an edit moved it."""
    masked_cell = models.JSONField(null=True)
    """The cell of at least 2 km that a foreign operation may be drawn as, where its owner allows it."""
    route = models.CharField(max_length=12, choices=Route.choices, default=Route.OWNER)
    notified_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_name = models.CharField(max_length=200, blank=True)
    contacted_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    """Of a partner's side: when that node told that it has settled it, by its clock; `resolved_outcome` how."""
    resolved_outcome = models.CharField(max_length=16, blank=True)
    alarm_count = models.PositiveIntegerField(default=0)
    ladder_id = models.UUIDField(default=uuid7)
    """One for this plan's sides of all pairs of the incident: they are alarmed together, once."""
    alarmed_at = models.DateTimeField(null=True)
    """When its ladder began: it was told, and not of a mere change. Null where there is no ladder."""
    stepped_at = models.DateTimeField(null=True)
    """The instant, by the ladder's times, of the last step that was taken."""
    next_alarm_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("conflict", "operation_id")
        constraints = (
            models.UniqueConstraint(fields=("conflict", "operation_id"), name="deconfliction_one_side"),
            _one_of("route", Route, "deconfliction_side_route"),
        )
        indexes = (
            models.Index(fields=("agency", "conflict"), name="deconfliction_side_agency"),
            models.Index(fields=("operation_id",), name="deconfliction_side_operation"),
            models.Index(fields=("ladder_id",), name="deconfliction_side_ladder"),
            models.Index(
                fields=("next_alarm_at",), name="deconfliction_side_alarm", condition=Q(next_alarm_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"side {self.id}"


class ConflictFinding(models.Model):
    """What was found for one pair of revisions: the history behind a conflict."""

    id = models.BigAutoField(primary_key=True)
    conflict = models.ForeignKey(Conflict, on_delete=models.PROTECT, related_name="findings")
    revision_a = models.PositiveIntegerField()
    revision_b = models.PositiveIntegerField()
    basis = models.CharField(max_length=8)
    band = models.CharField(max_length=8, blank=True)
    distance_m = models.FloatField(null=True)
    overlap_start = models.DateTimeField()
    overlap_end = models.DateTimeField()
    standing = models.CharField(max_length=12, choices=Standing.choices)
    matched_tokens = models.JSONField(default=list)
    source = models.CharField(max_length=36, blank=True)
    """The partner that saw it; empty for this node."""
    found_at = models.DateTimeField()

    class Meta:
        ordering = ("conflict", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("conflict", "revision_a", "revision_b", "source"), name="deconfliction_one_finding"
            ),
        )

    def __str__(self) -> str:
        return f"finding {self.id}"


class ConflictEvent(models.Model):
    """The log of a conflict: who did or said what, when."""

    id = models.BigAutoField(primary_key=True)
    conflict = models.ForeignKey(Conflict, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=24)
    operation_id = models.UUIDField(null=True)
    """The side it concerns, where it concerns one."""
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=200, blank=True)
    note = SealedField("deconfliction.note", null=True)
    people = SealedField("deconfliction.people", null=True)
    """JSON of the names it is about, such as `who` spoke with `whom`."""
    how = models.CharField(max_length=20, blank=True)
    """By which way: `telephone`, `radio`, `in_person`, `page`, `reply`."""
    identity_check = models.CharField(max_length=40, blank=True)
    """How the watch desk made sure of who spoke, such as `called_back` or `pin`."""
    result = models.CharField(max_length=20, blank=True)
    """What came of an attempt to call: `answered`, `no_answer`, `busy`, `message`, `wrong_number`."""
    notices = models.JSONField(default=list)
    """Ids of the notices that were written with it."""

    class Meta:
        ordering = ("conflict", "id")

    def __str__(self) -> str:
        return self.kind


class OnCall(models.Model):
    """Somebody of an agency who is reached when an alarm goes beyond whom a plan names, in this order."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.CASCADE, related_name="on_call")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    sealed = SealedField("deconfliction.on_call")
    """JSON of telephone and e-mail address."""
    channels = models.JSONField(default=list)
    """Of `sms`, `voice`, `email`: how this person wants to be reached."""
    week = models.JSONField(default=dict)
    """Duty hours in the agency's local time, as `platform.agencies.desk.Week`."""

    class Meta:
        ordering = ("agency", "position", "id")

    def __str__(self) -> str:
        return f"on call {self.id}"


class Alarm(models.Model):
    """One alarm raised for one side, durable with the conflict it is about. The key makes a retry harmless."""

    id = models.BigAutoField(primary_key=True)
    dedupe_key = models.CharField(max_length=200, unique=True)
    conflict = models.ForeignKey(Conflict, on_delete=models.PROTECT, related_name="alarms")
    operation_id = models.UUIDField()
    kind = models.CharField(max_length=24)
    route = models.CharField(max_length=12, choices=Route.choices)
    tentative = models.BooleanField(default=False)
    """A notice without escalation."""
    masked = models.BooleanField(default=False)
    """The other side is silent: "conflict, call the watch desk"."""
    raised_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("operation_id",), name="deconfliction_alarm_operation"),)

    def __str__(self) -> str:
        return f"alarm {self.id}"


class Receipt(models.Model):
    """The signed, numbered proof of one determination, chained by digest to the one before."""

    number = models.PositiveBigIntegerField(primary_key=True)
    operation = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="receipts")
    """Null after a purge."""
    revision = models.PositiveIntegerField()
    body = models.BinaryField(null=True)
    """The exact signed bytes; null after a purge, when the digest keeps the chain."""
    digest = models.CharField(max_length=64, unique=True)
    previous_digest = models.CharField(max_length=64, unique=True)
    signature = models.BinaryField()
    supersedes = models.PositiveBigIntegerField(null=True)

    class Meta:
        ordering = ("number",)
        indexes = (models.Index(fields=("operation", "number"), name="deconfliction_receipt_op"),)

    def __str__(self) -> str:
        return f"receipt {self.number}"


# --- together --------------------------------------------------------------------------------------------------------


class OfferSource(models.TextChoices):
    """What made two operations be offered to run together."""

    CONFLICT = "conflict", "From a conflict"
    IMPORT = "import", "From an imported file"


class OfferState(models.TextChoices):
    """What came of an offer."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class JointOffer(models.Model):
    """The owner of `asked` may name `other` and so run both together (specification, section 3).

    What is joint follows from the current revisions alone; a row only remembers who was asked and what came of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asked = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="offers")
    other = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="offers_made")
    source = models.CharField(max_length=8, choices=OfferSource.choices)
    state = models.CharField(max_length=10, choices=OfferState.choices, default=OfferState.OPEN)
    offered_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-offered_at",)
        constraints = (
            models.UniqueConstraint(fields=("asked", "other"), name="deconfliction_one_offer"),
            _one_of("source", OfferSource, "deconfliction_offer_source"),
            _one_of("state", OfferState, "deconfliction_offer_state"),
            models.CheckConstraint(condition=~Q(asked=F("other")), name="deconfliction_offer_two"),
        )

    def __str__(self) -> str:
        return f"offer {self.id}"


class TaskForce(models.Model):
    """A named group of people of several agencies of this node. What its members may read stands in `access`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    """Not unique: that a name is taken would tell of a task force."""
    agencies = models.ManyToManyField("agencies.Agency", related_name="task_forces")
    """Those that take part; each names its own members."""
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class TaskForceMember(models.Model):
    """One person who takes part while acting for the agency that named them."""

    id = models.BigAutoField(primary_key=True)
    task_force = models.ForeignKey(TaskForce, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("task_force", "user", "agency"), name="deconfliction_one_member"),
        )

    def __str__(self) -> str:
        return f"member {self.id}"


class Deconflictor(models.Model):
    """The account that an agency names to see its silent operations and to be told where they meet others."""

    agency = models.OneToOneField("agencies.Agency", primary_key=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    named_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"deconflictor of {self.agency_id}"


# --- subjects without an operation, and who looked -------------------------------------------------------------------


class RegisteredInterest(models.Model):
    """A subject's owner wants to know who else works on it: an `online_only` operation that lasts up to 180 days."""

    operation = models.OneToOneField(Operation, primary_key=True, on_delete=models.CASCADE, related_name="interest")
    reminded_for = models.DateTimeField(null=True)
    """The end that its owner was reminded of."""

    def __str__(self) -> str:
        return f"interest {self.operation_id}"


class LookNoun(models.TextChoices):
    """What was looked at."""

    OPERATION = "operation", "Operation"
    CONFLICT = "conflict", "Conflict"


class Look(models.Model):
    """One person looked at one operation or conflict within one hour; its audit record was written with it."""

    id = models.BigAutoField(primary_key=True)
    noun = models.CharField(max_length=12, choices=LookNoun.choices)
    object_id = models.UUIDField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    user_name = models.CharField(max_length=200)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    hour = models.DateTimeField()
    at = models.DateTimeField()
    via = models.CharField(max_length=8)

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.UniqueConstraint(fields=("object_id", "user", "agency", "hour"), name="deconfliction_one_look"),
            _one_of("noun", LookNoun, "deconfliction_look_noun"),
        )

    def __str__(self) -> str:
        return f"look {self.id}"


# --- what an owner is reminded of -----------------------------------------------------------------------------------


class ReminderKind(models.TextChoices):
    """What an owner is asked by itself."""

    START = "start", "Before the start"
    REASON = "reason", "Reason and approver"
    RENEWAL = "renewal", "Renewal"


class Reminder(models.Model):
    """One question that was put to the owners of an operation, once for each `mark` (a revision, a day, an end)."""

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=8, choices=ReminderKind.choices)
    mark = models.CharField(max_length=40)
    told_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("operation", "kind", "mark"), name="deconfliction_one_reminder"),
            _one_of("kind", ReminderKind, "deconfliction_reminder_kind"),
        )

    def __str__(self) -> str:
        return f"reminder {self.id}"


# --- what a person keeps, and what operations are found by ------------------------------------------------------------


class CalendarFeed(models.Model):
    """A person's own calendar address: a secret of 256 bits, of which only the SHA-256 is kept. Revoked rows stay."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feeds")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    only_mine = models.BooleanField(default=False)
    """Only operations that the person registered, not all of the agency's that they may see."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    uses = models.PositiveBigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("user", "agency"), condition=Q(revoked_at__isnull=True), name="deconfliction_one_feed"
            ),
        )

    def __str__(self) -> str:
        return f"feed {self.id}"


class Table(models.TextChoices):
    """The lists that views are saved of."""

    OPERATIONS = "operations", "Operations"
    CONFLICTS = "conflicts", "Conflicts"


class SavedView(models.Model):
    """The filters of a list, kept by a person under a name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.CASCADE, related_name="+")
    table = models.CharField(max_length=12, choices=Table.choices)
    name = models.CharField(max_length=60)
    filters = models.CharField(max_length=300, blank=True)
    """As they stand in the list's address."""
    is_default = models.BooleanField(default=False)
    """The list opens with it."""
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.UniqueConstraint("user", "agency", "table", Lower("name"), name="deconfliction_one_view"),
            models.UniqueConstraint(
                fields=("user", "agency", "table"), condition=Q(is_default=True), name="deconfliction_one_default_view"
            ),
            _one_of("table", Table, "deconfliction_view_table"),
        )

    def __str__(self) -> str:
        return self.name


class OperationWord(models.Model):
    """What an operation is found by although it is stored as ciphertext: HMAC-SHA-256 of its case number and of the
    words and telephone of its lead contact, of the current revision alone."""

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="words")
    token = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("token", "operation"), name="deconfliction_one_word"),)

    def __str__(self) -> str:
        return f"word {self.id}"


# --- what is left after a purge --------------------------------------------------------------------------------------


class PurgeRun(models.Model):
    """One purge that removed something. Without `finished_at` it was broken off; the next one goes on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    actor_name = models.CharField(max_length=200)
    via = models.CharField(max_length=8)
    by_agency = models.JSONField(default=dict)
    """By agency id (silent operations apart, see `purge.SILENT`), of how many operations it removed `places`,
    `subjects`, `record`, and how many `drafts` and texts of `imports`."""
    held = models.PositiveIntegerField(default=0)
    """Operations that were due and kept."""

    class Meta:
        ordering = ("-started_at",)
        indexes = (models.Index(fields=("started_at",), name="deconfliction_purge_run"),)

    def __str__(self) -> str:
        return f"purge {self.id}"


class PurgedOperations(models.Model):
    """How many operations that are gone were of one kind; `month` is that of the start, in UTC, its first day."""

    id = models.BigAutoField(primary_key=True)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    mode = models.CharField(max_length=8)
    operation_type = models.CharField(max_length=40)
    silent = models.BooleanField(default=False)
    """Counted apart: whoever might not see them may not count them."""
    status = models.CharField(max_length=12)
    determination = models.CharField(max_length=20, blank=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("agency", "month", "mode", "operation_type", "silent", "status", "determination"),
                name="deconfliction_purged_operations",
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} of {self.month:%Y-%m}"


class PurgedConflicts(models.Model):
    """How many conflicts that are gone an agency's operations were in, by what came of them (one a side).

    `outcome` is one of `Outcome`, `withdrawn`, or empty where nobody recorded one.
    """

    id = models.BigAutoField(primary_key=True)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    mode = models.CharField(max_length=8)
    operation_type = models.CharField(max_length=40)
    silent = models.BooleanField(default=False)
    band = models.CharField(max_length=8, blank=True)
    outcome = models.CharField(max_length=16, blank=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("agency", "month", "mode", "operation_type", "silent", "band", "outcome"),
                name="deconfliction_purged_conflicts",
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} of {self.month:%Y-%m}"


class PurgedTallies(models.Model):
    """How well the alarms of conflicts that are gone worked: the counts of `study.quality`, one row a bucket."""

    id = models.BigAutoField(primary_key=True)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    operation_type = models.CharField(max_length=40)
    silent = models.BooleanField(default=False)
    figure = models.CharField(max_length=12)
    bucket = models.CharField(max_length=16)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("agency", "month", "operation_type", "silent", "figure", "bucket"),
                name="deconfliction_purged_tallies",
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} of {self.month:%Y-%m}"


class PastPair(models.Model):
    """Two operations that once were near each other, without place, person, day or number (see `past_pairs`).

    Only of agencies that opted in. `sealed` is ciphertext: distances, spans, types, month, outcome.
    """

    id = models.BigAutoField(primary_key=True)
    agency_a = models.ForeignKey("agencies.Agency", on_delete=models.CASCADE, related_name="+")
    agency_b = models.ForeignKey("agencies.Agency", on_delete=models.CASCADE, related_name="+")
    sealed = SealedField("deconfliction.past_pair")

    def __str__(self) -> str:
        return f"past pair {self.id}"


class Series(models.Model):
    """Operations made of one by repeating it. Each is an operation like any other; nothing matches a series (ADR 5)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Operation, null=True, on_delete=models.SET_NULL, related_name="+")
    source_revision = models.PositiveIntegerField()
    """What is repeated: the plan of this revision, whatever becomes of it later."""
    pattern = models.CharField(max_length=200)
    """In words, such as "Each day"."""
    reading = models.CharField(max_length=10, blank=True)
    """What a local time in doubt means (`repeat.Reading`)."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return f"series {self.id}"


class SeriesMember(models.Model):
    """One operation of a series, or one that is still to be registered: a crash in between loses none."""

    id = models.BigAutoField(primary_key=True)
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="members")
    days = models.PositiveSmallIntegerField()
    """So many days after the operation that is repeated, which is a member itself, with 0."""
    planned_id = models.UUIDField(unique=True, default=uuid7)
    """The id that its operation has or will have: all members name one another, so that they never alarm each other."""
    operation = models.OneToOneField(Operation, null=True, on_delete=models.CASCADE, related_name="series_member")
    problem = models.CharField(max_length=300, blank=True)
    """Why it could not be registered."""
    moved_by = models.UUIDField(null=True)
    """The last request that moved it: asked again, it does not move twice."""

    class Meta:
        ordering = ("series", "days")
        constraints = (models.UniqueConstraint(fields=("series", "days"), name="deconfliction_one_a_day"),)

    def __str__(self) -> str:
        return f"member {self.days} of series {self.series_id}"


class StudyState(models.TextChoices):
    """How far a policy study has come."""

    WAITING = "waiting", gettext_lazy("Waits for its turn")
    RUNNING = "running", gettext_lazy("Counting")
    DONE = "done", gettext_lazy("Done")
    STOPPED = "stopped", gettext_lazy("Stopped")
    FAILED = "failed", gettext_lazy("Failed")


class StudyRun(models.Model):
    """A policy study that somebody asked for on the page, with its counts; the file itself is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    user_name = models.CharField(max_length=200)
    from_history = models.BooleanField()
    """Over the agency's past pairs; else over a file."""
    settings = models.JSONField()
    """`radii_m` and `buffers_min`, lists of numbers."""
    state = models.CharField(max_length=8, choices=StudyState.choices, default=StudyState.WAITING)
    step = models.CharField(max_length=12, blank=True)
    share = models.FloatField(default=0)
    """Of the present step, 0 to 1."""
    reason = models.CharField(max_length=300, blank=True)
    """Why it failed."""
    result = models.JSONField(null=True)
    """See `studies.told`."""
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)
        constraints = (_one_of("state", StudyState, "deconfliction_study_state"),)

    def __str__(self) -> str:
        return f"study {self.id}"


# --- fishing ---------------------------------------------------------------------------------------------------------


class ProbeMark(models.Model):
    """How far the revisions have been looked at for probes: one row."""

    slot = models.PositiveSmallIntegerField(primary_key=True, default=1)
    revision_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"probes up to {self.revision_id}"


class Probe(models.Model):
    """What one revision newly asked of everybody else: figures, no place. They outlive the purge of the operation."""

    id = models.BigAutoField(primary_key=True)
    revision = models.OneToOneField(Revision, null=True, on_delete=models.SET_NULL, related_name="probe")
    operation_id = models.UUIDField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    """Null where a command asked."""
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    operation_type = models.CharField(max_length=40)
    silent = models.BooleanField(default=False)
    km2 = models.FloatField(default=0)
    hours = models.FloatField(default=0)
    km2h = models.FloatField(default=0)
    """Summed over the sites, so that it is no product of the two."""
    subjects = models.PositiveIntegerField(default=0)
    step_m = models.FloatField(null=True)
    """How far an edit shifted the place; 0 where only its size changed."""
    beyond = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    """When a person cancelled or ended the operation."""
    unused = models.BooleanField(default=False)
    """It was closed before it had begun."""
    after_answer_s = models.FloatField(null=True)
    """Seconds from the answer to the close."""
    found = models.PositiveIntegerField(default=0)
    """Conflicts of its operation that the other side may know of."""
    told = models.PositiveIntegerField(default=0)
    """Of these, where the other side was told."""

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("user", "at"), name="deconfliction_probe_user"),
            models.Index(fields=("agency", "at"), name="deconfliction_probe_agency"),
            models.Index(fields=("operation_id",), name="deconfliction_probe_operation"),
            models.Index(fields=("at",), name="deconfliction_probe_at"),
        )

    def __str__(self) -> str:
        return f"probe {self.id}"


class FishingOutcome(models.TextChoices):
    """What came of a fishing case."""

    EXPLAINED = "explained", gettext_lazy("Explained")
    AGENCY = "agency", gettext_lazy("Passed to the agency")
    AUDITOR = "auditor", gettext_lazy("Passed to the auditor")


class FishingCase(models.Model):
    """One person's probes (or all an agency's, `user` null) that look like fishing, put before somebody to judge."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    silent = models.BooleanField(default=False)
    """About silent operations: for the auditors, not for the watch desk."""
    since = models.DateTimeField()
    """Probes from here on are looked at."""
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reviewer_name = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=12, choices=FishingOutcome.choices, blank=True)
    note = SealedText("deconfliction.fishing_note")

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "silent"),
                condition=Q(user__isnull=False, reviewed_at__isnull=True),
                name="deconfliction_one_case_of_person",
            ),
            models.UniqueConstraint(
                fields=("agency",),
                condition=Q(user__isnull=True, reviewed_at__isnull=True),
                name="deconfliction_one_case_of_agency",
            ),
            _one_of("outcome", ["", *FishingOutcome.values], "deconfliction_fishing_outcome"),
        )

    def __str__(self) -> str:
        return f"fishing case {self.id}"


class FishingFlag(models.Model):
    """One reason of a case with its figures, as they were last; see `probing.rules.Kind`."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(FishingCase, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=24)
    figures = models.JSONField(default=dict)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering = ("case", "id")
        constraints = (models.UniqueConstraint(fields=("case", "kind"), name="deconfliction_one_fishing_flag"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.case_id}"


# --- to the tools that officers carry --------------------------------------------------------------------------------


class TakServer(models.Model):
    """An agency's own TAK server, to which its zones are put out over TLS; one an agency.

    The certificate decides who on that server sees them: its groups do.
    """

    agency = models.OneToOneField(
        "agencies.Agency", primary_key=True, on_delete=models.CASCADE, related_name="tak_server"
    )
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=8089)
    server_name = models.CharField(max_length=253, blank=True)
    """What its certificate names it, where that is not `host`."""
    authority = models.TextField()
    """PEM of the authority, or of the server's own certificate, that is trusted; nothing else is."""
    certificate = models.TextField()
    """PEM of the certificate that this node shows."""
    private_key = SealedText("deconfliction.tak.key")
    """Its key, PEM."""
    hours_ahead = models.PositiveSmallIntegerField(default=12)
    """How long before its window begins an operation is put out."""
    masked_areas = models.BooleanField(default=False)
    """Whether the other side of a conflict is drawn too, as the masked area that its owner allows."""
    enabled = models.BooleanField(default=True)
    connected_at = models.DateTimeField(null=True)
    """Since when it is connected; null while it is not."""
    failed_at = models.DateTimeField(null=True)
    """Since when it is not."""
    failure = models.CharField(max_length=40, blank=True)
    """One word why, safe to log."""

    def __str__(self) -> str:
        return "TAK server"


# --- the watch desk --------------------------------------------------------------------------------------------------


class DeskScreen(models.Model):
    """One open desk screen: whose, and when it last said that it is seen and connected."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("seen_at",), name="deconfliction_screen_seen"),)

    def __str__(self) -> str:
        return f"screen {self.id}"


class TelephoneEntry(models.Model):
    """That the watch desk entered an operation for somebody on the telephone: who, for whom, of when.

    How the caller's identity was checked stands with the revision.
    """

    operation = models.OneToOneField(
        Operation, primary_key=True, on_delete=models.CASCADE, related_name="telephone_entry"
    )
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    caller = SealedField("deconfliction.caller")
    """JSON of the caller's `name`, `phone` and `unit`, the last where it is none of the agencies served."""
    taken_at = models.DateTimeField(null=True)
    """When the call was taken on paper, where it was entered later."""

    def __str__(self) -> str:
        return f"entry {self.operation_id}"


class Practice(models.Model):
    """One person practising alone (see `exercises`): invented operations in mode exercise, and what came of it.

    It stays with the account when its operations are purged: which steps were reached, no place, name or word.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    scenario = models.CharField(max_length=40)
    operation_a = models.UUIDField()
    operation_b = models.UUIDField()
    """The invented operations; `operation_a` is side A of the scenario. They may be purged already."""
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    steps = models.JSONField(default=dict)
    """`exercises.rules.Step` to the instant at which it was reached (ISO 8601), written at the end."""
    is_complete = models.BooleanField(default=False)

    class Meta:
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("user",), condition=Q(ended_at__isnull=True), name="deconfliction_one_practice"
            ),
        )

    def __str__(self) -> str:
        return f"practice {self.id}"


class ExerciseState(models.TextChoices):
    """How far a led exercise has come (`led.rules.State`)."""

    PLANNED = "planned", gettext_lazy("Planned")
    RUNNING = "running", gettext_lazy("Running")
    PAUSED = "paused", gettext_lazy("Paused")
    ENDED = "ended", gettext_lazy("Ended")


class Exercise(models.Model):
    """A led exercise of the watch desk (see `led`): planned, run in mode exercise, and reported on.

    It stays when its operations are purged: what was invented, and what its people did and wrote, all sealed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    title = SealedText("deconfliction.exercise_title")
    scope = SealedText("deconfliction.exercise_scope")
    planned_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=ExerciseState.choices, default=ExerciseState.PLANNED)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    """Where its operations are invented, from its start on."""
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    pauses = SealedList("deconfliction.exercise_pauses")
    """Pairs of instants (ISO 8601) during which its clock stood; the last one's end is null while it is paused."""
    kept_log = SealedList("deconfliction.exercise_kept_log")
    kept_conflicts = SealedList("deconfliction.exercise_kept_conflicts")
    """What the conflicts' logs and times said when it ended: they are purged before it."""
    summary = SealedText("deconfliction.exercise_summary")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-planned_at", "-id")
        constraints = (_one_of("state", ExerciseState, "deconfliction_exercise_state"),)

    def __str__(self) -> str:
        return f"exercise {self.id}"


class ExercisePart(models.TextChoices):
    """What somebody is in a led exercise."""

    CONTROLLER = "controller", gettext_lazy("Controller")
    EVALUATOR = "evaluator", gettext_lazy("Evaluator")
    PLAYER = "player", gettext_lazy("Player")


class ExercisePerson(models.Model):
    """Somebody in a led exercise; `completed_at` once it has ended and they were there."""

    id = models.BigAutoField(primary_key=True)
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=12, choices=ExercisePart.choices)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("part", "id")
        constraints = (
            models.UniqueConstraint(fields=("exercise", "user"), name="deconfliction_one_part"),
            _one_of("part", ExercisePart, "deconfliction_exercise_part"),
        )

    def __str__(self) -> str:
        return self.part


class ExerciseMeasure(models.TextChoices):
    """What Vigil measures for an objective (`led.rules.Measure`)."""

    NOTICED = "noticed", gettext_lazy("Minutes until the desk took it up")
    ACKNOWLEDGED = "acknowledged", gettext_lazy("Minutes until both sides acknowledged")
    CONTACTED = "contacted", gettext_lazy("Minutes until both sides had talked")
    MARGIN = "margin", gettext_lazy("Minutes between the talk and the earlier start")


class ExerciseRating(models.TextChoices):
    """The four ratings (`led.rules.RATINGS`)."""

    P = "P", gettext_lazy("Performed without challenges")
    S = "S", gettext_lazy("Performed with some challenges")
    M = "M", gettext_lazy("Performed with major challenges")
    U = "U", gettext_lazy("Unable to be performed")


class Objective(models.Model):
    """What an exercise is to show: `watched` is what evaluators look for, `target` the mark, in words."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="objectives")
    position = models.PositiveSmallIntegerField()
    text = SealedText("deconfliction.objective_text")
    watched = SealedText("deconfliction.objective_watched")
    target = SealedText("deconfliction.objective_target")
    measure = models.CharField(max_length=12, choices=ExerciseMeasure.choices, blank=True)
    target_minutes = models.PositiveSmallIntegerField(null=True)
    rating = models.CharField(max_length=1, choices=ExerciseRating.choices, blank=True)
    rated_by = SealedText("deconfliction.objective_rated_by")
    rated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return f"objective {self.id}"


class InjectKind(models.TextChoices):
    """What an inject is (`led.rules.Kind`)."""

    OPERATION = "operation", gettext_lazy("An operation is registered")
    MOVE = "move", gettext_lazy("An operation moves")
    READ_OUT = "read_out", gettext_lazy("The controller reads out")
    TELEPHONE = "telephone", gettext_lazy("Somebody telephones the desk")
    PARTNER = "partner", gettext_lazy("A partner falls silent")


class InjectPlace(models.TextChoices):
    """Where an inject's operation lies (`led.rules.Where`)."""

    HERE = "here", gettext_lazy("In the street of the exercise")
    NEXT_STREET = "next_street", gettext_lazy("One street further")
    ACROSS_TOWN = "across_town", gettext_lazy("Across town")
    OTHER_END = "other_end", gettext_lazy("At the other end of town")


class Inject(models.Model):
    """One line of an exercise's Master Scenario Events List. Minutes are the exercise's own, pauses left out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="injects")
    minute = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=InjectKind.choices)
    text = SealedText("deconfliction.inject_text")
    expected = SealedText("deconfliction.inject_expected")
    within = models.PositiveSmallIntegerField(default=5)
    """The expected action is wanted so many minutes after the release."""
    role = models.CharField(max_length=20, blank=True)
    """Whose operation (`led.scenarios.ROLES`)."""
    place = models.CharField(max_length=12, choices=InjectPlace.choices, blank=True)
    starts_in = models.PositiveSmallIntegerField(null=True)
    """The operation starts so many minutes after the release."""
    released_at = models.DateTimeField(null=True)
    released_minute = models.PositiveSmallIntegerField(null=True)
    released_by = SealedText("deconfliction.inject_released_by")
    """Empty: the worker."""
    seen_minute = models.PositiveSmallIntegerField(null=True)
    """When the expected action was seen."""
    seen_by = SealedText("deconfliction.inject_seen_by")
    note = SealedText("deconfliction.inject_note")
    operation_id = models.UUIDField(null=True)
    """What it registered or moved; purged in time."""
    is_failed = models.BooleanField(default=False)
    """Its operation could not be registered or moved: it was ended, or is gone."""

    class Meta:
        ordering = ("minute", "id")

    def __str__(self) -> str:
        return f"inject {self.id}"


class ObservationKind(models.TextChoices):
    """What an evaluator wrote down."""

    OBSERVATION = "observation", gettext_lazy("Observation")
    STRENGTH = "strength", gettext_lazy("Strength")
    IMPROVEMENT = "improvement", gettext_lazy("Area for improvement")


class Observation(models.Model):
    """What an evaluator or controller wrote down, under one objective or under none."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="observations")
    objective = models.ForeignKey(Objective, null=True, on_delete=models.CASCADE, related_name="observations")
    kind = models.CharField(max_length=12, choices=ObservationKind.choices)
    at = models.DateTimeField()
    text = SealedText("deconfliction.observation_text")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"observation {self.id}"


class CorrectiveAction(models.Model):
    """One line of an exercise's improvement plan: what is mended, by whom, until when."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="corrective_actions")
    text = SealedText("deconfliction.corrective_action_text")
    owner = SealedText("deconfliction.corrective_action_owner")
    due_on = models.DateField()
    done_at = models.DateTimeField(null=True)
    done_by = SealedText("deconfliction.corrective_action_done_by")

    class Meta:
        ordering = ("due_on", "id")

    def __str__(self) -> str:
        return f"corrective action {self.id}"


class DeskSilence(models.Model):
    """Since when nobody watches the desk, and when that was told last: one row while it is so."""

    slot = models.PositiveSmallIntegerField(primary_key=True, default=1)
    since = models.DateTimeField()
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return "the desk is silent"
