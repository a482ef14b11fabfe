"""The map layer of an import: vector tiles in one file of the data folder, made by tippecanoe.

The file is a PMTiles archive, read by ranges: which part of it a browser asks for stands in a header, so no address and
no log says where somebody looks (ADR 6).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which

from django.conf import settings

from vigil.platform.gazetteer.lines import unpack
from vigil.platform.gazetteer.models import Segment, Source

FOLDER = "streets"
LAYER = "streets"
LEAST_ZOOM, MOST_ZOOM = 9, 14
"""At 14 a tile's grid is 0.6 m at the equator; nearer views are drawn from it."""
EARLIEST_ZOOM = {1: 9, 2: 11, 3: 12}
"""By the road's rank."""


def file_of(source: Source) -> Path:
    """Where a source's tiles are, or would be."""
    return Path(settings.VIGIL_DATA_DIR) / FOLDER / f"{source.pk}.pmtiles"


def make(source: Source) -> str:
    """Write the tiles of a source's lines; empty when done, else a sentence that says why there are none."""
    program = which("tippecanoe", path=str(Path(sys.executable).parent)) or which("tippecanoe")
    if program is None:
        return (
            "tippecanoe is not installed on this machine, so the map shows no streets. Addresses are read all the same."
        )
    if not Segment.objects.filter(street__source=source).exists():
        return "There are no lines in this, only address points, so the map shows no streets of it."
    target = file_of(source)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [program, "--quiet", f"--layer={LAYER}", f"--minimum-zoom={LEAST_ZOOM}", f"--maximum-zoom={MOST_ZOOM}"]
    # A tile too large for a quick answer loses its shortest pieces, at far zooms only.
    command += ["--drop-smallest-as-needed", "--simplification=4", "--read-parallel"]
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        lines, made = Path(folder) / "lines.geojsonl", Path(folder) / target.name
        with lines.open("w") as file:
            file.writelines(_features(source))
        command += [f"--temporary-directory={folder}", f"--output={made}", str(lines)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            return f"tippecanoe failed ({reason[0]}), so the map shows no streets. Addresses are read all the same."
        made.rename(target)
        target.chmod(0o600)
    return ""


def _features(source: Source) -> Iterator[str]:
    """One GeoJSON feature a line; memory holds a few thousand at most."""
    rows = Segment.objects.filter(street__source=source).values_list("line", "rank", "street__name")
    for packed, rank, name in rows.iterator(chunk_size=2_000):
        feature = {
            "type": "Feature",
            "tippecanoe": {"minzoom": EARLIEST_ZOOM[rank]},
            "properties": {"name": name, "rank": rank},
            "geometry": {"type": "LineString", "coordinates": unpack(packed)},
        }
        yield json.dumps(feature, separators=(",", ":")) + "\n"
