"""STIR attestation: what each word of a network, an exchange or a provider makes of a caller id."""

from __future__ import annotations

import pytest

from omnitrack.identifiers import identifier, phone
from omnitrack.identifiers.attestation import Level, counts


@pytest.mark.parametrize(
    ("said", "by_default", "from_b", "from_a"),
    [
        (("TN-Validation-Passed", "A"), True, True, True),
        (("TN-Validation-Passed", "B"), True, True, False),
        (("TN-Validation-Passed", "C"), False, False, False),
        (("TN-Validation-Passed-A",), True, True, True),
        (("TN-Validation-Passed-B-Diverted",), True, True, False),
        (("tn-validation-passed-c",), False, False, False),
        (("TN-Validation-Passed",), True, False, False),
        (("TN-Validation-Failed",), False, False, False),
        (("TN-Validation-Failed-A",), False, False, False),
        (("TN-Validation-Failed", "A"), False, False, False),
        (("A", "failed"), False, False, False),
        (("Signature failed",), False, False, False),
        (("Not Verified",), False, False, False),
        (("full",), True, True, True),
        (("gateway",), False, False, False),
        (("No-TN-Validation",), True, False, False),
        (("Verification not present",), True, False, False),
        (("",), True, False, False),
        ((None,), True, False, False),
        ((), True, False, False),
    ],
)
def test_an_attestation_counts_by_its_verdict_and_level(
    said: tuple[str | None, ...], by_default: bool, from_b: bool, from_a: bool
) -> None:
    trusts: tuple[Level | None, ...] = (None, "B", "A")
    assert [counts(*said, trust=trust) for trust in trusts] == [by_default, from_b, from_a]


@pytest.mark.parametrize(
    "text",
    [
        "<sip:+14155550100;verstat=TN-Validation-Failed@carrier.example;user=phone>",
        "sip:+14155550100@carrier.example;verstat=TN-Validation-Failed",
        "tel:+14155550100;verstat=TN-Validation-Failed",
    ],
)
def test_a_verdict_is_read_wherever_networks_write_it_in_an_address(text: str) -> None:
    assert phone(text).verstat == "TN-Validation-Failed"
    assert phone(text) == identifier("+14155550100")


@pytest.mark.parametrize("read", [lambda text: phone(text, "GB"), lambda text: identifier(text, "GB")])
@pytest.mark.parametrize(
    ("text", "key", "host"),
    [
        ("sip:2079460958@evil.example", "sip:2079460958@evil.example", "evil.example"),
        ("sip:02079460958@evil.example:5060;transport=tls", "sip:02079460958@evil.example", "evil.example"),
        ("sip:+442079460958@Evil.example", "phone:+442079460958", "evil.example"),
        ("sip:02079460958@evil.example;user=phone", "phone:+442079460958", "evil.example"),
        ("sip:+442079460958@192.0.2.7", "phone:+442079460958", "192.0.2.7"),
        ("tel:02079460958;phone-context=evil.example", "phone:+442079460958", "evil.example"),
        ("tel:79460958;phone-context=+4420", "phone:+442079460958", None),
        ("tel:+442079460958", "phone:+442079460958", None),
    ],
)
def test_digits_at_a_host_are_a_name_there_and_a_number_keeps_who_wrote_it(
    read: object, text: str, key: str, host: str | None
) -> None:
    one = read(text)  # type: ignore[operator]
    assert (one.key, one.host) == (key, host)
    assert identifier(one.key) == one


def test_a_number_without_its_sip_follows_the_same_rule() -> None:
    assert phone("2079460958@evil.example", "GB").key == "sip:2079460958@evil.example"
    assert identifier("phone:sip:2079460958@evil.example", "GB").scheme == "sip"
