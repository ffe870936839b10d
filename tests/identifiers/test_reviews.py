"""Who wrote a review: Google, Trustpilot, the App Store, Google Play."""

from __future__ import annotations

import pytest

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import identifier, social

GOOGLE = "110169484474386276334"
CONSUMER = "4f4f4f67000064000112a2b1"
REVIEW = "0e984725-c51c-4bf4-9960-e1c80e27aba1"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f"https://www.google.com/maps/contrib/{GOOGLE}/reviews/@51.5,-0.1", f"google-id:{GOOGLE}"),
        (f"https://www.google.de/maps/contrib/{GOOGLE}", f"google-id:{GOOGLE}"),
        (f"https://maps.google.co.uk/maps/contrib/{GOOGLE}?hl=en", f"google-id:{GOOGLE}"),
        (f"https://plus.google.com/{GOOGLE}/about", f"google-id:{GOOGLE}"),
        (f"https://plus.google.com/u/0/{GOOGLE}", f"google-id:{GOOGLE}"),
        (f"google:{GOOGLE}", f"google-id:{GOOGLE}"),
        (f"https://uk.trustpilot.com/users/{CONSUMER}", f"trustpilot-id:{CONSUMER}"),
        (f"trustpilot:{CONSUMER.upper()}", f"trustpilot-id:{CONSUMER}"),
        ("https://itunes.apple.com/gb/reviews/id289347165", "app-store-id:289347165"),
        ("https://itunes.apple.com/reviews?userProfileId=289347165", "app-store-id:289347165"),
        (f"https://play.google.com/store/apps/details?id=com.example.app&reviewId={REVIEW.upper()}", f"google-play-id:{REVIEW}@com.example.app"),
    ],
)  # fmt: skip
def test_every_form_of_an_author_is_one_identifier(text: str, key: str) -> None:
    assert identifier(text).key == key


def test_the_id_of_a_review_is_that_of_its_app() -> None:
    assert social("google-play", REVIEW, "com.example.app").key == f"google-play-id:{REVIEW}@com.example.app"
    assert social("google-play", "gp:AOqpTOFp8pBpPMlXjJkLqW7Zs1nYx").scheme == "google-play-id"


@pytest.mark.parametrize(
    ("platform", "text", "says"),
    [
        ("google", "123", "21 digits"),
        ("google", "https://www.google.com/maps/contrib/", "no profile"),
        ("google", "https://plus.google.com/+JaneDoe", "no profile"),
        ("google", "https://www.google.com/maps/place/Shop", "no page of Google"),
        ("trustpilot", "https://www.trustpilot.com/review/shop.example", "no profile"),
        ("trustpilot", f"https://www.trustpilot.com/reviews/{CONSUMER}", "no profile"),
        ("trustpilot", "jane", "24 hexadecimal"),
        ("app-store", "https://apps.apple.com/gb/app/shop/id289347165", "no page of the App Store"),
        ("app-store", "https://itunes.apple.com/gb/reviews/", "no profile"),
        ("google-play", "https://play.google.com/store/apps/details?id=com.example.app", "no page of Google Play"),
        ("google-play", "jane", "id of a review"),
    ],
)
def test_what_names_no_author_is_refused_with_the_reason(platform: str, text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        social(platform, text)


@pytest.mark.parametrize(
    "url",
    ["https://www.google.com/maps/place/Shop", "https://www.google.com/search?q=jane",
     "https://apps.apple.com/gb/app/shop/id289347165", "https://play.google.com/store/apps/details?id=com.example.app"],
)  # fmt: skip
def test_other_pages_of_such_hosts_are_web_sites(url: str) -> None:
    assert identifier(url).scheme == "website"
