"""Splink on the labelled sets, set up as its own documentation does it; run by bench/matching.py in an environment of its own.

The settings, training steps and thresholds are those of Splink's published examples for DuckDB: "Deduplicating the
febrl3 dataset" for Febrl 1 to 3, "Linking the febrl4 datasets" (the detailed model) for Febrl 4, and "Evaluation when
you have fully labelled data" for fake_1000. Prints one JSON document: for every set the pairs it scored well enough to
matter, as (left, right, probability, weight), its own threshold, and the seconds it took, by the clock and of all processors.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import duckdb
import splink
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

PREPARE = """
    select * replace (
        trim(cast(date_of_birth as varchar)) as date_of_birth,
        trim(cast(soc_sec_id as varchar)) as soc_sec_id,
        trim(cast(postcode as varchar)) as postcode)
    from data
"""


def read_febrl(con: duckdb.DuckDBPyConnection, path: Path) -> Any:
    data = con.read_csv(str(path))
    data = data.select(", ".join(f"nullif(trim(\"{c}\"::varchar), '') as {c.strip()}" for c in data.columns))
    return con.sql(PREPARE).to_arrow_table()


def febrl_dedupe(path: Path) -> tuple[Linker, float, str]:
    con = duckdb.connect()
    frame = read_febrl(con, path)
    settings = SettingsCreator(
        unique_id_column_name="rec_id",
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on("soc_sec_id"),
            block_on("given_name"),
            block_on("surname"),
            block_on("date_of_birth"),
            block_on("postcode"),
        ],
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
    )
    api = DuckDBAPI(connection=con)
    linker = Linker(api.register(frame), settings)
    linker.training.estimate_probability_two_random_records_match(
        [
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        recall=0.9,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=2)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("postcode"))
    return linker, 0.2, "rec_id"


def febrl_link(left: Path, right: Path) -> tuple[Linker, float, str]:
    con = duckdb.connect()
    frames = [read_febrl(con, left), read_febrl(con, right)]
    settings = SettingsCreator(
        unique_id_column_name="rec_id",
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("state", "address_1"),
            block_on("street_number", "address_1"),
            block_on("postcode"),
        ],
        comparisons=[
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison(
                "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
            ),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
    )
    api = DuckDBAPI(connection=con)
    linker = Linker([api.register(frame) for frame in frames], settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")], recall=0.8
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for column in ("date_of_birth", "postcode"):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(column), estimate_without_term_frequencies=True
        )
    return linker, 0.99, "rec_id"


def fake_1000(path: Path) -> tuple[Linker, float, str]:
    con = duckdb.connect()
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on("first_name"),
            block_on("surname"),
            block_on("dob"),
            block_on("email"),
        ],
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=False),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
    )
    api = DuckDBAPI(connection=con)
    linker = Linker(api.register(con.read_csv(str(path)).to_arrow_table()), settings)
    linker.training.estimate_probability_two_random_records_match(
        [
            "l.first_name = r.first_name and levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1",
            "l.surname = r.surname and levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1",
            "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
            "l.email = r.email",
        ],
        recall=0.7,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=5)
    for rule in (block_on("dob"), block_on("email"), block_on("first_name", "surname")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
    return linker, 0.5, "unique_id"


def main(data: Path) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    febrl = data / "febrl"
    sets = {
        "febrl1": lambda: febrl_dedupe(febrl / "dataset1.csv"),
        "febrl2": lambda: febrl_dedupe(febrl / "dataset2.csv"),
        "febrl3": lambda: febrl_dedupe(febrl / "dataset3.csv"),
        "febrl4": lambda: febrl_link(febrl / "dataset4a.csv", febrl / "dataset4b.csv"),
        "fake_1000": lambda: fake_1000(data / "splink_fake1000" / "fake_1000.csv"),
    }
    out: dict[str, Any] = {"version": splink.__version__, "sets": {}}
    for name, build in sets.items():
        started, cpu = time.perf_counter(), time.process_time()
        linker, threshold, key = build()
        # Everything above -10 bits, so that every threshold can be tried; the published examples cut later.
        predictions = linker.inference.predict(threshold_match_weight=-10)
        rows = predictions.as_duckdbpyrelation().select(f"{key}_l, {key}_r, match_probability, match_weight").fetchall()
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        out["sets"][name] = {
            "threshold": threshold,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "pairs": [[str(a), str(b), p, w] for a, b, p, w in rows],
        }
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
