"""Policy studies asked for on the page: counted by the worker, watched and stopped like an import (`engine.study`).

A file waits encrypted in the data folder and is deleted once counted; only the counts are kept, for `KEPT`. Over the
history, the agency's past pairs (`past_pairs`) stand for the operations that were purged.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vigil.apps.deconfliction.models import StudyRun, StudyState
from vigil.apps.deconfliction.study import past_pairs
from vigil.core.actor import Actor, Via
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.engine.formats.mapping import Mapping as FieldMapping
from vigil.engine.formats.operations_csv import read_table
from vigil.engine.formats.tabular import UnusableInput, open_sheet
from vigil.engine.study import Counts, Setting, counts_of, settings_of, study
from vigil.platform import keys
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.actions import action, concerns, detail
from vigil.platform.jobs.queue import enqueue

JOB = "deconfliction.study"
PURPOSE = "deconfliction.study.file"
KEPT = timedelta(days=90)
"""Ours."""
MOST_SETTINGS = 24
LARGEST = 100_000.0
"""A wider radius or longer buffer is a slip of the keyboard, and would make everything meet everything."""
NOTE_SECONDS = 0.5
UNFINISHED = (StudyState.WAITING, StudyState.RUNNING)


class Stopped(Exception):
    """Somebody stopped the study."""


# --- asking for one --------------------------------------------------------------------------------------------------


def read_numbers(typed: Mapping[str, str], *, of_history: bool) -> dict[str, list[float]]:
    """`radii_m` and `buffers_min` from texts such as `150, 300, 500`.

    Raises:
        Invalid: with every fault at its field, `radii` or `buffers`.
    """
    problems: list[Problem] = []
    limits = (past_pairs.WIDEST_M, past_pairs.LONGEST_MIN) if of_history else (LARGEST, LARGEST)
    read = {
        name: _numbers(typed.get(field, ""), field, limit, problems)
        for name, field, limit in (("radii_m", "radii", limits[0]), ("buffers_min", "buffers", limits[1]))
    }
    if not problems and not any(read.values()):
        problems.append(Problem(("radii",), _("Give at least one radius or one buffer to try, e.g. 150, 300, 500.")))
    if not problems and len(settings_of(*read.values())) > MOST_SETTINGS:
        sentence = _("These are more than {most} settings: try fewer at a time.").format(most=MOST_SETTINGS)
        problems.append(Problem(("radii",), sentence))
    if problems:
        raise Invalid(problems)
    return read


def _numbers(text: str, field: str, most: float, problems: list[Problem]) -> list[float]:
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    try:
        numbers = [float(part) for part in parts if len(part) < 12]
    except ValueError:
        numbers = [math.nan]
    if len(numbers) < len(parts) or not all(math.isfinite(one) and 0 <= one <= most for one in numbers):
        sentence = _("Give numbers from 0 to {most} with commas between, e.g. 150, 300, 500.")
        problems.append(Problem((field,), sentence.format(most=f"{most:,.0f}")))
    return numbers


@action("deconfliction.study.run")
def begin_study(
    actor: Actor, wanted: Mapping[str, Sequence[float]], data: bytes | None, mapping_toml: str, now: datetime
) -> StudyRun:
    """Leave a study to the worker: of the file, or with `data` None of the agency's past pairs.

    Raises:
        Invalid: the file cannot be read at all.
    """
    if actor.agency_id is None:
        raise NotFound
    if data is not None:
        _check(data)
    run = StudyRun.objects.create(
        agency_id=actor.agency_id,
        user_id=actor.user_id,
        user_name=actor.name[:200],
        from_history=data is None,
        settings=dict(wanted),
        created_at=now,
    )
    concerns(study=run.pk)
    detail(**wanted)
    if data is not None:
        path = _waiting(run.pk)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(keys.encrypt(json.dumps([mapping_toml, data.decode("latin-1")]), PURPOSE))
    enqueue(JOB, {"study": str(run.pk)}, key=f"{JOB}:{run.pk}")
    return run


def _check(data: bytes) -> None:
    try:
        open_sheet(BytesIO(data))
    except UnusableInput as error:
        raise Invalid.at("file", sentence=str(error)) from None


@action("deconfliction.study.run")
def stop_study(actor: Actor, study_id: UUID) -> StudyRun:
    """Stop a waiting or running study."""
    run = get_study(actor, study_id)
    concerns(study=run.pk)
    _waiting(run.pk).unlink(missing_ok=True)
    if StudyRun.objects.filter(pk=run.pk, state__in=UNFINISHED).update(state=StudyState.STOPPED):
        run.state = StudyState.STOPPED
    return run


@action("deconfliction.study.run")
def export_figures(actor: Actor, study_id: UUID, write: Callable[[StudyRun], bytes]) -> bytes:
    """The figures of a study, taken out as `write` puts them."""
    run = get_study(actor, study_id)
    content = write(run)
    concerns(study=run.pk)
    detail(kind="csv", size=len(content))
    return content


# --- counting it -----------------------------------------------------------------------------------------------------


def run_waiting(study_id: UUID) -> None:
    """Count a study that waits; harmless to repeat. The worker calls it."""
    run = StudyRun.objects.select_related("user").filter(pk=study_id, state__in=UNFINISHED).first()
    if run is None:
        return
    actor = actor_of_user(run.user, run.agency_id, Via.JOB) if run.user else None
    try:
        if actor is None or not actor.can("deconfliction.study.run"):
            raise Invalid.at(sentence=_("Whoever asked for it may no longer do so."))
        result = _of_history(actor, run) if run.from_history else _of_file(run)
    except Stopped:
        return
    except (Invalid, UnusableInput, ValueError) as error:
        _note(run, state=StudyState.FAILED, reason=str(error)[:300])
    else:
        _note(run, state=StudyState.DONE, result=result)
    finally:
        _waiting(study_id).unlink(missing_ok=True)


def _of_history(actor: Actor, run: StudyRun) -> dict[str, Any]:
    wanted = settings_of(run.settings["radii_m"], run.settings["buffers_min"])
    pairs = past_pairs.close_pairs(actor)
    found = counts_of(pairs, wanted, _watched(run))
    # Past pairs name no operation: how many of them meet cannot be told.
    more = {"past_pairs": len(pairs.kind) // 2, "outcomes": past_pairs.outcomes(actor)}
    return told(found, {**more, "bad_rows": 0, "operations": None})


def _of_file(run: StudyRun) -> dict[str, Any]:
    path = _waiting(run.pk)
    if not path.exists():
        raise Invalid.at(sentence=_("The file is no longer here. Send it again."))
    progress = _watched(run)
    mapping_toml, text = json.loads(keys.decrypt(path.read_bytes(), PURPOSE))
    mapping = FieldMapping.from_toml(mapping_toml) if mapping_toml.strip() else None
    content = BytesIO(text.encode("latin-1"))
    read = read_table(content, mapping=mapping, progress=lambda share: progress("reading", share))
    wanted = settings_of(run.settings["radii_m"], run.settings["buffers_min"])
    found = study(read.table, wanted, progress)
    return told(found, {"past_pairs": None, "bad_rows": len(read.bad_rows), "operations": len(read.table)})


def told(found: Sequence[Counts], more: Mapping[str, Any]) -> dict[str, Any]:
    """The counts as they are kept: JSON, `settings` in the order of the study, today's first."""
    return {
        **more,
        "settings": [
            {
                "radius_m": one.setting.radius_m,
                "buffer_min": one.setting.buffer_min,
                "direct": one.direct,
                "near": one.near,
                "subject_only": one.subject_only,
                "operations": None if more["operations"] is None else one.operations,
                "by_type": dict(one.by_type),
                "by_month": dict(one.by_month),
            }
            for one in found
        ],
    }


def counts_told(result: Mapping[str, Any]) -> tuple[Counts, ...]:
    """The counts again; `operations` is 0 where they were not counted."""
    return tuple(
        Counts(
            Setting(one["radius_m"], one["buffer_min"]),
            one["direct"],
            one["near"],
            one["subject_only"],
            one["operations"] or 0,
            one["by_type"],
            one["by_month"],
        )
        for one in result["settings"]
    )


def _watched(run: StudyRun) -> Any:
    """Progress for the engine: noted twice a second, and where a study that was stopped ends."""
    last = [0.0]

    def progress(step: str, share: float) -> None:
        if time.monotonic() - last[0] < NOTE_SECONDS:
            return
        last[0] = time.monotonic()
        _note(run, state=StudyState.RUNNING, step=step, share=min(max(share, 0.0), 1.0))

    return progress


def _note(run: StudyRun, **columns: Any) -> None:
    # A study that was stopped stays so.
    if not StudyRun.objects.filter(pk=run.pk, state__in=UNFINISHED).update(**columns):
        raise Stopped


def forget_old(now: datetime) -> None:
    """Drop what is over its days, and files that nobody counts any more."""
    StudyRun.objects.filter(created_at__lte=now - KEPT).delete()
    alive = {str(pk) for pk in StudyRun.objects.filter(state__in=UNFINISHED).values_list("pk", flat=True)}
    for path in _folder().glob("*.upload"):
        if path.stem not in alive:
            path.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.VIGIL_DATA_DIR) / "studies"


def _waiting(study_id: UUID) -> Path:
    return _folder() / f"{study_id}.upload"


# --- reading ---------------------------------------------------------------------------------------------------------


def visible_studies(actor: Actor) -> QuerySet[StudyRun]:
    """The studies of the actor's agency."""
    actor.require("deconfliction.study.run")
    return StudyRun.objects.filter(agency_id__in=[actor.agency_id])


def get_study(actor: Actor, study_id: UUID) -> StudyRun:
    """One of them; `NotFound` where there is none."""
    run = visible_studies(actor).filter(pk=study_id).first()
    if run is None:
        raise NotFound
    return run
