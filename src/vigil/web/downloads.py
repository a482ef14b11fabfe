"""How a file is given out: as a download under a name of ours, never shown in the browser's window."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

CSV = "text/csv; charset=utf-8"
PDF = "application/pdf"


def download(content: bytes | str, kind: str, name: str) -> HttpResponse:
    """The content as a file of this media type; `name` is ours, so it needs no quoting and tells nothing."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_of(head: Iterable[str], lines: Iterable[Iterable[Any]]) -> bytes:
    """The lines as CSV for a spreadsheet: a text that it would run as a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([_inert(cell) for cell in line] for line in lines)
    return out.getvalue().encode()


def _inert(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(tuple("=+-@\t\r")) else cell
