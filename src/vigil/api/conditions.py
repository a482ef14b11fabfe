"""Conditional and repeatable requests: ETag, If-Match and If-None-Match (RFC 9110), Idempotency-Key on submissions.

An ETag names one whole answer: `"3-8f14…"` is revision 3 with a digest of everything that was said of it, so that a
304 can never pass off an older "no known conflict" as the present one. An edit is about the plan alone: `If-Match`
compares the revision within the tag, because an answer of a partner that came meanwhile overwrites no one's edit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from ninja.errors import HttpError
from pydantic import BaseModel

from vigil.api import later
from vigil.api.routes import token_of, wrap
from vigil.core.errors import Conflict, Invalid
from vigil.platform import clock
from vigil.platform.accounts.models import ApiToken, IdempotentReply
from vigil.platform.actions import together_with
from vigil.platform.keys import decrypt, encrypt
from vigil.platform.sealed import purpose_of

View = Callable[..., HttpResponse]
Recall = Callable[[HttpRequest, Mapping[str, Any]], HttpResponse]

PURPOSE = purpose_of(IdempotentReply, "body")
LONGEST_KEY = 200
LONGEST_REVISION = 9
DIGEST = 32
"""Hex digits of SHA-256 in an ETag: two answers never share 128 bits by chance."""
KEPT_HEADERS = ("ETag", "Location", "Content-Type")


def etag(content: bytes, revision: int | None = None) -> str:
    """The strong ETag of an answer: `"3-8f14…"` with the revision that it shows, `"8f14…"` where it shows none."""
    digest = hashlib.sha256(content).hexdigest()[:DIGEST]
    return f'"{digest}"' if revision is None else f'"{revision}-{digest}"'


def answered(
    request: HttpRequest,
    body: BaseModel,
    *,
    revision: int | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The body as JSON with its ETag; 304 without a body where a reader has this very answer (`If-None-Match`)."""
    content = body.model_dump_json().encode()
    tag = etag(content, revision)
    if request.method == "GET" and _is_known(request, tag):
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(content, "application/json", status, headers={"ETag": tag, **(headers or {})})


def feed(request: HttpRequest, content: bytes, kind: str) -> HttpResponse:
    """A feed under a secret address: the reader keeps it and asks each time whether it still holds; 304 where it does.

    `kind` is its content type. No search engine that comes upon the address may list it.
    """
    tag = etag(content)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if _is_known(request, tag):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(content, kind, headers=headers)


def _is_known(request: HttpRequest, tag: str) -> bool:
    """Whether the reader says (`If-None-Match`) that it has the answer with this tag."""
    # The weak comparison of RFC 9110, section 13.1.2: a proxy that packs an answer marks its tag as weak.
    known = [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]
    return tag in known or "*" in known


def if_match(request: HttpRequest) -> int:
    """The revision that the client read, from `If-Match: "3-8f14…"` or `"3"`; 428 without the header."""
    value = request.headers.get("If-Match", "").strip()
    if not value:
        raise HttpError(428, 'Send the ETag you read as If-Match, e.g. If-Match: "3", so that no newer edit is lost.')
    number, _, digest = value.removeprefix("W/").strip('"').partition("-")
    if not number.isdecimal() or len(number) > LONGEST_REVISION or (digest and not digest.isalnum()):
        raise Invalid.at("If-Match", sentence='If-Match must be the ETag that you read, e.g. "3".')
    return int(number)


def idempotent(recall: Recall) -> Callable[[View], View]:
    """Make a route repeatable: with an `Idempotency-Key` a retry does nothing again and is answered like the first.

    Put it directly on the view, below `@router.post` and `@needs`; the view returns an `HttpResponse` and does its
    work by one action first. The key is claimed in that action's own transaction, so two requests at once and a crash
    at any point leave the work done once; where the answer was lost with the process,
    `recall(request, object ids of the action)` makes it anew. The same key with another request is a 409.
    """

    def decorate(view: View) -> View:
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            key = request.headers.get("Idempotency-Key", "").strip()
            if not key:
                return view(request, *args, **kwargs)
            if len(key) > LONGEST_KEY:
                raise Invalid.at("Idempotency-Key", sentence=f"The key may have at most {LONGEST_KEY} characters.")
            return _once(request, token_of(request), key, recall, lambda: view(request, *args, **kwargs))

        repeatable = wrap(view, run)
        repeatable.vigil_repeatable = True  # type: ignore[attr-defined]
        return repeatable

    return decorate


def _once(
    request: HttpRequest, token: ApiToken, key: str, recall: Recall, answer: Callable[[], HttpResponse]
) -> HttpResponse:
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
    claims = IdempotentReply.objects.filter(token=token, key=key)

    def claim(object_ids: Mapping[str, Any]) -> None:
        IdempotentReply.objects.create(
            token=token, key=key, request_digest=digest, object_ids=dict(object_ids), created_at=clock.now()
        )

    known = claims.first()
    if known is None:
        try:
            with together_with(claim):
                response = answer()
        except IntegrityError:
            # Somebody else claimed the key between our look and our commit: theirs stands, ours was rolled back.
            known = claims.first()
            if known is None:
                raise
        else:
            _keep(claims.first(), response)
            waits = later.of(response)
            if waits is not None:
                waits.also(lambda said: _keep(claims.first(), said))
            return response
    if known.request_digest != digest:
        raise Conflict("This Idempotency-Key was used for another request. Draw a new key for each new submission.")
    if known.status is not None:
        return _repeat(known)
    response = recall(request, known.object_ids)
    _keep(known, response)
    return response


def _keep(claim: IdempotentReply | None, response: HttpResponse) -> None:
    # No claim: no action was done, e.g. the input was refused; a retry may then be tried afresh.
    if claim is None or response.status_code >= 500:
        return
    claim.status = response.status_code
    claim.body = encrypt(response.content.decode(), PURPOSE)
    claim.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    claim.save(update_fields=["status", "body", "headers"])


def _repeat(known: IdempotentReply) -> HttpResponse:
    headers = known.headers | {"Idempotency-Replayed": "true"}
    return HttpResponse(decrypt(known.body, PURPOSE), status=known.status, headers=headers)
