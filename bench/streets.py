"""A county of 100,000 made-up street segments imported, and addresses found: `python -m bench.streets [--side 224]`.

Measured are `vigil.platform.gazetteer.loading.load` and `finding.find`, the product's own functions, on SQLite in a
folder that is thrown away. Beside the import stands what the shapefile library alone needs to read the file; for the
look-up there is no peer that runs without a server of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

WEST, SOUTH, STEP = -76.6, 38.87, 0.001
COLUMNS = ("FULLNAME", "LFROMHN", "LTOHN", "RFROMHN", "RTOHN", "ZIPL", "ZIPR", "ROAD_MTFCC")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.streets", description=__doc__)
    parser.add_argument(
        "--side", type=int, default=224, help="streets in each direction; segments are twice its square"
    )
    side = parser.parse_args().side
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder:
        os.environ |= {"VIGIL_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "vigil.config.settings"}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        county = write_county(Path(folder) / "county", side)
        say("the library alone reads the file", lambda: read_alone(county))
        say("imported, with the map layer", lambda: bring_in(county))
        print(f"largest memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        look_up(side)


def say(what: str, work: Callable[[], None]) -> None:
    """Run it and print its time."""
    began, worked = time.perf_counter(), time.process_time()
    work()
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    print(f"{what}: {seconds:.1f} s ({processor:.1f} s of processor time in Python)")


def write_county(target: Path, side: int) -> Path:
    """A grid as ADDRFEAT has it."""
    import shapefile

    with shapefile.Writer(str(target), shapeType=shapefile.POLYLINE) as writer:
        for column in COLUMNS:
            writer.field(column, "C", 100 if column == "FULLNAME" else 12)
        for line, values in blocks(side):
            writer.line([line])
            writer.record(*values)
    target.with_suffix(".prj").write_text('GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983"]]')
    return target.with_suffix(".shp")


def blocks(side: int) -> Iterator[tuple[list[tuple[float, float]], tuple[str, ...]]]:
    """Every block of every street with its numbers."""
    for street in range(side):
        for block in range(side):
            first, zip_code = 100 * (block + 1), f"2140{block % 10}"
            numbers = tuple(map(str, (first + 1, first + 99, first, first + 98)))
            a, b = WEST + STEP * block, SOUTH + STEP * street
            yield [(a, b), (a + STEP, b)], (f"E {name_of(street)} St", *numbers, zip_code, zip_code, "S1400")
            a, b = WEST + STEP * street, SOUTH + STEP * block
            yield [(a, b), (a, b + STEP)], (f"N {name_of(street)} Ave", *numbers, zip_code, zip_code, "S1400")


def name_of(street: int) -> str:
    """A name of its own for each number below 400."""
    return (
        ("Al", "Be", "Ce", "Do", "El", "Fa", "Go", "Ha", "Ir", "Jo")[street % 10]
        + "bcdfghklmnprstvwxyzq"[street // 20]
        + ("wood" if street // 10 % 2 else "field")
    )


def read_alone(county: Path) -> None:
    """What nobody can save who reads with this library."""
    import shapefile

    with shapefile.Reader(str(county)) as reader:
        for one in reader.iterShapeRecords():
            assert one.shape.points


def bring_in(county: Path) -> None:
    """The import as `vigil places import` does it."""
    from vigil.core.actor import Via, system
    from vigil.platform import clock
    from vigil.platform.gazetteer import loading

    outcome = loading.load(system("bench", Via.CLI), "bench", [county], clock.now(), lambda *_: None)
    print(f"{outcome.segments:,} segments of {outcome.streets:,} streets. {outcome.layer}")


def look_up(side: int) -> None:
    """Addresses of each kind, drawn by chance."""
    from vigil.platform.gazetteer.finding import find

    drawn = random.Random(7)
    kinds: dict[str, Callable[[str, int], str]] = {
        "house": lambda name, number: f"{number} E {name} St",
        "crossing": lambda name, number: f"E {name} St & N {name_of(drawn.randrange(side))} Ave",
        "block": lambda name, number: f"{number} block of E {name} St",
        "misspelled": lambda name, number: f"{number} E {name[:3]}{name[4:]} St",
    }
    for kind, text_of in kinds.items():
        times = []
        for _ in range(200):
            text = text_of(name_of(drawn.randrange(side)), drawn.randrange(100, 100 * side))
            began = time.perf_counter()
            found = find(text)
            times.append((time.perf_counter() - began) * 1000)
            assert found is not None
            assert found.spots, text
        slow = statistics.quantiles(times, n=100)[98]
        print(f"{kind}: median {statistics.median(times):.1f} ms, 99 of 100 within {slow:.1f} ms")


if __name__ == "__main__":
    main()
