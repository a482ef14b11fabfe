"""What comes from elsewhere comes by hash, as it was looked at; the server calls nobody that it was not told of."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from tests.security import documents

from vigil.config.folders import BASE_DIR

LOCKS = sorted((BASE_DIR / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)
WAY_OUT = frozenset(
    ("urllib.request", "http.client", "socket", "smtplib", "ftplib", "requests", "httpx", "aiohttp", "urllib3")
)
CALLERS = {
    "vigil/client.py": "the typed client, a library for programs elsewhere",
    "vigil/cli/serve.py": "the socket it listens on",
    "vigil/cli/door.py": "the socket it listens on",
    "vigil/cli/serving.py": "the sockets that the two listen on",
    "vigil/apps/deconfliction/field_tools/tak_link.py": "an agency's own TAK server, by TLS with both certificates",
    "vigil/cli/demo.py": "the ports of the nodes that the demonstration has started on this machine",
    "vigil/conformance/over_http.py": "the node to be tried and where it answers, a command of its own",
    "vigil/cli/gateway.py": "a gateway to try alarms with, a command of its own",
    "vigil/platform/partners/client.py": "partner nodes that two administrators have paired, over TLS",
    "vigil/platform/sso/provider.py": "the identity provider that the operator named, while somebody logs in by it",
    "vigil/platform/delivery/mail.py": "the mail server that the operator named, from the worker",
    "vigil/platform/delivery/posting.py": "webhooks, each address looked at before it is opened, from the worker",
}
"""Modules that may open a connection or a socket, and what for. Whoever needs another one says so here and in T19."""


def locked(file: Path) -> dict[str, set[str]]:
    """Each library with its versions; a few have several, for different Pythons."""
    found: dict[str, set[str]] = {}
    for name, version in PINNED.findall(file.read_text()):
        found.setdefault(name.lower().replace("_", "-"), set()).add(version)
    return found


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: str(file.stem))
def test_every_library_is_locked_with_its_hashes(file: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", file.read_text())
    assert [one.splitlines()[0] for one in entries if not PINNED.match(one) or "--hash=sha256:" not in one] == []


def test_the_locks_hold_what_the_project_asks_for_in_one_version() -> None:
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    of = {
        "base": project["dependencies"],
        "node": [*project["dependencies"], *extras["node"]],
        "sso": [*project["dependencies"], *extras["node"], *extras["sso"]],
        "postgres": [*project["dependencies"], *extras["node"], *extras["postgres"]],
        "test": [*project["dependencies"], *extras["node"], *extras["postgres"], *extras["test"]],
    }
    versions: dict[str, list[set[str]]] = {}
    for name, wanted in of.items():
        lock = locked(BASE_DIR / "requirements" / f"{name}.txt")
        bare = {re.split(r"[\[<>=!;~ ]", one)[0].lower().replace("_", "-") for one in wanted}
        assert bare - set(lock) == set(), f"requirements/{name}.txt does not hold them"
        for library, found in lock.items():
            versions.setdefault(library, []).append(found)
    assert {library: found for library, found in versions.items() if any(one != found[0] for one in found)} == {}


def test_installing_asks_for_the_hashes_and_runs_no_foreign_script() -> None:
    for script in ("run", "test"):
        text = (BASE_DIR / script).read_text()
        installs = re.findall(r"pip install(?:.*\\\n)*.*", text)
        assert installs
        assert all("--require-hashes" in one or "--no-index" in one for one in installs), script
    assert "npm ci --ignore-scripts" in (BASE_DIR / "run").read_text()


def test_every_front_end_library_is_locked_with_its_hash() -> None:
    packages = json.loads((BASE_DIR / "package-lock.json").read_text())["packages"]
    foreign = {name: one for name, one in packages.items() if name}
    assert len(foreign) > 5
    assert [name for name, one in foreign.items() if not one.get("integrity", "").startswith("sha512-")] == []


def test_only_these_modules_can_call_another_host() -> None:
    modules = documents.imports(BASE_DIR / "src")
    assert {file for file, names in modules.items() if names & WAY_OUT} == set(CALLERS)
