"""Own identifiers: recognised by value and by pattern."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import OwnList, identifier

OWN = OwnList(
    [
        "x:BTCare",
        "email:*@bt.example",
        "email:*@BÜCHER.example",
        "phone:+44 800*",
        "020 7946 0000",
        "account:test*@bt",
        "extension:*",
        "support@bt-business.example",
    ],
    region="GB",
)


@pytest.mark.parametrize(
    "key",
    [
        "x:btcare",
        "email:support@bt.example",
        "email:Jane.Doe@BT.example",
        "email:a@xn--bcher-kva.example",
        "phone:+448003289393",
        "phone:+442079460000",
        "phone:+442079460000;ext=12",
        "account:test1@bt",
        "extension:2041@pbx1",
        "support@bt-business.example",
    ],
)
def test_an_own_identifier_is_recognised(key: str) -> None:
    assert OWN.matches(identifier(key))


@pytest.mark.parametrize(
    "key",
    [
        "x:btcare2",
        "x:jane",
        "email:jane@sub.bt.example",
        "email:jane@xbt.example",
        "email:jane@bt.example.com",
        "phone:+442079460001",
        "phone:+442080032893",
        "account:test1@ee",
        "account:jane@bt",
        "device:btcare",
    ],
)
def test_somebody_elses_is_not(key: str) -> None:
    assert not OWN.matches(identifier(key))


def test_an_empty_list_matches_nothing() -> None:
    assert not OwnList().matches(identifier("x:btcare"))


def test_one_entry_may_be_given_without_a_list() -> None:
    assert OwnList("x:btcare").matches(identifier("x:btcare"))


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "email:*",
        "phone:+*",
        "x:@*",
        "*@bt.example",
        "nothing:*x",
        "email:*@b cher..é\u200b",
        "hello",
        "@btcare",
        "",
        7,
    ],
)
def test_a_bad_entry_is_refused(entry: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        OwnList([entry])


def test_a_pattern_is_text_but_for_its_stars() -> None:
    own = OwnList(["email:a.c*@bt.example"])
    assert own.matches(identifier("email:a.cx@bt.example"))
    assert not own.matches(identifier("email:abcx@bt.example"))


def test_the_fingerprint_is_of_what_is_meant_not_of_how_it_is_written() -> None:
    one = OwnList(["x:BTCare", "email:*@BT.example", "020 7946 0000"], region="GB")
    two = OwnList(["phone:+442079460000", "email:**@bt.example", "https://x.com/btcare", "x:btcare"])
    assert one.fingerprint() == two.fingerprint()


@given(
    st.lists(
        st.sampled_from(
            ["x:a", "x:b", "x:a*", "email:a@bt.example", "email:*@bt.example", "account:1@bt", "account:1"]
        ),
        unique=True,
    )
)
def test_the_fingerprint_tells_lists_apart_and_knows_no_order(entries: list[str]) -> None:
    own = OwnList(entries)
    assert own.fingerprint() == OwnList(reversed(entries)).fingerprint()
    assert own.fingerprint() != OwnList([*entries, "x:another"]).fingerprint()
    assert len(own.fingerprint()) == 32


def test_a_workspace_may_be_own_whole() -> None:
    own = OwnList(["slack:*@T0G9PQBBK"])
    assert own.matches(identifier("slack:U024BE7LH@T0G9PQBBK"))
    assert not own.matches(identifier("slack:U024BE7LH@T0G9PQBBL"))
