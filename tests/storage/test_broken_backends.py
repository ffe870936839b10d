"""The kit fails every broken backend: for the rules that it breaks, and for no other of its subject."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from omnitrack.testing import BackendConformance

HERE = Path(__file__).parent

BREAKS: dict[str, set[str]] = {
    "BlindPut": {
        "a_conflict_leaves_nothing_of_its_transaction",
        "a_put_that_expects_a_record_where_there_is_none_is_a_conflict",
        "a_put_that_expects_another_version_is_a_conflict",
    },
    "Absentees": {
        "a_history_found_alone_is_found_in_any_transaction",
        "the_history_of_a_customer_is_filtered_as_entries_are",
        "the_history_of_a_customer_is_that_of_all_its_identifiers",
        "the_history_of_a_customer_without_one_is_its_identifiers",
    },
    "Bluffer": {
        "an_error_of_the_driver_is_a_backend_error_with_its_cause",
        "an_error_of_the_driver_is_the_same_through_arun",
        "setup_of_a_store_that_cannot_be_reached_is_a_backend_error",
    },
    "ByPrefix": {
        "a_namespace_that_another_begins_with_is_another_store",
    },
    "CaseBlind": {
        "a_prefix_finds_the_keys_that_start_with_it",
        "keys_are_compared_by_their_characters",
        "pages_of_records_go_on_after_a_key",
        "records_are_ordered_by_the_bytes_of_their_keys",
        "several_prefixes_find_what_each_finds_alone",
    },
    "EmptyMeansAll": {
        "an_empty_selection_of_identifiers_finds_nothing",
        "locking_nothing_returns_nothing",
    },
    "EmptyIsNone": {
        "an_empty_namespace_is_refused_and_is_not_none",
    },
    "EntriesAnyway": {
        "entries_of_an_interaction_left_out_are_not_stored",
        "entries_of_an_interaction_of_an_earlier_call_are_not_added",
        "of_one_source_id_twice_in_one_call_the_first_is_stored",
    },
    "FirstEntries": {
        "of_several_entries_added_with_one_key_the_last_is_there",
    },
    "FirstPageOnly": {
        "the_history_of_a_customer_is_filtered_as_entries_are",
    },
    "FirstPrint": {
        "a_history_is_its_entries_and_their_interactions",
    },
    "HalfDone": {
        "a_repeated_function_finds_nothing_of_its_earlier_tries",
        "an_error_rolls_back_what_this_method_wrote",
        "repeats_are_bounded_and_end_in_a_conflict_error_with_its_cause",
    },
    "Heirloom": {
        "forked_children_and_their_parent_read_and_write_at_once_and_lose_nothing",
    },
    "InclusivePages": {
        "a_page_begins_strictly_beyond_the_position",
        "every_entry_of_the_interaction_at_the_position_is_left_behind",
        "pages_go_on_inside_a_window_and_a_filter",
        "pages_of_an_earlier_time_are_the_whole_of_that_time",
        "pages_put_together_are_the_whole",
        "rows_that_arrive_between_pages_repeat_and_hide_nothing",
    },
    "LastSource": {
        "of_one_interaction_twice_in_one_call_the_first_owns_its_source_id",
    },
    "Leftovers": {
        "an_identifier_goes_with_its_entries_links_and_changes",
        "deleting_all_leaves_nothing",
        "links_and_entries_go_with_an_identifier_whose_row_is_gone",
    },
    "LimitFirst": {
        "the_limit_counts_what_the_filters_let_through",
    },
    "Loners": {
        "a_customer_found_alone_is_found_in_any_transaction",
        "a_customer_is_found_by_any_of_its_identifiers",
        "a_history_found_alone_is_found_in_any_transaction",
        "the_history_of_a_customer_is_filtered_as_entries_are",
        "the_history_of_a_customer_is_that_of_all_its_identifiers",
        "the_history_of_a_customer_without_one_is_its_identifiers",
    },
    "Milliseconds": {
        "all_interactions_are_ordered_by_time_then_id",
        "an_interaction_with_every_field_comes_back_as_it_was_stored",
        "pages_of_all_interactions_go_on_after_a_position",
        "times_come_back_to_the_microsecond_and_order_before_and_after_1970",
    },
    "NewestWins": {
        "a_home_is_never_taken_twice",
        "adding_leaves_an_identifier_that_is_there_as_it_is",
    },
    "NoHistory": {
        "as_of_shows_an_interaction_under_the_identifier_of_that_time",
        "as_of_shows_what_was_removed_only_later",
        "pages_of_an_earlier_time_are_the_whole_of_that_time",
    },
    "NoRetry": {
        "a_conflict_of_compare_and_set_is_solved_by_reading_again",
        "a_conflict_of_the_function_has_it_repeated",
        "a_repeated_function_finds_nothing_of_its_earlier_tries",
        "repeats_are_bounded_and_end_in_a_conflict_error_with_its_cause",
    },
    "OneEnd": {
        "a_link_is_found_by_either_end",
        "links_between_ids_of_any_bytes_come_back",
    },
    "OneCase": {
        "a_namespace_that_not_every_engine_keeps_apart_is_refused",
    },
    "OneLimit": {
        "several_prefixes_find_what_each_finds_alone",
    },
    "OneNamespace": {
        "a_namespace_that_another_begins_with_is_another_store",
        "a_namespace_that_not_every_engine_keeps_apart_is_refused",
        "an_empty_namespace_is_refused_and_is_not_none",
        "namespaces_of_one_store_see_nothing_of_each_other",
    },
    "OldEntries": {
        "an_entry_stored_takes_the_place_of_the_one_with_its_key",
        "of_several_entries_with_one_key_in_one_call_the_last_is_stored",
        "one_interaction_with_many_entries_takes_the_places_of_those_with_their_keys",
    },
    "PatchworkLinks": {
        "an_earlier_link_takes_the_place_of_a_later_one_whole",
        "of_links_seen_at_one_time_the_smaller_evidence_stays",
        "of_one_key_several_times_in_one_call_the_earliest_stays",
    },
    "Silent": {
        "an_error_of_the_driver_is_a_backend_error_with_its_cause",
        "an_error_of_the_driver_is_the_same_through_arun",
        "capabilities_are_declared",
        "no_capability_is_declared_that_the_contract_does_not_name",
        "setup_of_a_store_that_cannot_be_reached_is_a_backend_error",
        "two_backends_on_one_store_lose_no_count",
        "what_was_committed_is_there_after_closing_and_opening_again",
    },
    "TiesAtWill": {
        "a_page_begins_strictly_beyond_the_position",
        "entries_listed_by_interaction_have_the_same_order",
        "every_entry_of_the_interaction_at_the_position_is_left_behind",
        "pages_put_together_are_the_whole",
        "ties_in_time_are_ordered_by_every_part_of_the_key",
    },
    "Wrapper": {
        "after_an_error_the_backend_works_on",
        "an_error_of_the_function_is_not_tried_again",
        "an_error_of_the_function_leaves_as_it_is",
        "an_error_rolls_back_what_this_method_wrote",
        "repeats_are_bounded_and_end_in_a_conflict_error_with_its_cause",
    },
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Run the kit on all of them in a process of its own, and return the rules that failed by backend."""
    report = tmp_path_factory.mktemp("kit") / "report.xml"
    # Sync is enough to see the kit at work, and rules about thousands of rows say nothing more here.
    command = [sys.executable, "-m", "pytest", str(HERE / "broken.py"), "-q", "-p", "no:cacheprovider", "--tb=no"]
    command += ["-k", "not async and not thousands", f"--junitxml={report}"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=HERE.parents[1], env=environment)
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout[-2000:] + ran.stderr[-2000:]
    failed: dict[str, set[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kind = case.get("classname", "").rsplit("Test", 1)[-1]
        rules = failed.setdefault(kind, set())
        if case.find("failure") is not None or case.find("error") is not None:
            rules.add(case.get("name", "").split("[")[0].removeprefix("test_"))
    return failed


@pytest.mark.parametrize("kind", BREAKS)
def test_the_kit_fails_a_broken_backend_for_the_rules_that_it_breaks(failed: dict[str, set[str]], kind: str) -> None:
    assert failed[kind] == BREAKS[kind]


@pytest.mark.parametrize(
    "rule",
    [
        "a_lock_keeps_another_lock_out_even_where_the_row_is_not_written",
        "a_lock_returns_the_row_as_it_is_once_the_lock_is_held",
        "nothing_guarded_commits_after_an_exclusive_guard_that_it_did_not_see",
        "nothing_guarded_commits_unseen_beside_an_exclusive_guard",
        "of_two_that_put_the_same_version_one_is_repeated",
    ],
)
def test_the_kit_fails_a_backend_whose_last_writer_wins(failed: dict[str, set[str]], rule: str) -> None:
    # Rules about many writers at once fail there too, when they meet.
    assert rule in failed["Optimist"]


def test_the_kit_fails_an_author_who_gave_no_fixture_for_every_rule(failed: dict[str, set[str]]) -> None:
    assert len(failed["EmptyHanded"]) > 15


def test_every_broken_backend_is_judged(failed: dict[str, set[str]]) -> None:
    assert failed.keys() == {*BREAKS, "Optimist", "EmptyHanded"}


def test_no_rule_of_the_kit_is_skipped_by_what_another_rule_needs() -> None:
    # The rules of all classes are one class's in the end, where a fixture that is used by itself is used by every rule.
    used_by_all = {
        name
        for kind in BackendConformance.__mro__
        for name, value in vars(kind).items()
        if getattr(getattr(value, "_fixture_function_marker", None), "autouse", False)
    }
    assert used_by_all == {"_pauses"}
