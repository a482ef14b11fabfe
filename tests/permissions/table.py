"""The table of who may what, `matrix.txt`: read here, and rendered here for docs/security/permissions.md.

    python -m tests.permissions.table > docs/security/permissions.md

A line is a verb, an address, and for each reader one sign an object:

    GET operations/<uuid:operation_id>/ +??? +??? ++?? ---- ---- >>>> >>>>

The objects are an own one, a private one of the own agency (a silent operation, a colleague's draft), another agency's
and a missing one; an address that names no object has one sign a reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vigil.core.permissions import PERMISSIONS, Role

FILE = Path(__file__).with_name("matrix.txt")
GLASS_FILE = Path(__file__).with_name("glass.txt")
"""What an open emergency access changes for an agency administrator; every other cell is as without."""
GLASS = "glass"
ROLES = tuple(role for role in Role if role is not Role.SYSTEM)
READERS = (*(role.value for role in ROLES), "nobody", "token")
OBJECTS = ("own", "private", "other", "missing")
SIGNS = {
    "+": "allowed",
    "-": "refused: 403, the role does not allow it",
    "?": "nothing there that the reader may see: 404, the same for hidden and missing",
    ">": "sent to the login page",
    "!": "no valid token: 401",
    ".": "not asked: there is no such object for this address",
}
PAGE = """# Who may what

Rendered from `core/permissions.py` and from the table of the tests, `tests/permissions/matrix.txt`, by
`python -m tests.permissions.table`; a test keeps this page, the table and the running site in step.

Nobody who administers access administers the audit trail, and no administrator sees operations by being one.

## Roles and permissions

{permissions}

## Addresses

Each address and verb, each reader, each object: {objects}. An address that names no object has one sign.
`nobody` has no login. `token` is an officer's API token: on pages it opens nothing, on the API it is one that was made
for something else; the roles' columns of the API are tokens of that role.

{signs}

{addresses}

## Under an emergency access

What an agency administrator gets otherwise than by role while an emergency access is open; all other cells as above.

{glass}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One verb at one address: what each reader gets, `signs["officer"]` being one sign an object."""

    verb: str
    address: str
    signs: dict[str, str]

    def __str__(self) -> str:
        return f"{self.verb:<4} {self.address} " + " ".join(self.signs[reader] for reader in READERS)


def lines() -> Iterator[Line]:
    """The table as it stands in the file."""
    for verb, address, *signs in _read(FILE):
        yield Line(verb, address, dict(zip(READERS, signs, strict=True)))


def glass_lines() -> dict[tuple[str, str], str]:
    """By verb and address the signs that an open emergency access changes."""
    return {(verb, address): signs for verb, address, signs in _read(GLASS_FILE)}


def _read(file: Path) -> Iterator[list[str]]:
    for text in file.read_text(encoding="utf-8").splitlines():
        if text.strip() and not text.startswith("#"):
            verb, address, *signs = text.split()
            yield [verb, "" if address == "/" else address, *signs]


def page() -> str:
    """The page of the documentation."""
    names = [reader.replace("_", " ") for reader in READERS]
    permissions = [["permission", *(role.value.replace("_", " ") for role in Role)]]
    permissions += [
        [f"`{code}`", *("yes" if role in may else "" for role in Role)] for code, may in PERMISSIONS.items()
    ]
    addresses = [["verb", "address", *names]]
    addresses += [
        [line.verb, f"`/{line.address}`", *(f"`{line.signs[reader]}`" for reader in READERS)] for line in lines()
    ]
    glass = [["verb", "address", "signs"]]
    glass += [[verb, f"`/{address}`", f"`{signs}`"] for (verb, address), signs in glass_lines().items()]
    return PAGE.format(
        objects=", ".join(OBJECTS),
        signs="\n".join(f"- `{sign}` {words}" for sign, words in SIGNS.items()),
        permissions=_markdown(permissions),
        addresses=_markdown(addresses),
        glass=_markdown(glass),
    )


def _markdown(rows: list[list[str]]) -> str:
    rows = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    print(page(), end="")
