"""Users of workspaces: Slack, Microsoft Teams, Discord."""

from __future__ import annotations

import re

from omnitrack.identifiers.characters import fold_case
from omnitrack.identifiers.scheme import Identifier, checked_scope, register_scheme
from omnitrack.identifiers.social import Platform, PlatformId, ScopedId, made_by
from omnitrack.identifiers.urls import Url, read_url

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class SlackId(ScopedId):
    """Users of Slack: U or W and capitals and digits, unique in a workspace (``T...``) or an organisation (``E...``), their scope."""

    name = "slack-id"
    title = "Slack"
    unique_in = "workspace"
    uris = ("slack://",)
    accepted = "a user id such as U024BE7LH with the workspace as scope, <@U024BE7LH>, or app.slack.com/client/T0G9PQBBK/.../user_profile/U024BE7LH"
    form = re.compile(r"(?!USLACKBOT$)[UW][A-Z0-9]{2,30}")
    others = (
        (
            re.compile(r"USLACKBOT|[BCDEGST][A-Z0-9]{2,30}"),
            "which is a bot, a channel, a group or a workspace and no person",
        ),
    )
    _mention = re.compile(r"<@([A-Z0-9]{3,31})(?:\|[^<>]*)?>")
    _app = re.compile(
        r"slack://user\?(?:team=([A-Z0-9]{1,31})&id=([A-Z0-9]{3,31})|id=([A-Z0-9]{3,31})&team=([A-Z0-9]{1,31}))(?:&.*)?",
        re.DOTALL,
    )

    def knows(self, url: Url) -> bool:
        """Return whether it is a workspace's page: each has a host of its own."""
        return url.host.endswith(".slack.com")

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of an id, a mention, or a page of a user."""
        body, scope = self.checked(text, scope)
        if match := self._app.fullmatch(body):
            team, user = (match[1], match[2]) if match[1] else (match[4], match[3])
            return self.of_team(user, team, text, scope)
        if match := self._mention.fullmatch(body):
            body = match[1]
        if ".slack.com/" in body.lower():
            return self.of_team(*self._page(read_url(body, self.name), text), text, scope)
        return super().parse(body, scope=scope)

    def of_team(self, user: str, team: str, raw: str, scope: str = "") -> Identifier:
        """Return the identifier of a user of a workspace; the scope that was given comes first."""
        if not self.form.fullmatch(user):
            raise self.no_person(user, raw)
        return self.made(user, raw, scope or checked_scope(team, self.name))

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/team/U...`` of a workspace, and ``/client/T.../.../user_profile/U...``."""
        return self.of_team(*self._page(url, raw), raw)

    def _page(self, url: Url, raw: str) -> tuple[str, str]:
        path = url.path
        if len(path) == 2 and path[0] in ("team", "user"):
            return path[1], ""
        if len(path) >= 4 and path[0] == "client" and "user_profile" in path[2:-1]:
            return path[path.index("user_profile") + 1], path[1]
        raise self.no_profile(raw)


class TeamsId(PlatformId):
    """Users of Microsoft Teams.

    The object id of Microsoft Entra ID, also behind ``8:orgid:``, with the tenant as scope or without; ``8:live:`` of a personal account;
    ``29:``, which is another for each bot, its scope; ``8:acs:`` of Azure Communication Services. ``4:`` is a phone number.
    """

    name = "teams-id"
    title = "Microsoft Teams"
    accepted = "an object id of Microsoft Entra ID (a UUID), with or without 8:orgid:, 8:live:..., 8:acs:..., or 29:... with the bot as scope"
    form = re.compile(
        rf"{_UUID}|8:teamsvisitor:[0-9a-f]{{32}}|8:live:[a-z0-9.,_:-]{{1,100}}|8:(?:dod-|gcch-)?acs:{_UUID}_[0-9a-f-]{{20,60}}|29:[A-Za-z0-9_-]{{20,200}}"
    )
    _organisation = re.compile(rf"(?:8:)?(?:orgid|gcch|dod):({_UUID})")
    _no_person = {"28:": "a bot", "19:": "a conversation", "48:": "a list of the app"}

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a user, in whichever of these forms."""
        body, scope = self.checked(text, scope)
        if (what := self._no_person.get(body[:3])) is not None:
            raise self.refuse(text, f"which is {what} and no person")
        if body.startswith("4:"):
            return made_by("phone", body[2:], text)
        return super().parse(body, scope=scope)

    def normal(self, value: str) -> str:
        """Return the object id alone, and all but what is given a bot in lower case."""
        if value.startswith("29:"):
            return value
        value = value.lower()
        match = self._organisation.fullmatch(value)
        return match[1] if match else value

    def why_not(self, value: str, scope: str) -> str | None:
        """As of other ids; a guest without an account has another id in each meeting."""
        return "it is a guest of one meeting" if value.startswith("8:teamsvisitor:") else super().why_not(value, scope)


class Discord(Platform):
    """Discord: 2 to 32 small letters, digits, underscores and dots, no dot twice; until 2023 a name, ``#`` and four digits."""

    name = "discord"
    title = "Discord"
    ids = "discord-id"
    accepted = "a user name of 2 to 32 letters, digits, _ and dots, a user id of 17 to 20 digits, <@...>, or discord.com/users/ and an id"
    form = re.compile(r"(?!.{33})(?![0-9]{17,20}$)(?!(?:everyone|here)$)(?=..)\.?[a-z0-9_]+(?:\.[a-z0-9_]+)*\.?")
    hosts = frozenset({"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"})
    _mention = re.compile(r"<@!?([0-9]{17,20})>")
    _tag = re.compile(r"([^@#:`]{2,32})#([0-9]{4}|0)")

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a name, an id, a mention or a user's page."""
        if isinstance(text, str) and (match := self._mention.fullmatch(text.strip())):
            return made_by("discord-id", match[1], text)
        return super().parse(text, region=region, scope=scope)

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a name, or of a name of before 2023, which is nobody's today."""
        match = self._tag.fullmatch(handle)
        if match is None:
            return super().handle(handle, raw)
        if not match[2].strip("0"):  # how names of today are written by what knew the old ones
            return super().handle(match[1], raw)
        return Identifier(
            scheme=self.name,
            value=fold_case(handle),
            linkable=False,
            reason="it is a name of before 2023, which people gave up",
            raw=raw,
        )

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/users/123``."""
        if len(url.path) != 2 or url.path[0] != "users":
            raise self.no_profile(raw)
        return made_by("discord-id", url.path[1], raw)


class DiscordId(PlatformId):
    """Ids of Discord users: snowflakes of 64 bits."""

    name = "discord-id"
    title = "Discord"
    platform = "discord"
    proves = frozenset({"discord"})
    scoped = False
    accepted = "a user id of 17 to 20 digits"
    form = re.compile(r"[1-9][0-9]{16,19}")


for _scheme in (SlackId(), TeamsId(), Discord(), DiscordId()):
    register_scheme(_scheme)
