"""Deconfliction's pages. A view parses, calls, renders; what it says stands in `words`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.deconfliction import actions, forms, places, queries, rules, shape_upload, words
from vigil.apps.deconfliction.alarms import texts, way
from vigil.apps.deconfliction.alarms import words as talk_words
from vigil.apps.deconfliction.card_preview import preview_card
from vigil.apps.deconfliction.cards import mode_word, named
from vigil.apps.deconfliction.contexts import plan_context
from vigil.apps.deconfliction.desk import entry
from vigil.apps.deconfliction.exercises import practices
from vigil.apps.deconfliction.federation import coverage_view
from vigil.apps.deconfliction.federation.asking import search_and_ask
from vigil.apps.deconfliction.federation.coverage_words import coverage_lines
from vigil.apps.deconfliction.lists import saved
from vigil.apps.deconfliction.lists.list_filters import ALWAYS, CONFLICT_STATES, DETERMINATIONS, WHEN, cleaned
from vigil.apps.deconfliction.models import Draft, Operation
from vigil.apps.deconfliction.plan import PlaceSource, PlannedSite
from vigil.apps.deconfliction.plans import planning, reminders, series
from vigil.apps.deconfliction.plans.lanes import lanes
from vigil.apps.deconfliction.posted import posted_json, uuid_of, whole
from vigil.apps.deconfliction.subjects import looks, possible_matches
from vigil.apps.deconfliction.together import joint, task_forces
from vigil.apps.deconfliction.wall_times import TimeError, is_zone, read_time
from vigil.core.actor import Actor
from vigil.core.errors import Conflict as Stale
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.engine.formats.shape_files import to_geojson, zone_geojson
from vigil.engine.operation import Mode, Site
from vigil.engine.types import OPERATION_TYPES
from vigil.platform import clock
from vigil.platform.accounts.frame import frame_of, show_mode
from vigil.platform.doors import actor_of, page
from vigil.platform.gazetteer import queries as gazetteer
from vigil.platform.notices.board import notices_of
from vigil.web.downloads import CSV, csv_of, download

MOST_CARDS = 5
"""So many conflicts stand in full on Today; the rest is on the list."""
MOST_TOWNS = 250
READ = "deconfliction.operation.read"
WATCH = "deconfliction.operation.watch"


def reader_zone(request: HttpRequest) -> str:
    return frame_of(request).zone


# --- today ------------------------------------------------------------------------------------------------------------


@page("accounts.profile.edit")
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """What needs me, what is mine, what is near in time; who may not read operations is led to the first page of
    their own menu, since every way home ends here.
    """
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    if not actor.can(READ):
        return redirect(frame_of(request).home)
    day = queries.today(actor, now)
    urgent = _cards(actor, day.conflicts, zone, now)
    waiting = _waiting(actor, day, zone, now)
    mine = queries.operation_list(actor, queries.OperationFilter(period=(now, None), mine=True, limit=6), now)
    context = {
        "answer": words.today_answer(
            [words.conflict_line(row, zone, now) for row in day.conflicts], len(waiting), zone, now
        ),
        "urgent": urgent,
        "more_conflicts": max(0, len(day.conflicts) - len(urgent)),
        "waiting": waiting,
        "lanes": lanes(day.soon, zone, now),
        "mine": [operation_line(row, zone, now) for row in mine.rows[:5]],
        "is_first": not (day.conflicts or waiting or mine.rows or day.soon) and _has_none(actor, now),
        "may_import": actor.can("deconfliction.operation.import"),
    }
    return render(request, "deconfliction/today.html", context)


def _has_none(actor: Actor, now: datetime) -> bool:
    return not queries.operation_list(actor, queries.OperationFilter(limit=1), now).rows


def _cards(actor: Actor, rows: Iterable[queries.ConflictRow], zone: str, now: datetime) -> list[words.ConflictLine]:
    """The most pressing conflicts with whom to call: the earliest deadline first, direct before near."""
    ranked = sorted(rows, key=lambda row: (row.mode != Mode.LIVE, row.tentative, row.starts_at, row.band or "z"))
    pressing = ranked[:MOST_CARDS]
    details = queries.conflict_details(actor, [(row.id, row.own_operation_id) for row in pressing], now)
    return [words.conflict_line(row, zone, now, detail) for row, detail in zip(pressing, details, strict=True)]


def _waiting(actor: Actor, day: queries.Today, zone: str, now: datetime) -> list[dict[str, Any]]:
    asked = [
        {
            "kind": "still_on_scene",
            "id": row.id,
            "revision": row.revision,
            "title": f"{_('Still on scene?')} {row.type_label} {row.reference.rsplit('-', 1)[-1]}",
            "detail": _("Goes on until {when} unless somebody says it is over.").format(
                when=words.when(row.ends_at, zone, now)
            ),
        }
        for row in day.asked
    ]
    silent = [
        _link(
            row,
            "incomplete",
            _("Incomplete: {operation}").format(operation=f"{row.type_label} {row.reference}"),
            _("Somebody has not answered."),
            _("See who answered"),
        )
        for row in day.incomplete
    ]
    reasons = [
        _link(
            row,
            "incomplete",
            _("Short notice: {operation}").format(operation=f"{row.type_label} {row.reference}"),
            _("Reason and approver are missing."),
            _("Give them"),
        )
        for row in day.reasons_due
        if row.is_mine
    ]
    drafts = [
        {
            "kind": "draft",
            "state": "not_registered",
            "title": _("NOT REGISTERED: {what}").format(what=_draft_name(draft)),
            "detail": _("Draft saved {when}. Nobody has been asked.").format(
                when=words.when(draft.saved_at, zone, now)
            ),
            "url": _draft_url(draft),
            "act": _("Finish draft"),
        }
        for draft in queries.drafts(actor)
    ]
    offers = [
        {
            "kind": "link",
            "state": "incomplete",
            "title": _("Run together? {reference}").format(reference=operation.reference),
            "detail": _("Another team asks. Until you accept, both are alarmed."),
            "url": f"{reverse('deconfliction:operation', args=[operation.id])}#joint-title",
            "act": _("Answer"),
        }
        for operation, _row in joint.open_offers(actor)
    ]
    return [*asked, *offers, *silent, *reasons, *drafts]


def _link(row: queries.OperationRow, state: str, title: str, detail: str, act: str) -> dict[str, Any]:
    url = reverse("deconfliction:operation", args=[row.id])
    return {"kind": "link", "state": state, "title": title, "detail": detail, "url": url, "act": act}


def _draft_name(draft: queries.DraftRow) -> str:
    kind = OPERATION_TYPES.get(str(draft.typed.get("operation_type", "")))
    return _(kind.label).lower() if kind else _("an operation")


def _draft_url(draft: queries.DraftRow) -> str:
    if draft.operation_id:
        return f"{reverse('deconfliction:edit', args=[draft.operation_id])}?draft={draft.id}"
    return f"{reverse('deconfliction:register')}?draft={draft.id}"


# --- lists ------------------------------------------------------------------------------------------------------------


def _period(when: str, zone: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "ahead": (now, None),
        "today": (midnight, midnight + timedelta(days=1)),
        "week": (midnight, midnight + timedelta(days=7)),
        "past": (None, now),
    }.get(when, (None, None))


def operation_line(row: queries.OperationRow, zone: str, now: datetime) -> dict[str, Any]:
    """One operation as a line of a table; its times are local to its site."""
    site_zone = row.zone or zone
    state = row.determination
    if state == "conflict":
        state = words.shape_of(row.band) if row.conflicts else "conflict"
    if row.status == "cancelled":
        state = "cancelled"
    return {
        "row": row,
        "id": row.id,
        "reference": row.reference,
        "revision": row.revision,
        "type_label": row.type_label,
        "operation_type": row.operation_type,
        "agency": row.agency,
        "state": state,
        "shape": row.band or "own",
        "status_label": words.status_words(row.status),
        "zone": site_zone,
        "zone_name": words.zone_name(row.starts_at, site_zone),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "window_start": row.window_start,
        "window_end": row.window_end,
        "ends_same_day": words.day(row.starts_at, site_zone) == words.day(row.ends_at, site_zone),
        "when": words.when(row.starts_at, site_zone, now),
        "site_count": row.site_count,
        "submitter": row.submitter,
    }


def operation_filter(request: HttpRequest, zone: str, now: datetime) -> tuple[dict[str, str], queries.OperationFilter]:
    names = ("when", "type", "state", "mine", "each", "sort", "after")
    typed = {name: request.GET.get(name, "").strip() for name in names}
    typed["when"] = typed["when"] or "ahead"
    by_status = typed["state"] in dict(words.STATUSES)
    wanted = queries.OperationFilter(
        period=_period(typed["when"], zone, now),
        operation_type=typed["type"],
        status=typed["state"] if by_status else "",
        determination="" if by_status else typed["state"],
        mine=bool(typed["mine"]),
        newest_first=typed["sort"] == "newest" or (not typed["sort"] and typed["when"] == "past"),
        cursor=typed["after"],
    )
    return typed, wanted


@page(READ)
@require_GET
def operations(request: HttpRequest) -> HttpResponse:
    """One's own agency's operations: filters in the address, 50 a page."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    views = saved.views_of(actor, "operations")
    if not request.GET and views.default is not None:
        return redirect(f"{request.path}?{views.default.filters}")
    filters, wanted = operation_filter(request, zone, now)
    found_page = queries.operation_list(actor, wanted, now)
    rows = _folded([operation_line(row, zone, now) for row in found_page.rows], bool(filters["each"]))
    drafts = [
        {"id": draft.id, "name": _draft_name(draft), "saved_at": draft.saved_at, "url": _draft_url(draft)}
        for draft in queries.drafts(actor)
    ]
    context = {
        "filters": filters,
        "rows": rows,
        "drafts": drafts,
        "is_first": not rows and not drafts and _has_none(actor, now),
        "may_import": actor.can("deconfliction.operation.import"),
        "heading": _("Operations"),
        "detail": _list_detail(filters, len(found_page.rows), bool(found_page.next_cursor), zone),
        "types": named(OPERATION_TYPES.values()),
        "when_choices": WHEN,
        "state_choices": DETERMINATIONS,
        "has_filters": any(filters[name] for name in ("type", "state", "mine")) or filters["when"] != "ahead",
        "newest_first": wanted.newest_first,
        "next_url": next_url(request, found_page.next_cursor),
        "csv_url": f"{reverse('deconfliction:operations_csv')}?{address_without(request.GET, 'after')}",
        "list_query": urlencode(cleaned("operations", request.GET)),
        **_saved(request, "operations", views),
    }
    return render(request, "deconfliction/operations.html", context)


def _folded(rows: list[dict[str, Any]], each: bool) -> list[dict[str, Any]]:
    """Of a series the first on the page, with how many follow there; those with a conflict always by themselves."""
    known = series.series_of(row["id"] for row in rows)
    shown, first_of = [], dict[UUID, dict[str, Any]]()
    for row in rows:
        row["series_id"] = key = known.get(row["id"])
        if key and key in first_of and not each and not row["row"].conflicts:
            first_of[key]["more"] = first_of[key].get("more", 0) + 1
            continue
        if key:
            first_of.setdefault(key, row)
        shown.append(row)
    return shown


def _saved(request: HttpRequest, table: str, views: saved.Views) -> dict[str, Any]:
    """The reader's saved views above a list, and what would be saved."""
    present = cleaned(table, request.GET)
    return {
        "saved_views": [(view, f"?{view.filters}", dict(parse_qsl(view.filters)) == present) for view in views.rows],
        "save_url": f"{reverse(f'deconfliction:{table}_views')}?{urlencode(present)}",
        "plain_url": f"?{urlencode([ALWAYS[table]])}",
        "may_save": actor_of(request).can("deconfliction.view.edit"),
    }


def _list_detail(filters: Mapping[str, str], shown: int, more: bool, zone: str) -> str:
    number = words.operations_counted(shown)
    if more and filters["after"]:
        number = ngettext("{n} operation shown", "{n} operations shown", shown).format(n=shown)
    elif more:
        number = _("The first {n} shown").format(n=shown)
    said = _("{span}: {number}. Times are local to each site.")
    return said.format(span=dict(WHEN).get(filters["when"], _("All")), number=number)


def address_without(parameters: QueryDict, *names: str) -> str:
    return urlencode([(key, value) for key, value in parameters.items() if key not in names and value])


def next_url(request: HttpRequest, cursor: str) -> str:
    return f"?{address_without(request.GET, 'after')}&after={cursor}".replace("?&", "?") if cursor else ""


def operations_csv(request: HttpRequest) -> HttpResponse:
    """The list as a file: the same filter, the same columns, every page of it. Lists never show a place."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    wanted = operation_filter(request, zone, now)[1]
    return operation_table(every_row(lambda c: queries.operation_list(actor, c, now), wanted), zone, now)


def operation_table(rows: Iterable[queries.OperationRow], zone: str, now: datetime) -> HttpResponse:
    """Operations as CSV, in the columns of the list."""
    lines = (operation_line(row, zone, now) for row in rows)
    head = (*first_columns(), _("Registered by"), _("Sites"))
    rest = ((*first_cells(line), line["submitter"], line["site_count"]) for line in lines)
    return csv_file("operations", head, rest)


def first_columns() -> tuple[str, ...]:
    """The heads of every table of operations as CSV; `first_cells` fills them."""
    return _("Answer"), _("Operation"), _("Type"), _("Starts"), _("Ends"), _("Zone"), _("Status")


def first_cells(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of one `operation_line`; times on the wall of its zone."""
    zone = ZoneInfo(line["zone"])
    return (
        words_of_state(line["state"]),
        line["reference"],
        line["type_label"],
        f"{line['starts_at'].astimezone(zone):%Y-%m-%d %H:%M}",
        f"{line['ends_at'].astimezone(zone):%Y-%m-%d %H:%M}",
        line["zone"],
        line["status_label"],
    )


def words_of_state(state: str) -> str:
    """The word beside the sign, as in the list."""
    from vigil.web.templatetags.vigil import word

    return word(state)


def every_row(read: Callable[[Any], Any], wanted: Any) -> Iterator[Any]:
    while True:
        found = read(replace(wanted, limit=500))
        yield from found.rows
        if not found.next_cursor:
            return
        wanted = replace(wanted, cursor=found.next_cursor)


def csv_file(name: str, head: Iterable[str], lines: Iterable[Iterable[Any]]) -> HttpResponse:
    return download(csv_of(head, lines), CSV, f"{name}.csv")


def _conflict_filter(request: HttpRequest) -> tuple[dict[str, str], queries.ConflictFilter]:
    typed = {name: request.GET.get(name, "").strip() for name in ("state", "band", "after")}
    typed["state"] = typed["state"] or "open"
    state = "" if typed["state"] in ("open", "all") else typed["state"]
    wanted = queries.ConflictFilter(
        open_only=typed["state"] == "open", state=state, band=typed["band"], cursor=typed["after"]
    )
    return typed, wanted


@page("deconfliction.conflict.read")
@require_GET
def conflicts(request: HttpRequest) -> HttpResponse:
    """Conflicts of one's own agency (a watch desk: of the node)."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    views = saved.views_of(actor, "conflicts")
    if not request.GET and views.default is not None:
        return redirect(f"{request.path}?{views.default.filters}")
    filters, wanted = _conflict_filter(request)
    found = queries.conflict_list(actor, wanted, now)
    lines = [words.conflict_line(row, zone, now) for row in found.rows]
    lines.sort(key=lambda line: (not line.waits, line.row.tentative, line.call_before, line.row.band or "z"))
    lines.sort(key=lambda line: line.row.mode != Mode.LIVE)
    waiting = sum(line.needs_call for line in lines)
    context = {
        "filters": filters,
        "lines": lines,
        "heading": words.need_a_call(waiting) if waiting else _("Conflicts"),
        "detail": _("Call first, then log what you agreed.") if waiting else _("None waits for a call."),
        "state_choices": CONFLICT_STATES,
        "has_filters": filters["state"] != "open" or bool(filters["band"]),
        "next_url": next_url(request, found.next_cursor),
        "csv_url": f"{reverse('deconfliction:conflicts_csv')}?{address_without(request.GET, 'after')}",
        **_saved(request, "conflicts", views),
    }
    return render(request, "deconfliction/conflicts.html", context)


def conflicts_csv(request: HttpRequest) -> HttpResponse:
    """The list of conflicts as a file; never the other side's place or distance."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    wanted = _conflict_filter(request)[1]
    rows = every_row(lambda c: queries.conflict_list(actor, c, now), wanted)
    lines = (words.conflict_line(row, zone, now) for row in rows)
    head = (
        _("How close"),
        _("Conflict"),
        _("With"),
        _("Your operation"),
        _("Both active from"),
        _("Both active to"),
        _("Zone"),
        _("Where it stands"),
    )
    tz = ZoneInfo(zone)
    cells = (
        (
            words_of_state(line.shape),
            line.row.reference,
            line.with_whom,
            line.row.own_reference,
            f"{line.row.overlap_start.astimezone(tz):%Y-%m-%d %H:%M}",
            f"{line.row.overlap_end.astimezone(tz):%Y-%m-%d %H:%M}",
            zone,
            line.state_words,
        )
        for line in lines
    )
    return csv_file("conflicts", head, cells)


# --- register and edit ------------------------------------------------------------------------------------------------


@page("deconfliction.operation.register")
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The one page on which an operation is registered."""
    actor, now = actor_of(request), clock.now()
    draft_id = uuid_of(request.POST.get("draft") or request.GET.get("draft"))
    if request.method == "GET":
        return _form_page(request, _opened_form(request, draft_id, _remembered(actor)))
    typed = forms.nest(_texts(request))

    def store(plan: Any) -> Operation:
        return actions.register_operation(actor, plan, now)

    return _submitted(request, actor, typed, draft_id, store)


@page("deconfliction.operation.edit")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """The same page for an operation that exists: a new revision that asks again."""
    actor, now = actor_of(request), clock.now()
    detail = queries.operation_detail(actor, operation_id, now)
    show_mode(request, detail.row.mode, mode_word(detail.row.mode))
    draft_id = uuid_of(request.POST.get("draft") or request.GET.get("draft"))
    if request.method == "GET":
        return _form_page(request, _opened_form(request, draft_id, forms.typed_of_plan(detail.plan)), editing=detail)
    typed = forms.nest(_texts(request))
    revision = _revision(request)

    def store(plan: Any) -> Operation:
        return actions.revise_operation(actor, operation_id, revision, plan, now)

    return _submitted(request, actor, typed, draft_id, store, editing=detail)


def _texts(request: HttpRequest) -> Iterator[tuple[str, str]]:
    return ((name, str(value)) for name, value in request.POST.items())


def _submitted(
    request: HttpRequest,
    actor: Actor,
    typed: dict[str, Any],
    draft_id: UUID | None,
    store: Callable[[Any], Operation],
    editing: queries.OperationDetail | None = None,
) -> HttpResponse:
    """Register, save the draft, or change the form itself (the buttons that work without a script)."""
    do, now = request.POST.get("do", "register"), clock.now()
    if do == "read_file" or request.FILES:
        return _with_file(request, typed, draft_id, editing)
    if "choose" in request.POST or do.startswith(("add_", "remove_", "preview")):
        return _form_page(
            request, _draft_form(changed_form(typed, do, request.POST.get("choose", "")), draft_id), editing=editing
        )
    if do == "save":
        _keep_draft(request, actor, typed, draft_id, editing.row.id if editing and not draft_id else None)
        messages.info(request, _("Saved as a draft. NOT REGISTERED: nobody has been asked."))
        return redirect("deconfliction:today")
    try:
        raw = forms.plan_input(typed)
        if editing:
            raw = forms.kept_of(editing.plan) | raw
        operation = store(rules.read_plan(raw, plan_context(actor.agency_id, now)))
    except Invalid as refused:
        form = forms.RegisterForm(typed, refused.problems, draft_id=str(draft_id or ""))
        return _form_page(request, form, editing=editing, status=422)
    except Stale:
        if editing is None:
            raise
        return _overtaken(request, typed, draft_id, editing)
    search_and_ask(actor, operation.id)
    if draft_id is not None:
        _forget_draft(actor, draft_id)
    return redirect("deconfliction:operation", operation.id)


def _with_file(
    request: HttpRequest, typed: dict[str, Any], draft_id: UUID | None, editing: queries.OperationDetail | None
) -> HttpResponse:
    """The form with the shapes of a file on its sites. A file that was chosen is read before anything is stored."""
    try:
        typed, first, count = shape_upload.with_shapes(typed, request.FILES.get("shapes_file"))
    except Invalid as refused:
        form = forms.RegisterForm(typed, refused.problems, draft_id=str(draft_id or ""))
        return _form_page(request, form, editing=editing, status=422)
    said = ngettext(
        "{n} shape of the file: site {first}. Look at it, then register.",
        "{n} shapes of the file: site {first} to {last}. Look at them, then register.",
        count,
    )
    messages.info(request, said.format(n=count, first=first + 1, last=first + count))
    form = forms.RegisterForm(typed, draft_id=str(draft_id or ""), focus=f"sites-{first}-place")
    return _form_page(request, form, editing=editing)


def _overtaken(
    request: HttpRequest, typed: dict[str, Any], draft_id: UUID | None, editing: queries.OperationDetail
) -> HttpResponse:
    """The form again with all that was typed, now against the revision that stands."""
    said = _(
        "Somebody changed this operation after you opened it: it is revision {number} now. What you typed is kept "
        "here. Look at the operation first; sending this again puts your plan in place of theirs."
    ).format(number=editing.row.revision)
    form = forms.RegisterForm(typed, [Problem((), said)], draft_id=str(draft_id or ""))
    return _form_page(request, form, editing=editing, status=409, revision=editing.row.revision)


def _forget_draft(actor: Actor, draft_id: UUID) -> None:
    try:
        actions.discard_draft(actor, draft_id)
    except NotFound:
        return


def changed_form(typed: dict[str, Any], do: str, choice: str) -> dict[str, Any]:
    """The form with a line more or less, or with a choice taken."""
    if choice:
        name, _, value = choice.partition("=")
        pairs = dict(forms.flat(typed)) | {name: value}
        if name.endswith("-place"):
            # What was known of the place before is not true of the one that was picked.
            site = name.removesuffix("place")
            pairs |= {f"{site}source": "", f"{site}uncertainty_m": "", f"{site}label": ""}
        return forms.nest(pairs.items())
    if do == "preview":
        return typed
    verb, _, rest = do.partition("_")
    name = "subjects" if rest.startswith("subject") else "sites"
    rows = list(typed.get(name) or [])
    if verb == "add":
        rows.append({})
    elif rest.rsplit("_", 1)[-1].isdecimal() and len(rows) > 1:
        line = whole(rest.rsplit("_", 1)[-1])
        del rows[line : line + 1]
    return typed | {name: rows}


def _remembered(actor: Actor) -> dict[str, Any]:
    """The contacts of last time; the first time, the person's own name and phone."""
    known = queries.remembered_contacts(actor)
    names = {"lead": "lead_contact", "second": "second_contact", "supervisor": "supervisor"}
    typed: dict[str, Any] = {
        names[role]: {"name": contact.name, "phone": contact.phone, "relay": "yes" if contact.relay else ""}
        for role, contact in known.items()
        if role in names and contact
    }
    return typed or {"lead_contact": forms.own_contact(actor)}


def _opened_form(request: HttpRequest, draft_id: UUID | None, otherwise: dict[str, Any]) -> forms.RegisterForm:
    """The draft's form. One that is gone is no missing page: it was registered, and somebody comes back to its form."""
    if draft_id is None:
        return forms.RegisterForm(otherwise)
    try:
        draft = queries.draft_detail(actor_of(request), draft_id)
    except NotFound:
        messages.info(request, _("This draft is gone: it was registered, or thrown away."))
        return forms.RegisterForm(otherwise)
    return forms.RegisterForm(draft.typed, draft_id=str(draft.id), saved_at=draft.saved_at)


def _draft_form(typed: dict[str, Any], draft_id: UUID | None) -> forms.RegisterForm:
    return forms.RegisterForm(typed, draft_id=str(draft_id or ""))


def _form_page(
    request: HttpRequest,
    form: forms.RegisterForm,
    editing: queries.OperationDetail | None = None,
    status: int = 200,
    revision: int | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    context = {
        "form": form,
        "editing": editing.row if editing else None,
        "revision": revision or request.POST.get("revision") or (editing.row.revision if editing else ""),
        "draft_seen": request.POST.get("draft_seen") or (form.saved_at.isoformat() if form.saved_at else ""),
        "next_revision": editing.row.revision + 1 if editing else 1,
        "types": named(plan_context(actor.agency_id, clock.now()).types.values()),
        "subject_kinds": forms.SUBJECT_KINDS,
        "disclosures": forms.disclosures_for(actor),
        "card": preview_card(request, form.typed),
        "has_streets": bool(gazetteer.sources()),
        "agency_names": queries.agency_names(actor),
        "bounds": json.dumps(forms.first_view(actor)),
    }
    answer = render(request, "deconfliction/register.html", context, status=status)
    # The one page that may ask a device where it is; everywhere else the policy of every answer says no.
    answer["Permissions-Policy"] = "geolocation=(self), camera=(), microphone=(), payment=(), usb=()"
    return answer


@page("deconfliction.operation.register")
@require_POST
def save_draft(request: HttpRequest) -> JsonResponse:
    """Keep what is typed, for the script; answers with the draft's id and the time it was saved."""
    actor = actor_of(request)
    typed = forms.nest((name, value) for name, value in _texts(request) if name != "operation")
    operation_id = uuid_of(request.POST.get("operation"))
    draft_id = uuid_of(request.POST.get("draft"))
    draft = _keep_draft(request, actor, typed, draft_id, operation_id)
    local = draft.saved_at.astimezone(ZoneInfo(reader_zone(request)))
    answer = {"draft": str(draft.id), "saved_at": f"{local:%H:%M:%S}", "seen": draft.saved_at.isoformat()}
    return JsonResponse(answer | {"apart": draft_id is not None and draft.id != draft_id})


def _keep_draft(
    request: HttpRequest, actor: Actor, typed: dict[str, Any], draft_id: UUID | None, operation_id: UUID | None
) -> Draft:
    """The draft again; a new one where it is gone, or another window has saved it meanwhile."""
    now, seen = clock.now(), request.POST.get("draft_seen", "")
    try:
        return actions.save_draft(actor, typed, now, draft_id, operation_id, seen)
    except NotFound:
        return actions.save_draft(actor, typed, now, None, operation_id)


@page("deconfliction.operation.register")
@require_POST
def discard_draft(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Throw one's own draft away."""
    actions.discard_draft(actor_of(request), draft_id)
    messages.info(request, _("The draft is gone. Nobody had been asked."))
    return redirect("deconfliction:operations")


@page("deconfliction.operation.register")
@require_POST
def read_place(request: HttpRequest) -> JsonResponse:
    """How a typed place is read: the line under the field. POST, so that no place stands in an address or log."""
    asked = posted_json(request)
    context = plan_context(actor_of(request).agency_id, clock.now())
    text = str(asked.get("text", ""))[: rules.LONGEST["place"]]
    reading = places.read_place(text, context.region, context.streets)
    if isinstance(reading, places.Unreadable):
        return JsonResponse({"kind": "unreadable", "sentence": reading.sentence})
    if isinstance(reading, places.Choices):
        offered = [{"text": place.text, "label": places.said(place.label)} for place in reading.places]
        return JsonResponse({"kind": "choices", "sentence": reading.sentence, "places": offered})
    return JsonResponse(_place_answer(reading, asked))


def _place_answer(place: places.Place, asked: Mapping[str, Any]) -> dict[str, Any]:
    zone = places.zone_of(place.longitude, place.latitude)
    kept = asked.get("source") in (PlaceSource.DEVICE, PlaceSource.ADDRESS)
    off = _number(asked.get("uncertainty_m")) if kept else place.uncertainty_m
    if off > rules.PIN_WANTED_M:
        sentence = _(
            "{place} is only good to about {length}. We search that wider area. Set a pin on the map to search less."
        )
    elif asked.get("source") == PlaceSource.PIN:
        sentence = _("Pin. Exact. Time zone {zone}.")
    elif place.source == PlaceSource.ADDRESS:
        sentence = _("{place}. Good to about {length}, which widens the zone. Time zone {zone}.")
    elif off and asked.get("source") == PlaceSource.DEVICE:
        sentence = _(
            "This device's position. It says it is good to {metres} m, so we search that much wider. Time zone {zone}."
        )
    elif place.drawn:
        sentence = _("{place}. Exact, as drawn. Time zone {zone}.")
    elif off:
        sentence = _("{place}, good to {metres} m. Time zone {zone}.")
    else:
        sentence = _("Read as coordinates {place}. Exact, 0 m off. Time zone {zone}.")
    return {
        "kind": "place",
        "sentence": sentence.format(
            place=places.said(place.label),
            length=words.length(off),
            metres=f"{off:,.0f}",
            zone=words.zone_name(clock.now(), zone),
        ),
        "longitude": place.longitude,
        "latitude": place.latitude,
        "uncertainty_m": off,
        "ask_for_pin": off > rules.PIN_WANTED_M,
        "zone": zone,
        "shape": to_geojson(place.geometry),
        "outlines": _outlines(place, _number(asked.get("radius_m")), off),
    }


def _outlines(place: places.Place, radius_m: float, off_m: float) -> list[dict[str, Any]]:
    """The zone to draw, true to scale; where the place is not exact, the widened one around it."""
    reaches = {radius_m, radius_m + off_m} - {0.0}
    return [zone_geojson(Site(place.geometry, reach, 0, 1)) for reach in sorted(reaches)]


def _number(value: Any) -> float:
    try:
        return max(0.0, min(float(value), 1e6))
    except (TypeError, ValueError):
        return 0.0


@page("deconfliction.operation.register")
@require_POST
def read_times(request: HttpRequest) -> JsonResponse:
    """How typed times are read in the site's zone: wall times and words, or the sentence that says what is wrong."""
    asked, now = posted_json(request), clock.now()
    zone = str(asked.get("zone", "")) or reader_zone(request)
    if not is_zone(zone):
        zone = reader_zone(request)
    answer: dict[str, Any] = {}
    start = None
    for name in ("starts_at", "ends_at"):
        text = str(asked.get(name, ""))
        if not text.strip():
            continue
        try:
            read = read_time(text, zone, now, start)
        except TimeError as error:
            return JsonResponse({"sentence": error.sentence})
        at = forms.datetime_of(read.instant)
        if name == "ends_at" and start is not None and at <= start:
            return JsonResponse({"sentence": _("The end is not after the start.")})
        start = start or at
        answer[name] = read.wall[:16]
        answer[name.replace("_at", "_text")] = f"{words.day(at, zone, now)} {words.hm(at, zone)}"
        answer["zone_name"] = words.zone_name(at, zone)
    return JsonResponse(answer)


@page(READ)
@require_POST
def towns(request: HttpRequest) -> JsonResponse:
    """The largest towns within a view, as `[name, longitude, latitude]`, for the map's labels."""
    asked = posted_json(request)
    west, south = _degrees(asked.get("west"), -180), _degrees(asked.get("south"), -90)
    east, north = _degrees(asked.get("east"), 180), _degrees(asked.get("north"), 90)
    found: list[tuple[str, float, float]] = []
    for town in places.towns():
        if west <= town.longitude <= east and south <= town.latitude <= north:
            found.append((town.name, town.longitude, town.latitude))
            if len(found) == MOST_TOWNS:
                break
    return JsonResponse({"towns": found})


def _degrees(value: Any, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise


# --- one operation ----------------------------------------------------------------------------------------------------


@page(READ)
@require_GET
def operation(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """The answer for one operation: verdict, whom to phone, who was asked; the plan, its history, what can be done."""
    return operation_page(request, operation_id)


def operation_page(request: HttpRequest, operation_id: UUID, status: int = 200) -> HttpResponse:
    """The operation's page; where something on it was refused, with what was typed there."""
    actor, now = actor_of(request), clock.now()
    detail = queries.operation_detail(actor, operation_id, now)
    show_mode(request, detail.row.mode, mode_word(detail.row.mode))
    looks.note_operation(actor, operation_id, now)
    zone = detail.row.zone or reader_zone(request)
    standing = [row for row in detail.conflicts if row.standing == "open" and row.state != "resolved"]
    cards = _cards(actor, standing, zone, now)
    is_over = detail.row.status in ("ended", "cancelled")
    begun = detail.row.starts_at <= now
    asks = detail.row.status == "under_way" and (detail.row.extension_count > 0 or detail.row.ends_at <= now)
    telephoned = entry.entry_of(actor, operation_id)
    near = coverage_view.near(operation_id, detail.plan.sites)
    context = {
        "detail": detail,
        "operation": detail.row,
        "entry": telephoned,
        "entry_check": dict(talk_words.CHECKS).get(telephoned.identity_check, "") if telephoned else "",
        "zone": zone,
        "verdict": words.verdict(
            detail, [words.conflict_line(row, zone, now) for row in detail.conflicts], zone, now, near
        ),
        "conflicts": cards,
        "coverage": coverage_lines(detail, frame_of(request).node, near),
        "facts": words.plan_facts(detail.plan, detail.row),
        "sites": [_site_words(site) for site in detail.plan.sites],
        "is_purged": not detail.plan.sites and _takes_place(detail.row.operation_type),
        "window_text": words.span(detail.row.window_start, detail.row.window_end, zone),
        "zone_name": words.zone_name(now, zone),
        "limits": words.LIMITS,
        "notes": [words.note_words(note) for note in detail.notes],
        "subjects": [(subject, forms.kind_label(subject.kind)) for subject in detail.plan.subjects],
        "flags": words.flag_notes(detail.plan.flags),
        "is_over": is_over,
        "joint_rows": [
            (row, words.card_facts(row.card) if row.card else ()) for row in joint.joint_rows(actor, operation_id)
        ],
        "possible": [
            (match, words.card_facts(match.card)) for match in possible_matches.possible_matches(actor, operation_id)
        ],
        "task_forces": task_forces.choices_for(actor, operation_id)
        if actor.can("deconfliction.operation.share")
        else (),
        "may_join": actor.can("deconfliction.joint_offer.answer") and not is_over,
        "still_on_scene": words.when(detail.row.ends_at, zone, now) if asks else "",
        "may_edit": actor.can("deconfliction.operation.edit") and detail.row.status != "cancelled",
        "may_move": actor.can("deconfliction.operation.edit") and not is_over,
        "may_renew": actor.can("deconfliction.operation.edit")
        and planning.may_renew(detail.row.operation_type, detail.row.status, detail.row.starts_at, now),
        "series": series.place_in_series(actor, operation_id),
        "may_repeat": actor.can("deconfliction.series.create") and detail.row.status != "cancelled",
        "reason_due": detail.row.reason_due and actor.can("deconfliction.operation.edit"),
        "still_going": not is_over
        and reminders.asks_before_start(operation_id, detail.row.revision, detail.row.starts_at, now),
        "may_end": actor.can("deconfliction.operation.end") and begun and not is_over,
        "may_cancel": actor.can("deconfliction.operation.cancel") and not is_over,
        "may_restore": actor.can("deconfliction.operation.restore") and detail.row.status == "cancelled",
        "typed": request.POST,
        "typed_sites": request.POST.getlist("site"),
        "page_url": reverse("deconfliction:operation", args=[operation_id]),
    }
    return render(request, "deconfliction/operation.html", context, status=status)


def _takes_place(operation_type: str) -> bool:
    kind = OPERATION_TYPES.get(operation_type)
    return kind is not None and kind.takes_place


def _site_words(site: PlannedSite) -> dict[str, Any]:
    start, end = forms.datetime_of(site.starts_at), forms.datetime_of(site.ends_at)
    site = replace(site, label=places.said(site.label))
    return {"site": site, "time_text": words.span(start, end, site.zone)}


def change_operation(
    request: HttpRequest,
    change: Callable[[], Operation],
    said: str,
    *,
    otherwise: Callable[[int], HttpResponse],
    to: str = "deconfliction:operation",
) -> HttpResponse:
    """Make a revision, search again, say so, and show the operation, or the page `to`: what every button does.

    Refused or overtaken by somebody else's change, it is said on the page it came from, which `otherwise(status)`
    gives with all that was typed.
    """
    try:
        changed = change()
    except Invalid as refused:
        messages.error(request, refused.sentence)
        return otherwise(refused.status)
    except Stale as overtaken:
        messages.error(request, _("Not done: somebody changed this operation meanwhile. Look at it as it is now."))
        return otherwise(overtaken.status)
    search_and_ask(actor_of(request), changed.pk)
    messages.info(request, said)
    return redirect(to, changed.pk) if to == "deconfliction:operation" else redirect(to)


def _act(request: HttpRequest, operation_id: UUID, change: Callable[[], Operation], said: str) -> HttpResponse:
    """A button on the operation's page or on Today."""
    if request.POST.get("next") == "today":
        today_page = lambda status: redirect("deconfliction:today")  # noqa: E731
        return change_operation(request, change, said, otherwise=today_page, to="deconfliction:today")
    return change_operation(
        request, change, said, otherwise=lambda status: operation_page(request, operation_id, status)
    )


def _revision(request: HttpRequest) -> int:
    return whole(request.POST.get("revision", ""))


@page("deconfliction.operation.cancel")
@require_POST
def cancel(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Cancel; it can be undone."""
    done = _("Cancelled. Everyone matched has been told. You can undo this.")
    actor, revision = actor_of(request), _revision(request)
    return _act(
        request, operation_id, lambda: actions.cancel_operation(actor, operation_id, revision, clock.now()), done
    )


@page("deconfliction.operation.restore")
@require_POST
def restore(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """Undo the cancel: a revision that asks again."""
    actor, revision = actor_of(request), _revision(request)
    return _act(
        request,
        operation_id,
        lambda: actions.undo_cancel(actor, operation_id, revision, clock.now()),
        _("The cancel is undone. We asked everyone again."),
    )


@page("deconfliction.operation.end")
@require_POST
def end(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """ "Ended, everyone has left"."""
    actor, revision = actor_of(request), _revision(request)
    return _act(
        request,
        operation_id,
        lambda: actions.end_operation(actor, operation_id, revision, clock.now()),
        _("Ended. The time after it still counts until its buffer is over."),
    )


@page("deconfliction.operation.extend")
@require_POST
def extend(request: HttpRequest, operation_id: UUID) -> HttpResponse:
    """ "Yes, still here": half an hour more."""
    actor = actor_of(request)
    return _act(
        request,
        operation_id,
        lambda: actions.still_on_scene(actor, operation_id, clock.now()),
        _("Noted: still on scene. We ask again in half an hour."),
    )


# --- one conflict -----------------------------------------------------------------------------------------------------


@page("deconfliction.conflict.read")
@require_GET
def conflict(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """One conflict: whom to call, what is known, how far it has come. Never the other side's place or distance."""
    return conflict_page(request, conflict_id)


def conflict_page(
    request: HttpRequest,
    conflict_id: UUID,
    status: int = 200,
    *,
    wrong: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The conflict's page; `wrong` are sentences by field of its forms, `typed` what was typed there."""
    wrong = wrong or {}
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    detail = queries.conflict_detail(actor, conflict_id, now)
    show_mode(request, detail.row.mode, mode_word(detail.row.mode))
    looks.note_conflict(actor, conflict_id, now)
    line = words.conflict_line(detail.row, zone, now, detail)
    others = detail.other or detail.own[1:]
    people = [person for side in others for person in side.people]
    callable_people = [person for person in people if person.phone]
    context = {
        "detail": detail,
        "line": line,
        "banner": words.conflict_banner(detail, line, zone, now),
        "steps": words.steps(detail, zone),
        "first": words.first_to_call(detail),
        "more_people": callable_people[1:],
        "flags": words.flag_words(others),
        "their_type": next((side.type_label for side in others if side.type_label), ""),
        "known": words.known_facts(detail, zone),
        "sides": [words.side_words(side) for side in (*detail.own, *detail.other)],
        "log": [(event, talk_words.event_line(event, own_only=not actor.can(WATCH))) for event in detail.log],
        "agreed": words.agreed_words(detail),
        "may_give": actor.can("deconfliction.conflict.give"),
        "outcomes": words.OUTCOMES,
        "wrong": {field: {"sentence": sentence} for field, sentence in wrong.items()},
        "summary": [
            {"field": "outcome-proceed" if field == "outcome" else field, "sentence": sentence}
            for field, sentence in wrong.items()
        ],
        "talk": talk_words.suggested(detail, actor) | dict(typed or {}),
        "hows": talk_words.HOW,
        "checks": talk_words.CHECKS if actor.can(WATCH) else (),
        "incident": [words.conflict_line(row, zone, now) for row in detail.lines],
        "may_offer": joint.may_offer(actor, conflict_id),
        "may_contact": actor.can("deconfliction.conflict.contact") and line.is_open,
        "may_resolve": actor.can("deconfliction.conflict.resolve")
        and detail.row.state != "resolved"
        and (detail.row.standing != "withdrawn" or detail.row.state == "expired_unacknowledged")
        and (actor.can(WATCH) or detail.row.state != "expired_unacknowledged"),
        "expired": detail.row.state == "expired_unacknowledged",
        "page_url": reverse("deconfliction:conflict", args=[conflict_id]),
        "alarm_back": talk_words.comes_back(way.comes_back(actor, conflict_id), zone, now),
        "ways": way.ways_of(actor, conflict_id, zone, now),
        "practised": practices.course_in(actor, conflict_id) is not None,
    }
    return render(request, "deconfliction/conflict.html", context, status=status)


# --- map --------------------------------------------------------------------------------------------------------------


def _day(text: str, zone: str, now: datetime) -> tuple[date, datetime, datetime]:
    """The day asked for (today where none is, or one that no zone can show), with its first instant and the next's."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1900 < day.year < 2200:
        day = now.astimezone(ZoneInfo(zone)).date()
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    following = day + timedelta(days=1)
    return day, start, datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(zone))


@page(READ)
@require_GET
def map_page(request: HttpRequest) -> HttpResponse:
    """The map with its table: one day of one's own agency's operations."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    day, start, end = _day(request.GET.get("day", ""), zone, now)
    kind = request.GET.get("type", "")
    found = queries.map_operations(actor, start, end, now, kind)
    shown = _map_rows(found.rows, zone, now)
    conflicts = sum(row["conflict"] for row in shown)
    today_ = now.astimezone(ZoneInfo(zone)).date()
    around = sorted({day, *(today_ + timedelta(days=offset) for offset in range(-1, 8))})
    on_day = _("{operations} {day}.").format(
        operations=words.operations_counted(len(shown)), day=words.day(start + timedelta(hours=12), zone, now)
    )
    met = ngettext("{n} has a conflict.", "{n} have a conflict.", conflicts).format(n=conflicts)
    context = {
        "heading": f"{on_day} {met if conflicts else _('None has a known conflict.')}",
        "rows": shown,
        "more": queries.MOST_ON_MAP if found.next_cursor else 0,
        "filters": {"type": kind, "day": day.isoformat()},
        "types": named(OPERATION_TYPES.values()),
        "days": [
            (one.isoformat(), _("{day}, today").format(day=said) if one == today_ else said)
            for one, said in ((one, words.day_name(one)) for one in around)
        ],
        "day_start": start,
        "day_end": end,
        "day_text": words.day_name(day),
        "bounds": json.dumps(forms.first_view(actor)),
    }
    return render(request, "deconfliction/map.html", context)


def _map_rows(sites: Iterable[queries.MapSite], zone: str, now: datetime) -> list[dict[str, Any]]:
    """One row an operation, from its sites."""
    grouped: dict[UUID, list[queries.MapSite]] = {}
    for site in sites:
        grouped.setdefault(site.operation_id, []).append(site)
    rows = [_map_row(found, zone, now) for found in grouped.values()]
    return sorted(rows, key=lambda row: (row["starts_at"], row["reference"]))


def _map_row(sites: list[queries.MapSite], zone: str, now: datetime) -> dict[str, Any]:
    first = sites[0]
    starts, ends = min(site.starts_at for site in sites), max(site.ends_at for site in sites)
    state = first.determination
    if first.in_conflict:
        state = words.shape_of(first.band)
    count, radius = len(sites), words.length(first.radius_m)
    many = ngettext("{n} site, zone {length}", "{n} sites, zone {length}", count)
    return {
        "id": first.operation_id,
        "reference": first.reference,
        "type_label": first.type_label,
        "operation_type": first.operation_type,
        "state": state,
        "shape": first.band or "own",
        # Also by a subject alone, and one that is over: neither has a band to be drawn by.
        "conflict": first.in_conflict or state == "conflict",
        "zone": first.zone or zone,
        "zone_name": words.zone_name(starts, first.zone or zone),
        "starts_at": starts,
        "ends_at": ends,
        "time_text": words.span(starts, ends, first.zone or zone),
        "one_day": words.day(starts, first.zone or zone) == words.day(ends, first.zone or zone),
        "place": first.place if count == 1 else ngettext("{n} site", "{n} sites", count).format(n=count),
        "window_start": min(site.window_start for site in sites),
        "window_end": max(site.window_end for site in sites),
        "zone_words": (_("Zone {length}") if count == 1 else many).format(n=count, length=radius),
    }


@page(READ)
@require_POST
def zones(request: HttpRequest) -> JsonResponse:
    """The day's zones as GeoJSON, one's own agency's only. POST, because it answers with places."""
    actor, zone, now = actor_of(request), reader_zone(request), clock.now()
    asked = posted_json(request)
    _, start, end = _day(str(asked.get("day", "")), zone, now)
    found = queries.map_operations(actor, start, end, now, str(asked.get("type", "")))
    features = [feature for site in found.rows for feature in _features(site)]
    return JsonResponse({"type": "FeatureCollection", "features": features})


def _features(site: queries.MapSite) -> list[dict[str, Any]]:
    properties = {
        "id": str(site.operation_id),
        "shape": site.band or "own",
        "name": site.reference.rsplit("-", 1)[-1],
        "widened": site.uncertainty_m > 0,
    }
    zone = site.outline()
    label = {"type": "Point", "coordinates": _middle(zone)}
    return [
        {"type": "Feature", "properties": {**properties, "kind": "zone"}, "geometry": zone},
        {"type": "Feature", "properties": {**properties, "kind": "label"}, "geometry": label},
    ]


def _middle(zone: Mapping[str, Any]) -> list[float]:
    corners = zone["coordinates"]
    if zone["type"] == "Point":
        return list(corners)
    if zone["type"] == "Polygon":
        corners = corners[0]
    longitudes, latitudes = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return [(min(longitudes) + max(longitudes)) / 2, (min(latitudes) + max(latitudes)) / 2]


# --- notices ----------------------------------------------------------------------------------------------------------


NOTICED = {
    "conflict": "deconfliction:conflict",
    "operation": "deconfliction:operation",
    "fishing_case": "deconfliction:fishing_case",
    "partner": "deconfliction:partner",
}
"""Where a notice leads, by the noun of what it is about."""


@page("notices.notice.read")
@require_GET
def notice(request: HttpRequest, notice_id: UUID) -> JsonResponse:
    """One of the reader's own notices, for the toast: a sentence without place, name or case, and where it leads."""
    found = notices_of(actor_of(request)).filter(pk=notice_id).first()
    if found is None:
        raise NotFound
    url = ""
    for noun, name in NOTICED.items():
        target = uuid_of(str(found.object_ids.get(noun, "")))
        if target and not url:
            url = reverse(name, args=[target])
    if "glass" in found.object_ids:
        url = reverse("glass:accesses")
    if page_name := found.object_ids.get("page"):
        url = reverse(page_name)
    return JsonResponse({"body": texts.said_in_mode(found.body), "urgent": found.urgent, "url": url})
