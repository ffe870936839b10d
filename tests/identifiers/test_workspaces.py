"""Slack, Microsoft Teams, Discord: users, with the workspace in which an id is unique."""

from __future__ import annotations

import pytest

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers import identifier, social

UUID = "0e984725-c51c-4bf4-9960-e1c80e27aba1"


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("U024BE7LH", "T0G9PQBBK"),
        ("<@U024BE7LH>", "T0G9PQBBK"),
        ("<@U024BE7LH|jane>", "T0G9PQBBK"),
        ("https://shop.slack.com/team/U024BE7LH", "T0G9PQBBK"),
        ("shop.slack.com/team/U024BE7LH", "T0G9PQBBK"),
        ("https://app.slack.com/client/T0G9PQBBK/C01234567/user_profile/U024BE7LH", ""),
        ("slack://user?team=T0G9PQBBK&id=U024BE7LH", ""),
        ("slack://user?id=U024BE7LH&team=T0G9PQBBK", ""),
    ],
)
def test_every_form_of_a_slack_user_is_one_identifier(text: str, scope: str) -> None:
    assert social("slack", text, scope).key == "slack-id:U024BE7LH@t0g9pqbbk"


@pytest.mark.parametrize(
    "text",
    ["slack:U024BE7LH@T0G9PQBBK", "slack://user?team=T0G9PQBBK&id=U024BE7LH",
     "https://app.slack.com/client/T0G9PQBBK/C01234567/user_profile/U024BE7LH"],
)  # fmt: skip
def test_a_bare_slack_address_is_read(text: str) -> None:
    assert identifier(text).key == "slack-id:U024BE7LH@t0g9pqbbk"


def test_a_slack_user_without_a_workspace_does_not_identify() -> None:
    one = identifier("https://shop.slack.com/team/U024BE7LH")
    assert (one.key, one.reason) == ("slack-id:U024BE7LH", "it says nothing of the workspace in which it is unique")


def test_one_slack_id_in_two_workspaces_is_two_users() -> None:
    assert social("slack", "U024BE7LH", "T0G9PQBBK") != social("slack", "U024BE7LH", "T0G9PQBBL")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (UUID.upper(), f"teams-id:{UUID}"),
        (f"8:orgid:{UUID}", f"teams-id:{UUID}"),
        (f"orgid:{UUID}", f"teams-id:{UUID}"),
        (f"8:gcch:{UUID}", f"teams-id:{UUID}"),
        ("8:live:.cid.1a2b3c", "teams-id:8:live:.cid.1a2b3c"),
        (f"8:acs:{UUID}_{UUID}", f"teams-id:8:acs:{UUID}_{UUID}"),
        ("29:1AbCdEfGhIjKlMnOpQrStUvWxYz", "teams-id:29:1AbCdEfGhIjKlMnOpQrStUvWxYz"),
        ("4:+447700900123", "phone:+447700900123"),
    ],
)
def test_every_form_of_a_teams_user_has_one_normal_form(text: str, key: str) -> None:
    assert social("teams", text).key == key
    assert identifier(key).key == key


def test_a_guest_of_a_meeting_does_not_identify() -> None:
    assert social("teams", "8:teamsvisitor:" + "0e984725" * 4).reason == "it is a guest of one meeting"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Jane.Doe", "discord:jane.doe"),
        ("jane#0", "discord:jane"),
        ("175928847299117063", "discord-id:175928847299117063"),
        ("<@!175928847299117063>", "discord-id:175928847299117063"),
        ("https://discord.com/users/175928847299117063", "discord-id:175928847299117063"),
        ("https://ptb.discord.com/users/175928847299117063", "discord-id:175928847299117063"),
    ],
)
def test_every_form_of_a_discord_user_is_one_identifier(text: str, key: str) -> None:
    assert social("discord", text).key == key


def test_a_discord_name_of_before_2023_is_kept_and_does_not_identify() -> None:
    one = social("discord", "Jane#1234")
    assert (one.key, one.linkable) == ("discord:jane#1234", False)
    assert identifier(one.key) == one


@pytest.mark.parametrize(
    ("platform", "text", "says"),
    [
        ("slack", "USLACKBOT", "a bot"),
        ("slack", "C01234567", "a channel"),
        ("slack", "u024be7lh", "user id"),
        ("slack", "https://shop.slack.com/archives/C01234567/p1", "no profile"),
        ("slack", "https://app.slack.com/client/T0G9PQBBK/C01234567", "no profile"),
        ("slack", "slack://user?team=T0G9PQBBK&id=C01234567", "a channel"),
        ("teams", f"28:{UUID}", "a bot"),
        ("teams", "19:abc@thread.v2", "a conversation"),
        ("teams", "jane@example.com", "Entra"),
        ("discord", "everyone", "user name"),
        ("discord", "jane..doe", "user name"),
        ("discord", "j" * 33, "user name"),
        ("discord", "https://discord.com/channels/1/2", "no profile"),
        ("discord", "https://discord.com/users/1", "17 to 20"),
        ("discord", "j\N{CYRILLIC SMALL LETTER A}ne", "user name"),
    ],
)
def test_what_is_no_person_or_of_no_form_is_refused_with_the_reason(platform: str, text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=says):
        social(platform, text)
