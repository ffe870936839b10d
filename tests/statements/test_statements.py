"""Statements: about whom they are when an identifier has had several holders, what they bring to life, what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from clock import now
from contacts import at, seen
from omnitrack import (
    CustomerNotFoundError,
    InvalidIdentifierError,
    Statement,
    StatementNotFoundError,
    Tracker,
    claimed,
    verified,
)
from omnitrack.errors import InteractionNotFoundError
from omnitrack.foundation.ids import from_text
from omnitrack.identity.statement import StatementRecord
from omnitrack.reading.resolve import customer_text, get_row, meant
from omnitrack.records import ABOUT, STATEMENT
from omnitrack.statements.statement_index import links_of
from omnitrack.storage.contract import RecordRow, Transaction
from omnitrack.upkeep.erase import RetentionRule

pytestmark = pytest.mark.usefixtures("clock")

NUMBER, JANE, JOE, ONE = "phone:+442079460958", "email:jane@example.com", "email:joe@example.com", "account:1@bt"


def bodies(tracker: Tracker, who: str) -> list[str | None]:
    return [item.body for item in tracker.timeline(who, order="oldest")]


def one(tracker: Tracker, a: str, b: str) -> bool:
    return tracker.customer(a).id == tracker.customer(b).id


# -- several holders -------------------------------------------------------------------------------------------------------


def test_history_stays_with_the_old_holder_and_goes_on_with_the_new_one(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, body="old")
    old = tracker.customer(NUMBER).id
    seen(tracker, 9, NUMBER, body="new, recorded before anybody knew")
    tracker.reassign(NUMBER, at=at(5), by="agent")
    seen(tracker, 1, NUMBER, body="old, recorded late")
    assert bodies(tracker, old) == ["old", "old, recorded late"]
    assert bodies(tracker, NUMBER) == ["new, recorded before anybody knew"]
    assert tracker.verify()


def test_a_statement_on_a_customer_by_id_stays_with_that_holder(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    tracker.link(old, JANE)
    seen(tracker, 1, JOE)
    tracker.mark_shared(tracker.customer(JOE).id)
    tracker.reassign(NUMBER, at=at(5))
    tracker.reassign(JOE, at=at(5))
    assert one(tracker, old, JANE)
    assert not one(tracker, NUMBER, JANE)
    assert not tracker.customer(JOE).shared
    assert tracker.verify()


def test_a_note_on_a_customer_by_id_stays_with_them_when_their_number_goes_to_another(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    tracker.note(old, "about the old holder")
    said = tracker.reassign(NUMBER, at=at(5))
    tracker.note(old, "about the old holder, said later")
    tracker.note(NUMBER, "about the new one")
    wanted = ["", "about the old holder", "about the old holder, said later"]
    assert [body or "" for body in bodies(tracker, old)] == wanted
    assert bodies(tracker, NUMBER) == ["about the new one"]
    assert tracker.verify()
    tracker.retract(said)
    assert [body or "" for body in bodies(tracker, NUMBER)] == [*wanted, "about the new one"]
    assert tracker.verify()


def test_a_note_beside_an_interaction_is_with_whoever_that_was(tracker: Tracker) -> None:
    call = seen(tracker, 0, NUMBER, body="call")
    old = tracker.customer(NUMBER).id
    tracker.note(call, "beside it")
    tracker.reassign(NUMBER, at=at(5))
    tracker.note(call, "beside it, later")
    assert bodies(tracker, old) == ["call", "beside it", "beside it, later"]
    assert bodies(tracker, NUMBER) == []
    assert tracker.verify()


def test_an_attribution_to_a_customer_by_id_stays_with_them(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    tracker.reassign(NUMBER, at=at(5))
    call = seen(tracker, 9, JOE, body="was the old holder")
    said = tracker.attribute(call, old)
    again = tracker.reassign(NUMBER, at=at(7))
    assert "was the old holder" in bodies(tracker, old)
    tracker.retract(again)
    assert "was the old holder" in bodies(tracker, old)
    assert tracker.verify()
    tracker.retract(said)
    assert bodies(tracker, JOE) == ["was the old holder"]
    assert tracker.verify()


def test_an_interaction_that_was_attributed_to_a_holder_who_never_was_is_with_whoever_has_the_number(
    tracker: Tracker,
) -> None:
    seen(tracker, 0, NUMBER)
    wrong = tracker.reassign(NUMBER, at=at(5))
    call = seen(tracker, 9, JOE, body="call")
    tracker.attribute(call, tracker.customer(NUMBER).id)
    tracker.retract(wrong)
    assert bodies(tracker, NUMBER) == [None, "call"]
    assert tracker.verify()


def test_of_two_attributions_the_last_that_holds_counts(tracker: Tracker) -> None:
    call = seen(tracker, 0, NUMBER, body="call")
    first = tracker.attribute(call, JANE)
    second = tracker.attribute(call, JOE)
    tracker.retract(first)
    assert bodies(tracker, JOE) == ["call"]
    third = tracker.attribute(call, JANE)
    tracker.retract(third)
    assert bodies(tracker, JOE) == ["call"]
    tracker.retract(second)
    assert bodies(tracker, NUMBER) == ["call"]
    assert bodies(tracker, JANE) == bodies(tracker, JOE) == []
    assert tracker.verify()


def test_an_attribution_takes_the_evidence_of_the_interaction_with_it(tracker: Tracker) -> None:
    call = seen(tracker, 0, NUMBER, JANE)
    said = tracker.attribute(call, JOE)
    assert not one(tracker, NUMBER, JANE)
    tracker.retract(said)
    assert one(tracker, NUMBER, JANE)
    assert tracker.verify()


def test_what_an_interaction_says_of_a_person_goes_with_its_attribution(tracker: Tracker) -> None:
    recorded = tracker.record(channel="chat", occurred_at=at(0), customer=[NUMBER, JANE], traits={"name": "Joe Smith"})
    said = tracker.attribute(recorded.interaction or "", JOE)
    assert tracker.customer(JOE).traits == {"name": ("Joe Smith",)}
    assert tracker.customer(JANE).traits == {}
    tracker.retract(said)
    assert tracker.customer(JANE).traits == {"name": ("Joe Smith",)}
    assert tracker.customer(JOE).traits == {}


def test_what_nobody_could_be_found_for_is_listed_until_it_is_attributed(tracker: Tracker) -> None:
    recorded = tracker.record(channel="phone", occurred_at=at(0), customer=[], body="withheld")
    assert [item.body for item in tracker.unattributed()] == ["withheld"]
    said = tracker.attribute(recorded.interaction or "", JANE, by="agent")
    assert tracker.unattributed().items == ()
    assert bodies(tracker, JANE) == ["withheld"]
    tracker.retract(said)
    assert [item.body for item in tracker.unattributed()] == ["withheld"]


# -- what is said by customer id ------------------------------------------------------------------------------------------


def holder_id(tracker: Tracker, who: str) -> str:
    """The id that was handed out for whoever has an identifier now."""
    ctx = tracker._ctx
    row = tracker._backend.run(lambda tx: get_row(tx, ctx, meant(ctx, who)), write=False)
    return customer_text(row.home)


@pytest.mark.parametrize("by_id", [True, False], ids=["by customer id", "by identifier"])
def test_a_denial_holds_when_the_reassignment_is_taken_back_after_which_it_was_said(
    tracker: Tracker, by_id: bool
) -> None:
    seen(tracker, 10, NUMBER, body="the call of whoever has the number")
    seen(tracker, 1, verified(ONE), body="of the account")
    said = tracker.reassign(NUMBER, at=at(5))
    tracker.deny(tracker.customer(NUMBER).id if by_id else NUMBER, ONE, at=at(11))
    seen(tracker, 12, NUMBER, verified(ONE))
    assert not one(tracker, NUMBER, ONE)
    tracker.retract(said)
    assert not one(tracker, NUMBER, ONE)
    assert len(tracker.statements(NUMBER)) == 1
    tracker.reassign(NUMBER, at=at(5))
    assert not one(tracker, NUMBER, ONE)
    assert tracker.verify()


def test_every_kind_of_statement_by_customer_id_is_about_whoever_takes_the_place_of_a_holder_who_never_was(
    tracker: Tracker,
) -> None:
    said = tracker.reassign(NUMBER, at=at(5))
    new = holder_id(tracker, NUMBER)
    tracker.link(new, JANE, at=at(9))
    tracker.deny(new, JOE, at=at(9))
    tracker.mark_personal(new, of=JANE, at=at(9))
    tracker.mark_shared(JOE, at=at(9))
    assert one(tracker, NUMBER, JANE)
    tracker.retract(said)
    assert one(tracker, NUMBER, JANE)
    assert {s.kind for s in tracker.statements(NUMBER)} == {"same", "different", "personal"}
    again = tracker.reassign(NUMBER, at=at(4))
    assert one(tracker, NUMBER, JANE), "the date was corrected: it is the same person who has the number"
    assert tracker.verify()
    tracker.retract(again)
    tracker.reassign(NUMBER, at=at(5))
    assert one(tracker, NUMBER, JANE)
    assert tracker.verify()


@pytest.mark.parametrize("how", ["note", "attribute"])
def test_what_was_filed_under_a_holder_goes_with_the_corrected_date_and_the_store_verifies(
    tracker: Tracker, how: str
) -> None:
    seen(tracker, 1, NUMBER, body="the old holder's call")
    unknown = tracker.record(channel="web", occurred_at=at(20), body="filed").interaction
    assert unknown is not None
    wrong = tracker.reassign(NUMBER, at=at(3))
    new = tracker.customer(NUMBER).id
    if how == "note":
        tracker.note(new, "filed")
    else:
        tracker.attribute(unknown, new)
    tracker.retract(wrong)
    assert bodies(tracker, NUMBER) == ["the old holder's call", "filed"]
    tracker.reassign(NUMBER, at=at(4))
    assert bodies(tracker, NUMBER) == ["filed"]
    assert tracker.verify()
    tracker.rebuild()
    assert bodies(tracker, NUMBER) == ["filed"]
    assert tracker.verify()


@pytest.mark.parametrize(
    ("listed", "nobodys", "message"),
    [
        ({"own": [JANE]}, JANE, "the company's own"),
        ({"placeholders": [ONE]}, ONE, "a placeholder"),
    ],
    ids=["own", "placeholder"],
)
@pytest.mark.parametrize("stored", [False, True], ids=["never named before", "named before"])
def test_an_interaction_is_attributed_to_nobody_who_is_no_customer(
    tmp_path: Path, listed: dict[str, Any], nobodys: str, message: str, stored: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    named = [nobodys]
    with omnitrack.open(url, region="GB") as tracker:
        call = seen(tracker, 0, NUMBER)
        assert call is not None
        if stored:
            tracker.deny(JOE, nobodys)
            named.append(tracker.customer(nobodys).id)
    with omnitrack.open(url, region="GB", rebuild=True, **listed) as tracker:
        tracker.rebuild()
        for who in named:
            with pytest.raises(InvalidIdentifierError, match=message):
                tracker.attribute(call, who)
        assert bodies(tracker, NUMBER) == [None]
        assert not tracker.statements(NUMBER)
        assert tracker.verify()


def test_the_id_of_a_holder_who_never_was_is_of_whoever_has_the_place_and_never_of_who_came_afterwards(
    tracker: Tracker,
) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    wrong = tracker.reassign(NUMBER, at=at(3))
    new = holder_id(tracker, NUMBER)
    tracker.retract(wrong)
    assert tracker.customer(new).id == old
    tracker.reassign(NUMBER, at=now() + timedelta(days=1))
    assert tracker.customer(new).id == old, "the number went to somebody else after it was known to be no other's"
    right = tracker.reassign(NUMBER, at=at(4))
    assert tracker.customer(new).id == tracker.customer(NUMBER).id != old
    tracker.retract(right)
    assert tracker.customer(new).id == old


def test_the_id_of_a_holder_between_two_who_never_was_is_of_the_first(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    wrong = tracker.reassign(NUMBER, at=at(3))
    middle = holder_id(tracker, NUMBER)
    tracker.reassign(NUMBER, at=at(9))
    tracker.retract(wrong)
    assert tracker.customer(middle).id == old


def test_what_was_said_of_one_holder_of_several_goes_to_whoever_has_their_time_and_not_to_the_next(
    tracker: Tracker,
) -> None:
    seen(tracker, 0, NUMBER)
    first = tracker.customer(NUMBER).id
    wrong = tracker.reassign(NUMBER, at=at(5))
    middle = holder_id(tracker, NUMBER)
    tracker.reassign(NUMBER, at=at(10))
    tracker.link(middle, JANE)
    tracker.note(middle, "of the one in the middle")
    assert not one(tracker, NUMBER, JANE)
    tracker.retract(wrong)
    assert one(tracker, first, JANE)
    assert not one(tracker, NUMBER, JANE)
    assert bodies(tracker, first)[-1] == "of the one in the middle"
    assert tracker.verify()


def test_a_statement_whose_two_are_one_holder_for_a_while_says_nothing_and_is_back_afterwards(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    first = holder_id(tracker, NUMBER)
    seen(tracker, 9, NUMBER)
    said = tracker.reassign(NUMBER, at=at(5))
    denial = tracker.deny(first, holder_id(tracker, NUMBER))
    tracker.retract(said)
    assert [s.id for s in tracker.statements(NUMBER)] == [denial.id]
    assert not tracker.conflicts(NUMBER).items
    assert tracker.verify()
    tracker.reassign(NUMBER, at=at(5))
    assert [s.id for s in tracker.statements(first) if s.kind == "different"] == [denial.id]
    assert tracker.verify()
    tracker.retract(denial)
    assert tracker.verify()


def test_retention_joins_nobody_even_when_a_reassignment_is_taken_back_after_it(tracker: Tracker) -> None:
    day = timedelta(days=1)
    two = "account:2@bt"
    said = tracker.reassign(NUMBER, at=now() - 395 * day)
    for age, customer in ((390, [NUMBER, verified(ONE)]), (310, [JANE, verified(two)]), (200, [NUMBER, JANE])):
        tracker.record(channel="chat", occurred_at=now() - age * day, customer=customer)  # type: ignore[arg-type]
    assert not one(tracker, NUMBER, JANE)
    assert tracker.apply_retention([RetentionRule(keep=350 * day)]).kept_apart == 1
    tracker.retract(said)
    assert not one(tracker, NUMBER, JANE)
    assert tracker.verify()


def test_verify_finds_a_statement_that_is_about_somebody_else_than_it_names_and_a_rebuild_brings_it_back(
    tracker: Tracker,
) -> None:
    seen(tracker, 9, NUMBER)
    tracker.reassign(NUMBER, at=at(5))
    said = tracker.link(NUMBER, JANE, at=at(9))
    assert said.id is not None
    key, id = said.id, from_text("st", said.id)
    assert id is not None
    first = tracker._ctx.base_id("phone:+442079460958")

    def misplace(tx: Transaction) -> None:
        (row,) = tx.find_records(STATEMENT, keys=[key])
        record = StatementRecord.load(row.value)
        tx.delete(links=links_of(record, id))
        record.a = first
        tx.add_links(links_of(record, id))
        tx.put_records([row._replace(value=record.dump())])
        tx.delete(records=[(ABOUT, f"{first.hex()}/{said.id}")])
        tx.put_records([RecordRow(ABOUT, f"{first.hex()}/st_{'0' * 32}", "", -1)])

    tracker._backend.run(misplace)
    told = str(tracker.verify())
    assert "is about others than it names" in told
    assert "the index of statements lacks one" in told
    tracker.rebuild()
    assert tracker.verify()
    assert one(tracker, NUMBER, JANE)


def test_verify_finds_a_statement_whose_link_is_gone_and_a_link_that_no_statement_is(tracker: Tracker) -> None:
    said = tracker.link(NUMBER, JANE)
    id = from_text("st", str(said.id))

    def exchange(tx: Transaction) -> None:
        (link,) = [x for x in tx.find_links() if x.ref == id]
        tx.delete(links=[link])
        tx.add_links([link._replace(basis="different")])

    tracker._backend.run(exchange)
    told = str(tracker.verify())
    assert "a statement (same)" in told
    assert "is not among the links" in told
    assert "a link (different)" in told


def test_a_link_of_customers_by_id_never_takes_two_holders_of_one_account(tracker: Tracker) -> None:
    tracker.reassign(ONE, at=at(10))
    seen(tracker, 1, NUMBER, ONE, body="old holder's call")
    seen(tracker, 2, JANE, ONE, body="old holder's mail")
    seen(tracker, 20, NUMBER, ONE, body="new holder's call")
    seen(tracker, 21, NUMBER, body="nobody knows whose")
    assert tracker.customer(NUMBER).shared
    tracker.link(tracker.customer(JANE).id, tracker.customer(ONE).id)
    assert one(tracker, JANE, ONE)
    assert tracker.customer(NUMBER).shared, "the two holders of the account do not count as one by it"
    assert "nobody knows whose" not in bodies(tracker, JANE)
    assert tracker.verify()


def test_a_denial_of_customers_by_id_holds_when_their_holders_of_one_account_turn_out_to_be_one(
    tracker: Tracker,
) -> None:
    said = tracker.reassign(ONE, at=at(10))
    seen(tracker, 2, JANE, ONE)
    seen(tracker, 20, ONE)
    tracker.deny(tracker.customer(JANE).id, tracker.customer(ONE).id)
    tracker.retract(said)
    assert not one(tracker, JANE, ONE)
    assert tracker.verify()


def test_a_link_of_two_holders_of_one_identifier_is_refused_and_says_what_would_do(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    tracker.reassign(NUMBER, at=at(5))
    seen(tracker, 9, NUMBER)
    for b in (tracker.customer(NUMBER).id, NUMBER):
        with pytest.raises(InvalidIdentifierError, match=r"two holders of one phone.*retract the reassignment"):
            tracker.link(old, b)
        with pytest.raises(InvalidIdentifierError, match=r"two holders"):
            tracker.mark_personal(old, of=b)
    assert not tracker.statements(old)[1:]


# -- shared and personal ----------------------------------------------------------------------------------------------------


def test_what_is_personal_stays_apart_from_whom_it_was_seen_with_and_says_so(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, JOE)
    tracker.mark_personal(NUMBER, of=JANE, by="agent", reason="her contract")
    assert one(tracker, NUMBER, JANE)
    assert not one(tracker, NUMBER, JOE)
    assert [c.kind for c in tracker.conflicts(NUMBER)] == ["personal"]
    told = str(tracker.explain(NUMBER, JOE))
    assert "one person's alone" in told
    assert "her contract" in str(tracker.explain(NUMBER, JANE))


def test_what_is_denied_is_no_candidate_of_a_shared_number(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, JANE)
    seen(tracker, 1, NUMBER, JOE)
    tracker.mark_shared(NUMBER)
    tracker.deny(NUMBER, JOE)
    assert [c.id for c in tracker.candidates(NUMBER)] == [tracker.customer(JANE).id]


def test_what_is_shown_by_verified_links_alone_is_not_led_through_what_is_personal_of_somebody_else(
    tracker: Tracker,
) -> None:
    seen(tracker, 1, NUMBER, verified(JANE), verified(ONE), body="of the account")
    tracker.link(NUMBER, ONE)
    tracker.mark_personal(ONE, of="account:2@bt")
    assert one(tracker, JANE, ONE)
    assert not list(tracker.timeline(JANE, trust="verified"))
    assert [item.body for item in tracker.timeline(ONE, trust="verified")] == ["of the account"]


def test_the_history_of_the_shared_is_not_led_through_what_may_not_identify(tracker: Tracker) -> None:
    role = "email:info@example.com"
    tracker.mark_shared(NUMBER)
    seen(tracker, 1, NUMBER, body="on the shared line")
    seen(tracker, 2, NUMBER, role)
    seen(tracker, 3, role, body="a stranger's mail to the role mailbox")
    assert [item.body for item in tracker.timeline(role, include_shared=True)] == [
        "a stranger's mail to the role mailbox"
    ]
    tracker.mark_shared(role)
    seen(tracker, 4, role, "x:ann")
    assert tracker.candidates(role) == []
    assert tracker.candidates(NUMBER) == []


def test_the_history_of_the_shared_is_not_led_through_evidence_that_a_personal_mark_shuts_out(tracker: Tracker) -> None:
    tracker.mark_shared(NUMBER)
    seen(tracker, 1, NUMBER, body="on the shared line")
    seen(tracker, 2, NUMBER, JOE)
    assert "on the shared line" in [item.body for item in tracker.timeline(JOE, include_shared=True)]
    tracker.mark_personal(JOE, of=JANE)
    assert "on the shared line" not in [item.body for item in tracker.timeline(JOE, include_shared=True)]


# -- claims -----------------------------------------------------------------------------------------------------------------


def test_where_all_is_claimed_the_entry_is_kept_apart_and_marked(tracker: Tracker) -> None:
    seen(tracker, 0, JANE, body="jane")
    seen(tracker, 1, claimed(JANE), claimed(NUMBER), body="somebody who says to be jane")
    assert bodies(tracker, JANE) == ["jane"]
    with_claims = list(tracker.timeline(JANE, include_claimed=True))
    assert [(item.body, item.claimed) for item in with_claims] == [
        ("somebody who says to be jane", True),
        ("jane", False),
    ]
    assert not one(tracker, JANE, NUMBER)


def test_an_identifier_given_twice_counts_with_the_surer_word(tracker: Tracker) -> None:
    seen(tracker, 0, claimed(JANE), NUMBER, JANE, body="call")
    assert one(tracker, JANE, NUMBER)


# -- what is refused --------------------------------------------------------------------------------------------------------


def test_a_statement_on_one_and_the_same_is_refused(tracker: Tracker) -> None:
    for say in (tracker.link, tracker.deny):
        with pytest.raises(InvalidIdentifierError):
            say(JANE, "Jane@example.com")


def test_what_may_not_identify_cannot_be_linked_and_stays_unborn(tracker: Tracker) -> None:
    with pytest.raises(InvalidIdentifierError, match=r"may not identify"):
        tracker.link(JANE, "email:info@example.com")
    with pytest.raises(CustomerNotFoundError):
        tracker.customer(JANE)


def test_what_is_not_there_is_refused_by_name(tracker: Tracker) -> None:
    with pytest.raises(StatementNotFoundError):
        tracker.retract("st_nothing")
    with pytest.raises(InteractionNotFoundError):
        tracker.attribute("int_nothing", JANE)
    with pytest.raises(CustomerNotFoundError):
        tracker.link("cus_" + "0" * 32, JANE)
    said = tracker.link(JANE, JOE)
    tracker.retract(said)
    with pytest.raises(StatementNotFoundError, match=r"retracted"):
        tracker.retract(said)


def test_of_an_account_asked_for_without_its_scope_it_is_said_that_it_may_have_one(tracker: Tracker) -> None:
    seen(tracker, 0, "account:NL-1@nl")
    with pytest.raises(CustomerNotFoundError, match=r"with a scope, it is asked for with it: account:\.\.\.@scope"):
        tracker.customer("account:NL-1")
    with pytest.raises(CustomerNotFoundError, match=r"nobody is known as phone:[^;]*$"):
        tracker.customer(NUMBER)


# -- previews ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        Statement.link(JANE, JOE),
        Statement.deny(NUMBER, JANE),
        Statement.mark_shared(NUMBER),
        Statement.mark_personal(NUMBER, of=JOE),
        Statement.reassign(NUMBER, at=at(1)),
        Statement.link("email:new@example.com", "x:new"),
    ],
    ids=lambda s: s.kind,
)
def test_a_preview_says_what_then_happens_and_writes_nothing(tracker: Tracker, statement: Statement) -> None:
    seen(tracker, 0, NUMBER, JANE, ONE)
    seen(tracker, 2, NUMBER, JANE)
    seen(tracker, 3, JOE)
    whole = (NUMBER, JANE, JOE, ONE)
    before = {who: tracker.customer(who).id for who in whole}
    told = tracker.preview(statement)
    assert {who: tracker.customer(who).id for who in whole} == before
    assert tracker.verify()
    said = tracker._say(statement)
    for group in (*told.joins, *told.parts):
        for id, identifiers in zip(group.after, group.identifiers):
            known = [i for i in identifiers if i.key in whole]
            assert all(tracker.customer(i).id == id for i in known)
    undo = tracker.preview(said)
    assert bool(undo) == bool(told)
    tracker.retract(said)
    assert {who: tracker.customer(who).id for who in whole} == before


@pytest.mark.parametrize(
    "statement",
    [
        Statement.link(JANE, "x:new"),
        Statement.link("x:new", JANE),
        Statement.link("x:new", "x:newer"),
        Statement.mark_personal(NUMBER, of="x:new"),
        Statement.link(JANE, JOE),
        Statement.deny(NUMBER, JANE),
    ],
    ids=str,
)
def test_a_preview_names_the_ids_that_there_will_be_and_none_for_nobody(tracker: Tracker, statement: Statement) -> None:
    seen(tracker, 0, NUMBER, JANE, ONE)
    seen(tracker, 3, JOE)
    there = {tracker.customer(who).id for who in (NUMBER, JOE)}
    told = tracker.preview(statement)
    groups = (*told.joins, *told.parts)
    assert groups
    for group in groups:
        for id, identifiers in zip(group.before, group.were):
            if id is None:
                for i in identifiers:
                    with pytest.raises(CustomerNotFoundError):
                        tracker.customer(i)
            else:
                assert {tracker.customer(i).id for i in identifiers} == {id}
    tracker._say(statement)
    for group in groups:
        for id, identifiers in zip(group.after, group.identifiers):
            (now,) = {tracker.customer(i).id for i in identifiers}
            assert now == id if id is not None else now not in there


def test_a_preview_says_which_interactions_go_to_a_new_holder_and_come_back(tracker: Tracker) -> None:
    for day in (0, 2, 3):
        seen(tracker, day, NUMBER)
    first = tracker.customer(NUMBER).id
    statement = Statement.reassign(NUMBER, at=at(1))
    told = tracker.preview(statement)
    assert told
    assert str(told) == f"moves 2 interactions from {first} to a new customer"
    said = tracker._say(statement)
    second = tracker.customer(NUMBER).id
    assert (len(list(tracker.timeline(second))), len(list(tracker.timeline(first)))) == (2, 1)
    assert str(tracker.preview(said)) == f"moves 2 interactions from {second} to {first}"
    tracker.retract(said)
    assert len(list(tracker.timeline(first))) == 3


def test_a_preview_of_a_holder_of_whom_nothing_came_yet_says_where_the_next_goes(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    first = tracker.customer(NUMBER).id
    statement = Statement.reassign(NUMBER, at=at(1))
    told = tracker.preview(statement)
    assert told
    assert str(told) == f"moves no interaction so far, those to come from {first} to a new customer"
    said = tracker._say(statement)
    undo = str(tracker.preview(said))
    assert undo.endswith(f"to {first}")
    assert f"from {first}" not in undo


def test_a_preview_of_taking_an_attribution_back_says_what_becomes_of_the_interaction(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    lost = tracker.record(channel="phone", occurred_at=at(1)).interaction
    assert lost is not None
    said = tracker.attribute(lost, JANE)
    told = tracker.preview(said)
    assert str(told) == f"moves 1 interaction from {tracker.customer(JANE).id} to unattributed"


def test_a_preview_prints_what_people_recognise(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, JANE, ONE)
    id = tracker.customer(NUMBER).id
    name = f"{id} (1 (bt), {JANE.removeprefix('email:')}, +44 20 7946 0958)"
    assert str(tracker.preview(Statement.link(JANE, "x:new"))) == f"joins {name} and a new customer (@new) into {id}"
    assert str(tracker.preview(Statement.deny(JANE, "x:new"))) == "changes nothing"
    for n in range(3):
        tracker.link("x:many", f"x:new{n}")
    parts = str(tracker.preview(Statement.deny("x:many", "x:new2")))
    assert "(@many, @new0, @new1, 1 more) into " in parts
    assert parts.endswith("(@new2)")
