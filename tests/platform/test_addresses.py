"""Taking a typed address apart, and the words that mean the same."""

from __future__ import annotations

import pytest

from vigil.platform.gazetteer.addresses import core_of, key_of, read_address, read_number, words_of


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("East Pratt Street", "E PRATT ST"),
        ("E. PRATT ST.", "E PRATT ST"),
        ("e  pratt   st", "E PRATT ST"),
        ("North Avenue", "N AVE"),
        ("St. Paul Place", "ST PAUL PL"),
        ("Saint Paul Pl", "ST PAUL PL"),
        ("O'Donnell Str", "ODONNELL ST"),
        ("First Ave", "1ST AVE"),
        ("I- 95", "I 95"),
        ("Interstate 95", "I 95"),
        ("US Highway 40", "US HWY 40"),
        ("Cañon Crossing", "CANON XING"),
        ("Martin Luther King Jr Boulevard", "MARTIN LUTHER KING JR BLVD"),
        ("---", ""),
    ],
)
def test_names_that_mean_the_same_have_one_key(written: str, key: str) -> None:
    assert key_of(written) == key
    assert key_of(key) == key, "a key stays as it is"


@pytest.mark.parametrize(
    ("text", "number", "streets", "zip_code", "tail"),
    [
        ("1200 E Pratt St, 21202", "1200", ("E PRATT ST",), "21202", ""),
        ("1200 E Pratt St, Baltimore, MD 21202-1234", "1200", ("E PRATT ST",), "21202", "BALTIMORE, MD"),
        ("1200 E Pratt St Apt 3B, Baltimore", "1200", ("E PRATT ST",), "", "BALTIMORE"),
        ("1200 E Pratt St # 12, 21202", "1200", ("E PRATT ST",), "21202", ""),
        ("1200 E Pratt St Suite 400", "1200", ("E PRATT ST",), "", ""),
        ("1200 1/2 Elm Ave", "1200 1/2", ("ELM AVE",), "", ""),
        ("1200A Elm Ave", "1200A", ("ELM AVE",), "", ""),
        ("104-20 Queens Blvd", "104-20", ("QUEENS BLVD",), "", ""),
        ("29th Street", None, ("29TH STREET",), "", ""),
        ("Pratt St & Light St", None, ("PRATT ST", "LIGHT ST"), "", ""),
        ("corner of Pratt St and Light St, 21202", None, ("PRATT ST", "LIGHT ST"), "21202", ""),
        ("Pratt St/Light St", None, ("PRATT ST", "LIGHT ST"), "", ""),
        ("Pratt St @ Light St", None, ("PRATT ST", "LIGHT ST"), "", ""),
        ("21202 Main St", "21202", ("MAIN ST",), "", ""),
    ],
)
def test_an_address_is_taken_apart(
    text: str, number: str | None, streets: tuple[str, ...], zip_code: str, tail: str
) -> None:
    address = read_address(text)
    assert (address.number.text if address.number else None) == number
    assert (address.streets, address.zip_code, address.tail, address.block) == (streets, zip_code, tail, None)


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("400 block of N Gay St", 400),
        ("400 blk N Gay St", 400),
        ("437 Block N Gay St", 400),
        ("unit block of N Gay St", 0),
        ("N Gay St 400 block", 400),
    ],
)
def test_a_block_is_a_hundred_numbers(text: str, block: int) -> None:
    address = read_address(text)
    assert (address.block, address.streets, address.number) == (block, ("N GAY ST",), None)


def test_a_place_tells_streets_of_one_name_apart() -> None:
    assert read_address("Main St near 39.28660, -76.60000").near == (39.2866, -76.6)
    assert read_address("Main St near 39.28660, -76.60000").streets == ("MAIN ST",)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1200", ("1200", "", 1200)),
        ("1200a", ("1200A", "", 1200)),
        ("104-20", ("104-20", "104-", 20)),
        ("N65W123", ("N65W123", "N65W", 123)),
        ("", None),
        ("none", None),
        ("12345678", None),
        ("-5", None),
        ("1e5", None),
    ],
)
def test_house_numbers(text: str, read: tuple[str, str, int] | None) -> None:
    number = read_number(text)
    assert (None if number is None else (number.text, number.prefix, number.value)) == read


def test_the_core_of_a_name_is_what_direction_and_suffix_leave() -> None:
    assert core_of(words_of("East Pratt Street")) == ["PRATT"]
    assert core_of(words_of("North Avenue")) == ["N", "AVE"]
