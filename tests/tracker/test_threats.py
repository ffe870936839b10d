"""What each kind of attacker can cause under each policy: the table of docs/explanation/threat-model.md, cell by cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import omnitrack
from omnitrack import (
    CustomerNotFoundError,
    Identifier,
    Policy,
    Sighting,
    Tracker,
    account,
    claimed,
    identifier,
    observed,
    phone,
    verified,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "threat-model.md"
T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)

NUMBER, MAIL = "phone:+442079460958", "email:victim@example.com"
VICTIM, ATTACKER = "account:victim@bt", "account:attacker@bt"
HANDLE = "x:attacker"
SECRET = "what only the victim and the company know"

#: What an attacker says of themselves.
TRAITS = {
    "name": "Malory Quuxington",
    "postcode": "RG14 1AA",
    "birth_date": "1980-02-03",
    "address": "1 High Street, Newbury",
}

Attack = Callable[["Scene"], None]
ATTACKS: dict[str, Attack] = {}


def attack(name: str) -> Callable[[Attack], Attack]:
    def register(act: Attack) -> Attack:
        ATTACKS[name] = act
        return act

    return register


class Scene:
    """A store with a victim and an attacker in it."""

    def __init__(self, policy: Policy, matching: bool = False) -> None:
        self.tracker: Tracker = omnitrack.open("memory://", policy=policy, region="GB", matching=matching)
        self._minute = 0
        self.mine = [ATTACKER, HANDLE]  # what the attacker is known by

    def seen(
        self,
        body: str,
        *customer: str | Identifier | Sighting,
        channel: str = "phone",
        traits: Mapping[str, str] | None = None,
        days: int = 0,
    ) -> None:
        self._minute += 1 + days * 24 * 60
        self.tracker.record(
            channel=channel,
            occurred_at=T0 + timedelta(minutes=self._minute),
            customer=customer,
            body=body,
            traits=traits or {},
        )

    def bodies(self, who: str, trust: str = "observed") -> list[str | None]:
        try:
            return [item.body for item in self.tracker.timeline(who, trust=trust)]  # type: ignore[arg-type]
        except CustomerNotFoundError:
            return []

    def calls(self, *also: str | Sighting) -> None:
        self.seen(SECRET, NUMBER, *also)

    def shared(self, who: str) -> bool:
        try:
            return self.tracker.customer(who).shared
        except CustomerNotFoundError:
            return False


@attack("types a stranger's address or number into a form")
def form(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    scene.seen("form", verified(ATTACKER), claimed(NUMBER), claimed(MAIL), channel="web")


@attack("names another's account on the phone")
def names_an_account(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    scene.seen("call", "phone:+447700900123", claimed(VICTIM))
    scene.seen("log-in", "phone:+447700900123", verified(ATTACKER))


@attack("sends a mail whose Reply-To or text names the victim")
def reply_to(scene: Scene) -> None:
    scene.seen(SECRET, MAIL, verified(VICTIM), channel="email")
    # A source gives the sender alone; what Reply-To and the text name is at most a claim.
    scene.seen("mail", "email:attacker@example.net", claimed(MAIL), channel="email")
    scene.seen("log-in", "email:attacker@example.net", verified(ATTACKER), channel="web")


@attack("registers with the victim's address before the victim comes")
def registers_first(scene: Scene) -> None:
    scene.seen("registered", verified(ATTACKER), claimed(MAIL), channel="web")
    scene.seen(SECRET, MAIL, verified(VICTIM), channel="email")


@attack("comes back with a handoff code that was posted to the victim in public")
def redeems_a_public_code(scene: Scene) -> None:
    scene.seen(SECRET, "x:victim", channel="x")
    scene.seen(SECRET, "x:victim", verified(VICTIM), channel="web")
    posted = next(item for item in scene.tracker.timeline("x:victim") if item.channel == "x")
    code = scene.tracker.hand_over(posted, to="web")
    scene.seen(code.code, verified(ATTACKER), channel="web")
    assert scene.tracker.suggestions("x:victim").items


@attack("brings a handoff code of their own in a mail that has the victim's address as its sender")
def forges_the_sender_of_a_code(scene: Scene) -> None:
    scene.seen(SECRET, MAIL, channel="email")
    scene.seen("message", HANDLE, verified(ATTACKER), channel="x")
    code = scene.tracker.hand_over(scene.tracker.timeline(ATTACKER)[0], to="email", private=True)
    scene.seen(code.code, MAIL, channel="email")


@attack("brings a handoff code of their own where the victim is known by an account")
def forges_the_sender_of_a_customer(scene: Scene) -> None:
    scene.seen(SECRET, MAIL, verified(VICTIM), channel="email")
    scene.seen("message", HANDLE, verified(ATTACKER), channel="x")
    code = scene.tracker.hand_over(scene.tracker.timeline(ATTACKER)[0], to="email", private=True)
    scene.seen(code.code, MAIL, channel="email")


@attack("steals a handoff code that the victim was given in private, and logs in with it before the victim does")
def steals_a_private_code(scene: Scene) -> None:
    scene.seen(SECRET, "x:victim", channel="x")
    code = scene.tracker.hand_over(scene.tracker.timeline("x:victim")[0], to="web", private=True)
    scene.seen(code.code, verified(ATTACKER), channel="web")


@attack("steals such a code after the victim has used it")
def steals_a_used_code(scene: Scene) -> None:
    scene.seen(SECRET, "x:victim", channel="x")
    code = scene.tracker.hand_over(scene.tracker.timeline("x:victim")[0], to="web", private=True)
    scene.seen(code.code, verified(VICTIM), channel="web")
    scene.seen(code.code, verified(ATTACKER), channel="web")


@attack("has a handoff code sent to an address of the victim's that they typed into a form")
def has_a_code_shown(scene: Scene) -> None:
    scene.seen(SECRET, MAIL, channel="email")
    scene.seen("form", claimed(MAIL), channel="web")
    shown = next(item for item in scene.tracker.timeline(MAIL, include_claimed=True) if item.channel == "web")
    code = scene.tracker.hand_over(shown, to="phone", private=True)
    scene.seen(code.code, verified(ATTACKER), channel="phone")


@attack("logs in while calling with the number of a victim known by an account")
def spoofs_after(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    scene.seen("call", NUMBER, verified(ATTACKER))


@attack("does so before the victim has called")
def spoofs_before(scene: Scene) -> None:
    scene.seen("call", NUMBER, verified(ATTACKER))
    scene.calls(verified(VICTIM))


@attack("logs in while calling with the number of a victim not known by an account")
def spoofs_a_stranger(scene: Scene) -> None:
    scene.calls()
    scene.seen("call", NUMBER, verified(ATTACKER))


@attack("floods the victim's number with junk identifiers")
def floods(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    for n in range(30):
        scene.seen(f"junk {n}", NUMBER, f"x:junk{n}")


@attack("is seen with the victim's number and two numbers of their own")
def spoofs_beside_numbers(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    for n in range(2):
        scene.seen("call", NUMBER, f"phone:+44770090012{n}")


@attack("logs in from many browsers to an account of their own, while calling with the victim's number")
def spoofs_with_browsers(scene: Scene) -> None:
    """An account may have any number of browsers; that is no way to hide that there are two accounts."""
    scene.calls(verified(VICTIM))
    for n in range(30):
        scene.seen("log-in", verified(ATTACKER), f"device:browser{n}", channel="web")
    scene.seen("call", NUMBER, verified(ATTACKER))


@attack("writes nothing but a stranger's address into a form")
def form_alone(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    scene.seen("mail", MAIL, verified(VICTIM), channel="email")
    scene.seen("form", claimed(MAIL), channel="web")
    scene.seen("form", claimed(VICTIM), channel="web")


@attack("types a stranger's address into a form, beside their own name, birth date and postcode")
def gives_the_victim_traits(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    scene.seen("mail", MAIL, verified(VICTIM), channel="email", traits={"name": "Victor Smith"})
    scene.seen("log-in", verified(ATTACKER), channel="web", traits=TRAITS)
    for one in (MAIL, NUMBER, VICTIM):
        scene.seen("form", claimed(one), channel="web", traits=TRAITS)


@attack("is seen with the victim's number and a handle or address of their own")
def spoofs_with_a_handle(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    scene.seen("call", NUMBER, HANDLE)


@attack("logs in while calling with a number that only another address ties to the victim's account")
def spoofs_at_a_distance(scene: Scene) -> None:
    scene.seen("mail", MAIL, verified(VICTIM), channel="email")
    scene.calls(MAIL)
    scene.seen("call", NUMBER, verified(ATTACKER))
    scene.calls()


@attack("does so before that address and the number were seen together")
def spoofs_at_a_distance_before(scene: Scene) -> None:
    scene.seen("mail", MAIL, verified(VICTIM), channel="email")
    scene.seen("call", NUMBER, verified(ATTACKER))
    scene.calls(MAIL)
    scene.calls()


@attack("calls with the victim's number, and the attestation of the call failed")
def unverified_caller(scene: Scene) -> None:
    scene.calls()
    log = json.dumps(
        {"at": "2026-03-02T09:00:00Z", "from": "+442079460958", "stir": "TN-Validation-Failed", "login": "attacker"}
    )
    mapping = {
        "channel": "phone",
        "fields": {"occurred_at": "at", "verstat": "stir"},
        "customer": {"from": "phone:{}!observed", "login": "account:{}@bt!verified"},
    }
    scene.tracker.load(log.encode(), format="jsonl", mapping=mapping)
    scene.seen("call", "tel:+442079460958;verstat=TN-Validation-Failed", verified(ATTACKER))


@attack("calls from a SIP address of their own host that holds the victim's number")
def foreign_host(scene: Scene) -> None:
    scene.calls()
    for written in (
        "sip:+442079460958@evil.example",
        "sip:02079460958@evil.example;user=phone",
        "tel:02079460958;phone-context=evil.example",
    ):
        scene.seen("call", written, verified(ATTACKER))
        scene.seen("call", phone(written, "GB"), HANDLE)


@attack("calls from a SIP address whose name is the victim's number without a plus")
def digits_at_a_host(scene: Scene) -> None:
    scene.calls()
    for written in (
        "sip:2079460958@evil.example",
        "phone:sip:02079460958@evil.example",
        "phone:02079460958@evil.example",
    ):
        scene.seen("call", written, verified(ATTACKER))
        scene.seen("call", written, HANDLE)


@attack("chooses an account name that reads like the victim's")
def reads_alike(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    scene.seen("log-in", verified(ATTACKER), channel="web")
    for name in (
        "vic tim",
        "victim%20",
        "v%69ctim",
        "Victim",
        "\uff56\uff49\uff43\uff54\uff49\uff4d",
        "vict\u0131m",
        "victim%40bt",
    ):
        scene.seen("log-in", verified(account(name, scope="bt")), channel="web")
        assert SECRET not in [item.body for item in scene.tracker.timeline(account(name, scope="bt"))]
    names = [account("victim@example.com", scope="p"), account("victim%40example.com", scope="p")]
    scene.seen(SECRET, verified(names[0]), verified(MAIL), channel="web")
    scene.seen("log-in", verified(names[1]), verified(HANDLE), channel="web")


@attack("logs in where a system writes a placeholder in place of the account, as it did for the victim")
def shares_a_placeholder(scene: Scene) -> None:
    scene.calls()
    for none in ("undefined", "[object Object]", "00000000-0000-0000-0000-000000000000", "-1"):
        scene.seen(SECRET, NUMBER, verified(f"account:{none}@bt"), observed(f"device:{none}"), channel="app")
        scene.seen(
            "log-in", verified(f"account:{none}@bt"), observed(f"device:{none}"), verified(HANDLE), channel="app"
        )


@attack("leaves the placeholder address or number that the victim left")
def shares_a_placeholder_address(scene: Scene) -> None:
    scene.calls()
    for none in ("email:noemail@example.com", "phone:01234567890"):
        scene.seen(SECRET, verified(none), verified(NUMBER), channel="web")
        scene.seen("log-in", verified(none), verified(ATTACKER), channel="web")


@attack("writes from a Mastodon account whose host looks like the victim's")
def lookalike_host(scene: Scene) -> None:
    scene.seen(SECRET, "mastodon:victim@mastodon.social", verified(VICTIM), channel="mastodon")
    false = "mastodon:victim@mast\u043edon.social"
    scene.seen("post", false, HANDLE, channel="mastodon")
    assert SECRET not in scene.bodies(false)
    assert not identifier(false).linkable


@attack("takes over a handle that the victim has given up")
def takes_over_a_handle(scene: Scene) -> None:
    scene.seen(SECRET, "x:victim", "x-id:111", channel="x")
    scene.seen(SECRET, "x-id:111", verified(VICTIM), channel="web")
    scene.seen(SECRET, "x:victim", channel="x")
    scene.seen("call", "x:victim", "x-id:666", channel="x")
    scene.seen("log-in", "x:victim", "x-id:666", verified(ATTACKER), channel="web")
    scene.mine.append("x-id:666")


@attack("gets the number that was the victim's before, and writes by WhatsApp")
def gets_a_recycled_number(scene: Scene) -> None:
    scene.seen(SECRET, NUMBER, "whatsapp-id:GB.1111111111@p", channel="whatsapp")
    scene.seen(SECRET, MAIL, "whatsapp-id:GB.1111111111@p", verified(VICTIM), channel="web")
    scene.calls()
    scene.seen("call", NUMBER, "whatsapp-id:GB.2222222222@p", channel="whatsapp")
    scene.seen("log-in", NUMBER, "whatsapp-id:GB.2222222222@p", verified(ATTACKER), channel="web")
    scene.mine.append("whatsapp-id:GB.2222222222@p")


@attack("gets the number that was the victim's before, months after the victim's last call")
def gets_a_silent_number(scene: Scene) -> None:
    scene.calls(verified(VICTIM))
    scene.seen("call", NUMBER, days=230)
    scene.seen("log-in", NUMBER, verified(ATTACKER))
    scene.mine.append(NUMBER)


@attack("does so where the victim is not known by an account")
def gets_a_strangers_silent_number(scene: Scene) -> None:
    scene.calls()
    scene.seen("call", NUMBER, days=230)
    scene.seen("log-in", NUMBER, verified(ATTACKER))
    scene.mine.append(NUMBER)


@attack(
    "logs in while calling with the victim's number after months in which the victim did not call, before the victim calls again"
)
def spoofs_in_a_silence(scene: Scene) -> None:
    scene.seen("call of last year", NUMBER, verified(VICTIM))
    scene.seen("call", NUMBER, verified(ATTACKER), days=230)
    scene.calls()
    assert scene.bodies(VICTIM) == ["call of last year"]


def outcome(attack: Attack, policy: Policy, trust: str = "observed") -> str:
    """Play an attack and say what came of it; the victim's own history, from the victim's account, must be whole all the same."""
    scene = Scene(policy)
    attack(scene)
    assert scene.tracker.verify().ok
    mine = [body for one in scene.mine for body in scene.bodies(one, trust)]
    if SECRET in mine:
        customer = scene.tracker.customer(ATTACKER if scene.bodies(ATTACKER, trust) else HANDLE)
        keys = {identifier.key for identifier in customer.identifiers}
        if VICTIM in keys:
            return "takes the victim's history along"
        return f"takes the {'number' if NUMBER in keys else 'address'}'s history along"
    # Nor is what an attacker says filed in the history of the victim.
    for who in (VICTIM, MAIL):
        assert not {"form", "call", "log-in", "registered"} & set(scene.bodies(who, trust))
    # Nor is it said of the victim, by whatever the victim is known.
    for who in (VICTIM, MAIL, NUMBER):
        with suppress(CustomerNotFoundError):
            said = scene.tracker.customer(who).traits
            assert not {value for values in said.values() for value in values} & set(TRAITS.values())
    for junk in range(30):
        assert SECRET not in scene.bodies(f"x:junk{junk}", trust)
    if not scene.shared(NUMBER):
        return "nothing"
    assert scene.tracker.conflicts(NUMBER).items
    scene.tracker.mark_personal(NUMBER, of=VICTIM, by="agent", reason="the victim showed the contract")
    assert SECRET in scene.bodies(VICTIM)
    assert scene.tracker.customer(VICTIM).id == scene.tracker.customer(NUMBER).id
    assert SECRET not in scene.bodies(ATTACKER, trust)
    return "the number counts as shared, until mark_personal"


COLUMNS: dict[str, tuple[Policy, str]] = {
    "default": (Policy(), "observed"),
    'merges_at="verified"': (Policy(merges_at="verified"), "observed"),
    'timeline(trust="verified")': (Policy(), "verified"),
}


def cells() -> list[tuple[str, str, str]]:
    rows = [line.strip().strip("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip().strip("`") for cell in row.split("|")] for row in rows]
    return [(row[0], column, text) for row in body for column, text in zip(head[1:], row[1:])]


def test_the_table_has_every_attack_and_every_policy() -> None:
    assert {(name, column) for name, column, _ in cells()} == {(a, c) for a in ATTACKS for c in COLUMNS}


@pytest.mark.parametrize(("name", "column", "text"), cells())
def test_a_cell_of_the_table(name: str, column: str, text: str) -> None:
    policy, trust = COLUMNS[column]
    assert outcome(ATTACKS[name], policy, trust) == text


@pytest.mark.parametrize("matching", ["from the start", "later"])
def test_traits_that_came_with_a_claim_make_nobody_alike(matching: str) -> None:
    """Else who types the victim's address into a form would be like the victim, and a policy that merges the likely would join them."""
    scene = Scene(Policy(auto_match=0.9), matching=matching == "from the start")
    for n in range(100):
        others = {"name": f"John N{n}", "postcode": f"AB{n % 90 + 1} 1AA"}
        scene.seen("mail", f"email:other{n}@example.com", channel="email", traits=others)
    gives_the_victim_traits(scene)
    tracker = (
        scene.tracker
        if matching != "later"
        else Tracker(scene.tracker._backend, policy=Policy(auto_match=0.9), region="GB", matching=True)
    )
    assert not tracker.suggestions(ATTACKER).items
    tracker.find_matches()
    assert tracker.customer(ATTACKER).id != tracker.customer(VICTIM).id
    assert SECRET not in scene.bodies(ATTACKER)


def test_a_claim_that_an_agent_attributes_says_its_traits_of_whom_it_is_attributed_to() -> None:
    scene = Scene(Policy(), matching=True)
    scene.calls(verified(VICTIM))
    form = scene.tracker.record(channel="web", occurred_at=T0, customer=[claimed(NUMBER)], traits=TRAITS).interaction
    assert form is not None
    assert scene.tracker.customer(VICTIM).traits == {}
    said = scene.tracker.attribute(form, VICTIM)
    assert scene.tracker.customer(VICTIM).traits["name"] == (TRAITS["name"],)
    scene.tracker.retract(said)
    assert scene.tracker.customer(VICTIM).traits == {}


def test_traits_stay_a_claims_when_the_anchor_turns_out_to_be_the_companys() -> None:
    scene = Scene(Policy())
    scene.calls(verified(VICTIM))
    scene.seen("form", "email:desk@company.example", claimed(NUMBER), channel="web", traits=TRAITS)
    again = Tracker(scene.tracker._backend, own=["email:desk@company.example"], rebuild=True)
    assert again.customer(VICTIM).traits == {}
