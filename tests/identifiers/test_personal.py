"""A person's full name and birth date are found as people write them, and no other name or date."""

from __future__ import annotations

import pytest

from omnitrack.identifiers.personal import birth_date_patterns, name_patterns
from omnitrack.identifiers.spellings import Spellings


def left(text: str, *names: str, born: str = "1971-02-03") -> str:
    return Spellings([], further=[*name_patterns(names), *birth_date_patterns([born])]).replace(text, "#")


@pytest.mark.parametrize(
    "text",
    [
        "Jane Doe",
        "JANE DOE",
        "Doe, Jane",
        "doe jane",
        "Jane  Doe",
        "Jane.Doe",
        "Ｊａｎｅ Ｄｏｅ",
        "Jane&nbsp;Doe",
        "SmFuZSBEb2U=",
    ],
)
def test_a_full_name_is_found_in_either_order(text: str) -> None:
    assert left(f"Dear {text}!", "Jane Doe") == "Dear #!"


@pytest.mark.parametrize("text", ["Jane Mary Doe", "Doe, Jane Mary", "Mary Doe Jane", "Jane Doe", "Doe Jane"])
def test_a_name_in_the_middle_may_be_left_out(text: str) -> None:
    assert left(f"Dear {text}!", "Jane Mary Doe") == "Dear #!"


@pytest.mark.parametrize(
    "text", ["Jane", "Doe", "Jane Roe", "Janet Doe", "Jane Doerr", "Jane\nDoe", "Jane and Doe", "Mary Doe"]
)
def test_a_part_of_a_name_or_another_name_stays(text: str) -> None:
    assert left(text, "Jane Doe", "Jane Mary Doe") == text


@pytest.mark.parametrize("name", ["Jane", "J", "J D", "", "1 2"])
def test_what_is_no_full_name_takes_nothing(name: str) -> None:
    assert left(f"so {name} it is", name) == f"so {name} it is"


@pytest.mark.parametrize(
    "text",
    [
        "1971-02-03",
        "1971/2/3",
        "03.02.1971",
        "3.2.71",
        "02/03/1971",
        "3 Feb 1971",
        "3rd of February 1971",
        "February 3, 1971",
        "19710203",
    ],
)
def test_a_birth_date_is_found_in_every_order(text: str) -> None:
    assert left(f"born {text}, yes") == "born #, yes"


@pytest.mark.parametrize("text", ["1971-02-04", "13.2.1971", "1971-02-031", "3 March 1971", "3.2.1972", "71"])
def test_another_date_stays(text: str) -> None:
    assert left(f"on {text}, yes") == f"on {text}, yes"


@pytest.mark.parametrize("born", ["", "19710", "1971-13-03", "0000-00-00x", "soon"])
def test_what_is_no_date_takes_nothing(born: str) -> None:
    assert left("born 1971-13-03 or soon", born=born) == "born 1971-13-03 or soon"
