"""The files that pages load: listed once, and texts packed for who takes them so."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any, ClassVar

from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Response

TEXTS = (".css", ".js", ".mjs", ".json", ".svg")
"""Of these a quarter is left when they are packed. Pages are not packed: their length would tell of secrets."""


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Answers for them, from a list that a process makes once: its pages and its live stream each start this."""

    _listed: ClassVar[dict[str, Any]] = {}

    def add_files_from_finders(self) -> None:
        """List them, unless they are listed."""
        if not self._listed:
            super().add_files_from_finders()
            self._listed.update({url: Text(one) if url.endswith(TEXTS) else one for url, one in self.files.items()})
        self.files: dict[str, Any] = self._listed


class Text:
    """One text, which is packed when it is first asked for so, and then kept."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self._packed = b""

    def get_response(self, method: str, asked: Mapping[str, str]) -> Any:
        """As WhiteNoise's own files answer: a part of it, or that nothing has changed, as ever."""
        answer = self._whole.get_response(method, asked)
        headers = [*answer.headers, ("Vary", "Accept-Encoding")]
        if answer.file is None or answer.status != HTTPStatus.OK or "gzip" not in asked.get("HTTP_ACCEPT_ENCODING", ""):
            return Response(answer.status, headers, answer.file)
        with answer.file as file:
            self._packed = self._packed or gzip.compress(file.read(), mtime=0)
        headers = [(name, value) for name, value in headers if name != "Content-Length"]
        headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(self._packed)))]
        return Response(answer.status, headers, BytesIO(self._packed))
