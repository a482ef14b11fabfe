"""Files on their way in from the page: kept, encrypted, between the check and the import; field mappings kept by name.

A kept file belongs to the person who sent it, is read by nobody else, and is dropped after a day or once imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy

from vigil.apps.deconfliction import access
from vigil.apps.deconfliction.models import ImportBatch, SavedMapping
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.engine.formats.mapping import COLUMNS, REQUIRED
from vigil.engine.formats.mapping import Mapping as FieldMapping
from vigil.engine.formats.tabular import BadRow, UnusableInput, open_sheet
from vigil.platform import kept_files, keys
from vigil.platform.actions import action, concerns
from vigil.platform.sealed import purpose_of

PURPOSE = "deconfliction.import.checked"
REASON = purpose_of(ImportBatch, "problems")
CONSTANT = ("agency_ori", "operation_type", "radius_m", "contact_name", "contact_phone", "mode")
"""Columns that a page offers to fill with one value for every row."""
LABELS = {
    "operation_id": gettext_lazy("Number of the operation"),
    "agency_ori": gettext_lazy("ORI of the agency"),
    "operation_type": gettext_lazy("Type of operation"),
    "latitude": gettext_lazy("Latitude"),
    "longitude": gettext_lazy("Longitude"),
    "geometry_wkt": gettext_lazy("Shape (WKT)"),
    "radius_m": gettext_lazy("Radius"),
    "buffer_before_min": gettext_lazy("Buffer before, minutes"),
    "buffer_after_min": gettext_lazy("Buffer after, minutes"),
    "uncertainty_m": gettext_lazy("Place uncertainty, metres"),
    "subjects": gettext_lazy("Subjects (kind:value|…)"),
    "mode": gettext_lazy("Mode"),
    "joint_reference": gettext_lazy("Joint reference"),
    "case_number": gettext_lazy("Case number"),
    "contact_name": gettext_lazy("Contact's name"),
    "contact_phone": gettext_lazy("Contact's phone"),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits for its person to import it."""

    id: UUID
    data: bytes
    mapping_toml: str


@action("deconfliction.operation.import")
def keep_upload(actor: Actor, data: bytes, mapping_toml: str = "", upload_id: UUID | None = None) -> Upload:
    """Keep a file (or, with its id, the same file under another mapping); forgets those older than a day."""
    kept = kept_files.keep(actor, PURPOSE, [mapping_toml, data.decode("latin-1")], upload_id)
    concerns(upload=kept)
    return Upload(kept, data, mapping_toml)


def get_upload(actor: Actor, upload_id: UUID) -> Upload:
    """The person's own kept file; `NotFound` where there is none."""
    actor.require("deconfliction.operation.import")
    mapping_toml, text = kept_files.get(actor, PURPOSE, upload_id)
    return Upload(upload_id, text.encode("latin-1"), mapping_toml)


def sealed_rows(rows: Iterable[BadRow]) -> list[Mapping[str, Any]]:
    """Refused rows as they are stored with the import: a reason may repeat what stood in the row, so it is sealed."""
    return [asdict(row) | {"reason": "", "sealed": keys.encrypt(row.reason, REASON).hex()} for row in rows]


def bad_rows(batch: ImportBatch, most: int) -> list[Mapping[str, Any]]:
    """The first of an import's refused rows, to be read."""
    return [_opened(row) for row in batch.problems[:most]]


def _opened(row: Mapping[str, Any]) -> Mapping[str, Any]:
    # Imports of before reasons were sealed have them as they are.
    return {**row, "reason": keys.decrypt(bytes.fromhex(row["sealed"]), REASON)} if row.get("sealed") else row


def forget_upload(upload: Upload) -> None:
    """Drop the kept file."""
    kept_files.forget(upload.id)


def header_of(data: bytes) -> tuple[str, ...]:
    """The names of the file's columns.

    Raises:
        Invalid: the file cannot be read at all; the sentence says why.
    """
    import io

    try:
        return tuple(name for name in open_sheet(io.BytesIO(data)).header if name)
    except UnusableInput as error:
        raise Invalid.at("file", sentence=str(error)) from None


def guess(column: str, header: Sequence[str]) -> str:
    """The file's column that is most likely the one wanted: the same name but for case, blanks and dashes."""
    plain = {name.casefold().replace(" ", "_").replace("-", "_"): name for name in header}
    return plain.get(column, "")


def mapping_of(typed: Mapping[str, str]) -> str:
    """What was chosen on the page as the text of a mapping file (see `engine.formats.mapping`).

    Raises:
        Invalid: the choices do not make a mapping; the sentence says why.
    """
    constants = {name: typed.get(f"constant-{name}", "").strip() for name in CONSTANT}
    constants = {name: value for name, value in constants.items() if value}
    columns = {name: typed.get(f"column-{name}", "") for name in COLUMNS if name not in constants}
    times = {name: typed.get(f"times-{name}", "").strip() for name in ("zone", "start", "end", "duration", "doubled")}
    tables = {
        "columns": {name: value for name, value in columns.items() if value and name not in ("starts_at", "ends_at")},
        "constants": constants,
        "times": {name: value for name, value in times.items() if value},
        "units": {"radius_m": typed["unit"]} if typed.get("unit") in ("feet", "miles") else {},
    }
    text = "\n".join(_table(name, rows) for name, rows in tables.items() if rows)
    try:
        FieldMapping.from_toml(text)
    except UnusableInput as error:
        raise Invalid.at("mapping", sentence=str(error)) from None
    return text


def _table(name: str, rows: Mapping[str, str]) -> str:
    # JSON's strings are TOML's basic strings.
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in rows.items())])


@action("deconfliction.operation.import")
def save_mapping(actor: Actor, name: str, toml: str, now: datetime) -> SavedMapping:
    """Keep a mapping under a name for the whole agency; the same name again replaces it."""
    if actor.agency_id is None:
        raise NotFound
    values: dict[str, Any] = {"toml": toml, "saved_at": now, "saved_by_id": actor.user_id}
    saved, _ = SavedMapping.objects.update_or_create(agency_id=actor.agency_id, name=name[:100], defaults=values)
    concerns(mapping=saved.id)
    return saved


def saved_mappings(actor: Actor) -> list[tuple[str, str, str]]:
    """Id, name and text of the agency's mappings."""
    return [(str(saved.id), saved.name, saved.toml) for saved in access.visible_mappings(actor)]


def fields_to_map(header: Sequence[str]) -> list[dict[str, Any]]:
    """One line a column of `operations.csv` but the times, with the likely column of the file."""
    return [
        {
            "name": column,
            "label": LABELS[column],
            "required": column in REQUIRED,
            "constant": column in CONSTANT,
            "guess": guess(column, header),
        }
        for column in COLUMNS
        if column in LABELS
    ]


def get_import(actor: Actor, batch_id: UUID) -> ImportBatch:
    """An import of the actor's agency; `NotFound` where there is none."""
    batch = access.visible_imports(actor).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound
    return batch


def recent_imports(actor: Actor) -> list[ImportBatch]:
    """The last imports of the agency."""
    return list(access.visible_imports(actor).order_by("-created_at")[:10])
