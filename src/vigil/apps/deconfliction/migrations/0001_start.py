import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import vigil.core.identifiers
from vigil.platform.first_tables import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("deconfliction", "0001_initial"),
        ("deconfliction", "0002_lists"),
        ("deconfliction", "0003_together"),
        ("deconfliction", "0004_reminders"),
        ("deconfliction", "0005_task_force_names"),
        ("deconfliction", "0006_submitter_indexes"),
        ("deconfliction", "0007_views_words_feeds"),
        ("deconfliction", "0008_purge"),
        ("deconfliction", "0009_series"),
        ("deconfliction", "0010_studies"),
        ("deconfliction", "0011_file_words"),
        ("deconfliction", "0012_extended_index"),
        ("deconfliction", "0013_deconflictor"),
        ("deconfliction", "0014_alarms"),
        ("deconfliction", "0015_fishing"),
        ("deconfliction", "0016_tak_servers"),
        ("deconfliction", "0017_sealed"),
        ("deconfliction", "0018_sealed_only"),
        ("deconfliction", "0019_tallies"),
        ("deconfliction", "0020_desk_screens"),
        ("deconfliction", "0021_telephone_entries"),
        ("deconfliction", "0022_practices"),
        ("deconfliction", "0023_federation"),
        ("deconfliction", "0024_partners_due"),
        ("deconfliction", "0025_led_exercises"),
        ("deconfliction", "0026_guessing"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0009_telephone_pins"),
        ("agencies", "0001_start"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="CalendarFeed",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("only_mine", models.BooleanField(default=False)),
                        ("created_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(null=True)),
                        ("uses", models.PositiveBigIntegerField(default=0)),
                        ("last_used_at", models.DateTimeField(null=True)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="calendar_feeds",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("revoked_at__isnull", True)),
                                fields=("user", "agency"),
                                name="deconfliction_one_feed",
                            )
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="Conflict",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("reference", models.CharField(max_length=24, unique=True)),
                        ("node_a", models.CharField(blank=True, max_length=36)),
                        ("operation_a", models.UUIDField()),
                        ("node_b", models.CharField(blank=True, max_length=36)),
                        ("operation_b", models.UUIDField()),
                        (
                            "standing",
                            models.CharField(
                                choices=[("open", "Open"), ("past", "Past"), ("withdrawn", "Withdrawn")],
                                default="open",
                                max_length=12,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("detected", "Detected"),
                                    ("notified", "Notified"),
                                    ("acknowledged", "Acknowledged"),
                                    ("contacted", "Contacted"),
                                    ("resolved", "Resolved"),
                                    ("expired_unacknowledged", "Expired unacknowledged"),
                                ],
                                default="detected",
                                max_length=24,
                            ),
                        ),
                        ("basis", models.CharField(max_length=8)),
                        ("band", models.CharField(blank=True, max_length=8)),
                        ("distance_m", models.FloatField(null=True)),
                        ("overlap_start", models.DateTimeField()),
                        ("overlap_end", models.DateTimeField()),
                        ("tentative", models.BooleanField(default=False)),
                        ("owner_only", models.BooleanField(default=False)),
                        ("matched_tokens", models.JSONField(default=list)),
                        ("detected_at", models.DateTimeField()),
                        ("changed_at", models.DateTimeField()),
                        ("change", models.PositiveIntegerField(default=0)),
                        ("withdrawn_at", models.DateTimeField(null=True)),
                        ("resolved_at", models.DateTimeField(null=True)),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("proceed", "Both proceed"),
                                    ("joint", "Run together"),
                                    ("delay", "One is delayed"),
                                    ("cancel", "One is cancelled"),
                                    ("false_alarm", "False alarm"),
                                    ("same_operation", "The same operation entered twice"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("incident_id", models.UUIDField(default=vigil.core.identifiers.uuid7)),
                        (
                            "desk_owner",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-detected_at", "-id"),
                        "indexes": [
                            models.Index(fields=["overlap_start", "id"], name="deconfliction_conflict_time"),
                            models.Index(fields=["incident_id"], name="deconfliction_incident"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("node_a", "operation_a", "node_b", "operation_b"),
                                name="deconfliction_one_conflict",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("node_a__lt", models.F("node_b")),
                                    models.Q(
                                        ("node_a", models.F("node_b")), ("operation_a__lt", models.F("operation_b"))
                                    ),
                                    _connector="OR",
                                ),
                                name="deconfliction_conflict_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("standing__in", ["open", "past", "withdrawn"])),
                                name="deconfliction_conflict_standing",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "detected",
                                            "notified",
                                            "acknowledged",
                                            "contacted",
                                            "resolved",
                                            "expired_unacknowledged",
                                        ],
                                    )
                                ),
                                name="deconfliction_conflict_state",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("basis__in", ["place", "subject", "both"])),
                                name="deconfliction_conflict_basis",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("band__in", ["", "direct", "near"])),
                                name="deconfliction_conflict_band",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("overlap_start__lt", models.F("overlap_end"))),
                                name="deconfliction_conflict_overlap",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Deconflictor",
                    fields=[
                        (
                            "agency",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="agencies.agency",
                            ),
                        ),
                        ("named_at", models.DateTimeField()),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="DeskScreen",
                    fields=[
                        ("id", models.UUIDField(primary_key=True, serialize=False)),
                        ("opened_at", models.DateTimeField()),
                        ("seen_at", models.DateTimeField()),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["seen_at"], name="deconfliction_screen_seen")],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="DeskSilence",
                    fields=[
                        ("slot", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                        ("since", models.DateTimeField()),
                        ("told_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Exercise",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("title", models.BinaryField(blank=True, null=True)),
                        ("scope", models.BinaryField(blank=True, null=True)),
                        ("planned_at", models.DateTimeField()),
                        ("minutes", models.PositiveSmallIntegerField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("planned", "Planned"),
                                    ("running", "Running"),
                                    ("paused", "Paused"),
                                    ("ended", "Ended"),
                                ],
                                default="planned",
                                max_length=8,
                            ),
                        ),
                        ("longitude", models.FloatField(null=True)),
                        ("latitude", models.FloatField(null=True)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("pauses", models.BinaryField(blank=True, null=True)),
                        ("kept_log", models.BinaryField(blank=True, null=True)),
                        ("kept_conflicts", models.BinaryField(blank=True, null=True)),
                        ("summary", models.BinaryField(blank=True, null=True)),
                        ("created_at", models.DateTimeField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-planned_at", "-id"),
                        "indexes": [],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["planned", "running", "paused", "ended"])),
                                name="deconfliction_exercise_state",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FishingCase",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("silent", models.BooleanField(default=False)),
                        ("since", models.DateTimeField()),
                        ("opened_at", models.DateTimeField()),
                        ("changed_at", models.DateTimeField()),
                        ("reviewed_at", models.DateTimeField(null=True)),
                        ("reviewer_name", models.CharField(blank=True, max_length=200)),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("explained", "Explained"),
                                    ("agency", "Passed to the agency"),
                                    ("auditor", "Passed to the auditor"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("note", models.BinaryField(blank=True, null=True)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-opened_at", "-id"),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("reviewed_at__isnull", True), ("user__isnull", False)),
                                fields=("user", "silent"),
                                name="deconfliction_one_case_of_person",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("reviewed_at__isnull", True), ("user__isnull", True)),
                                fields=("agency",),
                                name="deconfliction_one_case_of_agency",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("outcome__in", ["", "explained", "agency", "auditor"])),
                                name="deconfliction_fishing_outcome",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ForeignRevision",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("node", models.CharField(max_length=36)),
                        ("operation_id", models.UUIDField()),
                        ("epoch", models.BigIntegerField()),
                        ("revision", models.PositiveIntegerField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("node", "operation_id"), name="deconfliction_one_foreign")
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="ImportBatch",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("user_name", models.CharField(max_length=200)),
                        ("file_digest", models.CharField(max_length=64)),
                        ("counts", models.JSONField(default=dict)),
                        ("problems", models.JSONField(default=list)),
                        ("created_at", models.DateTimeField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="import_batches",
                                to="agencies.agency",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Look",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "noun",
                            models.CharField(
                                choices=[("operation", "Operation"), ("conflict", "Conflict")], max_length=12
                            ),
                        ),
                        ("object_id", models.UUIDField()),
                        ("user_name", models.CharField(max_length=200)),
                        ("hour", models.DateTimeField()),
                        ("at", models.DateTimeField()),
                        ("via", models.CharField(max_length=8)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-at",),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("object_id", "user", "agency", "hour"), name="deconfliction_one_look"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("noun__in", ["operation", "conflict"])),
                                name="deconfliction_look_noun",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MaskedOperation",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("node", models.CharField(max_length=36)),
                        ("operation_id", models.UUIDField()),
                        ("revision", models.PositiveIntegerField()),
                        ("mode", models.CharField(max_length=8)),
                        ("registered", models.BooleanField()),
                        ("expires_at", models.BigIntegerField()),
                        ("contents", models.BinaryField(blank=True, null=True)),
                        ("followed", models.BooleanField(default=False)),
                        ("wanted_at", models.BigIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["expires_at"], name="deconfliction_masked_expiry")],
                        "constraints": [
                            models.UniqueConstraint(fields=("node", "operation_id"), name="deconfliction_one_masked")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OnCall",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("name", models.CharField(max_length=200)),
                        ("sealed", models.BinaryField()),
                        ("channels", models.JSONField(default=list)),
                        ("week", models.JSONField(default=dict)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="on_call",
                                to="agencies.agency",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("agency", "position", "id"),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Outgoing",
                    fields=[
                        ("key", models.CharField(max_length=160, primary_key=True, serialize=False)),
                        ("partner", models.CharField(max_length=36)),
                        ("kind", models.CharField(max_length=32)),
                        ("content", models.BinaryField(blank=True, null=True)),
                        ("run_after", models.DateTimeField()),
                        ("until", models.DateTimeField()),
                        ("attempts", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["run_after"], name="deconfliction_outgoing_due")],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="PartnerDay",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("node", models.CharField(max_length=36)),
                        ("day", models.DateField()),
                        ("points", models.PositiveIntegerField(default=0)),
                        ("guesses", models.JSONField(default=list)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("node", "day"), name="deconfliction_one_partner_day")
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="PartnerHighWater",
                    fields=[
                        ("partner", models.CharField(max_length=36, primary_key=True, serialize=False)),
                        ("epoch", models.BigIntegerField()),
                        ("sequence", models.BigIntegerField()),
                        ("round", models.BigIntegerField(default=0)),
                        ("announced", models.BigIntegerField(null=True)),
                        ("clock", models.BigIntegerField(default=0)),
                        ("speaks", models.PositiveSmallIntegerField(default=2)),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="PastPair",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("sealed", models.BinaryField()),
                        (
                            "agency_a",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "agency_b",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agencies.agency"
                            ),
                        ),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Practice",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("scenario", models.CharField(max_length=40)),
                        ("operation_a", models.UUIDField()),
                        ("operation_b", models.UUIDField()),
                        ("started_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("steps", models.JSONField(default=dict)),
                        ("is_complete", models.BooleanField(default=False)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-started_at",),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("user",),
                                name="deconfliction_one_practice",
                            )
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="ProbeMark",
                    fields=[
                        ("slot", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                        ("revision_id", models.BigIntegerField(default=0)),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="PurgedConflicts",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("month", models.DateField()),
                        ("mode", models.CharField(max_length=8)),
                        ("operation_type", models.CharField(max_length=40)),
                        ("band", models.CharField(blank=True, max_length=8)),
                        ("outcome", models.CharField(blank=True, max_length=16)),
                        ("count", models.PositiveIntegerField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        ("silent", models.BooleanField(default=False)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("agency", "month", "mode", "operation_type", "silent", "band", "outcome"),
                                name="deconfliction_purged_conflicts",
                            )
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="PurgedOperations",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("month", models.DateField()),
                        ("mode", models.CharField(max_length=8)),
                        ("operation_type", models.CharField(max_length=40)),
                        ("status", models.CharField(max_length=12)),
                        ("determination", models.CharField(blank=True, max_length=20)),
                        ("count", models.PositiveIntegerField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        ("silent", models.BooleanField(default=False)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=(
                                    "agency",
                                    "month",
                                    "mode",
                                    "operation_type",
                                    "silent",
                                    "status",
                                    "determination",
                                ),
                                name="deconfliction_purged_operations",
                            )
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="PurgedTallies",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("month", models.DateField()),
                        ("operation_type", models.CharField(max_length=40)),
                        ("silent", models.BooleanField(default=False)),
                        ("figure", models.CharField(max_length=12)),
                        ("bucket", models.CharField(max_length=16)),
                        ("count", models.PositiveIntegerField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("agency", "month", "operation_type", "silent", "figure", "bucket"),
                                name="deconfliction_purged_tallies",
                            )
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="PurgeRun",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("started_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("actor_name", models.CharField(max_length=200)),
                        ("via", models.CharField(max_length=8)),
                        ("by_agency", models.JSONField(default=dict)),
                        ("held", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "ordering": ("-started_at",),
                        "indexes": [models.Index(fields=["started_at"], name="deconfliction_purge_run")],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="SavedMapping",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("name", models.CharField(max_length=100)),
                        ("saved_at", models.DateTimeField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="saved_mappings",
                                to="agencies.agency",
                            ),
                        ),
                        (
                            "saved_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("toml", models.BinaryField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("name",),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(fields=("agency", "name"), name="deconfliction_one_mapping")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SavedView",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "table",
                            models.CharField(
                                choices=[("operations", "Operations"), ("conflicts", "Conflicts")], max_length=12
                            ),
                        ),
                        ("name", models.CharField(max_length=60)),
                        ("filters", models.CharField(blank=True, max_length=300)),
                        ("is_default", models.BooleanField(default=False)),
                        ("created_at", models.DateTimeField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="saved_views",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("created_at", "id"),
                        "constraints": [
                            models.UniqueConstraint(
                                models.F("user"),
                                models.F("agency"),
                                models.F("table"),
                                django.db.models.functions.text.Lower("name"),
                                name="deconfliction_one_view",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("is_default", True)),
                                fields=("user", "agency", "table"),
                                name="deconfliction_one_default_view",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("table__in", ["operations", "conflicts"])),
                                name="deconfliction_view_table",
                            ),
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="StudyRun",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("user_name", models.CharField(max_length=200)),
                        ("from_history", models.BooleanField()),
                        ("settings", models.JSONField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waits for its turn"),
                                    ("running", "Counting"),
                                    ("done", "Done"),
                                    ("stopped", "Stopped"),
                                    ("failed", "Failed"),
                                ],
                                default="waiting",
                                max_length=8,
                            ),
                        ),
                        ("step", models.CharField(blank=True, max_length=12)),
                        ("share", models.FloatField(default=0)),
                        ("reason", models.CharField(blank=True, max_length=300)),
                        ("result", models.JSONField(null=True)),
                        ("created_at", models.DateTimeField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "indexes": [],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["waiting", "running", "done", "stopped", "failed"])),
                                name="deconfliction_study_state",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TakenMessage",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("sender", models.CharField(max_length=36)),
                        ("message", models.CharField(max_length=64)),
                        ("until", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["until"], name="deconfliction_taken_until")],
                        "constraints": [
                            models.UniqueConstraint(fields=("sender", "message"), name="deconfliction_taken_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TakServer",
                    fields=[
                        (
                            "agency",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="tak_server",
                                serialize=False,
                                to="agencies.agency",
                            ),
                        ),
                        ("host", models.CharField(max_length=253)),
                        ("port", models.PositiveIntegerField(default=8089)),
                        ("server_name", models.CharField(blank=True, max_length=253)),
                        ("authority", models.TextField()),
                        ("certificate", models.TextField()),
                        ("private_key", models.BinaryField(blank=True, null=True)),
                        ("hours_ahead", models.PositiveSmallIntegerField(default=12)),
                        ("masked_areas", models.BooleanField(default=False)),
                        ("enabled", models.BooleanField(default=True)),
                        ("connected_at", models.DateTimeField(null=True)),
                        ("failed_at", models.DateTimeField(null=True)),
                        ("failure", models.CharField(blank=True, max_length=40)),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="TaskForce",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("name", models.CharField(max_length=100)),
                        ("created_at", models.DateTimeField()),
                        ("agencies", models.ManyToManyField(related_name="task_forces", to="agencies.agency")),
                    ],
                    options={
                        "ordering": ("name",),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Alarm",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("dedupe_key", models.CharField(max_length=200, unique=True)),
                        ("operation_id", models.UUIDField()),
                        ("kind", models.CharField(max_length=24)),
                        (
                            "route",
                            models.CharField(
                                choices=[
                                    ("owner", "The owner and the watch desk"),
                                    ("deconflictor", "Through the deconflictor"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("tentative", models.BooleanField(default=False)),
                        ("masked", models.BooleanField(default=False)),
                        ("raised_at", models.DateTimeField()),
                        (
                            "conflict",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="alarms",
                                to="deconfliction.conflict",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("id",),
                        "indexes": [models.Index(fields=["operation_id"], name="deconfliction_alarm_operation")],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="ConflictEvent",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("at", models.DateTimeField()),
                        ("kind", models.CharField(max_length=24)),
                        ("operation_id", models.UUIDField(null=True)),
                        ("author_name", models.CharField(blank=True, max_length=200)),
                        ("note", models.BinaryField(null=True)),
                        (
                            "author",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "conflict",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="events",
                                to="deconfliction.conflict",
                            ),
                        ),
                        ("how", models.CharField(blank=True, max_length=20)),
                        ("identity_check", models.CharField(blank=True, max_length=40)),
                        ("notices", models.JSONField(default=list)),
                        ("people", models.BinaryField(null=True)),
                        ("result", models.CharField(blank=True, max_length=20)),
                    ],
                    options={
                        "ordering": ("conflict", "id"),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="ConflictFinding",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("revision_a", models.PositiveIntegerField()),
                        ("revision_b", models.PositiveIntegerField()),
                        ("basis", models.CharField(max_length=8)),
                        ("band", models.CharField(blank=True, max_length=8)),
                        ("distance_m", models.FloatField(null=True)),
                        ("overlap_start", models.DateTimeField()),
                        ("overlap_end", models.DateTimeField()),
                        (
                            "standing",
                            models.CharField(
                                choices=[("open", "Open"), ("past", "Past"), ("withdrawn", "Withdrawn")], max_length=12
                            ),
                        ),
                        ("matched_tokens", models.JSONField(default=list)),
                        ("source", models.CharField(blank=True, max_length=36)),
                        ("found_at", models.DateTimeField()),
                        (
                            "conflict",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="findings",
                                to="deconfliction.conflict",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("conflict", "id"),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("conflict", "revision_a", "revision_b", "source"),
                                name="deconfliction_one_finding",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CorrectiveAction",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("text", models.BinaryField(blank=True, null=True)),
                        ("owner", models.BinaryField(blank=True, null=True)),
                        ("due_on", models.DateField()),
                        ("done_at", models.DateTimeField(null=True)),
                        ("done_by", models.BinaryField(blank=True, null=True)),
                        (
                            "exercise",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="corrective_actions",
                                to="deconfliction.exercise",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("due_on", "id"),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="ExercisePerson",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "part",
                            models.CharField(
                                choices=[
                                    ("controller", "Controller"),
                                    ("evaluator", "Evaluator"),
                                    ("player", "Player"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("completed_at", models.DateTimeField(null=True)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "exercise",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="people",
                                to="deconfliction.exercise",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("part", "id"),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(fields=("exercise", "user"), name="deconfliction_one_part"),
                            models.CheckConstraint(
                                condition=models.Q(("part__in", ["controller", "evaluator", "player"])),
                                name="deconfliction_exercise_part",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FishingFlag",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("kind", models.CharField(max_length=24)),
                        ("figures", models.JSONField(default=dict)),
                        ("first_at", models.DateTimeField()),
                        ("last_at", models.DateTimeField()),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="flags",
                                to="deconfliction.fishingcase",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("case", "id"),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(fields=("case", "kind"), name="deconfliction_one_fishing_flag")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Inject",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("minute", models.PositiveSmallIntegerField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("operation", "An operation is registered"),
                                    ("move", "An operation moves"),
                                    ("read_out", "The controller reads out"),
                                    ("telephone", "Somebody telephones the desk"),
                                    ("partner", "A partner falls silent"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("text", models.BinaryField(blank=True, null=True)),
                        ("expected", models.BinaryField(blank=True, null=True)),
                        ("within", models.PositiveSmallIntegerField(default=5)),
                        ("role", models.CharField(blank=True, max_length=20)),
                        (
                            "place",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("here", "In the street of the exercise"),
                                    ("next_street", "One street further"),
                                    ("across_town", "Across town"),
                                    ("other_end", "At the other end of town"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("starts_in", models.PositiveSmallIntegerField(null=True)),
                        ("released_at", models.DateTimeField(null=True)),
                        ("released_minute", models.PositiveSmallIntegerField(null=True)),
                        ("released_by", models.BinaryField(blank=True, null=True)),
                        ("seen_minute", models.PositiveSmallIntegerField(null=True)),
                        ("seen_by", models.BinaryField(blank=True, null=True)),
                        ("note", models.BinaryField(blank=True, null=True)),
                        ("operation_id", models.UUIDField(null=True)),
                        ("is_failed", models.BooleanField(default=False)),
                        (
                            "exercise",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="injects",
                                to="deconfliction.exercise",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("minute", "id"),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="MaskedToken",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("token", models.BinaryField(max_length=32)),
                        ("is_cell", models.BooleanField()),
                        (
                            "masked",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="tokens",
                                to="deconfliction.maskedoperation",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["token"], name="deconfliction_masked_token")],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Objective",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("text", models.BinaryField(blank=True, null=True)),
                        ("watched", models.BinaryField(blank=True, null=True)),
                        ("target", models.BinaryField(blank=True, null=True)),
                        (
                            "measure",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("noticed", "Minutes until the desk took it up"),
                                    ("acknowledged", "Minutes until both sides acknowledged"),
                                    ("contacted", "Minutes until both sides had talked"),
                                    ("margin", "Minutes between the talk and the earlier start"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("target_minutes", models.PositiveSmallIntegerField(null=True)),
                        (
                            "rating",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("P", "Performed without challenges"),
                                    ("S", "Performed with some challenges"),
                                    ("M", "Performed with major challenges"),
                                    ("U", "Unable to be performed"),
                                ],
                                max_length=1,
                            ),
                        ),
                        ("rated_by", models.BinaryField(blank=True, null=True)),
                        ("rated_at", models.DateTimeField(null=True)),
                        (
                            "exercise",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="objectives",
                                to="deconfliction.exercise",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("position", "id"),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Operation",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("reference", models.CharField(max_length=24, unique=True)),
                        ("mode", models.CharField(default="live", max_length=8)),
                        ("external_id", models.CharField(blank=True, max_length=200)),
                        ("created_at", models.DateTimeField()),
                        ("revision", models.PositiveIntegerField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("registered", "Registered"),
                                    ("under_way", "Under way"),
                                    ("ended", "Ended"),
                                    ("cancelled", "Cancelled"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("operation_type", models.CharField(max_length=40)),
                        ("disclosure", models.CharField(default="contact_only", max_length=20)),
                        ("tentative", models.BooleanField(default=False)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField()),
                        ("window_start", models.DateTimeField()),
                        ("window_end", models.DateTimeField()),
                        ("next_end_at", models.DateTimeField(null=True)),
                        ("extension_count", models.PositiveIntegerField(default=0)),
                        ("reason_due", models.BooleanField(default=False)),
                        (
                            "determination",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("checking", "Checking"),
                                    ("conflict", "Conflict"),
                                    ("no_known_conflict", "No known conflict"),
                                    ("incomplete", "Incomplete"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("determination_tentative", models.BooleanField(default=False)),
                        ("legal_hold", models.BooleanField(default=False)),
                        ("purged_at", models.DateTimeField(null=True)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="operations",
                                to="agencies.agency",
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "import_batch",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="operations",
                                to="deconfliction.importbatch",
                            ),
                        ),
                        (
                            "submitter",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="operations",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "supervisor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="supervised_operations",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "task_force",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="operations",
                                to="deconfliction.taskforce",
                            ),
                        ),
                        ("plan_id", models.UUIDField(default=vigil.core.identifiers.uuid7)),
                    ],
                    options={
                        "ordering": ("starts_at", "id"),
                        "indexes": [
                            models.Index(fields=["next_end_at"], name="deconfliction_op_next_end"),
                            models.Index(fields=["window_end"], name="deconfliction_op_window_end"),
                            models.Index(
                                fields=[
                                    "agency",
                                    "starts_at",
                                    "id",
                                    "ends_at",
                                    "status",
                                    "disclosure",
                                    "determination",
                                    "operation_type",
                                    "reference",
                                    "external_id",
                                ],
                                name="deconfliction_op_list",
                            ),
                            models.Index(fields=["agency", "ends_at", "starts_at"], name="deconfliction_op_running"),
                            models.Index(
                                fields=["agency", "window_end", "window_start"], name="deconfliction_op_window"
                            ),
                            models.Index(
                                condition=models.Q(("reason_due", True)),
                                fields=["agency", "starts_at"],
                                name="deconfliction_op_reason_due",
                            ),
                            models.Index(
                                condition=models.Q(("submitter__isnull", False)),
                                fields=["submitter", "starts_at"],
                                name="deconfliction_op_submitter",
                            ),
                            models.Index(
                                condition=models.Q(("submitter__isnull", False)),
                                fields=["submitter", "created_at"],
                                name="deconfliction_op_newest",
                            ),
                            models.Index(
                                condition=models.Q(("extension_count__gt", 0)),
                                fields=["agency", "ends_at"],
                                name="deconfliction_op_extended",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("external_id", ""), _negated=True),
                                fields=("agency", "external_id"),
                                name="deconfliction_one_external_id",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("mode__in", ["live", "exercise", "test"])),
                                name="deconfliction_operation_mode",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status__in", ["draft", "registered", "under_way", "ended", "cancelled"])
                                ),
                                name="deconfliction_operation_status",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("disclosure__in", ["contact_only", "type_and_contact", "silent"])),
                                name="deconfliction_operation_disclosure",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "determination__in",
                                        ["", "checking", "conflict", "no_known_conflict", "incomplete"],
                                    )
                                ),
                                name="deconfliction_operation_determination",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("revision__gte", 1)), name="deconfliction_operation_revision"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("starts_at__lte", models.F("ends_at")),
                                    ("window_end__gte", models.F("ends_at")),
                                    ("window_start__lte", models.F("starts_at")),
                                ),
                                name="deconfliction_operation_times",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TaskForceMember",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("added_at", models.DateTimeField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "task_force",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="members",
                                to="deconfliction.taskforce",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("id",),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("task_force", "user", "agency"), name="deconfliction_one_member"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ActiveSubject",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("token", models.BinaryField(max_length=32)),
                        ("revision", models.PositiveIntegerField()),
                        ("mode", models.CharField(max_length=8)),
                        ("starts_at", models.BigIntegerField()),
                        ("ends_at", models.BigIntegerField()),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["token", "ends_at"], name="deconfliction_subject_token")],
                        "constraints": [
                            models.UniqueConstraint(fields=("operation", "token"), name="deconfliction_active_subject")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConflictSide",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("operation_id", models.UUIDField()),
                        ("node", models.CharField(blank=True, max_length=36)),
                        ("foreign_agency", models.CharField(blank=True, max_length=200)),
                        ("foreign_contact", models.BinaryField(null=True)),
                        ("revision", models.PositiveIntegerField()),
                        ("silent", models.BooleanField(default=False)),
                        ("tentative", models.BooleanField(default=False)),
                        ("plain_clothes", models.BooleanField(default=False)),
                        ("armed_and_dangerous", models.BooleanField(default=False)),
                        ("told", models.BooleanField(default=True)),
                        ("digest", models.CharField(blank=True, max_length=64)),
                        ("places", models.JSONField(default=list)),
                        ("masked_cell", models.JSONField(null=True)),
                        (
                            "route",
                            models.CharField(
                                choices=[
                                    ("owner", "The owner and the watch desk"),
                                    ("deconflictor", "Through the deconflictor"),
                                ],
                                default="owner",
                                max_length=12,
                            ),
                        ),
                        ("notified_at", models.DateTimeField(null=True)),
                        ("acknowledged_at", models.DateTimeField(null=True)),
                        ("acknowledged_name", models.CharField(blank=True, max_length=200)),
                        ("contacted_at", models.DateTimeField(null=True)),
                        ("alarm_count", models.PositiveIntegerField(default=0)),
                        ("next_alarm_at", models.DateTimeField(null=True)),
                        (
                            "acknowledged_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "agency",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="agencies.agency",
                            ),
                        ),
                        (
                            "conflict",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sides",
                                to="deconfliction.conflict",
                            ),
                        ),
                        (
                            "own_operation",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="conflict_sides",
                                to="deconfliction.operation",
                            ),
                        ),
                        ("alarmed_at", models.DateTimeField(null=True)),
                        ("ladder_id", models.UUIDField(default=vigil.core.identifiers.uuid7)),
                        ("stepped_at", models.DateTimeField(null=True)),
                        ("resolved_at", models.DateTimeField(null=True)),
                        ("resolved_outcome", models.CharField(blank=True, max_length=16)),
                    ],
                    options={
                        "ordering": ("conflict", "operation_id"),
                        "indexes": [
                            models.Index(fields=["agency", "conflict"], name="deconfliction_side_agency"),
                            models.Index(fields=["operation_id"], name="deconfliction_side_operation"),
                            models.Index(
                                condition=models.Q(("next_alarm_at__isnull", False)),
                                fields=["next_alarm_at"],
                                name="deconfliction_side_alarm",
                            ),
                            models.Index(fields=["ladder_id"], name="deconfliction_side_ladder"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("conflict", "operation_id"), name="deconfliction_one_side"),
                            models.CheckConstraint(
                                condition=models.Q(("route__in", ["owner", "deconflictor"])),
                                name="deconfliction_side_route",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Draft",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("payload", models.BinaryField()),
                        ("saved_at", models.DateTimeField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="agencies.agency"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="drafts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "operation",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="drafts",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-saved_at",),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="JointOffer",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                choices=[("conflict", "From a conflict"), ("import", "From an imported file")],
                                max_length=8,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Open"),
                                    ("accepted", "Accepted"),
                                    ("refused", "Refused"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="open",
                                max_length=10,
                            ),
                        ),
                        ("offered_at", models.DateTimeField()),
                        ("answered_at", models.DateTimeField(null=True)),
                        (
                            "answered_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "asked",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="offers",
                                to="deconfliction.operation",
                            ),
                        ),
                        (
                            "other",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="offers_made",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-offered_at",),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(fields=("asked", "other"), name="deconfliction_one_offer"),
                            models.CheckConstraint(
                                condition=models.Q(("source__in", ["conflict", "import"])),
                                name="deconfliction_offer_source",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["open", "accepted", "refused", "withdrawn"])),
                                name="deconfliction_offer_state",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("asked", models.F("other")), _negated=True),
                                name="deconfliction_offer_two",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="JointToken",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("revision", models.PositiveIntegerField()),
                        ("partner", models.CharField(max_length=36)),
                        ("token", models.BinaryField(max_length=32)),
                        ("own_token", models.BinaryField(max_length=32, null=True)),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["token", "partner"], name="deconfliction_joint_token"),
                            models.Index(fields=["operation", "partner"], name="deconfliction_joint_of"),
                        ],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Observation",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("observation", "Observation"),
                                    ("strength", "Strength"),
                                    ("improvement", "Area for improvement"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("text", models.BinaryField(blank=True, null=True)),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "exercise",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="observations",
                                to="deconfliction.exercise",
                            ),
                        ),
                        (
                            "objective",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="observations",
                                to="deconfliction.objective",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("at", "id"),
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="OperationWord",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("token", models.BinaryField(max_length=32)),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="words",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("token", "operation"), name="deconfliction_one_word")
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="PartnerAnswer",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("revision", models.PositiveIntegerField()),
                        ("digest", models.CharField(max_length=64)),
                        ("partner", models.CharField(max_length=36)),
                        ("outcome", models.CharField(max_length=20)),
                        ("epoch", models.BigIntegerField()),
                        ("sequence", models.BigIntegerField()),
                        ("evaluated_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("roster_number", models.PositiveBigIntegerField(default=0)),
                        ("void", models.BooleanField(default=False)),
                        ("signed_bytes", models.BinaryField(blank=True, null=True)),
                        ("signature", models.BinaryField(default=bytes)),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="answers",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("operation", "revision", "partner"), name="deconfliction_one_answer"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Receipt",
                    fields=[
                        ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                        ("revision", models.PositiveIntegerField()),
                        ("body", models.BinaryField(null=True)),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("previous_digest", models.CharField(max_length=64, unique=True)),
                        ("signature", models.BinaryField()),
                        ("supersedes", models.PositiveBigIntegerField(null=True)),
                        (
                            "operation",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="receipts",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("number",),
                        "indexes": [models.Index(fields=["operation", "number"], name="deconfliction_receipt_op")],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="RegisteredInterest",
                    fields=[
                        (
                            "operation",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="interest",
                                serialize=False,
                                to="deconfliction.operation",
                            ),
                        ),
                        ("reminded_for", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Reminder",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("start", "Before the start"),
                                    ("reason", "Reason and approver"),
                                    ("renewal", "Renewal"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("mark", models.CharField(max_length=40)),
                        ("told_at", models.DateTimeField()),
                        ("answered_at", models.DateTimeField(null=True)),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="reminders",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("id",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("operation", "kind", "mark"), name="deconfliction_one_reminder"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["start", "reason", "renewal"])),
                                name="deconfliction_reminder_kind",
                            ),
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="Revision",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("number", models.PositiveIntegerField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("register", "Registered"),
                                    ("edit", "Edited"),
                                    ("extend", "Extended"),
                                    ("end", "Ended"),
                                    ("cancel", "Cancelled"),
                                    ("undo_cancel", "Cancellation undone"),
                                    ("join", "Joint group accepted"),
                                    ("import", "Imported"),
                                    ("shift", "Moved in time"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("registered", "Registered"),
                                    ("under_way", "Under way"),
                                    ("ended", "Ended"),
                                    ("cancelled", "Cancelled"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("author_name", models.CharField(max_length=200)),
                        ("created_at", models.DateTimeField()),
                        ("digest", models.CharField(max_length=64)),
                        ("operation_type", models.CharField(max_length=40)),
                        ("mode", models.CharField(max_length=8)),
                        ("disclosure", models.CharField(max_length=20)),
                        ("tentative", models.BooleanField(default=False)),
                        ("plain_clothes", models.BooleanField(default=False)),
                        ("armed_and_dangerous", models.BooleanField(default=False)),
                        ("share_plain_clothes", models.BooleanField(default=True)),
                        ("share_armed_and_dangerous", models.BooleanField(default=True)),
                        ("tell_local_agency", models.BooleanField(default=False)),
                        ("joint_with", models.JSONField(default=list)),
                        ("span_start", models.DateTimeField(null=True)),
                        ("span_end", models.DateTimeField(null=True)),
                        ("span_zone", models.CharField(blank=True, max_length=64)),
                        ("flags", models.JSONField(default=list)),
                        ("exigent", models.BooleanField(default=False)),
                        ("extension_count", models.PositiveIntegerField(default=0)),
                        ("identity_check", models.CharField(blank=True, max_length=40)),
                        ("contacts", models.BinaryField()),
                        ("objective", models.BinaryField(null=True)),
                        ("case_number", models.BinaryField(null=True)),
                        ("external_references", models.BinaryField(null=True)),
                        ("exigent_reason", models.BinaryField(null=True)),
                        (
                            "author",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="revisions",
                                to="deconfliction.operation",
                            ),
                        ),
                        ("participants", models.BinaryField(blank=True, null=True)),
                        ("personnel_band", models.BinaryField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("operation", "number"),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(fields=("operation", "number"), name="deconfliction_one_revision"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status__in", ["draft", "registered", "under_way", "ended", "cancelled"])
                                ),
                                name="deconfliction_revision_status",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("mode__in", ["live", "exercise", "test"])),
                                name="deconfliction_revision_mode",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("disclosure__in", ["contact_only", "type_and_contact", "silent"])),
                                name="deconfliction_revision_disclosure",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "register",
                                            "edit",
                                            "extend",
                                            "end",
                                            "cancel",
                                            "undo_cancel",
                                            "join",
                                            "import",
                                            "shift",
                                        ],
                                    )
                                ),
                                name="deconfliction_revision_kind",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("number__gte", 1)), name="deconfliction_revision_number"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("span_end__isnull", True), ("span_start__isnull", True)),
                                    ("span_start__lt", models.F("span_end")),
                                    _connector="OR",
                                ),
                                name="deconfliction_revision_span",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SearchDue",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("revision", models.PositiveIntegerField()),
                        ("target", models.CharField(blank=True, max_length=36)),
                        ("attempts", models.PositiveIntegerField(default=0)),
                        ("run_after", models.DateTimeField()),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="searches",
                                to="deconfliction.operation",
                            ),
                        ),
                        ("exact", models.BooleanField(default=False)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["run_after"], name="deconfliction_search_due"),
                            models.Index(fields=["target", "run_after"], name="deconfliction_target_due"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("operation", "target"), name="deconfliction_one_search_due")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Series",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("source_revision", models.PositiveIntegerField()),
                        ("pattern", models.CharField(max_length=200)),
                        ("reading", models.CharField(blank=True, max_length=10)),
                        ("created_at", models.DateTimeField()),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "series",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="TelephoneEntry",
                    fields=[
                        (
                            "operation",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="telephone_entry",
                                serialize=False,
                                to="deconfliction.operation",
                            ),
                        ),
                        ("entered_at", models.DateTimeField()),
                        ("caller", models.BinaryField()),
                        ("taken_at", models.DateTimeField(null=True)),
                        (
                            "entered_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Verdict",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("revision", models.PositiveIntegerField()),
                        (
                            "determination",
                            models.CharField(
                                choices=[
                                    ("checking", "Checking"),
                                    ("conflict", "Conflict"),
                                    ("no_known_conflict", "No known conflict"),
                                    ("incomplete", "Incomplete"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("determined_at", models.DateTimeField()),
                        ("roster_number", models.PositiveBigIntegerField(default=0)),
                        ("tentative", models.BooleanField(default=False)),
                        ("not_answered", models.JSONField(default=list)),
                        ("refused", models.JSONField(default=list)),
                        ("receipt_number", models.PositiveBigIntegerField(null=True)),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="verdicts",
                                to="deconfliction.operation",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(fields=("operation", "revision"), name="deconfliction_one_verdict"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("determination__in", ["checking", "conflict", "no_known_conflict", "incomplete"])
                                ),
                                name="deconfliction_verdict_determination",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Probe",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("operation_id", models.UUIDField()),
                        ("at", models.DateTimeField()),
                        ("operation_type", models.CharField(max_length=40)),
                        ("silent", models.BooleanField(default=False)),
                        ("km2", models.FloatField(default=0)),
                        ("hours", models.FloatField(default=0)),
                        ("km2h", models.FloatField(default=0)),
                        ("subjects", models.PositiveIntegerField(default=0)),
                        ("step_m", models.FloatField(null=True)),
                        ("beyond", models.BooleanField(default=False)),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("unused", models.BooleanField(default=False)),
                        ("after_answer_s", models.FloatField(null=True)),
                        ("found", models.PositiveIntegerField(default=0)),
                        ("told", models.PositiveIntegerField(default=0)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "revision",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="probe",
                                to="deconfliction.revision",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("id",),
                        "indexes": [
                            models.Index(fields=["user", "at"], name="deconfliction_probe_user"),
                            models.Index(fields=["agency", "at"], name="deconfliction_probe_agency"),
                            models.Index(fields=["operation_id"], name="deconfliction_probe_operation"),
                            models.Index(fields=["at"], name="deconfliction_probe_at"),
                        ],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="SeriesMember",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("days", models.PositiveSmallIntegerField()),
                        ("planned_id", models.UUIDField(default=vigil.core.identifiers.uuid7, unique=True)),
                        ("problem", models.CharField(blank=True, max_length=300)),
                        ("moved_by", models.UUIDField(null=True)),
                        (
                            "operation",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="series_member",
                                to="deconfliction.operation",
                            ),
                        ),
                        (
                            "series",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="members",
                                to="deconfliction.series",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("series", "days"),
                        "constraints": [
                            models.UniqueConstraint(fields=("series", "days"), name="deconfliction_one_a_day")
                        ],
                        "indexes": [],
                    },
                ),
                migrations.CreateModel(
                    name="Site",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("ordinal", models.PositiveSmallIntegerField()),
                        ("kind", models.CharField(max_length=8)),
                        ("geometry_wkt", models.TextField()),
                        ("radius_m", models.FloatField()),
                        ("uncertainty_m", models.FloatField(default=0)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField()),
                        ("zone", models.CharField(max_length=64)),
                        ("starts_wall", models.CharField(max_length=40)),
                        ("ends_wall", models.CharField(max_length=40)),
                        ("buffer_before_min", models.FloatField(default=0)),
                        ("buffer_after_min", models.FloatField(default=0)),
                        ("source", models.CharField(max_length=12)),
                        ("ended", models.BooleanField(default=False)),
                        ("typed", models.BinaryField(null=True)),
                        ("label", models.BinaryField(null=True)),
                        (
                            "revision",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sites",
                                to="deconfliction.revision",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("revision", "ordinal"),
                        "indexes": [],
                        "constraints": [
                            models.UniqueConstraint(fields=("revision", "ordinal"), name="deconfliction_one_site"),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["point", "line", "polygon"])),
                                name="deconfliction_site_kind",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "source__in",
                                        ["pin", "coordinates", "zip", "town", "device", "file", "drawn", "address"],
                                    )
                                ),
                                name="deconfliction_site_source",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("buffer_after_min__gte", 0),
                                    ("buffer_before_min__gte", 0),
                                    ("radius_m__gte", 0),
                                    ("uncertainty_m__gte", 0),
                                ),
                                name="deconfliction_site_lengths",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("starts_at__lt", models.F("ends_at"))),
                                name="deconfliction_site_times",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Subject",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("kind", models.CharField(max_length=20)),
                        ("token", models.BinaryField(max_length=32, null=True)),
                        ("sealed", models.BinaryField()),
                        ("hint", models.CharField(blank=True, max_length=300)),
                        (
                            "revision",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="subjects",
                                to="deconfliction.revision",
                            ),
                        ),
                        ("near_token", models.BinaryField(max_length=32, null=True)),
                    ],
                    options={
                        "ordering": ("revision", "id"),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("near_token__isnull", False)),
                                fields=["near_token"],
                                name="deconfliction_near",
                            )
                        ],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="ActiveSite",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("cell", models.BigIntegerField()),
                        ("window_start", models.BigIntegerField()),
                        ("window_end", models.BigIntegerField()),
                        ("min_lat", models.FloatField()),
                        ("max_lat", models.FloatField()),
                        ("min_lon", models.FloatField()),
                        ("max_lon", models.FloatField()),
                        ("revision", models.PositiveIntegerField()),
                        ("mode", models.CharField(max_length=8)),
                        ("is_point", models.BooleanField()),
                        ("longitude", models.FloatField()),
                        ("latitude", models.FloatField()),
                        ("radius_m", models.FloatField()),
                        ("uncertainty_m", models.FloatField()),
                        ("starts_at", models.BigIntegerField()),
                        ("ends_at", models.BigIntegerField()),
                        (
                            "operation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="deconfliction.operation",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="deconfliction.site"
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=[
                                    "cell",
                                    "window_start",
                                    "window_end",
                                    "min_lat",
                                    "max_lat",
                                    "min_lon",
                                    "max_lon",
                                ],
                                name="deconfliction_site_cell",
                            )
                        ],
                        "constraints": [],
                    },
                ),
            ]
        )
    ]
