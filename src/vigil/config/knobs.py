"""How settings are read: each knob is declared once with its name, type, default and a sentence.

A knob is an environment variable; a secret one may instead be read from the file named by `<NAME>_FILE`,
so that the secret stands in no process list and no unit file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


class WrongSetting(Exception):
    """A knob holds something that cannot be used; the sentence says which and how to mend it."""


def text(value: str) -> str:
    """Any text."""
    return value


def number(value: str) -> int:
    """A whole number."""
    try:
        return int(value)
    except ValueError:
        raise WrongSetting(f"{value!r} is not a whole number") from None


def up_to(limit: int) -> Callable[[str], int]:
    """A whole number from 1 to the limit."""

    def read(value: str) -> int:
        read_number = number(value)
        if not 1 <= read_number <= limit:
            raise WrongSetting(f"{value!r} is not between 1 and {limit}")
        return read_number

    return read


def switch(value: str) -> bool:
    """`yes` or `no`."""
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}
    try:
        return words[value.strip().lower()]
    except KeyError:
        raise WrongSetting(f"{value!r} is neither yes nor no") from None


def names(value: str) -> list[str]:
    """A list separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()]


def one_of(*words: str) -> Callable[[str], str]:
    """One of these words."""

    def read(value: str) -> str:
        if value not in words:
            raise WrongSetting(f"{value!r} is none of {', '.join(words)}")
        return value

    return read


def some_of(*words: str) -> Callable[[str], list[str]]:
    """Some of these words, separated by commas."""

    def read(value: str) -> list[str]:
        return [one_of(*words)(word) for word in names(value)]

    return read


def shared_secret(value: str) -> str:
    """A secret of at least 32 characters, or none."""
    if value and len(value) < 32:
        raise WrongSetting("it has fewer than 32 characters")
    return value


def provider(value: str) -> str:
    """Where a provider takes messages: an address that begins with https://, on this machine also http://; or empty."""
    parts = urlsplit(value)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if value and not ((parts.scheme == "https" or local) and parts.hostname):
        raise WrongSetting(f"{value!r} does not begin with https:// and a host")
    return value


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting that an operator can turn."""

    name: str
    read: Callable[[str], Any]
    default: str
    sentence: str
    secret: bool = False

    def value(self, environment: Mapping[str, str] = os.environ) -> Any:
        """The value in force; raises `WrongSetting` naming the knob."""
        raw = environment.get(self.name)
        file = environment.get(self.name + "_FILE") if self.secret else None
        if file:
            try:
                raw = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise WrongSetting(f"{self.name}_FILE: cannot read {file}: {error.strerror}.") from None
        try:
            return self.read(self.default if raw is None else raw)
        except WrongSetting as error:
            raise WrongSetting(f"{self.name}: {error}. {self.sentence}") from None


def database(url: str, folder: Path) -> dict[str, Any]:
    """Django's description of the database at the URL; empty: SQLite in the data folder.

    SQLite takes the write lock at BEGIN (IMMEDIATE) and syncs each commit to disk: an answer that was given is
    an answer that survives a power cut. What is deleted is overwritten (`secure_delete`): a purge leaves no bytes, and
    what SQLite sets aside for the while of a statement or savepoint stays in memory.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "vigil.sqlite3"),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
                "PRAGMA temp_store=MEMORY;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise WrongSetting("VIGIL_DATABASE_URL: it must begin with postgresql://, e.g. postgresql://vigil@/vigil")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
