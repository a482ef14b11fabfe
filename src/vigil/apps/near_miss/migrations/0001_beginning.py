import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import vigil.core.identifiers
import vigil.platform.clock
from vigil.platform.first_tables import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("near_miss", "0001_start"),
        ("near_miss", "0002_recommendations"),
        ("near_miss", "0003_feeds"),
        ("near_miss", "0004_scene"),
        ("near_miss", "0005_foreign_lessons"),
        ("near_miss", "0006_alerts"),
        ("near_miss", "0007_linked"),
        ("near_miss", "0008_encounters"),
        ("near_miss", "0009_partners"),
        ("near_miss", "0010_writers"),
        ("near_miss", "0011_submitters"),
        ("near_miss", "0012_confirmed"),
        ("near_miss", "0013_agency_sizes"),
        ("near_miss", "0014_no_seat_size"),
        ("near_miss", "0015_batches"),
        ("near_miss", "0016_witnesses"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0009_telephone_pins"),
        ("agencies", "0001_start"),
        ("partners", "0004_joining"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="AgencySize",
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
                        ("band", models.CharField(max_length=10)),
                    ],
                ),
                migrations.CreateModel(
                    name="Alert",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("text", models.TextField()),
                        ("goes_out_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ("-goes_out_at", "id"),
                    },
                ),
                migrations.CreateModel(
                    name="Announcement",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("key", models.CharField(max_length=80, unique=True)),
                        ("told_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Batch",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("row", models.CharField(max_length=40)),
                        ("size", models.PositiveIntegerField()),
                        ("until", models.DateField()),
                    ],
                ),
                migrations.CreateModel(
                    name="CaseStudy",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("title", models.CharField(max_length=120)),
                        ("officer", models.TextField()),
                        ("offender", models.TextField()),
                        ("circumstance", models.TextField()),
                        ("lessons", models.TextField()),
                        ("answers", models.JSONField(default=dict)),
                        ("year", models.CharField(blank=True, max_length=4)),
                        ("factors", models.JSONField(default=list)),
                        ("primary", models.CharField(max_length=40)),
                        ("published_on", models.DateField()),
                    ],
                    options={
                        "ordering": ("-published_on", "title", "id"),
                    },
                ),
                migrations.CreateModel(
                    name="Destruction",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("body", models.BinaryField()),
                        ("signature", models.BinaryField()),
                        ("destroyed_on", models.DateField()),
                    ],
                    options={
                        "ordering": ("-destroyed_on", "id"),
                    },
                ),
                migrations.CreateModel(
                    name="Encounter",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("title", models.BinaryField(blank=True, null=True)),
                        ("content", models.BinaryField(blank=True, null=True)),
                        ("met", models.JSONField(default=list)),
                        ("revision", models.PositiveIntegerField(default=0)),
                        ("report", models.BigIntegerField(null=True, unique=True)),
                        ("saved_on", models.DateField()),
                        ("submitted_on", models.DateField(null=True)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("writers", models.JSONField(default=list)),
                        (
                            "submitted_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-saved_on", "-id"),
                        "indexes": [models.Index(fields=["agency", "-saved_on"], name="near_miss_encountered")],
                    },
                ),
                migrations.CreateModel(
                    name="Consent",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("person", models.CharField(max_length=12)),
                        ("answer", models.CharField(max_length=12)),
                        ("recorded_on", models.DateField()),
                        (
                            "recorded_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "encounter",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="consents",
                                to="near_miss.encounter",
                            ),
                        ),
                        ("how", models.CharField(blank=True, max_length=10)),
                        ("got_on", models.DateField(null=True)),
                        (
                            "witness",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("confirmed_on", models.DateField(null=True)),
                    ],
                    options={
                        "ordering": ("id",),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("witness__isnull", True),
                                    models.Q(("witness", models.F("recorded_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="near_miss_two_consent",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirmed_on__isnull", True), ("witness__isnull", False), _connector="OR"
                                ),
                                name="near_miss_witness_confirms",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ForeignLesson",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("source", models.CharField(max_length=20)),
                        ("number", models.CharField(max_length=40)),
                        ("title", models.CharField(max_length=160)),
                        ("text", models.TextField()),
                        ("lessons", models.TextField(blank=True)),
                        ("call_type", models.CharField(blank=True, max_length=40)),
                        ("time_band", models.CharField(blank=True, max_length=40)),
                        ("month", models.CharField(max_length=7)),
                        ("factors", models.JSONField(default=list)),
                        ("primary", models.CharField(blank=True, max_length=40)),
                        ("taxonomy", models.JSONField(default=list)),
                        ("terms", models.TextField(blank=True)),
                        ("flags", models.JSONField(default=dict)),
                        ("imported_on", models.DateField()),
                    ],
                    options={
                        "ordering": ("-month", "source", "number"),
                        "constraints": [
                            models.UniqueConstraint(fields=("source", "number"), name="near_miss_foreign_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HandedOut",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("number", models.UUIDField()),
                        ("what", models.CharField(max_length=6)),
                        ("revision", models.PositiveIntegerField()),
                        ("digest", models.CharField(blank=True, max_length=64)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partners.partner"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("partner", "number"), name="near_miss_handed_out_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LegalHold",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("reason", models.BinaryField(blank=True, null=True)),
                        ("set_on", models.DateField()),
                        ("until", models.DateField(null=True)),
                        ("lifted_on", models.DateField(null=True)),
                        (
                            "encounter",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="holds",
                                to="near_miss.encounter",
                            ),
                        ),
                        (
                            "lifted_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "set_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("id",),
                    },
                ),
                migrations.CreateModel(
                    name="Lesson",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("title", models.CharField(max_length=120)),
                        ("text", models.TextField()),
                        ("lessons", models.TextField()),
                        ("call_type", models.CharField(blank=True, max_length=40)),
                        ("time_band", models.CharField(blank=True, max_length=40)),
                        ("month", models.CharField(blank=True, max_length=7)),
                        ("factors", models.JSONField(default=list)),
                        ("primary", models.CharField(max_length=40)),
                        ("published_on", models.DateField()),
                        ("scene", models.JSONField(default=dict)),
                        ("linked", models.ManyToManyField(to="near_miss.lesson")),
                        (
                            "batch",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="near_miss.batch",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-published_on", "title", "id"),
                    },
                ),
                migrations.CreateModel(
                    name="LessonFeed",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("created_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(null=True)),
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
                                related_name="+",
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
                                name="near_miss_one_feed",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PartnerChoice",
                    fields=[
                        (
                            "partner",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="partners.partner",
                            ),
                        ),
                        ("sends", models.BooleanField(default=False)),
                        ("shows", models.BooleanField(default=False)),
                    ],
                ),
                migrations.CreateModel(
                    name="PartnerPublication",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("number", models.UUIDField()),
                        ("what", models.CharField(max_length=6)),
                        ("revision", models.PositiveIntegerField()),
                        ("is_withdrawn", models.BooleanField(default=False)),
                        ("title", models.CharField(blank=True, max_length=120)),
                        ("text", models.TextField(blank=True)),
                        ("lessons", models.TextField(blank=True)),
                        ("call_type", models.CharField(blank=True, max_length=40)),
                        ("time_band", models.CharField(blank=True, max_length=40)),
                        ("month", models.CharField(blank=True, max_length=7)),
                        ("factors", models.JSONField(default=list)),
                        ("primary", models.CharField(blank=True, max_length=40)),
                        ("published_on", models.DateField(null=True)),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partners.partner"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-published_on", "title", "id"),
                        "constraints": [
                            models.UniqueConstraint(fields=("partner", "number"), name="near_miss_published_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Recommendation",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("text", models.BinaryField(blank=True, null=True)),
                        ("office", models.BinaryField(blank=True, null=True)),
                        ("due_on", models.DateField()),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[("done", "done"), ("in_part", "in_part"), ("not_done", "not_done")],
                                max_length=10,
                            ),
                        ),
                        ("reason", models.BinaryField(blank=True, null=True)),
                        ("ended_on", models.DateField(null=True)),
                        (
                            "agency",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                            ),
                        ),
                        (
                            "lesson",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="recommendations",
                                to="near_miss.lesson",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("revision", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "ordering": ("due_on", "id"),
                        "indexes": [models.Index(fields=["agency", "outcome", "due_on"], name="near_miss_recommended")],
                    },
                ),
                migrations.CreateModel(
                    name="Seat",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("number", models.BigIntegerField(null=True, unique=True)),
                        ("wrapped", models.BinaryField(default=bytes)),
                        ("is_active", models.BooleanField(default=True)),
                        ("named_at", models.DateTimeField(default=vigil.platform.clock.now)),
                        (
                            "user",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("waiting", models.BinaryField(default=bytes)),
                        (
                            "confirmed_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="near_miss.seat",
                            ),
                        ),
                        (
                            "named_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("named_at",),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirmed_by__isnull", True),
                                    models.Q(("confirmed_by", models.F("id")), _negated=True),
                                    _connector="OR",
                                ),
                                name="near_miss_two_confirm",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Review",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("report", models.BigIntegerField(unique=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("received", "received"),
                                    ("triaged", "triaged"),
                                    ("masked", "masked"),
                                    ("agreed", "agreed"),
                                    ("coded", "coded"),
                                    ("published", "published"),
                                    ("closed", "closed"),
                                ],
                                default="received",
                                max_length=10,
                            ),
                        ),
                        ("revision", models.PositiveIntegerField(default=0)),
                        ("is_alert", models.BooleanField(null=True)),
                        ("content", models.BinaryField(default=bytes)),
                        ("keys", models.JSONField(default=dict)),
                        ("ended_on", models.DateField(null=True)),
                        (
                            "agreed_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="near_miss.seat",
                            ),
                        ),
                        (
                            "coded_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="near_miss.seat",
                            ),
                        ),
                        (
                            "masked_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="near_miss.seat",
                            ),
                        ),
                        (
                            "published_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="near_miss.seat",
                            ),
                        ),
                        (
                            "triaged_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="near_miss.seat",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("agreed_by__isnull", True),
                                    models.Q(("agreed_by", models.F("masked_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="near_miss_two_agree",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("published_by__isnull", True),
                                    models.Q(("published_by", models.F("coded_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="near_miss_two_publish",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AlertDraft",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("revision", models.PositiveIntegerField(default=0)),
                        ("content", models.BinaryField(default=bytes)),
                        ("keys", models.JSONField(default=dict)),
                        (
                            "released_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="near_miss.seat",
                            ),
                        ),
                        (
                            "review",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alert_draft",
                                to="near_miss.review",
                            ),
                        ),
                        (
                            "written_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="near_miss.seat"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("released_by__isnull", True),
                                    models.Q(("released_by", models.F("written_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="near_miss_two_alert",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Origin",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("content", models.BinaryField(default=bytes)),
                        ("keys", models.JSONField(default=dict)),
                        (
                            "review",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="origin",
                                to="near_miss.review",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Subscription",
                    fields=[
                        (
                            "user",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("alerts", models.BooleanField(default=False)),
                        ("lessons", models.BooleanField(default=False)),
                        ("digest", models.BooleanField(default=False)),
                    ],
                ),
            ]
        )
    ]
