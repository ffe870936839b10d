"""Web sites: kept in one normal form, never a cause to merge."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import omnitrack
from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import find_identifiers, get_scheme, identifier


@pytest.mark.parametrize(
    "text",
    [
        "https://www.Shop.example/About%7eus/./x/../?a=1#top",
        "http://shop.example:80/About~us/?a=1",
        "//shop.example:443/About~us/?a=1",
        "website:shop.example/About~us/?a=1",
    ],
)
def test_spellings_of_one_address_are_one(text: str) -> None:
    assert identifier(text).key == "website:shop.example/About~us/?a=1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://shop.example", "shop.example"),
        ("https://shop.example/", "shop.example"),
        ("https://shop.example:8443/a", "shop.example:8443/a"),
        ("https://bücher.example/ä", "xn--bcher-kva.example/%C3%A4"),
        ("https://shop.example/a/..", "shop.example"),
        ("https://shop.example/a/b/..", "shop.example/a/"),
        ("https://shop.example/%2f", "shop.example/%2F"),
        ("https://shop.example?q=a b", "shop.example?q=a%20b"),
        ("https://archive.example/web/2020/https://shop.example/", "archive.example/web/2020/https://shop.example/"),
        ("archive.example/web/2020/https://shop.example/", "archive.example/web/2020/https://shop.example/"),
    ],
)
def test_the_normal_form_is_that_of_rfc_3986(text: str, value: str) -> None:
    assert get_scheme("website").parse(text).value == value


@pytest.mark.parametrize(
    "text",
    ["https://jane@shop.example/", "ftp://shop.example/", "https://shop.example:99999/", "https://192.0.2.1/", "localhost", "", "https:///a",
     "https://shop.example/" + "ä" * 200],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        get_scheme("website").parse(text)


@example("https://shop.example/://")
@example("https://shop.example/\ufffd")
@given(
    st.text(max_size=40).map("https://shop.example/{}".format)
    | st.text(st.sampled_from("ab./:?#%2fFeEé@&=+-~ "), max_size=40)
)
def test_any_address_is_read_stably_or_refused(text: str) -> None:
    try:
        one = get_scheme("website").parse(text)
    except InvalidIdentifierError:
        return
    again = identifier(one.key)
    assert (again, again.linkable) == (one, False)


def test_a_site_is_kept_can_be_searched_for_and_joins_nobody() -> None:
    tracker = omnitrack.open("memory://")
    for number, mail in enumerate(("ann@example.com", "bob@example.net")):
        done = tracker.record(
            channel="email",
            direction="inbound",
            occurred_at=datetime(2026, 1, 1 + number, tzinfo=timezone.utc),
            customer=[f"email:{mail}", "https://shop.example/about"],
        )
        assert not done.rejected
    assert tracker.customer("ann@example.com").id != tracker.customer("bob@example.net").id
    site = tracker.customer("http://www.shop.example/about").identifiers[0]
    assert (site.key, site.linkable) == ("website:shop.example/about", False)


def test_sites_in_a_text_are_nobodys_identifiers() -> None:
    assert [one.key for one in find_identifiers("see https://shop.example/about and https://x.com/jane")] == ["x:jane"]
