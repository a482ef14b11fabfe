"""The import page: send a file, choose its columns, see what a dry run finds, import, watch, stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigil.apps.deconfliction import words
from vigil.apps.deconfliction.imports import importing, uploads
from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.engine.formats.mapping import Mapping as FieldMapping
from vigil.platform import clock
from vigil.platform.doors import actor_of, page

IMPORT = "deconfliction.operation.import"
SHOWN_ROWS = 100
NEW = "new"
COUNTS = (
    ("rows", gettext_lazy("Rows")),
    ("created", gettext_lazy("New operations")),
    ("updated", gettext_lazy("Changed operations")),
    ("unchanged", gettext_lazy("Unchanged")),
    ("ended", gettext_lazy("Already over (stored, nobody alarmed)")),
    ("bad_rows", gettext_lazy("Rows left out")),
    ("excluded", gettext_lazy("Operations left out because of them")),
    ("vanished", gettext_lazy("No longer in the file (kept)")),
)


@page(IMPORT)
@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Send a file: it is checked, or its columns are asked for first."""
    actor = actor_of(request)
    if request.method == "GET":
        return _upload_page(request, actor)
    sent = request.FILES.get("file")
    if sent is None:
        return _upload_page(request, actor, _("Choose a file."))
    data = b"".join(sent.chunks())
    chosen = request.POST.get("mapping", "")
    toml = next((text for key, _, text in uploads.saved_mappings(actor) if key == chosen), "")
    try:
        uploads.header_of(data)
    except Invalid as refused:
        return _upload_page(request, actor, refused.sentence)
    kept = uploads.keep_upload(actor, data, toml)
    return redirect("deconfliction:import_map" if chosen == NEW else "deconfliction:import_check", kept.id)


def _upload_page(request: HttpRequest, actor: Actor, problem: str = "") -> HttpResponse:
    context = {
        "stage": "upload",
        "heading": _("Import operations"),
        "detail": _("From a file of your records system. Checked first, stored only when you say so."),
        "summary": [{"field": "file", "sentence": problem}] if problem else [],
        "mappings": [(key, name) for key, name, _ in uploads.saved_mappings(actor)],
        "recent": [(batch, _state_words(batch.counts)) for batch in uploads.recent_imports(actor)],
    }
    return render(request, "deconfliction/import.html", context, status=422 if problem else 200)


@page(IMPORT)
@require_http_methods(["GET", "POST"])
def map_columns(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Which column of the file holds what."""
    actor = actor_of(request)
    kept = uploads.get_upload(actor, upload_id)
    if request.method == "GET":
        return _map_page(request, kept)
    typed = {name: str(value) for name, value in request.POST.items()}
    try:
        toml = uploads.mapping_of(typed)
    except Invalid as refused:
        return _map_page(request, kept, refused.sentence, typed)
    if typed.get("save_as", "").strip():
        uploads.save_mapping(actor, typed["save_as"].strip(), toml, clock.now())
    uploads.keep_upload(actor, kept.data, toml, kept.id)
    return redirect("deconfliction:import_check", kept.id)


def _map_page(
    request: HttpRequest, kept: uploads.Upload, problem: str = "", typed: Mapping[str, str] | None = None
) -> HttpResponse:
    header = uploads.header_of(kept.data)
    fields = uploads.fields_to_map(header)
    for one in fields:
        if typed is not None:
            one["guess"] = typed.get(f"column-{one['name']}", "")
            one["value"] = typed.get(f"constant-{one['name']}", "")
    context = {
        "stage": "map",
        "heading": _("Which column holds what?"),
        "detail": ngettext(
            "The file has {n} column. What it lacks can be the same for every row.",
            "The file has {n} columns. What it lacks can be the same for every row.",
            len(header),
        ).format(n=len(header)),
        "summary": [{"field": "column-operation_id", "sentence": problem}] if problem else [],
        "columns": header,
        "mapping_fields": fields,
        "typed": typed or {},
        "start_guess": uploads.guess("starts_at", header),
        "end_guess": uploads.guess("ends_at", header),
    }
    return render(request, "deconfliction/import.html", context, status=422 if problem else 200)


@page(IMPORT)
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What the dry run found; on POST the import begins."""
    actor, now = actor_of(request), clock.now()
    kept = uploads.get_upload(actor, upload_id)
    if request.method == "POST":
        batch = importing.begin_import(actor, kept.data, kept.mapping_toml, now)
        uploads.forget_upload(kept)
        return redirect("deconfliction:import_run", batch.id)
    mapping = FieldMapping.from_toml(kept.mapping_toml) if kept.mapping_toml else None
    try:
        found = importing.check_file(actor, kept.data, now, mapping)
    except Invalid as refused:
        context = {
            "stage": "unreadable",
            "heading": _("This file cannot be imported yet"),
            "detail": _("Nothing is stored."),
            "summary": [{"field": "", "sentence": refused.sentence}],
            "upload_id": kept.id,
        }
        return render(request, "deconfliction/import.html", context, status=422)
    return render(request, "deconfliction/import.html", _found_context(found))


def _found_context(found: importing.Checked) -> dict[str, Any]:
    ready, bad = len(found.entries), len(found.bad_rows)
    heading = ngettext("{n} operation can be imported", "{n} operations can be imported", ready).format(n=ready)
    if bad:
        left_out = ngettext("{n} row cannot", "{n} rows cannot", bad).format(n=bad)
        heading = _("{ready}, {left_out}").format(ready=heading, left_out=left_out)
    flags = [(words.FLAGS.get(flag, flag), number) for flag, number in sorted(found.flags.items())]
    return {
        "stage": "checked",
        "heading": heading,
        "detail": _("Nothing is stored yet and nobody has been asked."),
        "importable": ready,
        "counts": [
            (_("Rows"), found.rows),
            (_("Operations ready"), ready),
            (_("Of these known here already"), found.known),
            (_("Of these already over"), found.over),
            (_("Rows left out"), len(found.bad_rows)),
            (_("Operations left out because of them"), len(found.excluded)),
            (_("No longer in the file (kept)"), len(found.vanished)),
        ],
        "flags": flags,
        "bad_rows": found.bad_rows[:SHOWN_ROWS],
        "bad_total": len(found.bad_rows),
        "vanished": found.vanished[:SHOWN_ROWS],
    }


@page(IMPORT)
@require_GET
def run(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """A running import, or what came of it."""
    batch = uploads.get_import(actor_of(request), batch_id)
    state = batch.counts.get("state", "done")
    running = state in ("waiting", "running")
    context = {
        "stage": "running" if running else "done",
        "batch": batch,
        "heading": _state_words(batch.counts),
        "detail": _("You may leave this page: it goes on.") if running else _(batch.counts.get("reason", "")),
        "done": batch.counts.get("done", 0),
        "total": batch.counts.get("total", 0),
        "counts": [(label, batch.counts[name]) for name, label in COUNTS if name in batch.counts],
        "bad_rows": uploads.bad_rows(batch, SHOWN_ROWS),
        "bad_total": batch.counts.get("bad_rows", 0),
        "left": batch.counts.get("left", []),
        "revived": batch.counts.get("revived", []),
        "may_read": actor_of(request).can("deconfliction.operation.read"),
    }
    return render(request, "deconfliction/import.html", context)


def _state_words(counts: Mapping[str, Any]) -> str:
    state = counts.get("state", "done")
    if state == "running":
        total = counts.get("total", 0)
        said = ngettext("Importing: {done} of {n} operations", "Importing: {done} of {n} operations", total)
        return said.format(done=counts.get("done", 0), n=total)
    if state == "done":
        said = _("Imported: {new} new, {changed} changed")
        return said.format(new=counts.get("created", 0), changed=counts.get("updated", 0))
    if state == "waiting":
        return _("The import waits for its turn")
    return _("The import was stopped") if state == "cancelled" else _("The import failed")


@page(IMPORT)
@require_POST
def stop(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Stop a running import; what is stored stays."""
    importing.cancel_import(actor_of(request), batch_id)
    return redirect(reverse("deconfliction:import_run", args=[batch_id]))
