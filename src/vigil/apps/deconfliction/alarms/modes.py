"""What is live and what is practised stand apart: exercises and tests are never counted among what somebody must do."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from vigil.apps.deconfliction.models import Conflict, ConflictSide
from vigil.engine.operation import Mode


def live(conflicts: QuerySet[Conflict]) -> QuerySet[Conflict]:
    """Those of live operations. Modes never match each other, so one side says it for both."""
    return conflicts.filter(_of_live_operations())


def not_live(conflicts: QuerySet[Conflict]) -> QuerySet[Conflict]:
    """Those of exercises and tests."""
    return conflicts.exclude(_of_live_operations())


def _of_live_operations() -> Exists:
    sides = ConflictSide.objects.filter(conflict_id=OuterRef("pk"), own_operation__mode=Mode.LIVE.value)
    return Exists(sides)
