"""Which columns of a list count, as what, and why."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable

import pytest

from omnitrack.matching import TRAITS, ColumnsLeftOutWarning, match
from omnitrack.matching.columns import recognise_columns
from omnitrack.matching.headings import hinted_trait, trait_of

GIVEN = [
    "John",
    "Mary",
    "Robert",
    "Linda",
    "Michael",
    "Susan",
    "William",
    "Karen",
    "David",
    "Nancy",
    "James",
    "Patricia",
]
FAMILY = [
    "Smith",
    "Johnson",
    "Brown",
    "Jones",
    "Miller",
    "Davis",
    "Wilson",
    "Anderson",
    "Taylor",
    "Moore",
    "Jackson",
    "Martin",
]
CITIES = ["Newbury", "Leeds", "York", "Bath", "Ely", "Hull", "Truro", "Ripon", "Wells", "Derby", "Lincoln", "Durham"]


def trait_in(values: list[object], heading: str = "c7") -> str | None:
    return recognise_columns([{heading: value} for value in values])[0].trait


def many(make: Callable[[random.Random], object], count: int = 60) -> list[object]:
    rng = random.Random(11)
    return [make(rng) for _ in range(count)]


@pytest.mark.parametrize(
    ("heading", "trait"),
    [
        ("Vorname", "given_name"),
        ("Nachname", "family_name"),
        ("Geburtsdatum", "birth_date"),
        ("Straße", "address"),
        ("PLZ", "postcode"),
        ("Prénom", "given_name"),
        ("Date de naissance", "birth_date"),
        ("Code postal", "postcode"),
        ("Adresse électronique", "email"),
        ("Apellidos", "family_name"),
        ("Fecha de nacimiento", "birth_date"),
        ("Código Postal", "postcode"),
        ("Correo electrónico", "email"),
        ("Cognome", "family_name"),
        ("Data di nascita", "birth_date"),
        ("CAP", "postcode"),
        ("Achternaam", "family_name"),
        ("Geboortedatum", "birth_date"),
        ("Woonplaats", "city"),
        ("Sobrenome", "family_name"),
        ("Data de Nascimento", "birth_date"),
        ("Telemóvel", "phone"),
        ("place_of_birth", "birth_place"),
    ],
)
def test_headings_are_read_in_seven_languages(heading: str, trait: str) -> None:
    assert trait_of(heading) == trait
    assert trait_of(heading.upper().replace(" ", "_")) == trait


@pytest.mark.parametrize(
    ("heading", "trait"),
    [
        ("postcode_fake", "postcode"),
        ("customer e-mail", "email"),
        ("Kunden-PLZ", "postcode"),
        ("clean_dob", "birth_date"),
    ],
)
def test_words_beside_the_one_that_says_it_are_passed_over(heading: str, trait: str) -> None:
    assert trait_of(heading) is None
    assert hinted_trait(heading) == trait


@pytest.mark.parametrize(
    "heading", ["valid until", "mother's maiden name", "emergency contact phone", "cluster", "id", "notes"]
)
def test_what_is_of_somebody_or_something_else_is_no_hint(heading: str) -> None:
    assert trait_of(heading) is None
    assert hinted_trait(heading) is None


@pytest.mark.parametrize(
    ("trait", "make"),
    [
        ("email", lambda r: f"{r.choice(GIVEN)}{r.randint(1, 999)}@mail.example"),
        ("phone", lambda r: f"+44 20 7946 {r.randint(0, 9999):04}"),
        ("phone", lambda r: f"(312) 555-{r.randint(0, 9999):04}"),
        ("birth_date", lambda r: f"{r.randint(1930, 2005)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}"),
        ("birth_date", lambda r: f"{r.randint(1, 28):02}.{r.randint(1, 12):02}.{r.randint(1930, 2005)}"),
        ("postcode", lambda r: f"RG{r.randint(1, 30)} {r.randint(1, 9)}AA"),
        ("postcode", lambda r: f"{r.randint(1000, 9999)} {r.choice('ABC')}{r.choice('XYZ')}"),
        ("postcode", lambda r: f"K{r.randint(1, 9)}A {r.randint(1, 9)}B{r.randint(1, 9)}"),
        ("postcode", lambda r: f"{r.randint(10, 99)}-{r.randint(100, 999)}"),
        ("id_number", lambda r: f"{r.randint(100, 899)}-{r.randint(10, 99)}-{r.randint(1000, 9999)}"),
        ("name", lambda r: f"{r.choice(GIVEN)} {r.choice(FAMILY)}"),
        ("given_name", lambda r: r.choice(GIVEN) if r.random() < 0.9 else r.choice(GIVEN)[:-1]),
        ("address", lambda r: f"{r.randint(1, 200)} {r.choice(FAMILY)} Street"),
        ("address", lambda r: f"{r.choice(FAMILY)}strasse {r.randint(1, 200)}"),
        ("company", lambda r: f"{r.choice(FAMILY)} {r.choice(CITIES)} {r.choice(['Ltd', 'School', 'Hotel', 'GmbH'])}"),
        ("gender", lambda r: r.choice(["m", "f", "M", "F", "male", "female"])),
    ],
)
def test_values_tell_what_a_column_holds(trait: str, make: Callable[[random.Random], object]) -> None:
    assert trait_in(many(make, 200)) == trait


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda r: r.randint(0, 30), "numbers"),
        (lambda r: f"https://shop.example/{r.randint(0, 999)}", "web addresses"),
        (lambda r: f"2024-{r.randint(1, 12):02}-{r.randint(1, 28):02}", "not of birth"),
        (lambda r: f"{r.randint(1950, 2020)}-05-06 {r.randint(10, 20)}:15:00", "not of birth"),
        (lambda r: "yes", "the same in every record"),
        (lambda r: r.choice(["gold", "silver"]), "too few"),
        (lambda r: f"AB-{r.randint(0, 9)}x9", "codes"),
    ],
)
def test_what_says_nothing_of_a_person_is_left_out_and_it_is_said_why(
    make: Callable[[random.Random], object], why: str
) -> None:
    (use,) = recognise_columns([{"c7": value} for value in many(make)])
    assert use.trait is None
    assert why in use.why


def test_the_number_of_a_row_is_left_out_without_a_warning() -> None:
    rows = [{"unique_id": f"Q{n}-x", "name": f"{GIVEN[n % 12]} {FAMILY[n % 7]}"} for n in range(60)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = match(rows)
    assert [(use.column, use.trait) for use in found.report] == [("unique_id", None), ("name", "name")]


def test_a_heading_is_not_believed_against_its_values() -> None:
    rows = [{"name": f"{GIVEN[n % 12]} {FAMILY[n % 7]}", "email": f"{n % 28 + 1:02}/05/2015"} for n in range(30)]
    with pytest.warns(ColumnsLeftOutWarning, match=r"'email' \(its heading says email, its values are dates\)"):
        found = match(rows)
    assert found.columns == ({"name": "name"},)
    mail = recognise_columns([{"Center Director": f"d{n}@school.example", "city": "x"} for n in range(30)])
    assert mail[0].trait == "email"


def test_the_caller_is_not_questioned() -> None:
    rows = [{"email": f"{n + 1:02}/05/2015", "x": "Jane"} for n in range(9)]
    uses = recognise_columns(rows, {"email": "birth_date", "x": None})
    assert [(use.trait, use.why) for use in uses] == [
        ("birth_date", "named by the caller"),
        (None, "named by the caller to be left out"),
    ]


def test_a_full_name_beside_its_parts_counts_once() -> None:
    parts = {"first_name": "Jane", "surname": "Zaleski"}
    twice = match([{**parts, "full_name": "Dr Jane Zaleski, Dame of York"}, {**parts, "full_name": "Jane Zaleski"}])
    once = match([parts, parts])
    assert twice.explain(0, 1).weight == once.explain(0, 1).weight
    filled = match([{"first_name": "", "surname": "", "full_name": "Jane Zaleski"}, parts])
    assert filled.labels == ((0, 0),)


def test_one_word_for_a_name_or_a_part_of_one_is_told_by_what_stands_beside_it() -> None:
    whole = [{"Nom": f"{GIVEN[n % 12]} {FAMILY[n % 7]}"} for n in range(30)]
    part = [{"Nom": FAMILY[n % 12], "Prénom": GIVEN[n % 11]} for n in range(30)]
    german = [{"Name": FAMILY[n % 12], "Vorname": GIVEN[n % 11]} for n in range(30)]
    assert [use.trait for use in recognise_columns(whole)] == ["name"]
    assert [use.trait for use in recognise_columns(part)] == ["family_name", "given_name"]
    assert [use.trait for use in recognise_columns(german)] == ["family_name", "given_name"]


def test_parts_of_a_birth_date_are_put_together() -> None:
    rows = [{"vorname": "Jane", "nachname": "Zaleski", "by": 1980, "bm": 2, "bd": 3}] * 2
    assert "born on 1980-02-03" in match(rows).explain(0, 1).sentence


def schools(seed: int) -> tuple[list[dict[str, str]], list[int]]:
    rng = random.Random(seed)
    rows, labels = [], []
    for number in range(60):
        town, kind = rng.choice(CITIES), rng.choice(["Primary School", "Academy", "Children's Center", "Nursery"])
        name, house = f"{rng.choice(FAMILY)} {town} {kind}", f"{rng.randint(1, 300)} {rng.choice(FAMILY)}"
        phone, code = f"020 7946 {rng.randint(0, 9999):04}", f"{rng.randint(60601, 60660)}"
        for copy in range(2):
            shown = name if not copy else name.replace(" School", "").replace("Children's", "Childrens")
            rows.append(
                {"Site name": shown, "Address": f"{house} {'Street' if copy else 'St.'}", "Zip": code, "Phone": phone}
            )
            labels.append(number)
    return rows, labels


@pytest.mark.parametrize("seed", [1, 2])
def test_organisations_are_matched_as_such(seed: int) -> None:
    rows, labels = schools(seed)
    found = match(rows, region="GB")
    assert found.columns[0]["Site name"] == "company"
    pairs = [(a, b) for a in range(len(rows)) for b in range(a)]
    wrong = sum((found.labels[0][a] == found.labels[0][b]) != (labels[a] == labels[b]) for a, b in pairs)
    assert wrong <= 6


def test_a_column_called_name_holds_organisations_where_its_values_do() -> None:
    rows, _ = schools(1)
    assert recognise_columns([{"name": row["Site name"], "zip": row["Zip"]} for row in rows])[0].trait == "company"
    people = [{"name": f"{GIVEN[n % 12]} {FAMILY[n % 7]}"} for n in range(60)]
    assert recognise_columns(people)[0].trait == "name"


def test_every_column_of_every_list_is_in_the_report() -> None:
    found = match([{"name": "Jane Zaleski", "y": ""}], [{"Kunde": "Jane Zaleski"}])
    assert [(use.source, use.column, use.trait) for use in found.report] == [
        (0, "name", "name"),
        (0, "y", None),
        (1, "Kunde", "name"),
    ]
    assert all(use.why for use in found.report)
    assert {use.trait for use in found.report} - {None} <= set(TRAITS)
