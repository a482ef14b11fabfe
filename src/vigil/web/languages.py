"""Which languages node and door speak beside English: those with compiled texts under `locale/`."""

from __future__ import annotations

from pathlib import Path

from django.conf.locale import LANG_INFO


def translated(folder: Path) -> list[tuple[str, str]]:
    """Each language with a `django.mo` in the folder, as Django's code and its own name, in the order of the codes."""
    codes = (path.parts[-3].replace("_", "-").lower() for path in folder.glob("*/LC_MESSAGES/django.mo"))
    return [(code, _name(code)) for code in sorted(codes)]


def _name(code: str) -> str:
    info = LANG_INFO.get(code) or LANG_INFO.get(code.split("-")[0]) or {}
    return str(info.get("name_local", code))
