"""How files that are sent come in: into memory alone, so that nothing of them lies in clear on the disk, and at most
`VIGIL_BODY_LIMIT_MB` a request; of somebody who is not logged in, far less.

What a file is, its reader tells from the content; name and type that the client gave are never used. The doors that
take files, with the limits of each: `tests/security/test_uploads.py`.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler

STRANGERS_BYTES = 5_000_000
"""The one page for everybody that takes a file, receipts to check, reads 4 MB."""


class InMemory(MemoryFileUploadHandler):
    """Django's handler for small files, for all of a request, with a limit on their sum."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_: Any, **__: Any) -> None:  # noqa: N803
        """Called once a request, before anything is read."""
        self.activated = True
        reader = getattr(self.request, "user", None)
        self.left = settings.FILE_UPLOAD_MAX_MEMORY_SIZE if reader and reader.is_authenticated else STRANGERS_BYTES
        if content_length > self.left + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Called for each piece of a file."""
        self.left -= len(raw_data)
        if self.left < 0:
            raise RequestDataTooBig
        self.file.write(raw_data)
