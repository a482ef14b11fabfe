"""What XML 1.0 can carry of a text that a person typed."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text without the characters that no XML document may hold, escaped or not."""
    return _UNPRINTABLE.sub("", text)
