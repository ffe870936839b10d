"""Where the tests of a module of the core are: in a file of its name, or where a table here says."""

from __future__ import annotations

from pathlib import Path

import pytest

import omnitrack

TESTS = Path(__file__).parent
PACKAGE = Path(omnitrack.__file__).parent
ROOMS = ("identity", "reading", "recording", "statements", "suggesting", "upkeep", "storage")

#: Modules without a test file of their name: they are one step of what the tests named here look at as a whole.
ELSEWHERE = {
    # one algorithm in several files, compared with the partition
    "identity/bulk_numpy": "identity/test_bulk",
    "identity/hazards": "identity/test_bulk",
    "identity/integer_graph": "identity/test_bulk",
    # what explanations, statements and previews say, looked at through a tracker
    "identity/explain": "statements/test_explain",
    "identity/mention": "statements/test_statements",
    "identity/preview": "statements/test_statements",
    "identity/statement": "statements/test_statements",
    # numbers that nobody saw for long, looked at through a tracker
    "recording/silences": "statements/test_silence",
    "statements/seen": "statements/test_silence_stories",
    "upkeep/silences": "statements/test_silence",
    "reading/customers": "reading/test_past",
    "reading/everything": "test_greenlets",
    "reading/exchange": "interchange/test_formats",
    "reading/interactions": "recording/test_revise",
    "reading/profiles": "suggesting/test_index",
    "reading/query": "reading/test_cursor",
    "reading/resolve": "statements/test_statements",
    "reading/timeline": "tracker/test_timeline",
    "recording/loading": "recording/test_repeats",
    "recording/prepare": "recording/test_times",
    "recording/proof_sightings": "statements/test_proofs",
    "recording/record": "recording/test_repeats",
    "recording/tenure_changes": "statements/test_platform_ids",
    # steps of a statement
    "statements/attribution": "statements/test_statements",
    "statements/effects": "statements/test_statements",
    "statements/identity_log": "statements/test_explain",
    "statements/link_listing": "statements/test_conflicts",
    "statements/neighbourhood": "identity/test_properties",
    "statements/reasons": "upkeep/test_erase",
    "statements/refile": "upkeep/test_rebuild",
    "statements/requests": "statements/test_statements",
    "statements/say": "statements/test_statements",
    "statements/settling": "statements/test_proofs",
    "statements/tenure": "statements/test_statements",
    # suggestions with and without the index
    "suggesting/likeness": "suggesting/test_index",
    "suggesting/matches": "suggesting/test_index",
    "suggesting/suggesting_links": "suggesting/test_suggest",
    # steps of an erasure, and of a rebuild
    "upkeep/configuring": "upkeep/test_rebuild",
    "upkeep/dependents": "upkeep/test_erase",
    "upkeep/erasure_scope": "upkeep/test_erase",
    "upkeep/handles": "statements/test_proofs",
    "upkeep/index_building": "suggesting/test_index",
    "upkeep/opening": "upkeep/test_rebuild",
    "upkeep/removal": "upkeep/test_erase",
    "upkeep/restate": "upkeep/test_renormalise",
    "upkeep/statement_migration": "statements/test_statement_index",
    "upkeep/takeover": "upkeep/test_rebuild",
    # what every adapter promises, and what stands below them
    "storage/contract": "storage/test_conformance_memory",
    "storage/tables": "storage/test_memory",
    "storage/urls": "storage/test_secrets",
    "storage/watchdog": "test_deadlines",
    "records": "statements/test_statement_index",
}

MODULES = ["records", *(f"{room}/{path.stem}" for room in ROOMS for path in sorted((PACKAGE / room).glob("[!_]*.py")))]


def of_its_name(module: str) -> Path:
    room, _, name = module.rpartition("/")
    return TESTS / room / f"test_{name}.py"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_tests_where_a_reader_looks_for_them(module: str) -> None:
    if module not in ELSEWHERE:
        assert of_its_name(module).exists(), (
            f"no {of_its_name(module).name}: write it, or say in ELSEWHERE where its tests are"
        )
        return
    assert not of_its_name(module).exists(), f"{module} has a test file of its name: take it from ELSEWHERE"
    assert (TESTS / f"{ELSEWHERE[module]}.py").exists()


def test_nothing_is_said_of_modules_that_are_gone() -> None:
    assert sorted(set(ELSEWHERE) - set(MODULES)) == []
