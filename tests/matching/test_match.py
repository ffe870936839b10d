"""match(): plain lists in, clusters with reasons out."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import testdata
from effort import budget
from matching.people import lists
from omnitrack.matching import Model, match

CRM = [
    {"First name": "Jane", "Last name": "Zaleski", "DOB": "03/02/1980", "Zip": "RG14 1AA"},
    {"First name": "Robert", "Last name": "Smith", "DOB": "17/11/1975", "Zip": "SW1A 2AA"},
    {"First name": "Maria", "Last name": "Kowalska", "DOB": "01/07/1992", "Zip": "M1 1AE"},
]
SHOP = [
    {"name": "KOWALSKI, Maria", "birthday": "1 July 1992", "postcode": "M11AE"},
    {"name": "Bob Smith", "birthday": "1975-11-17", "postcode": "SW1A 2AB"},
    {"name": "Tom Baker", "birthday": "1950-05-05", "postcode": "LS1 4AP"},
]


def test_two_lists_under_different_columns_meet() -> None:
    found = match(CRM, SHOP, region="GB")
    assert found.labels == ((0, 1, 2), (2, 1, 3))
    assert found.columns[0] == {
        "First name": "given_name",
        "Last name": "family_name",
        "DOB": "birth_date",
        "Zip": "postcode",
    }


def test_each_cluster_says_why() -> None:
    bob = [
        cluster for cluster in match(CRM, SHOP, region="GB").duplicates if "Robert" in str(cluster.members[0].record)
    ]
    (reason,) = bob[0].reasons
    assert (reason.left.source, reason.left.index, reason.right.source, reason.right.index) == (0, 1, 1, 1)
    assert "Robert and Bob are forms of one given name" in str(reason)


def test_every_record_is_in_one_cluster() -> None:
    found = match(CRM, SHOP)
    members = [(m.source, m.index) for cluster in found.clusters for m in cluster.members]
    assert sorted(members) == [(source, index) for source in (0, 1) for index in range(3)]


def test_any_two_records_can_be_explained() -> None:
    found = match(CRM)
    assert "the family names differ" in found.explain(0, 1).sentence
    assert found.explain(found.clusters[0].members[0], found.clusters[1].members[0]) == found.explain(0, 1)


def test_pairs_come_most_likely_first() -> None:
    found = match([*CRM, *CRM[:2], {"First name": "Jayne", "Last name": "Zalesky", "DOB": "03/02/1980"}])
    probabilities = [probability for _, _, probability in found.pairs(least=0.01)]
    assert len(probabilities) >= 3
    assert probabilities == sorted(probabilities, reverse=True)


def test_a_column_can_be_named_or_left_out() -> None:
    rows = [{"fn": "Jane", "sn": "Zaleski", "dob": "1980-02-03"}, {"fn": "Jane", "sn": "Zaleski", "dob": "1991-11-17"}]
    columns = {"fn": "given_name", "sn": "family_name", "dob": None}
    assert match(rows, columns=columns).columns == ({"fn": "given_name", "sn": "family_name"},)


def test_a_trait_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"columns\['fn'\]: got 'first', accepted are name"):
        match([{"fn": "Jane"}], columns={"fn": "first"})


def test_a_list_without_a_known_column_is_refused() -> None:
    with pytest.raises(ValueError, match="columns: none"):
        match([{"a": 1}])


@pytest.mark.parametrize("threshold", [0, 1, -0.5, 2])
def test_a_threshold_is_a_probability(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        match(CRM, threshold=threshold)


@pytest.mark.parametrize("wrong", [{"name": "Jane"}, 5, None])
def test_one_record_is_no_list(wrong: object) -> None:
    with pytest.raises(TypeError, match="accepted is a list of mappings"):
        match(wrong)


@pytest.mark.parametrize("wrong", ["crm.csv", Path("crm.csv")])
def test_a_path_is_no_list_and_it_is_said_what_reads_it(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"accepted is a list of mappings .*csv\.DictReader"):
        match(wrong, wrong)


@pytest.mark.parametrize("row", [("Jane", "RG14 1AA"), "Jane", None])
def test_a_record_is_a_mapping(row: object) -> None:
    with pytest.raises(TypeError, match=r"records\[1\]: got .*accepted is a mapping .*csv\.DictReader"):
        match([{"name": "Jane"}, row])


def test_a_column_that_is_in_no_list_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"columns: got 'Kunden' \(did you mean 'Kunde'\?\), accepted are .*Kunde, PLZ"
    ):
        match([{"Kunde": "Jane Zaleski", "PLZ": "RG14 1AA"}], columns={"Kunden": "name"})
    one, other = [{"Kunde": "Jane Zaleski"}], [{"name": "Jane Zaleski"}]
    assert match(one, other, columns={"Kunde": "name"}).labels == ((0,), (0,))


def test_lists_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(ValueError, match=r"list 1 has nothing in common .* email; postcode"):
        match([{"email": "jane@x.example"}], [{"postcode": "RG14 1AA"}])
    assert match([{"first_name": "Jane", "surname": "Zaleski"}], [{"name": "Jane Zaleski"}]).labels == ((0,), (0,))
    # What is only blank is known of nobody: no list is refused for it.
    assert match([{"email": "jane@x.example"}], [{"email": "", "postcode": ""}]).labels == ((0,), (1,))


def test_an_empty_list_has_no_clusters() -> None:
    assert match([]).clusters == ()
    assert match(CRM, []).labels == ((0, 1, 2), ())


def test_given_weights_are_used_as_they_are() -> None:
    model = Model.default(5_000)
    assert match(CRM, SHOP, model=model, fit=False).model is model


def test_a_higher_threshold_joins_no_more() -> None:
    rows = [*CRM, *CRM]
    assert len(match(rows, threshold=0.999).clusters) >= len(match(rows, threshold=0.5).clusters)


def test_a_data_frame_is_read_as_its_rows() -> None:
    class Frame:
        columns = ("name",)

        def to_dict(self, orient: str) -> list[dict[str, Any]]:
            assert orient == "records"
            return [{"name": "Jane Zaleski", "dob": float("nan")}, {"name": "Jane Zaleski", "dob": None}]

    class Lazy:
        def to_dicts(self) -> list[dict[str, Any]]:
            return CRM

    assert len(match(Frame()).labels[0]) == 2
    assert match(Lazy()).labels == match(CRM).labels


@budget(30)
@given(lists)
def test_any_list_comes_to_clusters_whatever_it_holds(people: list[dict[str, str]]) -> None:
    found = match(people)
    assert sum(map(len, found.clusters)) == len(people)


@budget(20)
@given(lists)
def test_the_order_of_a_list_does_not_matter_where_weights_are_given(people: list[dict[str, str]]) -> None:
    def partition(rows: Sequence[dict[str, str]]) -> set[frozenset[int]]:
        found = match(rows, fit=False)
        return {frozenset(id(member.record) for member in cluster.members) for cluster in found.clusters}

    people = [dict(person) for person in people]
    forth, back = partition(people), partition(people[::-1])
    if len(people) <= 2:
        assert forth == back
    assert {x for part in forth for x in part} == {x for part in back for x in part}


@pytest.mark.parametrize(("file", "least"), [("febrl/dataset1.csv", 0.999), ("splink_fake1000/fake_1000.csv", 0.95)])
def test_labelled_sets_are_matched_by_defaults_alone(file: str, least: float) -> None:
    path = testdata.find(file)
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [{k.strip(): v for k, v in row.items() if k} for row in csv.DictReader(lines, skipinitialspace=True)]
    persons = [row.pop("cluster", None) or "-".join(row["rec_id"].split("-")[:2]) for row in rows]
    found = match([{k: v for k, v in row.items() if k not in ("rec_id", "unique_id")} for row in rows])
    pairs = [(a, b) for a in range(len(rows)) for b in range(a)]
    labels = found.labels[0]
    truth = {pair for pair in pairs if persons[pair[0]] == persons[pair[1]]}
    guess = {pair for pair in pairs if labels[pair[0]] == labels[pair[1]]}
    assert 2 * len(truth & guess) / (len(truth) + len(guess)) >= least


def test_a_region_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean GB"):
        match([{"phone": "020 7946 0958"}], region="UK")
    american = match(
        [{"name": "Jane Zaleski", "dob": "02/03/1980"}, {"name": "Jane Zaleski", "dob": "1980-02-03"}], region="us"
    )
    assert "born on 1980-02-03" in next(american.duplicates).reasons[0].score.sentence
