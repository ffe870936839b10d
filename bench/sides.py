"""One library on one labelled list, in a process of its own: python bench/sides.py SIDE SET DATA prints labels, seconds, and megabytes as JSON.

Sides: ``omnitrack`` is ``match(list)``, ``goldenmatch`` is ``dedupe_df(frame)``, both without anything else. ``splink`` is set up as
its published example "Linking historical people" does it, so for that set alone. Seconds are of the call and leave imports aside,
megabytes are the most that the process held. No side sees a label.
"""

from __future__ import annotations

import csv
import json
import logging
import random
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

Rows = list[dict[str, str]]
#: Public lists: the file under the folder of data, what divides its columns, and the columns that are no part of a record.
PUBLIC = {
    "historical": ("historical/historical_figures_with_errors_50k.csv", ",", "cluster", ("unique_id",)),
    "schools": ("schools/csv_example_input_with_true_ids.csv", ",", "True Id", ("Id",)),
    "rldata10000": ("rldata/RLdata10000.tsv", "\t", "", ()),
    "restaurants": ("restaurants/restaurants.tsv", "\t", "", ("id",)),
}
GENERATED = ("customers", "branches")


def read(name: str, data: Path) -> tuple[Rows, list[str]] | None:
    """Return the records of a list and of whom each is; None where its file is not there."""
    if name in GENERATED:
        return generated(name, 20_261_128)
    file, divider, label, others = PUBLIC[name]
    path = data / file
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [{key: value or "" for key, value in row.items()} for row in csv.DictReader(lines, delimiter=divider)]
    if name == "rldata10000":
        labels = (path.parent / "identity.RLdata10000.tsv").read_text().split()[1:]
    elif name == "restaurants":  # pairs stand one after the other, and only they are listed
        pairs = {line.strip() for line in (path.parent / "restaurants_gs_dubs.txt").read_text().splitlines()}
        labels = [f"p{(int(row['id']) - 1) // 2}" if row["id"] in pairs else row["id"] for row in rows]
    else:
        labels = [row[label] for row in rows]
    return [{key: value for key, value in row.items() if key not in (label, *others)} for row in rows], labels


# -- made up


def _mistyped(rng: random.Random, word: str) -> str:
    if len(word) < 3:
        return word
    place = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    letter = rng.choice("0123456789" if word[place].isdigit() else "abcdefghijklmnopqrstuvwxyz")
    return word[:place] + letter + word[place + (kind == 2) :]


def _words(rng: random.Random, count: int) -> list[str]:
    parts = [
        "ba",
        "be",
        "bo",
        "da",
        "do",
        "fa",
        "ga",
        "ha",
        "ka",
        "la",
        "le",
        "li",
        "lo",
        "ma",
        "me",
        "mi",
        "mo",
        "na",
        "ne",
        "no",
        "pa",
        "ra",
        "re",
        "ri",
        "ro",
        "sa",
        "se",
        "so",
        "ta",
        "te",
        "ti",
        "to",
        "va",
        "ve",
        "wi",
    ]
    ends = ["n", "r", "s", "l", "k", "m", "t", "ck", "rt", "ld", "ng", "st"]
    made = ("".join(rng.choices(parts, k=rng.randint(1, 3))) + rng.choice(ends) for _ in range(3 * count))
    return list(dict.fromkeys(made))[:count]


def generated(kind: str, seed: int) -> tuple[Rows, list[str]]:
    """Return a list of customers in households, or of branches of companies, with German or English headings, of a seed."""
    rng = random.Random(seed)
    rows, labels = [], []
    given, family, towns, streets = (sorted(_words(rng, n)) for n in (300, 1500, 200, 500))
    frequent = [1 / (rank + 5) for rank in range(1500)]
    for home in range(3_000):
        name, town = rng.choices(family, frequent)[0], rng.choice(towns)
        code, line = f"{rng.randint(10_000, 99_999)}", f"{rng.choice(streets)}weg {rng.randint(1, 150)}"
        phone = f"0{rng.randint(30, 999)} {rng.randint(100_000, 9_999_999)}"
        members = rng.choices((1, 2, 3, 4), (4, 4, 2, 1))[0]
        for member in range(members if kind == "customers" else 1):
            born = f"{rng.randint(1, 28):02}.{rng.randint(1, 12):02}.{rng.randint(1930, 2005)}"
            if kind == "customers":
                first = rng.choices(given, frequent[:300])[0]
                record = {"Vorname": first, "Name": name, "geb.": born, "Anschrift": line, "PLZ": code, "Wohnort": town}
                record |= {
                    "Festnetz": phone,
                    "Kontakt": f"{first}.{name}{rng.randint(1, 99)}@mail.example",
                    "Status": "aktiv",
                }
                record["Kundentyp"] = rng.choice(("A", "B"))
            else:
                what = rng.choice(("Garage", "School", "Hotel", "Pharmacy", "Bakery Ltd", "Services GmbH", "Partners"))
                record = {
                    "branch": f"{name} {rng.choice(streets)} {what}".title(),
                    "where": f"{rng.randint(1, 99)} {line.split()[0]} street",
                }
                record |= {"zip code": code, "tel": phone, "town": town, "since": f"{rng.randint(1990, 2024)}"}
            for _ in range(rng.choices((1, 2, 3, 4), (6, 5, 2, 1))[0]):
                shown = {
                    key: "" if rng.random() < 0.1 else _mistyped(rng, value) if rng.random() < 0.12 else value
                    for key, value in record.items()
                }
                rows.append(shown)
                labels.append(f"{home}-{member}")
    order = list(range(len(rows)))
    rng.shuffle(order)
    return [rows[place] for place in order], [labels[place] for place in order]


# -- the sides


def run_omnitrack(rows: Rows) -> Callable[[], list[Any]]:
    from omnitrack.matching import match

    match([{"name": "Jane Zaleski"}, {"name": "John Smith"}])  # imports, tables of names
    return lambda: list(match(rows).labels[0])


def run_goldenmatch(rows: Rows) -> Callable[[], list[Any]]:
    import goldenmatch
    import polars

    frame = polars.DataFrame(rows)

    def run() -> list[Any]:
        labels: list[Any] = [f"alone {place}" for place in range(len(rows))]
        for number, cluster in goldenmatch.dedupe_df(frame).clusters.items():
            for place in cluster["members"]:
                labels[place] = number
        return labels

    return run


def run_splink(rows: Rows) -> Callable[[], list[Any]]:
    import duckdb
    import pyarrow
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    kept = [{"unique_id": n, **{key: value or None for key, value in row.items()}} for n, row in enumerate(rows)]
    frame = pyarrow.Table.from_pylist(kept)
    blocks = [
        ("first_name", "surname"), ("surname", "dob"), ("first_name", "dob"), ("postcode_fake", "first_name"),
        ("postcode_fake", "surname"), ("dob", "birth_place"), ("substr(postcode_fake,1,3)", "dob"),
        ("substr(postcode_fake,1,3)", "first_name"), ("substr(postcode_fake,1,3)", "surname"),
        ("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
    ]  # fmt: skip

    def run() -> list[Any]:
        settings = SettingsCreator(
            link_type="dedupe_only",
            blocking_rules_to_generate_predictions=[block_on(*columns) for columns in blocks],
            comparisons=[
                cl.ForenameSurnameComparison("first_name", "surname"),
                cl.DateOfBirthComparison("dob", input_is_string=True),
                cl.PostcodeComparison("postcode_fake"),
                cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
                cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
            ],
        )
        linker = Linker(DuckDBAPI(connection=duckdb.connect()).register(frame), settings)
        linker.training.estimate_probability_two_random_records_match(
            [
                "l.first_name = r.first_name and l.surname = r.surname and l.dob = r.dob",
                (
                    "substr(l.first_name,1,2) = substr(r.first_name,1,2) and l.surname = r.surname "
                    "and substr(l.postcode_fake,1,2) = substr(r.postcode_fake,1,2)"
                ),
                "l.dob = r.dob and l.postcode_fake = r.postcode_fake",
            ],
            recall=0.6,
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=5e6)
        for rule in (block_on("first_name", "surname"), block_on("dob")):
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True
            )
        pairs = linker.inference.predict(threshold_match_probability=0.2)
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.95)
        of = dict(found.as_duckdbpyrelation().select("unique_id, cluster_id").fetchall())
        return [str(of[place]) for place in range(len(rows))]

    return run


SIDES = {"omnitrack": run_omnitrack, "splink": run_splink, "goldenmatch": run_goldenmatch}


def main(side: str, name: str, data: Path) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    found = read(name, data)
    if found is None:
        sys.exit(f"{name}: no such list under {data}")
    run = SIDES[side](found[0])
    started, cpu = time.perf_counter(), time.process_time()
    labels = run()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"labels": labels, "seconds": seconds, "cpu_seconds": cpu, "megabytes": most}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
