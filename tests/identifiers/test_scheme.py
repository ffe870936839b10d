"""The registry, keys and content ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import Identifier, Scheme, content_id, get_scheme, identifier, iter_schemes, register_scheme
from omnitrack.identifiers import scheme as registry


class Loyalty(Scheme):
    """A third party's scheme."""

    name = "clubcard"
    rank = 70

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        return Identifier(scheme=self.name, value=text.strip().upper(), raw=text)


@pytest.fixture
def loyalty() -> Iterator[Loyalty]:
    one = Loyalty()
    register_scheme(one)
    yield one
    del registry._schemes["clubcard"]


def test_a_third_partys_scheme_is_understood(loyalty: Loyalty) -> None:
    assert get_scheme("clubcard") is loyalty
    assert identifier("clubcard:ab12").key == "clubcard:AB12"


def test_a_uri_is_read_by_the_scheme_that_says_how_it_begins(loyalty: Loyalty) -> None:
    class Linked(Loyalty):
        uris = ("urn:club:", "club://")

    register_scheme(Linked(), replace=True)
    assert identifier("urn:club:ab12").key == "clubcard:URN:CLUB:AB12"
    assert identifier("CLUB://ab12").scheme == "clubcard"
    register_scheme(Loyalty(), replace=True)
    with pytest.raises(InvalidIdentifierError):
        identifier("urn:club:ab")


def test_a_scheme_that_takes_anothers_place_is_asked_from_then_on(loyalty: Loyalty) -> None:
    class Other(Loyalty):
        def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
            return Identifier(scheme=self.name, value=text.strip().lower(), raw=text)

    assert identifier("clubcard:Ab12").value == "AB12"
    register_scheme(Other(), replace=True)
    assert identifier("clubcard:Ab12").value == "ab12"


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(ValueError, match="registered already"):
        register_scheme(get_scheme("phone"))


def test_an_unknown_scheme_is_refused_and_the_known_are_named() -> None:
    with pytest.raises(InvalidIdentifierError, match="phone"):
        get_scheme("fax")


def test_the_schemes_are_those_of_the_design() -> None:
    assert {scheme.name for scheme in iter_schemes()} >= {
        *("phone", "email", "account", "crm", "device", "postal", "sip", "extension"),
        *("x", "x-id", "facebook", "facebook-id", "instagram", "instagram-id", "linkedin", "linkedin-id"),
        *("youtube", "youtube-id", "tiktok", "tiktok-id", "bluesky", "bluesky-did", "mastodon"),
        *("whatsapp", "whatsapp-id", "telegram", "telegram-id", "forum", "forum-id"),
    }


def test_ranks_put_the_companys_word_first_then_ids_mail_numbers_and_handles() -> None:
    ranks = [
        get_scheme(name).rank
        for name in ("account", "crm", "x-id", "email", "phone", "sip", "x", "device", "postal", "extension")
    ]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


def test_equality_and_hash_are_of_scheme_value_and_scope() -> None:
    one, two = identifier("x:jane"), identifier("https://x.com/Jane")
    assert one == two
    assert hash(one) == hash(two)
    assert one != identifier("instagram:jane")


def test_a_content_id_is_blake2b_of_the_key() -> None:
    assert content_id("x:jane") == hashlib.blake2b(b"x:jane", digest_size=16).digest()


def test_a_content_id_depends_on_secret_and_tenure() -> None:
    ids = {
        content_id("x:jane"),
        content_id("x:jane", secret=b"k"),
        content_id("x:jane", since=1),
        content_id("x:jane", since=2),
        content_id("x:jane", secret=b"k" * 65),
        content_id("x:jane", secret=b"k" * 66),
    }
    assert len(ids) == 6
