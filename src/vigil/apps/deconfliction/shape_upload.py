"""A file's shapes on the sites of the register form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

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
        raise Invalid.at(FIELD, sentence=_("Choose a file first: KML, GeoJSON or WKT."))
    try:
        shapes = read_shapes(file.read(LARGEST_FILE_BYTES + 1))
    except GeometryError as error:
        raise Invalid.at(FIELD, sentence=error.reason) from None
    rows = typed.get("sites")
    given = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    placed = [row for row in given if str(row.get("place", "")).strip()]
    if len(placed) + len(shapes) > MOST_SITES:
        sentence = _(
            "The file has {shapes} shapes and the form {sites} sites already: an operation has at most {most}. Split "
            "it in two."
        )
        raise Invalid.at(FIELD, sentence=sentence.format(shapes=len(shapes), sites=len(placed), most=MOST_SITES))
    read = [{"place": to_wkt(shape.geometry), "label": shape.name, "source": "file"} for shape in shapes]
    return {**typed, "sites": [*placed, *read]}, len(placed), len(read)
