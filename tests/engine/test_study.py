"""The policy study counts what a sweep of the same operations would find under each setting."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from io import BytesIO
from random import Random

import pytest

from vigil.engine.formats.operations_csv import Rules, read_table
from vigil.engine.join import sweep
from vigil.engine.study import TODAY, Counts, Setting, settings_of, study
from vigil.engine.types import OPERATION_TYPES

HEAD = (
    "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,geometry_wkt,radius_m,"
    "buffer_before_min,buffer_after_min,uncertainty_m,subjects,mode,joint_reference,case_number,contact_name,"
    "contact_phone"
)
TYPES = ("search_warrant", "controlled_buy", "fixed_surveillance", "dignitary")


def written(seed: int, count: int = 150) -> bytes:
    """A crowded town: points, lines and areas, several sites, stated and empty lengths, shared subjects, joint ones."""
    draw = Random(seed)
    rows = [HEAD]
    for n in range(count):
        kind, hour = draw.choice(TYPES), draw.randrange(60)
        subjects = f"phone:410-555-01{draw.randrange(20):02d}" if draw.random() < 0.3 else ""
        joint = f"j{draw.randrange(5)}" if draw.random() < 0.1 else ""
        for _ in range(draw.choice((1, 1, 1, 3))):
            lat, lon = 39 + draw.random() / 50, -76 + draw.random() / 50
            shape = draw.choice(("", "", "", f'"LINESTRING({lon} {lat},{lon + 0.004} {lat + 0.002})"'))
            radius = draw.choice(("", "", "120", "900"))
            buffer = draw.choice(("", "15"))
            day, of_day = 1 + (27 if n % 3 else 0) + hour // 48, hour % 24
            place = f",,{shape}" if shape else f"{lat},{lon},"
            rows.append(
                f"op-{n:04d},MD0000000,{kind},2026-03-{day:02d}T{of_day:02d}:00:00Z,2026-03-{day:02d}T{of_day:02d}:50:00Z,"
                f"{place},{radius},{buffer},{buffer},{draw.choice(('', '40'))},{subjects},,{joint},,,"
            )
    return "\n".join(rows).encode()


def rules(setting: Setting) -> Rules:
    changes = {
        name: value
        for name, value in (
            ("radius_m", setting.radius_m),
            ("buffer_before_min", setting.buffer_min),
            ("buffer_after_min", setting.buffer_min),
        )
        if value is not None
    }
    return Rules({code: replace(kind, **changes) for code, kind in OPERATION_TYPES.items()}, replace_stated=True)  # type: ignore[arg-type]


def swept(content: bytes, setting: Setting) -> Counts:
    """The same counts by a sweep and plain loops."""
    result = sweep(BytesIO(content), None if setting == TODAY else rules(setting))
    kinds = dict(line.split(",")[0:3:2] for line in content.decode().splitlines()[1:])
    types: Counter[str] = Counter()
    months: Counter[str] = Counter()
    met = set()
    for row in result.conflicts:
        types.update({kinds[row.operation_a], kinds[row.operation_b]})
        months[f"2026-{'03' if row.overlap.start < 1_775_001_600_000_000 else '04'}"] += 1
        met.update((row.operation_a, row.operation_b))
    counts = result.counts()
    return Counts(
        setting, counts["direct"], counts["near"], counts["basis_subject"], len(met), dict(types), dict(months)
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_each_setting_counts_what_a_sweep_finds(seed: int) -> None:
    content = written(seed)
    settings = settings_of((150, 300, 800), (30, 90))
    table = read_table(BytesIO(content)).table
    found = study(table, settings)
    for counts in found:
        expected = swept(content, counts.setting)
        assert counts.pairs > 0
        assert (counts.direct, counts.near, counts.subject_only) == (
            expected.direct,
            expected.near,
            expected.subject_only,
        ), counts.setting
        assert counts.operations == expected.operations
        assert dict(counts.by_type) == expected.by_type
        months = {month: n for month, n in counts.by_month.items() if month >= "2026-03"}
        assert sum(months.values()) + counts.by_month.get("2026-02", 0) == sum(expected.by_month.values())


@pytest.mark.slow
def test_the_large_reader_tells_types_and_buffers_too(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "operations.csv"
    path.write_bytes(written(9))
    slow = study(read_table(path).table, settings_of((500,), (45,)))
    monkeypatch.setattr("vigil.engine.formats.operations_csv.FAST_FROM_BYTES", 0)
    assert study(read_table(path).table, settings_of((500,), (45,))) == slow


def test_a_larger_radius_never_counts_fewer() -> None:
    found = study(read_table(BytesIO(written(5))).table, settings_of((50, 200, 600), ()))
    pairs = [counts.pairs for counts in found[1:]]
    assert pairs == sorted(pairs)
    assert pairs[0] < pairs[-1]
    assert found[2].ratio(found[0]) == pytest.approx(found[2].pairs / found[0].pairs)


def test_settings_are_todays_and_each_radius_with_each_buffer() -> None:
    assert settings_of((), ()) == (TODAY,)
    assert settings_of((150.0,), ()) == (TODAY, Setting(150.0))
    assert settings_of((150.0, 300.0), (30.0,)) == (TODAY, Setting(150.0, 30.0), Setting(300.0, 30.0))


def test_no_operations_no_pairs() -> None:
    (today,) = study(read_table(BytesIO((HEAD + "\n").encode())).table, (TODAY,))
    assert (today.pairs, today.by_type, today.by_month, today.ratio(today)) == (0, {}, {}, None)


def test_a_pair_counts_once_where_subjects_only_operations_even_out_the_sites() -> None:
    row = "{},MD0000000,{},2026-03-05T10:00:00Z,2026-03-05T12:00:00Z,{},{},,,,,,{},,,,,"
    sites = [row.format("a", "raid", "39.0", "-76.0", ""), row.format("a", "raid", "39.0001", "-76.0", "")]
    other = row.format("b", "raid", "39.0002", "-76.0", "")
    alone = row.format("c", "online_only", "", "", "phone:410-555-0142")
    content = "\n".join((HEAD, *sites, other, alone)).encode()
    (counts,) = study(read_table(BytesIO(content)).table, (TODAY,))
    assert (counts.pairs, counts.operations) == (1, 2)
