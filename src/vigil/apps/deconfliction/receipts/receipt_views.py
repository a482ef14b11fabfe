"""A receipt as PDF and as a file for whoever may see its operation; and the page where anybody checks one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from vigil.apps.deconfliction.plan_rows import moment
from vigil.apps.deconfliction.receipts.giving import give_receipt
from vigil.apps.deconfliction.receipts.paper import receipt_pdf
from vigil.apps.deconfliction.views import reader_zone
from vigil.platform import keys
from vigil.platform.agencies.models import this_node
from vigil.platform.doors import actor_of, page, public
from vigil.protocol import receipt_files
from vigil.protocol.receipts import MEANING, Finding
from vigil.protocol.signing import fingerprint
from vigil.protocol.store import StoredReceipt
from vigil.web.downloads import PDF, download

MOST_BYTES = 4_000_000
"""What anybody may send to be checked: some thousand receipts. More is for the command."""
SHOWN = 100


@page("deconfliction.receipt.give")
@require_GET
def pdf(request: HttpRequest, number: int) -> HttpResponse:
    """One sheet with a QR code."""
    node, zone = this_node().name, reader_zone(request)
    content = give_receipt(actor_of(request), number, "pdf", lambda receipt: receipt_pdf(receipt, node, zone))
    return download(content, PDF, f"receipt-{number:06d}.pdf")


@page("deconfliction.receipt.give")
@require_GET
def as_file(request: HttpRequest, number: int) -> HttpResponse:
    """The exact signed bytes as `vigil receipt verify` reads them."""
    content = give_receipt(actor_of(request), number, "json", lambda receipt: receipt_files.write_file([receipt]))
    return download(content, "application/json", f"receipt-{number:06d}.json")


@dataclass(frozen=True, slots=True)
class Line:
    """What one sound receipt says; `said` empty: purged."""

    number: int
    said: str = ""
    reference: str = ""
    revision: int = 0
    mode: str = ""
    at: datetime | None = None


@public
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Check a receipt that somebody holds, with this node's key or another: nothing of it is stored or looked up."""
    typed = {"code": request.POST.get("code", ""), "key": request.POST.get("key", "")}
    context: dict[str, object] = {"typed": typed, "public_key": keys.public_key().hex()}
    context["fingerprint"] = fingerprint(keys.public_key())
    if request.method == "GET":
        return render(request, "deconfliction/check_receipt.html", context)
    field = "key"
    try:
        key = receipt_files.read_key(typed["key"]) if typed["key"].strip() else keys.public_key()
        field = "file"
        receipts = receipt_files.read(_sent(request))
    except receipt_files.Unreadable as error:
        context["summary"] = [{"field": field, "sentence": str(error)}]
        return render(request, "deconfliction/check_receipt.html", context, status=422)
    report = receipt_files.verify_run(receipts, key)
    context["found"] = {
        "is_sound": report.finding is Finding.SOUND,
        "number": report.number,
        "meaning": _(MEANING[report.finding]) if report.finding in MEANING else "",
        "count": len(receipts),
        "lines": [_line(one) for one in receipts[:SHOWN]] if report.finding is Finding.SOUND else [],
        "more": max(0, len(receipts) - SHOWN),
    }
    return render(request, "deconfliction/check_receipt.html", context)


def _sent(request: HttpRequest) -> bytes:
    sent = request.FILES.get("file")
    if sent is None:
        data = request.POST.get("code", "").encode()
    elif (sent.size or 0) > MOST_BYTES:
        raise receipt_files.Unreadable(
            _("Files up to {n} MB are checked here; `vigil receipt verify` takes longer ones.").format(
                n=MOST_BYTES // 1_000_000
            )
        )
    else:
        data = sent.read()
    if not data.strip():
        raise receipt_files.Unreadable(_("Choose the file of a receipt, or paste the text of its QR code."))
    return data


def _line(receipt: StoredReceipt) -> Line:
    if not receipt.body:
        return Line(receipt.number)
    said = json.loads(receipt.body)
    return Line(
        number=receipt.number,
        said=said["determination"],
        reference=said["reference"],
        revision=said["revision"],
        mode=said["mode"],
        at=moment(said["issued_at"]),
    )
