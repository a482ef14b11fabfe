"""The pages of the policy study: ask for one, watch and stop it, its charts with their tables, what each number is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.deconfliction import views, words
from vigil.apps.deconfliction.cards import type_label
from vigil.apps.deconfliction.imports import uploads
from vigil.apps.deconfliction.models import StudyRun
from vigil.apps.deconfliction.past import history_views
from vigil.apps.deconfliction.study import past_pairs, studies
from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.engine.study import Counts
from vigil.platform import clock
from vigil.platform.agencies.models import agency_of
from vigil.platform.agencies.retention import retention_of
from vigil.platform.doors import actor_of, page
from vigil.web import charts
from vigil.web.downloads import CSV, download

STUDY = "deconfliction.study.run"
FIELDS = ("radii", "buffers", "source", "mapping")
FIRST = {"radii": "150, 300, 500, 800", "buffers": "", "source": "file", "mapping": ""}
NEVER_MET = gettext_lazy("Never met under the settings of their day")
OUTCOMES = (*words.OUTCOMES, *history_views.UNSETTLED, ("never_met", NEVER_MET))
STEPS = {
    "reading": gettext_lazy("Reading the file"),
    "joining": gettext_lazy("Finding what is near"),
    "comparing": gettext_lazy("Comparing"),
}
HEAD = (
    gettext_lazy("Radius"),
    gettext_lazy("Buffers"),
    gettext_lazy("Pairs"),
    gettext_lazy("Direct"),
    gettext_lazy("Near"),
    gettext_lazy("Subject only"),
    gettext_lazy("Operations"),
    gettext_lazy("Times today"),
)


@page(STUDY)
@require_http_methods(["GET", "POST"])
def study_page(request: HttpRequest) -> HttpResponse:
    """What would other radii and buffers have raised? Ask, or read what was asked before."""
    actor = actor_of(request)
    if request.method == "GET":
        return _ask_page(request, actor, FIRST, {})
    typed = {name: request.POST.get(name, "")[:200] for name in FIELDS}
    try:
        run = _begin(request, actor, typed)
    except Invalid as refused:
        wrong = {str(problem.path[0]): {"sentence": problem.sentence} for problem in refused.problems}
        return _ask_page(request, actor, typed, wrong)
    return redirect("deconfliction:study", run.pk)


def _begin(request: HttpRequest, actor: Actor, typed: dict[str, str]) -> StudyRun:
    of_history = typed["source"] == "history"
    wanted = studies.read_numbers(typed, of_history=of_history)
    sent = request.FILES.get("file")
    if not of_history and sent is None:
        raise Invalid.at("file", sentence=_("Choose a file, or take the agency's past pairs."))
    data = None if of_history or sent is None else b"".join(sent.chunks())
    toml = next((text for key, _, text in uploads.saved_mappings(actor) if key == typed["mapping"]), "")
    return studies.begin_study(actor, wanted, data, toml, clock.now())


def _ask_page(request: HttpRequest, actor: Actor, typed: dict[str, str], wrong: dict[str, Any]) -> HttpResponse:
    agency = agency_of(actor.agency_id) if actor.agency_id else None
    context = {
        "typed": typed,
        "wrong": wrong,
        "mappings": [(key, name) for key, name, _ in uploads.saved_mappings(actor)],
        "runs": studies.visible_studies(actor)[:20],
        "pairs": past_pairs.visible_pairs(actor).count(),
        "is_kept": agency is not None and retention_of(agency.rules).keeps_history,
        "may_opt_in": actor.can("agencies.agency.edit"),
        "widest": past_pairs.WIDEST_M,
        "longest": past_pairs.LONGEST_MIN,
        "kept_days": studies.KEPT.days,
    }
    return render(request, "deconfliction/studies.html", context, status=422 if wrong else 200)


@page(STUDY)
@require_GET
def study(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """A study that runs, or what it found."""
    run = studies.get_study(actor_of(request), study_id)
    context: dict[str, Any] = {"run": run, "is_running": run.state in studies.UNFINISHED}
    context |= {"step": STEPS.get(run.step, _("Waits for its turn")), "percent": round(100 * run.share)}
    if run.result is not None:
        context |= _found(run, request.GET.get("of", ""))
    return render(request, "deconfliction/study.html", context)


@page(STUDY)
@require_POST
def stop(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """Stop it."""
    studies.stop_study(actor_of(request), study_id)
    return redirect("deconfliction:study", study_id)


@page(STUDY, fresh=True)
@require_POST
def study_csv(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """The figures as a file, recorded before they are given."""

    def write(run: StudyRun) -> bytes:
        found = studies.counts_told(run.result) if run.result else ()
        return views.csv_file("policy-study", map(str, HEAD), _table(run, found)).content

    content = studies.export_figures(actor_of(request), study_id, write)
    return download(content, CSV, "policy-study.csv")


@page(STUDY)
@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    """What each number of a study means, and what it does not prove."""
    context = {"widest": past_pairs.WIDEST_M, "longest": past_pairs.LONGEST_MIN}
    return render(request, "deconfliction/study_numbers.html", context)


# --- what it found ---------------------------------------------------------------------------------------------------


def _found(run: StudyRun, asked: str) -> dict[str, Any]:
    found = studies.counts_told(run.result or {"settings": []})
    place = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else len(found) - 1
    chosen = found[place] if 0 < place < len(found) else found[-1]
    today, counted = found[0], (run.result or {}).get("outcomes", {})
    return {
        "finding": _finding(found),
        "about": _about(run, found),
        "table": [tuple(map(_cell, row)) for row in _table(run, found)],
        "head": HEAD,
        "settings": charts.bars((_name(one), _alarms(one, today), _parts(one)) for one in found),
        "choices": [(number, _name(one), one is chosen) for number, one in enumerate(found) if number],
        "chosen": _name(chosen),
        "outcomes": [(label, counted[key]) for key, label in OUTCOMES if key in counted],
        "months": _beside(today.by_month, chosen.by_month, _month),
        "types": _beside(today.by_type, chosen.by_type, type_label),
    }


def _finding(found: Sequence[Counts]) -> str:
    """The finding in a sentence: the setting that changes the alarms most."""
    today, others = found[0], found[1:]
    most = max(others, key=lambda one: (abs(one.pairs - today.pairs), one.pairs))
    ratio = most.ratio(today)
    if ratio is None:
        said = ngettext(
            "With {setting}: {n} pair; with today's settings none",
            "With {setting}: {n} pairs; with today's settings none",
            most.pairs,
        )
        return said.format(setting=_name(most), n=most.pairs)
    return _("With {setting}: {ratio} times the alarms").format(setting=_name(most), ratio=f"{ratio:.1f}")


def _about(run: StudyRun, found: Sequence[Counts]) -> str:
    result = run.result or {}
    months = sorted({month for one in found for month in one.by_month})
    n = result["past_pairs"] if run.from_history else result["operations"]
    of = ngettext("{n} operation of a file", "{n} operations of a file", n)
    if run.from_history:
        of = ngettext("{n} past pair of the agency's history", "{n} past pairs of the agency's history", n)
    of = of.format(n=n)
    if months:
        of = _("{of}, {first} to {last}").format(of=of, first=_month(months[0]), last=_month(months[-1]))
    said = _("Pairs of operations that would have been told of each other. n = {of}. Exact counts.")
    return said.format(of=of)


def _name(one: Counts) -> str:
    parts = []
    if one.setting.radius_m is not None:
        parts.append(f"{one.setting.radius_m:g} m")
    if one.setting.buffer_min is not None:
        parts.append(f"{one.setting.buffer_min:g} min")
    return ", ".join(parts) or _("as registered")


def _alarms(one: Counts, today: Counts) -> str:
    ratio = one.ratio(today)
    if one is today or ratio is None:
        return f"{one.pairs:,}"
    return _("{n} ({ratio} times)").format(n=f"{one.pairs:,}", ratio=f"{ratio:.1f}")


def _parts(one: Counts) -> tuple[tuple[str, float], ...]:
    return (("direct", one.direct), ("near", one.near), ("subject", one.subject_only))


def _table(run: StudyRun, found: Sequence[Counts]) -> list[tuple[Any, ...]]:
    registered = _("as registered")
    return [
        (
            registered if one.setting.radius_m is None else f"{one.setting.radius_m:g} m",
            registered if one.setting.buffer_min is None else f"{one.setting.buffer_min:g} min",
            one.pairs,
            one.direct,
            one.near,
            one.subject_only,
            _("not kept") if run.from_history else one.operations,
            "" if (ratio := one.ratio(found[0])) is None else round(ratio, 2),
        )
        for one in found
    ]


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _beside(today: Any, chosen: Any, name: Any) -> dict[str, Any]:
    """Two bars a line, today's and the chosen setting's, with their numbers."""
    keys = sorted({*today, *chosen})
    both = (((name(key), "today", today.get(key, 0)), ("", "chosen", chosen.get(key, 0))) for key in keys)
    rows = [row for pair in both for row in pair]
    return {
        "bars": charts.bars((label, f"{value:,}", ((kind, value),)) for label, kind, value in rows),
        "table": [(name(key), f"{today.get(key, 0):,}", f"{chosen.get(key, 0):,}") for key in keys],
    }


def _month(text: str) -> str:
    month = date.fromisoformat(f"{text}-01")
    return _("{month} {year}").format(month=dateformat.format(month, "M"), year=month.year)
