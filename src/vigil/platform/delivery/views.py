"""The door of the gateway. A view parses, calls, renders."""

from __future__ import annotations

import json
import logging

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from vigil.core.actor import Via, system
from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.delivery import signing
from vigil.platform.delivery.callbacks import receive
from vigil.platform.doors import declared

log = logging.getLogger("vigil.delivery")

LARGEST_BYTES = 16_384


@csrf_exempt
@declared("delivery.callback.receive")
@require_POST
def callback(request: HttpRequest) -> JsonResponse:
    """A signed message of the gateway; 401 for one that is not."""
    body = request.body
    try:
        message_id = signing.verified(settings.VIGIL_GATEWAY_SECRET, request.headers, body, clock.now())
    except signing.BadSignature as bad:
        log.warning("callback refused", extra={"code": str(bad)})
        return JsonResponse({"error": _("Not signed with the gateway's secret, or not now.")}, status=401)
    try:
        said = json.loads(body)
        if not isinstance(said, dict) or len(body) > LARGEST_BYTES:
            raise ValueError
        return JsonResponse(receive(system("gateway", Via.API), message_id, said, clock.now()))
    except Invalid as wrong:
        return JsonResponse({"error": wrong.sentence}, status=422)
    except ValueError:
        return JsonResponse({"error": _("Send one JSON object.")}, status=422)
