"""Documents: a typst template with data passed in becomes a tagged PDF (PDF/UA-1), in typst's own fonts."""

from __future__ import annotations

import json
from typing import Any

import typst


def as_pdf(template: str, data: Any) -> bytes:
    """The template's PDF. It reads `data` as `json(bytes(sys.inputs.data))`: text, never markup."""
    made: Any = typst.compile(
        template.encode(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["ua-1"],
    )
    return bytes(made)
