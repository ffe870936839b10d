"""Phone numbers in long texts: a list of any length is read, and what is read of a crafted text has an end."""

from __future__ import annotations

import pytest

from omnitrack.identifiers import OwnList, email, find_identifiers
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
    phone = module.phone
    monkeypatch.setattr(module, "phone", lambda text, region: read.append(text) or phone(text, region))
    assert len(find_identifiers("call 020 7946 0958 now\n" * 500, "GB")) == 1
    assert read == ["020 7946 0958"]


def test_what_is_read_of_a_text_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_READ", 50)
    text = "\n".join(f"+44 20 7946 {n:04}" for n in range(300))
    assert len(find_identifiers(text, "GB")) == 50


def test_a_pattern_of_many_stars_is_matched_in_one_pass() -> None:
    own = OwnList(["email:*a*b*c*@bt.example"])
    assert own.matches(email("xaxbxcx@bt.example"))
    assert own.matches(email("abc@bt.example"))
    assert not own.matches(email("acb@bt.example"))
    assert not own.matches(email("abc@bt.example.com"))
    assert not OwnList(["x:ab*ba"]).matches(email("aba@bt.example"))
