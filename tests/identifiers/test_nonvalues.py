"""Values that are none: however they are spelt, they identify nobody, in any scheme, in record() and through every mapping."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import omnitrack
from omnitrack import claimed, observed, verified
from omnitrack.errors import InvalidIdentifierError, PolicyChangedError
from omnitrack.identifiers import (
    Identifier,
    account,
    crm,
    device,
    email,
    find_identifiers,
    identifier,
    iter_schemes,
    phone,
    postal,
)
from omnitrack.identifiers.nonvalues import (
    ID_WORDS,
    REASON,
    WORDS,
    is_nothing,
    is_placeholder_number,
    is_written_for_nothing,
)
from omnitrack.identifiers.scheme import key_text
from omnitrack.matching import normalise_traits

T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)
NIL, MAX = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"
#: What programs and people write, beyond the words of the list.
WRITTEN = (
    *(
        "[object Object]",
        "[object Undefined]",
        "n/a",
        "N.A.",
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#BEZUG!",
        "Err:502",
    ),
    *(
        "-1",
        "-99",
        "-1.0",
        "0",
        "000",
        "0.0",
        "[]",
        "{}",
        "()",
        "''",
        '""',
        "-",
        "--",
        "?",
        "...",
        "<>",
        "********",
        "xxx",
    ),
    *(
        "{{user.id}}",
        "${userId}",
        "<%= id %>",
        "%%email%%",
        "*|EMAIL|*",
        "<nil>",
        "%!s(<nil>)",
        "<NA>",
        "1.#QNAN",
        "-nan",
        "\\N",
    ),
    *(
        NIL,
        MAX,
        NIL.replace("-", ""),
        "00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "02:00:00:00:00:00",
        "9774d56d682e549c",
    ),
    *(
        "1111111",
        "9999999999",
        "1234567890",
        "0123456789",
        "123-456-7890",
        "(555) 555-5555",
        "+1 111 111 1111",
    ),
    *(
        "(not set)",
        "(none)",
        "Not Available",
        "no_value",
        "NOT-SET",
        "java.lang.Object@1b6d3586",
        "<object object at 0x7f2a>",
    ),
    *(
        "%5Bobject%20Object%5D",
        "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660",
        "ｎｕｌｌ",
        "11111111-1111-1111-1111-111111111111",
    ),
)
listed = st.sampled_from(sorted(WORDS | ID_WORDS)) | st.sampled_from(WRITTEN)
around = st.sampled_from(
    [
        ("", ""),
        ('"', '"'),
        ("'", "'"),
        ("(", ")"),
        ("[", "]"),
        ("<", ">"),
        ("{", "}"),
        ("“", "”"),
        ('["', '"]'),
        (" ", "\t"),
    ]
)


CASES: dict[str, Callable[[str], str]] = {"as it is": str, "upper": str.upper, "lower": str.lower, "title": str.title}


@st.composite
def spelt(draw: st.DrawFn) -> str:
    """One of the list in any spelling: case, quotes and brackets, space around."""
    text = draw(listed)
    # A template and what a language prints begin and end as they do.
    text = CASES[draw(st.sampled_from(sorted(CASES)))](text)
    before, behind = draw(around)
    return f"{before}{text}{behind}"


@given(spelt())
@example("'#N/A'")
def test_it_is_none_however_it_is_spelt(text: str) -> None:
    assert is_nothing(text)


@given(st.sampled_from([account, crm, device]), spelt(), st.sampled_from(["", "bt", "uuid", "salesforce"]))
def test_there_is_no_such_account_record_or_device(made: object, text: str, scope: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=r"placeholder|cannot be seen|accepted are 1 to"):
        made(text, scope)  # type: ignore[operator]


@given(
    st.sampled_from(sorted(s.name for s in iter_schemes() if s.name != "loyalty")),
    spelt(),
    st.sampled_from(["", "community.example"]),
)
def test_it_identifies_nobody_in_any_scheme(scheme: str, text: str, scope: str) -> None:
    ways: tuple[Callable[[], Identifier], ...] = (
        lambda: omnitrack.identifier(key_text(scheme, text)),
        lambda: omnitrack.identifiers.get_scheme(scheme).parse(text, region="US", scope=scope),
    )
    for read in ways:
        try:
            one = read()
        except InvalidIdentifierError:
            continue
        assert not one.linkable, one.key


@given(spelt(), st.sampled_from(["GB", "US", None]))
def test_a_bare_text_of_it_identifies_nobody(text: str, region: str | None) -> None:
    for one in [
        *_read(text, region),
        *find_identifiers(f"I am {text}, call {text} or {text}@example.com", region, "x"),
    ]:
        assert not one.linkable or one.scheme == "email", one.key


def _read(text: str, region: str | None) -> list[Identifier]:
    try:
        return [identifier(text, region)]
    except InvalidIdentifierError:
        return []


_OTHERS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12) | st.integers(1, 999_999).map(str)


@given(_OTHERS)
@example("1")
@example("11")
@example("1234")
@example("999999")
@example("nullable")
@example("Nancy")
@example("anonymous42")
def test_what_is_none_is_told_from_its_words_and_runs_alone(text: str) -> None:
    """Everything else is somebody: short numbers are accounts like any other."""
    plain = text.casefold()
    digits = [ch for ch in text if ch.isdecimal()]
    if (
        len(digits) < 7
        and not any(ch in plain for ch in "0xf")
        and plain.isalnum()
        and not any(ch.isalpha() for ch in plain)
    ):
        assert not is_nothing(text)
    if any(ch.isdecimal() for ch in text) and any(ch.isalpha() for ch in text) and len(text) < 8:
        assert not is_nothing(text) or set(plain) <= set("0f")


@pytest.mark.parametrize(
    "text",
    ["BT123", "1", "11", "4711", "123456", "999999", "00001", "x", "f", "1-800", "Nancy", "\U0001f98a", "01.02.2003"],
)
def test_what_may_be_somebodys_is_somebodys(text: str) -> None:
    assert account(text).linkable


@pytest.mark.parametrize(
    "text",
    ["noemail@example.com", "a@a.com", "xxx@xxx.com", "no@no.com", "no@email.com", "abc@abc.com", "test123@example.com", "no-email@x.org", "none@none.com", "test@corp.example", "n.a@x.example", "noemail17@x.org", "jane@noemail.com",
     "unknown@unknown.net", "asdf@asdf.com", "dummy@x.org", "11111111@x.org", "customer_has_no_email@x.org", "noreply@x.org", "test+1@x.org"],
)  # fmt: skip
def test_an_address_that_nobody_gave_is_kept_and_not_linkable_at_any_domain(text: str) -> None:
    one = email(text)
    assert (one.linkable, one.value.partition("@")[1]) == (False, "@")
    assert identifier(one.key).reason == one.reason


@pytest.mark.parametrize(
    "text",
    [
        "jane@example.com",
        "0@example.com",
        "nan@example.com",
        "tess@example.com",
        "noe.mail@example.com",
        "test.pilot@example.com",
    ],
)
def test_an_address_that_may_be_somebodys_is_linkable(text: str) -> None:
    assert email(text).linkable == (text != "noe.mail@example.com")  # dots do not make a placeholder somebody's


@pytest.mark.parametrize(
    ("text", "region"),
    [("1234567890", "US"), ("(555) 555-5555", "US"), ("01234 567890", "GB"), ("07123 456789", "GB"), ("07777 777777", "GB"), ("06 11111111", "NL"),
     ("٠٧١٢٣٤٥٦٧٨٩", "GB")],
)  # fmt: skip
def test_a_number_that_nobody_has_is_kept_and_not_linkable(text: str, region: str | None) -> None:
    one = phone(text, region)
    assert (one.linkable, one.reason) == (False, REASON)
    assert identifier(one.key).reason == REASON


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("020 7946 0958", "GB"),
        ("020 7000 0000", "GB"),
        ("07700 900123", "GB"),
        ("0161 496 0000", "GB"),
        ("07700 000000", "GB"),
        ("202 555 0100", "US"),
        ("06 12345678", "NL"),
        ("0176 12345678", "DE"),
        ("98765 43210", "IN"),
        ("+55 11 8765-4321", "BR"),
    ],
)
def test_a_number_that_somebody_may_have_is_linkable(text: str, region: str) -> None:
    assert phone(text, region).linkable


@given(st.text("0123456789", min_size=7, max_size=12))
@example("7000000000")
@example("7700000000")
@example("7123456789")
@example("1234567890")
@example("5512345678")
def test_one_digit_behind_the_first_or_a_run_to_nine_at_the_end_makes_a_number_nobodys(digits: str) -> None:
    run = digits.endswith(("123456789", "1234567890"))
    assert is_placeholder_number(digits) == (len(set(digits[1:])) == 1 or run)


@pytest.mark.parametrize(
    "text",
    [
        "order 1234567890",
        "call 07123 456789",
        "mail noemail@shop.example or none@none.com",
        "@null @undefined",
    ],
)
def test_nothing_is_found_in_a_text_where_nobody_stands(text: str) -> None:
    assert [find_identifiers(text, region, "x") for region in ("US", "GB")] == [[], []]


def test_an_address_by_letter_of_nobody_is_a_households() -> None:
    assert postal(name="N/A", postcode="RG14 1AA") == postal(postcode="RG14 1AA")
    with pytest.raises(InvalidIdentifierError):
        postal(name="Jane Smith", postcode="unknown")


@given(spelt())
def test_strangers_with_a_placeholder_in_common_stay_strangers(text: str) -> None:
    tracker = omnitrack.open("memory://", region="US")
    for number, other in enumerate(("email:ann@example.com", "email:bob@example.net")):
        for scheme in ("account", "crm", "device", "phone", "x", "forum", "sip"):
            tracker.record(
                channel="web",
                occurred_at=T0,
                customer=[verified(key_text(scheme, text)), verified(other)],
                source=scheme,
                source_id=str(number),
            )
    assert tracker.customer("email:ann@example.com").id != tracker.customer("email:bob@example.net").id
    assert tracker.verify().ok


def test_what_is_left_out_is_reported_with_its_reason() -> None:
    tracker = omnitrack.open("memory://")
    done = tracker.record(channel="web", occurred_at=T0, customer=["account:undefined", "email:ann@example.com"])
    assert [REASON in rejected.reason and rejected.kept for rejected in done.rejected] == [True]
    assert [i.scheme for i in tracker.customer("email:ann@example.com").identifiers] == ["email"]
    # One that a caller made by hand is none either.
    made = tracker.record(channel="web", occurred_at=T0, customer=[Identifier(scheme="account", value="null")])
    assert REASON in made.rejected[0].reason
    assert tracker.unattributed().items


@given(spelt())
def test_through_a_mapping_it_is_rejected_with_a_reason_and_the_interaction_kept(text: str) -> None:
    mapping = {
        "channel": "web",
        "fields": {"occurred_at": "at"},
        "customer": [
            {"field": "id", "scheme": "account", "scope": "bt", "assurance": "verified"},
            {"field": "mail", "scheme": "email", "assurance": "observed"},
        ],
    }
    rows = [
        {"at": f"2026-01-0{n}T09:00:00Z", "id": text, "mail": f"{name}@example.com"}
        for n, name in ((1, "ann"), (2, "bob"))
    ]
    tracker = omnitrack.open("memory://")
    report = tracker.load("\n".join(map(json.dumps, rows)).encode(), format="jsonl", mapping=mapping)
    assert report.added == 2
    if text.strip():
        assert [REASON in one.reason or "accepted are 1 to" in one.reason for one in report.left_out] == [True, True]
    assert tracker.customer("email:ann@example.com").id != tracker.customer("email:bob@example.com").id


@pytest.mark.parametrize(
    ("format", "records"),
    [
        ("segment", [{"type": "track", "event": "x", "userId": "{0}", "anonymousId": "{0}", "timestamp": "2026-01-0{1}T09:00:00Z", "messageId": "m{1}",
                      "context": {"traits": {"email": "{2}@example.com"}}}]),
        ("cloudevents", [{"specversion": "1.0", "type": "com.x.page.viewed", "source": "/s", "id": "{1}", "time": "2026-01-0{1}T09:00:00Z",
                          "data": {"userId": "{0}", "deviceId": "{0}"}}]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["undefined", "null", "[object Object]", NIL, "-1", "0"])
def test_through_a_source_it_identifies_nobody(format: str, records: list[object], text: str) -> None:
    tracker = omnitrack.open("memory://")
    for number, name in ((1, "ann"), (2, "bob")):
        filled = json.dumps(records).replace("{0}", text).replace("{1}", str(number)).replace("{2}", name)
        assert tracker.load(filled.encode(), format=format).added == 1
    assert len(tracker.unattributed().items) == 2 or format == "segment"
    keys = tracker._backend.run(lambda tx: {(r.scheme, r.value) for r in tx.find_identifiers()}, write=False)
    assert not {scheme for scheme, _ in keys} & {"account", "crm", "device"}


@pytest.mark.parametrize(
    ("trait", "text"),
    [
        ("email", "noemail@example.com"),
        ("phone", "+447123456789"),
        ("account", "undefined"),
        ("name", "n/a"),
        ("user_name", "@null"),
        ("postcode", "#N/A"),
    ],
)
def test_matching_reads_the_same_list(trait: str, text: str) -> None:
    assert not normalise_traits({trait: text})


def test_a_name_is_not_taken_for_a_placeholder_of_an_id() -> None:
    assert normalise_traits({"given_name": "Nat", "family_name": "Guest"}).to_dict() == {
        "names": [["nat", "", "guest"]]
    }
    assert is_written_for_nothing("N/A")
    assert not is_written_for_nothing("Guest")


# -- a store's own ------------------------------------------------------------------------------------------------------

OWN = ["account:0815", "email:nn@*", "phone:+44 20 7946 0000", "x:nobody"]


def test_a_store_has_placeholders_of_its_own() -> None:
    tracker = omnitrack.open("memory://", region="GB", placeholders=OWN)
    for number, name in enumerate(("ann", "bob")):
        for text in ("account:0815", "email:nn@shop.example", "020 7946 0000", "x:Nobody"):
            done = tracker.record(channel="web", occurred_at=T0, customer=[verified(text), verified(f"email:{name}@example.com")],
                                  source=text, source_id=str(number))  # fmt: skip
            assert bool(done.rejected) == (text == "account:0815")
    assert tracker.customer("email:ann@example.com").id != tracker.customer("email:bob@example.com").id
    kept = tracker.customer("email:nn@shop.example").identifiers[0]
    assert (kept.linkable, kept.reason) == (False, REASON)
    with pytest.raises(omnitrack.CustomerNotFoundError):
        tracker.customer("account:0815")
    for text in ("account:0815", "email:nn@shop.example"):
        with pytest.raises(InvalidIdentifierError, match="placeholder"):
            tracker.link(text, "email:ann@example.com")


def test_processes_agree_on_the_placeholders_of_a_store() -> None:
    first = omnitrack.open("memory://", placeholders=OWN[:2])
    first.record(channel="web", occurred_at=T0, customer="x:ann")
    omnitrack.Tracker(first._backend, placeholders=reversed(OWN[:2]))
    for others in ((), OWN):
        with pytest.raises(PolicyChangedError, match="placeholders: "):
            omnitrack.Tracker(first._backend, placeholders=others)


@pytest.mark.parametrize("matching", [False, True])
def test_a_rebuild_with_other_placeholders_equals_a_store_that_had_them_from_the_start(matching: bool) -> None:
    def fill(tracker: omnitrack.Tracker) -> omnitrack.Tracker:
        for number, name in enumerate(("ann", "bob", "")):
            for text in ("account:0815", "email:nn@shop.example"):
                others = [f"email:{name}@example.com"] if name else []
                tracker.record(
                    channel="web", occurred_at=T0, customer=[text, *others], source=text, source_id=str(number)
                )
        return tracker

    changed = fill(omnitrack.open("memory://", matching=matching))
    changed = omnitrack.Tracker(changed._backend, placeholders=OWN[:2], rebuild=True)
    afresh = fill(omnitrack.open("memory://", placeholders=OWN[:2], matching=matching))
    assert changed.verify().ok, str(changed.verify())
    for who in ("email:ann@example.com", "email:bob@example.com"):
        assert [i.source_id for i in changed.timeline(who)] == [i.source_id for i in afresh.timeline(who)]
    assert {i.source_id for i in changed.unattributed().items} == {i.source_id for i in afresh.unattributed().items}


@pytest.mark.parametrize("wrong", ["email:*", "0815", 17, "phon:+44*"])
def test_a_placeholder_that_is_none_or_takes_in_everybody_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidIdentifierError):
        omnitrack.open("memory://", placeholders=[wrong])  # type: ignore[list-item]


# -- hosts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "own",
    [[], ["sip:voice.bt.example"], ["sip:*@voice.bt.example"], ["sip:*@*.bt.example"], ["sip:ivr@voice.bt.example"]],
)
@pytest.mark.parametrize(
    "text",
    [
        "sip:+442079460958@voice.bt.example",
        "phone:sip:+442079460958@voice.bt.example;user=phone",
        "tel:02079460958;phone-context=voice.bt.example",
    ],
)
def test_a_number_at_a_host_is_a_claim_unless_the_host_is_own(own: list[str], text: str) -> None:
    tracker = omnitrack.open("memory://", region="GB", own=own)
    tracker.record(channel="phone", occurred_at=T0, customer="020 7946 0958", body="theirs")
    for number, said in enumerate((text, identifier(text, "GB"), observed(text))):
        tracker.record(channel="phone", occurred_at=T0, customer=[said, f"x:caller{number}"], body="call")  # type: ignore[list-item]
        mine = {item.body for item in tracker.timeline(f"x:caller{number}")}
        assert mine == ({"call", "theirs"} if own else {"call"})


def test_who_says_verified_or_claimed_is_believed() -> None:
    tracker = omnitrack.open("memory://")
    for said, joins in ((verified, True), (claimed, False)):
        tracker.record(
            channel="phone",
            occurred_at=T0,
            customer=[said("sip:+442079460958@evil.example"), verified(f"x:{said.__name__}")],
        )
        assert (tracker.customer(f"x:{said.__name__}").id == tracker.customer("+442079460958").id) == joins


def test_an_own_host_is_part_of_the_own_list() -> None:
    first = omnitrack.open("memory://", own=["sip:voice.bt.example"])
    first.record(channel="web", occurred_at=T0, customer="x:ann")
    with pytest.raises(PolicyChangedError, match="own: "):
        omnitrack.Tracker(first._backend, own=[])
