"""Phone numbers in long texts: a list of any length is read, and what is read of a crafted text has an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack import Identifier
from omnitrack.identifiers import OwnList, email, find_identifiers, phone
from omnitrack.identifiers import numbers as module


@pytest.mark.parametrize("between", ["\n", ", ", " or by mail, then "])
def test_every_number_of_a_long_list_is_found(between: str) -> None:
    listed = [f"+44 20 7946 {n:04}" for n in range(300)]
    found = find_identifiers(between.join(listed), "GB")
    assert [one.value for one in found] == [number.replace(" ", "") for number in listed]


def test_every_national_number_of_a_list_of_contacts_is_found() -> None:
    text = "\n".join(f"Jane Doe {n},020 7946 {n:04}" for n in range(300))
    assert len(find_identifiers(text, "GB")) == 300


def test_a_number_is_read_once_however_often_it_stands_there(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(text: str, region: str | None) -> Identifier:
        read.append(text)
        return phone(text, region)

    monkeypatch.setattr(module, "phone", reading)
    assert len(find_identifiers("call 020 7946 0958 now\n" * 500, "GB")) == 1
    assert read == ["020 7946 0958"]


def test_what_is_read_of_a_text_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_READ", 50)
    text = "\n".join(f"+44 20 7946 {n:04}" for n in range(300))
    assert len(find_identifiers(text, "GB")) == 50


def found(text: str, region: str | None = "GB") -> list[str]:
    return [one.value for one in find_identifiers(text, region)]


@pytest.mark.parametrize("form", ["{}", "tel. {}", "({})", "{}.", "{}, or", "*{}*", "{}/x", "{}\n{}", "T:{}", "Fax-{}"])
@pytest.mark.parametrize(
    "number", ["020 7946 0958", "020-7946-0958", "(020) 7946 0958", "02079460958", "0044 20 7946 0958"]
)
def test_a_number_is_found_with_whatever_marks_stand_around_it(form: str, number: str) -> None:
    assert found(form.format(number, number)) == ["+442079460958"]


@pytest.mark.parametrize(
    "form",
    [
        "a{}",
        "{}b",
        "x-{}",
        "{}-x",
        "a_{}",
        "{}_b",
        "/{}",
        "a/{}",
        "{}@x",
        "{}.pdf",
        "id={}",
        "\\{}",
        "{}:80",
        "10:{}",
        "%{}",
    ],
)
def test_a_number_inside_a_longer_word_is_none(form: str) -> None:
    assert found(f"see {form.format('02079460958')} there") in ([], ["+442079460958"][: form == "/{}"])


@pytest.mark.parametrize(
    "figure",
    [
        *(
            "05.10.1986",
            "5. 10. 1986",
            "1986-10-05",
            "10/05/1986",
            "05-10-86",
            "20260822",
            "20260822101112",
            "20260822-101112",
            "1998-2004",
            "2019/20",
        ),
        *("104.199.65.135", "192.168.178.20", "61.0.3163.100", "10.0.19041.1237", "5.00.2014.211"),
        *(
            "4111 1111 1111 1111",
            "3782 822463 10005",
            "GB29 NWBK 6016 1331 9268 19",
            "DE89370400440532013000",
            "FR14 2004 1010 0505 0001 3M02 606",
        ),
        *(
            "123.456.789-09",
            "12.345.678/0001-90",
            "20-12345678-9",
            "219-09-9999",
            "12-3456789",
            "123-456-32-18",
            "12/345/67890",
            "732 829 320 00074",
        ),
        *(
            "861005-1234",
            "861005-1234567",
            "978-0-306-40615-7",
            "1.234.567,89",
            "51.507351, -0.127758",
            "0.654  0.473",
            "1700000000",
        ),
        *(
            "00:1B:44:11:3A:B7",
            "123e4567-e89b-12d3-a456-426614174000",
            "01 00 00 00 00 00 00 00",
            "1 2 3 4 5 6 7 8 9 0",
        ),
    ],
)
@pytest.mark.parametrize("region", ["GB", "US", "DE", "FR", "DK"])
def test_what_is_written_as_something_else_is_no_number(figure: str, region: str) -> None:
    assert found(f"it says {figure} there", region) == []


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("order 2125550173", "US"),
        ("order number is 212-555-0173", "US"),
        ("Order #2125550173", "US"),
        ("account 02079460958", "GB"),
        ("Bestellnummer 03023125014", "DE"),
        ("Kundennr.: 030 23125014", "DE"),
        ("commande n\u00b0 0199001234", "FR"),
        ("\u6ce8\u6587\u756a\u53f70312345601", "JP"),
        ("2125550173 USD", "US"),
        ("2125550173 was closed", "US"),
        ("7946095800 is bare", "GB"),
    ],
)
def test_digits_that_the_words_around_call_something_else_are_no_number(text: str, region: str) -> None:
    assert found(text, region) == []


@pytest.mark.parametrize(
    "text",
    [
        "call 2125550173",
        "my number is 2125550173",
        "2125550173",
        "2125550173 is my cell",
        "ph# 2125550173",
        "Jane,2125550173",
        "my order is late, 212-555-0173",
    ],
)
def test_digits_that_the_words_around_say_are_called_are_a_number(text: str) -> None:
    assert found(text, "US") == ["+12125550173"]


def test_a_number_of_another_country_is_not_read_by_a_plan_of_many_lengths() -> None:
    assert found("Phone: (603) 555-0161", "DE") == []


def test_digits_cut_out_of_something_longer_are_no_number() -> None:
    assert found("020 7946 0958 1234 5678 9012 3456") == []
    assert found("020 7946 0958 020 7946 0959 020 7946 0960") == ["+442079460958", "+442079460959", "+442079460960"]


@pytest.mark.parametrize(
    "written",
    [
        "+44 20 7946 0958 ext. 12",
        "020 7946 0958 x12",
        "(020) 7946 0958 (ext 12)",
        "020 7946 0958,,12#",
        "020 7946 0958\u8f6c12",
    ],
)
def test_an_extension_is_found_with_its_number(written: str) -> None:
    assert found(f"ring {written} now") == ["+442079460958;ext=12"]


@given(st.text("0123456789 +-./()ax\n", max_size=60), st.sampled_from([None, "GB", "US", "DE", "BR", "CN"]))
def test_what_is_found_is_what_its_writing_is_read_as(text: str, region: str | None) -> None:
    end = 0
    for start, stop, one in module.numbers(text, region):
        assert end <= start < stop <= len(text)
        assert phone(text[start:stop].lstrip("(["), region) == one
        end = stop


def test_a_pattern_of_many_stars_is_matched_in_one_pass() -> None:
    own = OwnList(["email:*a*b*c*@bt.example"])
    assert own.matches(email("xaxbxcx@bt.example"))
    assert own.matches(email("abc@bt.example"))
    assert not own.matches(email("acb@bt.example"))
    assert not own.matches(email("abc@bt.example.com"))
    assert not OwnList(["x:ab*ba"]).matches(email("aba@bt.example"))
