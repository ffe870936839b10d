"""Social platforms: handle, profile URL or id in, one normal form out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import get_scheme, identifier, iter_schemes, social
from omnitrack.identifiers.social import Account, Platform, PlatformId


@pytest.mark.parametrize(
    ("platform", "text", "key"),
    [
        ("x", "@Jane", "x:jane"),
        ("twitter", "JANE", "x:jane"),
        ("X", "＠jane", "x:jane"),
        ("x", "x.com/Jane?s=20", "x:jane"),
        ("x", "https://x.com/@Jane", "x:jane"),
        ("x", "mobile.twitter.com/jane/", "x:jane"),
        ("x", "HTTPS://WWW.Twitter.COM/Jane#top", "x:jane"),
        ("x", "https://twitter.com/#!/Jane", "x:jane"),
        ("x", "https://x.com/jane/with_replies", "x:jane"),
        ("x", "https://x.com/intent/user?screen_name=Jane", "x:jane"),
        ("x", "https://x.com/intent/user?user_id=123", "x-id:123"),
        ("x", "x.com/i/user/123", "x-id:123"),
        ("x", "twitter://user?screen_name=Jane", "x:jane"),
        ("x", "twitter://user?id=123", "x-id:123"),
        ("x-id", "123", "x-id:123"),
        ("x-id", "https://x.com/i/user/123", "x-id:123"),
        ("x", "https://x.com/jane/status/123?s=20", "x:jane"),
        ("x", "https://mobile.twitter.com/Jane/status/123/photo/1", "x:jane"),
        ("x", "https://x.com/%40jane", "x:jane"),
        ("x", "https://twitter.com/account/redirect_by_id?id=123", "x-id:123"),
        ("facebook", "John.Smith55", "facebook:johnsmith55"),
        ("facebook", "https://www.facebook.com/Jane-Doe-100012345678901/", "facebook-id:100012345678901"),
        ("facebook", "https://www.facebook.com/jane.doe/posts/pfbid02abc", "facebook:janedoe"),
        ("facebook", "https://www.facebook.com/permalink.php?story_fbid=1&id=100001", "facebook-id:100001"),
        ("facebook", "https://m.facebook.com/story.php?story_fbid=1&id=100001", "facebook-id:100001"),
        ("facebook", "https://www.facebook.com/#!/jane.doe", "facebook:janedoe"),
        ("facebook", "fb://profile/100012345678901", "facebook-id:100012345678901"),
        ("facebook", "https://www.facebook.com/home.php#!/profile.php?id=100001", "facebook-id:100001"),
        ("facebook", "johnsmith55", "facebook:johnsmith55"),
        ("facebook", "https://m.facebook.com/john.smith.55?ref=1", "facebook:johnsmith55"),
        ("facebook", "https://en-gb.facebook.com/profile.php?id=100001", "facebook-id:100001"),
        ("facebook", "https://facebook.com/people/Jane-Doe/100001/", "facebook-id:100001"),
        ("facebook", "https://facebook.com/groups/55/user/100001/", "facebook-id:100001"),
        ("facebook", "100001", "facebook-id:100001"),
        ("facebook", "m.me/john.smith55", "facebook:johnsmith55"),
        ("instagram", "https://www.instagram.com/Jane.Doe_/?hl=en", "instagram:jane.doe_"),
        ("instagram", "https://instagram.com/_u/jane", "instagram:jane"),
        ("instagram", "https://ig.me/m/jane", "instagram:jane"),
        ("instagram", "17841477965412210", "instagram-id:17841477965412210"),
        ("instagram", "https://www.instagram.com/jane/p/Cabc/", "instagram:jane"),
        ("instagram", "https://www.instagram.com/jane/reel/Cabc/", "instagram:jane"),
        ("instagram", "https://www.instagram.com/stories/jane/123/", "instagram:jane"),
        ("instagram", "instagram://user?username=Jane", "instagram:jane"),
        ("mastodon", "@Jane@threads.net", "threads:jane"),
        ("linkedin", "https://de.linkedin.com/mwlite/in/jane-doe", "linkedin:jane-doe"),
        ("linkedin", "https://www.linkedin.com/comm/in/jane-doe", "linkedin:jane-doe"),
        ("linkedin", "https://www.linkedin.com/in/jane-doe/recent-activity/all/", "linkedin:jane-doe"),
        ("linkedin", "https://de.linkedin.com/in/j%25C3%25B6rg-m%25C3%25BCller", "linkedin:jörg-müller"),
        ("linkedin", "https://sy.linkedin.com/pub/krzysztof-marzec/a7/576/b50?trk=x", "linkedin:krzysztof-marzec-b50576a7"),
        ("linkedin", "https://www.linkedin.com/profile/view?id=6000123", "linkedin-id:urn:li:member:6000123"),
        ("linkedin", "uk.linkedin.com/in/john-smith-82a505", "linkedin:john-smith-82a505"),
        ("linkedin", "https://www.linkedin.com/in/J%C3%BCrgen-M%C3%BCller-12/de", "linkedin:jürgen-müller-12"),
        ("linkedin", "john-smith-82a505", "linkedin:john-smith-82a505"),
        ("linkedin", "https://linkedin.com/in/ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789",
         "linkedin-id:urn:li:fsd_profile:ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"),
        ("linkedin", "urn:li:person:AbC123", "linkedin-id:urn:li:person:AbC123"),
        ("linkedin-id", "AbC123", "linkedin-id:urn:li:person:AbC123"),
        ("youtube", "@Jane.Doe", "youtube:jane.doe"),
        ("youtube", "https://m.youtube.com/@Jane/videos", "youtube:jane"),
        ("youtube", "https://youtube.com/channel/UCabcdefghijklmnopqrstuv", "youtube-id:UCabcdefghijklmnopqrstuv"),
        ("youtube", "UCabcdefghijklmnopqrstuv", "youtube-id:UCabcdefghijklmnopqrstuv"),
        ("tiktok", "https://www.tiktok.com/@Jane.Doe?lang=en", "tiktok:jane.doe"),
        ("tiktok", "https://www.tiktok.com/@jane/video/123", "tiktok:jane"),
        ("tiktok", "https://www.tiktok.com/@jane/live", "tiktok:jane"),
        ("youtube", "https://music.youtube.com/channel/UCabcdefghijklmnopqrstuv", "youtube-id:UCabcdefghijklmnopqrstuv"),
        ("bluesky", "https://bsky.app/profile/jane.bsky.social/post/3kabc", "bluesky:jane.bsky.social"),
        ("bluesky", "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3k", "bluesky-did:did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
        ("bluesky", "@Jane.bsky.social", "bluesky:jane.bsky.social"),
        ("bluesky", "https://bsky.app/profile/jane.example.com", "bluesky:jane.example.com"),
        ("bluesky", "https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz", "bluesky-did:did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
        ("bluesky", "at://jane.bsky.social", "bluesky:jane.bsky.social"),
        ("bluesky-did", "did:web:Example.COM", "bluesky-did:did:web:example.com"),
        ("mastodon", "@Jane@Mastodon.Social", "mastodon:jane@mastodon.social"),
        ("mastodon", "jane@mastodon.social", "mastodon:jane@mastodon.social"),
        ("mastodon", "acct:jane@mastodon.social", "mastodon:jane@mastodon.social"),
        ("mastodon", "https://mastodon.social/@Jane", "mastodon:jane@mastodon.social"),
        ("mastodon", "https://mastodon.social/users/Jane", "mastodon:jane@mastodon.social"),
        ("mastodon", "https://mastodon.social/@Jane@chaos.social", "mastodon:jane@chaos.social"),
        ("mastodon", "https://mastodon.social/@Jane/123", "mastodon:jane@mastodon.social"),
        ("mastodon", "https://mastodon.social/@Jane@chaos.social/123", "mastodon:jane@chaos.social"),
        ("mastodon", "https://mastodon.social/users/Jane/statuses/123", "mastodon:jane@mastodon.social"),
        ("mastodon", "https://mastodon.social/deck/@Jane", "mastodon:jane@mastodon.social"),
        ("mastodon", "https://example.org/@jane", "mastodon:jane@example.org"),
        ("mastodon", "@jane@bücher.example", "mastodon:jane@xn--bcher-kva.example"),
        ("whatsapp", "447700900123", "phone:+447700900123"),
        ("whatsapp", "+44 7700 900123", "phone:+447700900123"),
        ("whatsapp", "https://wa.me/447700900123?text=Hi", "phone:+447700900123"),
        ("whatsapp", "https://api.whatsapp.com/send?phone=447700900123", "phone:+447700900123"),
        ("whatsapp", "5215512345678", "phone:+525512345678"),
        ("whatsapp", "551187654321", "phone:+5511987654321"),
        ("whatsapp", "551132654321", "phone:+551132654321"),
        ("whatsapp", "US.13491208655302741918", "whatsapp-id:US.13491208655302741918"),
        ("whatsapp", "@Jane.Doe", "whatsapp:jane.doe"),
        ("telegram", "@Jane_Doe", "telegram:jane_doe"),
        ("telegram", "https://t.me/jane_doe?start=1", "telegram:jane_doe"),
        ("telegram", "https://jane_doe.t.me", "telegram:jane_doe"),
        ("telegram", "https://web.telegram.org/k/#@jane_doe", "telegram:jane_doe"),
        ("telegram", "https://web.telegram.org/a/#123456", "telegram-id:123456"),
        ("telegram", "https://t.me/+447700900123", "phone:+447700900123"),
        ("telegram", "123456", "telegram-id:123456"),
        ("forum", "https://forum.example.org/u/Jane/summary", "forum:jane@forum.example.org"),
        ("forum", "https://forum.example.org/members/jane.4711/", "forum-id:4711@forum.example.org"),
        ("forum", "https://www.example.org/forum/member.php?u=4711", "forum-id:4711@example.org"),
        ("forum", "https://example.org/memberlist.php?mode=viewprofile&u=4711", "forum-id:4711@example.org"),
        ("forum", "https://community.example.org/profile/4711-jane/", "forum-id:4711@community.example.org"),
        ("forum", "https://community.example.org/t5/user/viewprofilepage/user-id/4711", "forum-id:4711@community.example.org"),
        ("forum", "https://php.example.org/forum/members/?username=Jane", "forum:jane@php.example.org"),
    ],
)  # fmt: skip
def test_every_form_of_an_account_is_one_identifier(platform: str, text: str, key: str) -> None:
    assert social(platform, text).key == key


@pytest.mark.parametrize(
    ("platform", "text", "scope", "key"),
    [
        ("forum", "Jane  Doe", "Community.Example.org", "forum:jane doe@community.example.org"),
        ("forum", "jane@home", "www.example.org", "forum:jane%40home@example.org"),
        ("forum-id", "4711", "example.org", "forum-id:4711@example.org"),
        ("facebook-id", "100001", "page9", "facebook-id:100001@page9"),
        ("whatsapp", "US.13491208655302741918", "portfolio7", "whatsapp-id:US.13491208655302741918@portfolio7"),
        ("mastodon", "jane", "mastodon.social", "mastodon:jane@mastodon.social"),
    ],
)
def test_the_scope_is_where_it_is_unique(platform: str, text: str, scope: str, key: str) -> None:
    assert social(platform, text, scope).key == key


@pytest.mark.parametrize(
    ("platform", "text", "says"),
    [
        ("x", "x.com/home", "no profile"),
        ("x", "x.com/search?q=bt", "no profile"),
        ("x", "https://x.com/hashtag/a", "no profile"),
        ("x", "https://x.com/", "no profile"),
        ("x", "https://facebook.com/jane", "no page of X"),
        ("x", "https://x.com@elsewhere.example/jane", "web address"),
        ("x", "https://x.com.elsewhere.example/jane", "no page of X"),
        ("x", "https://help.x.com/jane", "no page of X"),
        ("x", "jane.doe", "15 letters"),
        ("x", "j" * 16, "15 letters"),
        ("x", "", "15 letters"),
        ("x", "ja\u200bne", "cannot be seen"),
        ("x-id", "jane", "digits"),
        ("facebook", "https://facebook.com/events/1", "no profile"),
        ("facebook", "https://www.facebook.com/sharer.php?u=1", "no profile"),
        ("instagram", "https://instagram.com/p/Cabc/", "no profile"),
        ("instagram", "jane..doe", "30"),
        ("instagram", "https://instagram.com/explore/", "no profile"),
        ("linkedin", "https://linkedin.com/company/bt", "no person"),
        ("linkedin", "https://linkedin.com/school/x", "no person"),
        ("linkedin", "https://linkedin.com/feed/", "no profile"),
        ("youtube", "https://youtube.com/watch?v=abc", "no profile"),
        ("youtube", "https://youtube.com/c/jane", "before handles"),
        ("bluesky", "jane", "bsky.social"),
        ("bluesky", "handle.invalid", "not known"),
        ("mastodon", "@jane", "no host"),
        ("mastodon", "@jane@twitter.com", "no Mastodon host"),
        ("mastodon", "https://mastodon.social/about", "no profile"),
        ("whatsapp", "https://wa.me/message/ABC", "no profile"),
        ("telegram", "https://t.me/joinchat/abc", "no profile"),
        ("telegram", "https://t.me/jane/5", "no profile"),
        ("telegram", "-100123", "user name"),
        ("forum", "jane", "no forum"),
        ("forum-id", "4711", "no forum"),
        ("forum", "https://forum.example.org/t/topic/1", "no member"),
        ("myspace", "jane", "x, x-id"),
        ("phone", "+442079460958", "x, x-id"),
        # The name in the URL of a post does not stand there, or is that of a group or a channel.
        ("x", "https://x.com/i/web/status/123", "no profile"),
        ("x", "https://x.com/jane/lists/friends", "no profile"),
        ("x", "https://x.com/status/123", "no profile"),
        ("instagram", "https://instagram.com/stories/highlights/123", "no profile"),
        ("instagram", "https://instagram.com/reel/Cabc/", "no profile"),
        ("instagram", "https://instagram.com/12345", "digits alone"),
        ("facebook", "https://facebook.com/hashtag/a", "no profile"),
        ("facebook", "https://facebook.com/app_scoped_user_id/100001/", "no profile"),
        ("facebook", "https://facebook.com/profile.php", "no profile"),
        ("facebook", "https://messenger.com/t/", "no profile"),
        ("linkedin", "https://linkedin.com/posts/jane_abc-activity-1", "no profile"),
        ("linkedin", "https://linkedin.com/pub/dir/jane/doe", "another now"),
        ("linkedin", "https://linkedin.com/pub/jane-doe/1/2/3", "another now"),
        ("linkedin", "https://linkedin.com/pub/jane-doe/0/505/82a", "another now"),
        ("linkedin", "https://linkedin.com/pub", "another now"),
        ("linkedin", "https://linkedin.com/mwlite", "no profile"),
        ("linkedin", "https://linkedin.com/profile/view?id=AAkAAA", "no profile"),
        ("linkedin", "https://linkedin.com/in/j%F6rg", "UTF-8"),
        ("linkedin", "https://linkedin.com/in/j%E2%80%8Bane", "cannot be seen"),
        ("linkedin", "https://linkedin.com/in/j%25E2%2580%258Bane", "cannot be seen"),
        ("telegram", "https://web.telegram.org/a/#-1001234", "no profile"),
        ("telegram", "https://jane.t.me/5", "no profile"),
        ("forum", "https://forum.example.org/members/?username=j%E2%80%8Bane", "cannot be seen"),
    ],
)
def test_what_is_no_profile_is_refused_with_the_reason(platform: str, text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        social(platform, text)


@pytest.mark.parametrize("scope", [7, ["p"], "a b", "a@b", "x" * 300])
def test_a_bad_scope_is_refused(scope: object) -> None:
    with pytest.raises(InvalidIdentifierError, match="scope"):
        social("facebook-id", "100001", scope=scope)  # type: ignore[arg-type]


def test_a_scope_is_refused_where_a_handle_is_unique_everywhere() -> None:
    with pytest.raises(InvalidIdentifierError, match="accepted is none"):
        social("x", "jane", scope="bt")


def test_an_id_outranks_a_handle_of_the_same_platform() -> None:
    ids = [scheme for scheme in iter_schemes() if isinstance(scheme, PlatformId) and scheme.platform]
    assert ids
    assert all(scheme.rank > get_scheme(scheme.platform).rank for scheme in ids)


def test_a_bot_does_not_identify() -> None:
    assert social("telegram", "@HelpBot").reason == "it is a bot"


@pytest.mark.parametrize(
    ("platform", "text"),
    [("youtube", "j\N{CYRILLIC SMALL LETTER A}ne"), ("linkedin", "j\N{CYRILLIC SMALL LETTER A}ne-doe")],
)
def test_a_look_alike_handle_does_not_identify(platform: str, text: str) -> None:
    assert not social(platform, text).linkable


def test_errors_hold_no_whole_handle() -> None:
    with pytest.raises(InvalidIdentifierError) as caught:
        social("x", "jane.doe.of.newbury")
    assert "newbury" not in str(caught.value)


_SITES = {
    "Twitter": "x",
    "Instagram": "instagram",
    "LinkedIn": "linkedin",
    "YouTube": "youtube",
    "TikTok": "tiktok",
    "Bluesky": "bluesky",
    "Telegram": "telegram",
    "mastodon.social": "mastodon",
    "mstdn.social": "mastodon",
    "Fosstodon": "mastodon",
    "Chaos": "mastodon",
    "Reddit": "reddit",
    "threads": "threads",
    "VK": "vk",
    "Snapchat": "snapchat",
    "SublimeForum": "forum",
    "Rclone Forum": "forum",
    "Jupyter Community Forum": "forum",
}


def test_the_profile_pages_of_a_public_list_are_of_their_platform(data: Path) -> None:
    sites = json.loads((data / "social_sites" / "data.json").read_text("utf-8"))
    found = {
        name: identifier(sites[name]["url"].format(sites[name]["username_claimed"])).scheme
        for name in _SITES
        if name in sites
    }
    assert found
    assert found == {name: _SITES[name] for name in found}


def test_pages_of_other_sites_are_web_sites_which_link_nobody(data: Path) -> None:
    sites = json.loads((data / "social_sites" / "data.json").read_text("utf-8"))
    for name in ("medium", "Medium", "GitHub", "Hashnode", "Pinterest", "Flipboard", "Twitch", "Steam"):
        url = sites.get(name, {}).get("url", "")
        if "{}" in url:
            one = identifier(url.format("jane"))
            assert (one.scheme, one.linkable) == ("website", False)
    everything = [site["url"].format("jane") for site in sites.values() if isinstance(site, dict) and "url" in site]
    people = 0
    for url in everything:
        try:
            one = identifier(url)
        except InvalidIdentifierError:
            continue
        if one.scheme != "website":
            assert isinstance(get_scheme(one.scheme), Account), url
            people += 1
        else:
            assert not one.linkable
    assert people < 0.15 * len(everything)


_PLATFORMS = sorted(scheme.name for scheme in iter_schemes() if isinstance(scheme, (Platform, PlatformId)))
_TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(st.sampled_from("abCD019._-@/:?=#%ßıſÜа "), max_size=20),
    st.text(st.sampled_from("0189+"), max_size=22),
    st.from_regex(
        r"(?:U[0-9a-f]{32}|o[A-Za-z0-9_-]{27}|t2_[0-9a-z]{1,6}|[UW][A-Z0-9]{8}|[0-9a-f]{24}|1[0-9]{20})", fullmatch=True
    ),
    st.from_regex(
        r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,20}|[0-9]{5,15}(?::[0-9]{1,2})?@(?:lid|c\.us|s\.whatsapp\.net)",
        fullmatch=True,
    ),
    st.from_regex(
        r"(?:8:orgid:)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[A-Za-z0-9+/]{21}[AQgw]==|[a-z]{3,6}\.[0-9]{2}",
        fullmatch=True,
    ),
    st.builds(
        "https://{}/{}".format,
        st.sampled_from(
            [
                "x.com",
                "facebook.com",
                "t.me",
                "wa.me",
                "youtube.com",
                "linkedin.com/in",
                "mastodon.social",
                "forum.example.org/u",
                "instagram.com",
                "threads.com",
                "reddit.com/user",
                "vk.com",
                "snapchat.com/add",
                "xing.com/profile",
                "jane.slack.com/team",
                "discord.com/users",
                "line.me/ti/p",
                "bsky.app/profile",
                "zalo.me",
                "google.com/maps/contrib",
                "trustpilot.com/users",
            ]
        ),
        st.text(max_size=15),
    ),
)


@given(st.sampled_from(_PLATFORMS), _TEXTS, st.sampled_from(["", "example.org", "p7"]))
def test_any_text_is_read_stably_or_refused(platform: str, text: str, scope: str) -> None:
    try:
        one = social(platform, text, scope)
    except InvalidIdentifierError:
        return
    again = get_scheme(one.scheme).parse(one.value, scope=one.scope)
    assert (again, again.linkable, again.reason) == (one, one.linkable, one.reason)
    assert identifier(one.key) == one
