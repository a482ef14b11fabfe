"""The door of partner nodes: a signed message in, a signed answer out. No session, no cookie, nothing for people.

Whoever is no partner learns nothing: a message of somebody unknown, one that is not signed, and one that cannot be read
are answered alike.
"""

from __future__ import annotations

import logging
import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from vigil.apps.deconfliction.federation.answering import Unfit, answer
from vigil.platform import clock
from vigil.platform.doors import declared
from vigil.platform.partners.client import ADDRESSES, JOSE
from vigil.protocol.envelope import MOST_BYTES, Malformed

log = logging.getLogger("vigil.partners")

Problem = dict[str, str | int]
PROBLEM = "application/problem+json"
UNKNOWN: Problem = {"type": "about:blank", "title": "Not a signed message of a partner of this node.", "status": 401}
UNFIT: Problem = {
    "type": "about:blank",
    "title": "The message holds what cannot be stored; nothing was.",
    "status": 422,
}
TOO_LARGE: Problem = {"type": "about:blank", "title": f"A message has at most {MOST_BYTES} bytes.", "status": 413}


@csrf_exempt
@declared("partners.message.receive")
@require_POST
def receive(request: HttpRequest, kind: str) -> HttpResponse:
    """Take the message; `kind` only says so in the address, what it is stands in what was signed."""
    token, began = request.body, time.perf_counter()
    kind = kind if kind in ADDRESSES.values() else "unknown"  # the log takes no words from strangers
    if len(token) > MOST_BYTES:
        return _refused(TOO_LARGE)
    try:
        said = answer(token, clock.now())
    except Malformed as error:
        log.warning("message refused", extra={"kind": kind, "code": type(error).__name__, "bytes": len(token)})
        return _refused(UNKNOWN)
    except Unfit as error:
        log.error("message not taken", extra={"kind": kind, "code": str(error), "bytes": len(token)}, exc_info=error)
        return _refused(UNFIT)
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    log.info("message taken", extra={"kind": kind, "bytes": len(token), "milliseconds": milliseconds})
    return HttpResponse(said, content_type=JOSE)


def _refused(problem: Problem) -> HttpResponse:
    return JsonResponse(problem, status=int(problem["status"]), content_type=PROBLEM)
