"""A file's shapes on the sites of the register form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from vigil.apps.deconfliction.forms import MOST_SITES
from vigil.core.errors import Invalid
from vigil.engine.formats.shape_files import LARGEST_FILE_BYTES, read_shapes
from vigil.engine.geometry import GeometryError, to_wkt

FIELD = "shapes_file"


def with_shapes(typed: Mapping[str, Any], file: UploadedFile[Any] | None) -> tuple[dict[str, Any], int, int]:
    """What was typed, with one site a shape behind those that have a place already; the first one's index; how many.

    Raises:
        Invalid: at the field of the file, where it is missing, unreadable or holds too many shapes.
    """
    if file is None:
        raise Invalid.at(FIELD, sentence="Choose a file first: KML, GeoJSON or WKT.")
    try:
        shapes = read_shapes(file.read(LARGEST_FILE_BYTES + 1))
    except GeometryError as error:
        raise Invalid.at(FIELD, sentence=error.reason) from None
    rows = typed.get("sites")
    given = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    placed = [row for row in given if str(row.get("place", "")).strip()]
    if len(placed) + len(shapes) > MOST_SITES:
        raise Invalid.at(
            FIELD,
            sentence=f"The file has {len(shapes)} shapes and the form {len(placed)} sites already: an operation has at "
            f"most {MOST_SITES}. Split it in two.",
        )
    read = [{"place": to_wkt(shape.geometry), "label": shape.name, "source": "file"} for shape in shapes]
    return {**typed, "sites": [*placed, *read]}, len(placed), len(read)
