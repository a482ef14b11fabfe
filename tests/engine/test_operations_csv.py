"""Reading operations: what is taken, what is refused and where, and the fast reader bound to the exact one."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vigil.engine import sweep
from vigil.engine.formats import operations_csv
from vigil.engine.formats.fast_csv import read_fast
from vigil.engine.formats.mapping import COLUMNS, Mapping
from vigil.engine.formats.operations_csv import Rules, read_operations, read_table, table_result
from vigil.engine.formats.tabular import BadRow, UnusableInput
from vigil.engine.operation import MICROSECONDS_PER_MINUTE, Mode, Polygon, Window
from vigil.engine.windows import parse_instant

ROW = {
    "operation_id": "op-1",
    "agency_ori": "MN0271600",
    "operation_type": "search_warrant",
    "starts_at": "2026-11-24T06:00:00-06:00",
    "ends_at": "2026-11-24T08:00:00-06:00",
    "latitude": "44.978",
    "longitude": "-93.265",
}


def text_of(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(ROW | row for row in rows)
    return out.getvalue().encode()


def read(*rows: dict[str, str], **options: Any) -> operations_csv.ReadResult:
    return read_operations(io.BytesIO(text_of(*rows)), **options)


def refused(content: bytes, mapping: Mapping | None = None) -> str:
    with pytest.raises(UnusableInput) as caught:
        read_operations(io.BytesIO(content), mapping)
    return str(caught.value)


def test_a_row_takes_the_defaults_of_its_type() -> None:
    (entry,) = read({}).operations
    (site,) = entry.operation.sites
    assert (site.radius_m, site.uncertainty_m) == (300.0, 0.0)
    assert site.window == Window(parse_instant("2026-11-24T11:00:00Z"), parse_instant("2026-11-24T15:00:00Z"))
    assert entry.operation.mode is Mode.LIVE
    assert (entry.agency_ori, entry.operation_type, entry.lines) == ("MN0271600", "search_warrant", (2,))


def test_stated_values_win_over_defaults_and_contacts_are_kept() -> None:
    stated = {
        "radius_m": "120.5",
        "buffer_before_min": "0",
        "buffer_after_min": "15",
        "uncertainty_m": "25",
        "mode": "exercise",
        "subjects": "plate:mn/abc 123|phone:(410) 555-0100",
        "case_number": "C-1",
        "contact_name": "Müller, K",
        "contact_phone": "+14105550100",
    }
    (entry,) = read(stated).operations
    (site,) = entry.operation.sites
    assert (site.radius_m, site.uncertainty_m, site.buffer_before) == (120.5, 25.0, 0)
    assert site.buffer_after == 15 * MICROSECONDS_PER_MINUTE
    assert entry.operation.subjects == {"plate:MN/ABC123", "phone:+14105550100"}
    assert (entry.case_number, entry.contact_name, entry.contact_phone) == ("C-1", "Müller, K", "+14105550100")


def test_several_rows_are_several_sites_of_one_operation() -> None:
    result = read({}, {"latitude": "44.99"}, {"operation_id": "op-2"})
    assert [len(entry.operation.sites) for entry in result.operations] == [2, 1]
    assert result.operations[0].lines == (2, 3)


def test_a_shape_overrides_latitude_and_longitude() -> None:
    (entry,) = read({"geometry_wkt": "POLYGON((-93 45, -92.9 45, -92.9 45.1, -93 45))"}).operations
    assert isinstance(entry.operation.sites[0].geometry, Polygon)


def test_subjects_only_has_a_span_and_no_site() -> None:
    online = {"operation_type": "online_only", "latitude": "", "longitude": "", "subjects": "email:A@B.org"}
    (entry,) = read(online).operations
    assert entry.operation.sites == ()
    assert entry.operation.span == Window(parse_instant("2026-11-24T12:00:00Z"), parse_instant("2026-11-24T14:00:00Z"))
    assert entry.operation.subjects == {"email:a@b.org"}


BAD = [
    ("operation_id", {"operation_id": " "}, "missing"),
    ("agency_ori", {"agency_ori": "mn0271600"}, "nine capital letters and digits"),
    ("operation_type", {"operation_type": "picnic"}, "no operation type"),
    ("starts_at", {"starts_at": "2026-11-24T06:00:00"}, "no offset"),
    ("starts_at", {"starts_at": ""}, "missing"),
    ("ends_at", {"ends_at": "2026-11-31T06:00:00Z"}, "does not exist"),
    ("ends_at", {"ends_at": "2026-11-24T06:00:00-06:00"}, "at or before the start"),
    ("latitude", {"latitude": ""}, "no place"),
    ("latitude", {"latitude": "-93.265", "longitude": "44.978"}, "swapped"),
    ("latitude", {"latitude": "nan"}, "not a number"),
    ("longitude", {"longitude": "1_0"}, "not a number"),
    ("longitude", {"longitude": "-500"}, "outside"),
    ("geometry_wkt", {"geometry_wkt": "POLYGON((0 0, 1 1, 0 1, 1 0, 0 0))"}, "cross"),
    ("geometry_wkt", {"geometry_wkt": "MULTIPOINT((0 0))"}, "MULTI"),
    ("radius_m", {"radius_m": "-1"}, "negative"),
    ("radius_m", {"radius_m": "inf"}, "not a number"),
    ("buffer_after_min", {"buffer_after_min": "an hour"}, "not a number"),
    ("uncertainty_m", {"uncertainty_m": "1e300"}, "check the unit"),
    ("subjects", {"subjects": "shoe:42"}, "no kind"),
    ("mode", {"mode": "LIVE"}, "no mode"),
    ("latitude", {"operation_type": "online_only"}, "no place"),
]


@pytest.mark.parametrize(("column", "change", "reason"), BAD)
def test_a_bad_field_is_named_with_line_column_and_reason(column: str, change: dict[str, str], reason: str) -> None:
    result = read({"operation_id": "good"}, change)
    (bad,) = result.bad_rows
    assert (bad.line, bad.column) == (3, column)
    assert reason in bad.reason
    assert [entry.operation.operation_id for entry in result.operations] == ["good"]
    assert not result.complete


def test_a_bad_row_excludes_its_whole_operation_and_nothing_else() -> None:
    result = read({}, {"latitude": "x"}, {}, {"operation_id": "op-2"})
    assert [row.line for row in result.bad_rows] == [3]
    assert result.excluded == ("op-1",)
    assert [entry.operation.operation_id for entry in result.operations] == ["op-2"]
    assert result.rows == 4


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("agency_ori", "MN0271601"),
        ("operation_type", "raid"),
        ("mode", "test"),
        ("joint_reference", "J1"),
        ("subjects", "vin:1M8GDM9AXKP042788"),
        ("case_number", "C2"),
        ("contact_phone", "911"),
    ],
)
def test_rows_of_one_operation_must_agree(column: str, value: str) -> None:
    result = read({}, {column: value})
    assert [(row.line, row.column) for row in result.bad_rows] == [(3, column)]
    assert result.excluded == ("op-1",)


def test_an_empty_mode_agrees_with_live() -> None:
    assert read({}, {"mode": "live"}).complete


def test_line_numbers_count_quoted_line_breaks_and_blank_lines() -> None:
    content = text_of({"contact_name": "two\nlines"}, {"operation_id": "op-2", "latitude": "x"}).replace(
        b"lines", b"li\r\n\nnes"
    )
    content = content.replace(b"\nop-2", b"\n\n\nop-2")
    (bad,) = read_operations(io.BytesIO(content)).bad_rows
    assert bad.line == content[: content.index(b"op-2")].count(b"\n") + 1 == 8


def test_a_row_of_another_width_is_bad_and_excludes_its_operation() -> None:
    content = text_of({}, {"operation_id": "op-2"}) + b"op-2,MN0271600\n"
    result = read_operations(io.BytesIO(content))
    assert [(row.line, row.reason.split(".")[0]) for row in result.bad_rows] == [
        (4, "The row has 2 fields, the header 18")
    ]
    assert result.excluded == ("op-2",)


def test_flags_are_counted_and_refuse_nothing() -> None:
    wide = {"operation_id": "wide", "radius_m": "30000"}
    long = {"operation_id": "long", "ends_at": "2026-12-24T08:00:00-06:00"}
    unknown = {"operation_id": "unknown", "subjects": "plate:ABC123"}
    result = read(wide, long, unknown)
    assert result.flags == {"radius": 1, "area": 1, "span": 1, "subject": 1}
    assert result.complete
    assert "state" in result.operations[2].subject_hints[0]


def test_more_than_fifty_sites_are_refused() -> None:
    assert read(*[{}] * 50).complete
    assert [row.line for row in read(*[{}] * 51).bad_rows] == [52]


def test_an_import_needs_a_contact_and_a_sweep_does_not() -> None:
    assert read({}).complete
    (bad,) = read({"contact_name": "A"}, contact_required=True).bad_rows
    assert bad.column == "contact_phone"


# --- unusable as a whole ----------------------------------------------------------------------------------------

LONG_LINE = b"x" * 10_000_000
WHOLE = text_of({})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n", "no header"),
        (WHOLE.decode().encode("utf-16"), "UTF-16"),
        (WHOLE.replace(b"MN0271600", b"M\xfcnchen"), "not UTF-8"),
        (WHOLE.replace(b"op-1", b"op\x00-1"), "Line 2 holds a NUL byte"),
        (WHOLE.replace(b",", b";"), "separated by ';'"),
        (WHOLE.replace(b",", b"\t"), "separated by a tab"),
        (LONG_LINE, "longer than 1,000,000 characters"),
        (WHOLE + LONG_LINE, "Line 3"),
        (WHOLE + b'"never closed\n', "never closed"),
        (WHOLE + b'"closed"too early,\n', "followed by other text"),
        (b"operation_id,operation_id\n", "twice"),
        (b"PK\x03\x04 no workbook", "no Excel workbook"),
        *[
            (text_of({}, columns=tuple(name for name in COLUMNS if name != column)), f"column {column} is missing")
            for column in ("operation_id", "agency_ori", "operation_type", "starts_at", "ends_at")
        ],
        (text_of({}, columns=COLUMNS[:5]), "columns latitude, longitude are missing"),
        (WHOLE.replace(b"radius_m", b"radius", 1), "no column radius_m, but it has radius"),
    ],
)
def test_an_unusable_file_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    assert sentence in refused(content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="No such file"):
        read_operations(tmp_path / "none.csv")


def test_a_byte_order_mark_and_missing_optional_columns_are_taken() -> None:
    assert read_operations(io.BytesIO(b"\xef\xbb\xbf" + text_of({}, columns=COLUMNS[:7]))).complete


# --- the fast reader --------------------------------------------------------------------------------------------


def corrupt(rng: random.Random, row: dict[str, str]) -> dict[str, str]:
    """One row as it is, unusual, or bad."""
    changes: list[Callable[[], dict[str, str]]] = [
        *[lambda change=change: change for _, change, _ in BAD],  # type: ignore[misc]
        lambda: {"starts_at": "2026-11-24 05:59:59.25z"},
        lambda: {"starts_at": "2026-02-29T05:00:00Z"},
        lambda: {"starts_at": "2026-11-24T24:00:00Z"},
        lambda: {"ends_at": "2026-11-24T23:59:60Z"},
        lambda: {"ends_at": "2026-11-25T08:00:00+24:00"},
        lambda: {"ends_at": " 2026-11-25T08:00:00+00:00"},
        lambda: {"operation_id": f" op-{rng.randint(0, 300)} "},
        lambda: {"operation_id": f"op-{rng.randint(0, 300)}"},
        lambda: {"operation_id": 'say "op",\nplease'},
        lambda: {"latitude": "+44.5e0", "longitude": " 7"},
        lambda: {"latitude": "90", "longitude": "12"},
        lambda: {"longitude": "180"},
        lambda: {"longitude": "-0"},
        lambda: {"radius_m": "", "buffer_before_min": "1.5", "uncertainty_m": ".5"},
        lambda: {"radius_m": "28209.5"},
        lambda: {"operation_type": "online_only", "latitude": "", "longitude": "", "subjects": "email:a@b.org"},
        lambda: {"subjects": "phone:+14105550100"},
        lambda: {"subjects": "phone:+11105550100"},
        lambda: {"subjects": "phone:4105550100|plate:X"},
        lambda: {"joint_reference": "J1"},
        lambda: {"mode": "exercise", "joint_reference": " J1 "},
        lambda: {"geometry_wkt": "LINESTRING(-93 45, -93.1 45)"},
        lambda: {"contact_name": "two\nlines", "case_number": '"'},
        lambda: {"agency_ori": "MN02716Ü0"},
    ]
    return row | rng.choice(changes)()


def plain_row(rng: random.Random, number: int) -> dict[str, str]:
    hour = rng.randint(0, 20)
    return {
        "operation_id": f"op-{number}",
        "operation_type": rng.choice(("search_warrant", "fixed_surveillance", "special_event")),
        "starts_at": f"2026-11-24T{hour:02d}:00:00{rng.choice(('Z', '+05:30', '-06:00'))}",
        "ends_at": f"2026-11-{rng.choice((25, 30))}T{hour + 1:02d}:30:00{rng.choice(('Z', '-06:00'))}",
        "latitude": f"{44.9 + rng.random() / 10:.5f}",
        "longitude": f"{-93 + rng.random() / 10:.5f}",
        "radius_m": rng.choice(("", "250", "5000.5")),
    }


def described(result: operations_csv.TableResult) -> dict[str, Any]:
    """Everything a table says, by operation id, in no order."""
    table = result.table
    names = {n: table.id(n) for n in range(len(table))}
    sites: dict[str, list[Any]] = {name: [] for name in names.values()}
    for site, owner in enumerate(table.operation.tolist()):
        sites[names[owner]].append(
            (
                table.geometry(site),
                *(float(c[site]) for c in (table.radius_m, table.uncertainty_m)),
                table.site(site).window,
            )
        )
    groups: dict[int, set[str]] = {}
    for n, reference in enumerate(table.reference.tolist()):
        if reference >= 0:
            groups.setdefault(reference, set()).add(names[n])
    return {
        "sites": sites,
        "modes": {names[n]: int(mode) for n, mode in enumerate(table.mode)},
        "joint": sorted(sorted(group) for group in groups.values()),
        "subjects": {names[entry.operation]: (entry.subjects, entry.window) for entry in table.subjects},
        "bad": sorted(result.bad_rows, key=lambda row: row.line),
        "excluded": result.excluded,
        "flags": dict(result.flags),
        "rows": result.rows,
    }


@pytest.mark.parametrize("share", [0.0, 0.05, 0.6])
@pytest.mark.parametrize("replace_stated", [False, True])
def test_fast_reader_is_the_exact_reader(tmp_path: Path, share: float, replace_stated: bool) -> None:
    rules = Rules.from_toml(f"replace_stated = {str(replace_stated).lower()}\n[search_warrant]\nradius_m = 700\n")
    path = tmp_path / "operations.csv"
    for seed in range(5):
        rng = random.Random(f"{share}-{seed}")
        rows = [plain_row(rng, number) for number in range(300)]
        path.write_bytes(text_of(*(corrupt(rng, row) if rng.random() < share else row for row in rows)))
        fast, exact = read_fast(path, rules), table_result(read_operations(path, rules=rules))
        assert fast is not None
        assert described(fast) == described(exact)
        assert (fast.bad_rows != ()) == (share > 0)


def test_large_files_go_through_the_fast_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "operations.csv"
    path.write_bytes(text_of({}, {"operation_id": "op-2"}))
    monkeypatch.setattr(operations_csv, "FAST_FROM_BYTES", 1)
    monkeypatch.setattr(operations_csv, "read_operations", None)
    assert len(read_table(path).table) == 2


@pytest.mark.parametrize(
    "content",
    [WHOLE + b"op-2,short\n", WHOLE.replace(b"op-1", b"op\x00-1"), WHOLE[:200]],
)
def test_what_the_fast_reader_cannot_tell_it_leaves_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "operations.csv"
    path.write_bytes(content)
    assert read_fast(path, Rules()) is None


# --- rules, frames ----------------------------------------------------------------------------------------------


def test_rules_stand_in_for_empty_values_or_replace_stated_ones() -> None:
    text = "[search_warrant]\nradius_m = 500\nbuffer_before_min = 0\n"
    (entry,) = read({"buffer_before_min": "5"}, rules=Rules.from_toml(text)).operations
    site = entry.operation.sites[0]
    assert (site.radius_m, site.buffer_before) == (500.0, 5 * MICROSECONDS_PER_MINUTE)
    (entry,) = read({"buffer_before_min": "5"}, rules=Rules.from_toml("replace_stated = true\n" + text)).operations
    assert entry.operation.sites[0].buffer_before == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[picnic]\nradius_m = 1", "'picnic', which is no operation type"),
        ("[raid]\nradius = 1", "raid.radius = 1"),
        ("[raid]\nradius_m = -1", "not negative"),
        ("[raid]\nradius_m = true", "True"),
        ("raid", "not TOML"),
        ("replace_stated = 1", "true or false"),
    ],
)
def test_wrong_rules_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(UnusableInput, match=sentence):
        Rules.from_toml(text)


def test_data_frames_are_swept_like_their_file() -> None:
    import pandas
    import pyarrow

    columns = {name: [value, value] for name, value in ROW.items()} | {"operation_id": ["a", "b"]}
    columns |= {"latitude": [44.978, 44.979], "radius_m": [250.0, None]}  # type: ignore[dict-item]
    for frame in (pandas.DataFrame(columns), pyarrow.table(columns)):
        (row,) = sweep(frame).conflicts
        assert (row.operation_a, row.operation_b, row.band) == ("a", "b", "direct")
    typed = pandas.DataFrame(columns).assign(
        starts_at=pandas.Timestamp(ROW["starts_at"]), ends_at=pandas.Timestamp(ROW["ends_at"])
    )
    assert len(sweep(typed).conflicts) == 1
    typed.loc[1, "latitude"] = float("nan")
    result = sweep(typed)
    assert result.bad_rows == (BadRow(3, "latitude", "The latitude is missing: the operation has no place.", "b"),)


def test_equal_joint_references_never_match() -> None:
    joint = text_of({"joint_reference": "J"}, {"operation_id": "b", "joint_reference": "J"}, {"operation_id": "c"})
    found = [(row.operation_a, row.operation_b) for row in sweep(io.BytesIO(joint)).conflicts]
    assert found == [("b", "c"), ("c", "op-1")]
