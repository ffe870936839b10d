"""Threads, Reddit, VK, Snapchat, Xing: names, ids and pages."""

from __future__ import annotations

import pytest

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import identifier, social


@pytest.mark.parametrize(
    ("platform", "text", "key"),
    [
        ("threads", "@Jane.Doe", "threads:jane.doe"),
        ("threads", "https://www.threads.com/@ann.lee", "threads:ann.lee"),
        ("threads", "https://www.threads.net/@ann.lee/post/Cabc?hl=de", "threads:ann.lee"),
        ("threads", "17841477965412210", "threads-id:17841477965412210"),
        ("reddit", "u/Jane-Doe", "reddit:jane-doe"),
        ("reddit", "/u/jane_doe", "reddit:jane_doe"),
        ("reddit", "https://old.reddit.com/user/Ann-Lee", "reddit:ann-lee"),
        ("reddit", "https://np.reddit.com/u/ann/comments/1ab/hello/", "reddit:ann"),
        ("reddit", "https://www.reddit.com/r/u_ann/", "reddit:ann"),
        ("reddit", "t2_1w72", "reddit-id:t2_1w72"),
        ("vk", "https://m.vk.com/Jane_Doe", "vk:jane_doe"),
        ("vk", "https://vk.ru/jane.doe?w=wall1_2", "vk:jane.doe"),
        ("vk", "https://vk.com/id123", "vk-id:123"),
        ("vk", "ID123", "vk-id:123"),
        ("vk", "123", "vk-id:123"),
        ("vkontakte", "durov", "vk:durov"),
        ("snapchat", "Jane-Doe", "snapchat:jane-doe"),
        ("snapchat", "https://www.snapchat.com/add/jane.doe?share_id=1", "snapchat:jane.doe"),
        ("snapchat", "https://www.snapchat.com/@jane/spotlight/abc", "snapchat:jane"),
        ("snapchat", "https://story.snapchat.com/@jane", "snapchat:jane"),
        ("snapchat", "snapchat://add/jane?x=1", "snapchat:jane"),
        ("xing", "https://www.xing.com/profile/Jane_Doe2/cv", "xing:jane_doe2"),
        ("xing", "https://www.xing.com/profile/Juergen_Kreis+2", "xing:juergen_kreis+2"),
        ("xing", "12345_abcdef", "xing-id:12345_abcdef"),
    ],
)
def test_every_form_of_an_account_is_one_identifier(platform: str, text: str, key: str) -> None:
    assert social(platform, text).key == key
    if "://" in text:
        assert identifier(text).key == key


@pytest.mark.parametrize(
    ("platform", "text", "says"),
    [
        ("threads", "https://www.threads.net/t/Cabc", "no profile"),
        ("threads", "https://www.threads.com/search?q=a", "no profile"),
        ("threads", "https://www.threads.com/@12345", "digits alone"),
        ("threads", "j\N{CYRILLIC SMALL LETTER A}ne", "letters, digits"),
        ("reddit", "https://www.reddit.com/r/bt/comments/1ab/hello/", "no profile"),
        ("reddit", "https://www.reddit.com/search?q=a", "no profile"),
        ("reddit", "https://www.reddit.com/user/t2_1w72", "form of an id"),
        ("reddit", "[deleted]", "3 to 20"),
        ("reddit", "ab", "3 to 20"),
        ("vk", "https://vk.com/club123", "no person"),
        ("vk", "https://vk.com/public123", "no person"),
        ("vk", "https://vk.com/wall-123_45", "no person"),
        ("vk", "https://vk.com/wall123_45", "no person"),
        ("vk", "https://vk.com/feed", "no profile"),
        ("vk", "https://vk.com/away.php?to=x", "no profile"),
        ("vk", "jane", "5 to 32"),
        ("vk", "jane__doe", "5 to 32"),
        ("snapchat", "https://www.snapchat.com/p/0e984725", "no profile"),
        ("snapchat", "https://www.snapchat.com/discover", "no profile"),
        ("snapchat", "1jane", "letter first"),
        ("snapchat", "jane_", "letter first"),
        ("snapchat", "j" * 16, "3 to 15"),
        ("xing", "https://www.xing.com/companies/shop", "no person"),
        ("xing", "https://www.xing.com/pages/shop", "no person"),
        ("xing", "https://www.xing.com/jobs/x", "no profile"),
    ],
)
def test_what_is_no_profile_is_refused_with_the_reason(platform: str, text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        social(platform, text)


def test_a_name_on_threads_is_not_that_on_instagram() -> None:
    assert social("threads", "jane") != social("instagram", "jane")


def test_a_redditor_is_shown_as_people_write_it() -> None:
    assert social("reddit", "Jane").display == "u/jane"
