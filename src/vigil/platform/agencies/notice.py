"""What everybody agrees to by logging in: the node's own text, or the shipped one with the four statements of AC-8."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vigil.platform.agencies.models import Node

LONGEST = 2000
SHIPPED = _(
    "This is a restricted information system of law enforcement agencies. "
    "Use may be monitored, recorded and audited. "
    "Unauthorized use is prohibited and may be punished under criminal and civil law. "
    "By logging in you agree to this monitoring and recording."
)
"""The four statements of CJIS Security Policy 5.9.5, AC-8 a, in its order."""


def notice_of(node: Node | None) -> str:
    """The text that stands before each login."""
    return (node.notice if node else "") or str(SHIPPED)
