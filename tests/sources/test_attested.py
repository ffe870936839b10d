"""Callers whose network does not vouch for them, in every source that carries an attestation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from omnitrack.errors import SourceFormatError
from omnitrack.model import Assurance, Interaction
from sources.asserting import in_utc

FREESWITCH = ["uuid", "caller_id_number", "destination_number", "start_stamp", "sip_verstat"]
ASTERISK = "src,dst,start,disposition,uniqueid,verstat"
MAPPING = {
    "channel": "phone",
    "fields": {"occurred_at": "at", "direction": "way", "verstat": "StirVerstat", "attestation": "level"},
    "customer": {"number": "phone:{}!observed", "account": "account:{}!verified", "said": "phone:{}"},
}


def asterisk(verdict: str, **options: Any) -> Interaction:
    row = f"+14155550100,1001,2026-01-05 09:00:01,ANSWERED,1767603601.1,{verdict}\n"
    [call] = in_utc(f"{ASTERISK}\n{row}".encode(), "asterisk-cdr", **options)
    assert isinstance(call, Interaction)
    return call


def freeswitch_csv(verdict: str, **options: Any) -> Interaction:
    row = f"6f1c,+14155550100,1001,2026-01-05 09:00:01,{verdict}\n".encode()
    [call] = in_utc(row, "freeswitch-csv", columns=FREESWITCH, **options)
    assert isinstance(call, Interaction)
    return call


def freeswitch_header(verdict: str, **options: Any) -> Interaction:
    asserted = (
        f"<sip:+14155550100@carrier.example;verstat={verdict}>" if verdict else "<sip:+14155550100@carrier.example>"
    )
    variables = {
        "uuid": "6f1c",
        "caller_id_number": "+14155550100",
        "destination_number": "1001",
        "start_epoch": "1767603601",
        "sip_h_P-Asserted-Identity": asserted,
    }
    [call] = in_utc([{"core-uuid": "x", "variables": variables}], "freeswitch-json", **options)
    assert isinstance(call, Interaction)
    return call


def connect(verdict: str, **options: Any) -> Interaction:
    record = {
        "ContactId": "c-1",
        "Channel": "VOICE",
        "InitiationMethod": "INBOUND",
        "InitiationTimestamp": "2026-01-05T09:00:01Z",
        "CustomerEndpoint": {"Address": "+14155550100", "Type": "TELEPHONE_NUMBER"},
        "Attributes": {"verstat": verdict},
    }
    [call] = in_utc([record], "amazon-connect", **options)
    assert isinstance(call, Interaction)
    return call


def mapped(record: Mapping[str, Any], **options: Any) -> Interaction:
    lines = json.dumps({"at": "2026-01-05T09:00:01Z", "number": "+14155550100", **record}).encode()
    [call] = in_utc(lines, "jsonl", mapping={**MAPPING, **options})
    assert isinstance(call, Interaction)
    return call


def jsonl(verdict: str, **options: Any) -> Interaction:
    return mapped({"StirVerstat": verdict}, **options)


def csv(verdict: str, **options: Any) -> Interaction:
    mapping = {**MAPPING, "fields": {"occurred_at": "at", "verstat": "v"}, "customer": {"number": "tel:{}!observed"}}
    [call] = in_utc(
        f"at,number,v\n2026-01-05T09:00:01Z,+14155550100,{verdict}\n".encode(), "csv", mapping=mapping, **options
    )
    assert isinstance(call, Interaction)
    return call


@pytest.mark.parametrize("read", [asterisk, freeswitch_csv, freeswitch_header, connect, jsonl, csv])
@pytest.mark.parametrize(
    ("verdict", "trust", "assurance"),
    [
        ("TN-Validation-Passed-A", None, Assurance.OBSERVED),
        ("TN-Validation-Passed-B", None, Assurance.OBSERVED),
        ("TN-Validation-Passed-C", None, Assurance.CLAIMED),
        ("TN-Validation-Failed", None, Assurance.CLAIMED),
        ("No-TN-Validation", None, Assurance.OBSERVED),
        ("", None, Assurance.OBSERVED),
        ("TN-Validation-Passed-B", "B", Assurance.OBSERVED),
        ("TN-Validation-Passed-B", "A", Assurance.CLAIMED),
        ("No-TN-Validation", "B", Assurance.CLAIMED),
        ("", "A", Assurance.CLAIMED),
    ],
)
def test_a_caller_is_observed_as_far_as_the_network_vouches(
    read: Callable[..., Interaction], verdict: str, trust: str | None, assurance: Assurance
) -> None:
    call = read(verdict, trust_attestation=trust)
    assert [(s.identifier, s.assurance) for s in call.customers[0]] in (
        [("phone:+14155550100", assurance)],
        [("tel:+14155550100", assurance)],
    )


def test_an_attestation_says_nothing_of_what_was_verified_or_claimed_besides() -> None:
    call = mapped({"StirVerstat": "TN-Validation-Failed", "account": "A1", "said": "+442079460958"})
    assert [s.assurance for s in call.customers[0]] == [Assurance.CLAIMED, Assurance.VERIFIED, Assurance.CLAIMED]


def test_of_a_call_to_a_customer_the_attestation_is_the_companys() -> None:
    call = mapped({"StirVerstat": "TN-Validation-Failed", "way": "outbound"})
    assert [s.assurance for s in call.customers[0]] == [Assurance.OBSERVED]


@pytest.mark.parametrize(("valid", "assurance"), [(True, Assurance.OBSERVED), (False, Assurance.CLAIMED)])
def test_a_verdict_may_be_true_or_false(valid: bool, assurance: Assurance) -> None:
    call = mapped({"StirVerstat": valid, "level": "A"}, trust_attestation="A")
    assert [s.assurance for s in call.customers[0]] == [assurance]


def test_what_was_said_of_the_attestation_is_kept() -> None:
    assert jsonl("TN-Validation-Passed-A").attributes["StirVerstat"] == "TN-Validation-Passed-A"


def test_a_level_that_there_is_not_is_refused() -> None:
    with pytest.raises(SourceFormatError, match=r"trust_attestation: got 'C', accepted are 'A', 'B'"):
        jsonl("", trust_attestation="C")
    with pytest.raises(ValueError, match=r"trust_attestation: got 'C', accepted are 'A', 'B'"):
        asterisk("", trust_attestation="C")
