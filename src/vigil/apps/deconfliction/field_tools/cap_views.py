"""The newest message about a conflict as a file, for tools that read CAP."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from vigil.apps.deconfliction.field_tools.cap_messages import give_message
from vigil.apps.deconfliction.subjects import looks
from vigil.engine.formats.cap import MEDIA_TYPE
from vigil.platform import clock
from vigil.platform.doors import actor_of, page
from vigil.web.downloads import download


@page("deconfliction.conflict.give")
@require_GET
def conflict_cap(request: HttpRequest, conflict_id: UUID) -> HttpResponse:
    """CAP 1.2, restricted, for the own side; nobody else has one."""
    actor, now = actor_of(request), clock.now()
    message = give_message(actor, conflict_id, now)
    looks.note_conflict(actor, conflict_id, now)
    return download(message, MEDIA_TYPE, "conflict.cap.xml")
