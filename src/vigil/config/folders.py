"""Where things are: the checkout, or the working folder when the package was installed without one."""

from __future__ import annotations

from pathlib import Path

_SOURCE = Path(__file__).resolve().parents[3]
BASE_DIR = _SOURCE if (_SOURCE / "pyproject.toml").exists() else Path.cwd()
