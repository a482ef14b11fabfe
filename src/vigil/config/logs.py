"""Logs: one JSON object a line on standard error, ids only.

A line holds the time, level, logger, request id, an event code and whitelisted fields. Names, places, case
numbers, query strings and exception texts (which quote data) are left out; of an exception the class and the
places in the code are kept.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from vigil.platform.requests import request_id

FIELDS = (
    "method",
    "route",
    "status",
    "milliseconds",
    "user_id",
    "job_id",
    "kind",
    "code",
    "attempts",
    "port",
    "partner",
    "bytes",
)


class JsonLines(logging.Formatter):
    """Formats a record as one JSON line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            # Only our own loggers' texts are known to hold no data.
            "event": record.getMessage()
            if record.name.startswith(("vigil", "uvicorn.error"))
            else record.msg[:200]
            if isinstance(record.msg, str)
            else type(record.msg).__name__,
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__qualname__
            frames = traceback.extract_tb(record.exc_info[2])
            line["where"] = [
                f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-8:]
            ]
        return json.dumps(line, default=str)
