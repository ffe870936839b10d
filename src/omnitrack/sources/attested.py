"""What the record of a call says of the attestation of its caller id, under the names that exchanges and providers give the fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from omnitrack.errors import plain_repr
from omnitrack.identifiers.attestation import Level
from omnitrack.identifiers.sip_uri import verstat_of
from omnitrack.sources.values import text_of, words

# Names of fields, letters and digits alone: FreeSWITCH (sip_verstat, sip_verstat_detailed, sip_stir_shaken_attest), Asterisk (STIR_SHAKEN(n,...)
# kept in a field of the CDR), Twilio (StirVerstat), Telnyx (ShakenStirAttestation, ShakenStirValidated), Bandwidth (attestationIndicator),
# Plivo (STIRAttestation, STIRVerification).
_FIELDS = frozenset(
    words(
        """
        verstat sipverstat sipverstatdetailed siphverstat stirverstat attest attestation attestationlevel attestationindicator
        sipattestation sipstirshakenattest stirshakenattest stirshakenattestation shakenstirattestation shakenstirvalidated
        stirattestation stirverification verifyresult stirverifyresult stirshakenverifyresult
        """
    )
)
# Headers that the company's own network asserts (RFC 3325), in which the number has its verdict as a parameter.
_HEADERS = frozenset(words("passertedidentity sippassertedidentity siphpassertedidentity"))


def attestation_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return all that a record says of the attestation of its call."""
    said = []
    for name, value in values.items():
        plain = re.sub(r"[^a-z0-9]", "", str(name)[:100].lower())
        if plain in _FIELDS or plain in _HEADERS:
            said.append(verdict_of(value, in_address=plain in _HEADERS))
    return tuple(filter(None, said))


def verdict_of(value: Any, in_address: bool = False) -> str | None:
    """Return a verdict as text: one that is true or false, as JSON has it, is of whether the signature is valid.

    Args:
        in_address: only what stands in a SIP address as its ``verstat`` is one; else a word by itself is one too.
    """
    if isinstance(value, bool):
        return "passed" if value else "failed"
    text = text_of(value) or ""
    return verstat_of(text) or (None if in_address else text or None)


def checked_trust(value: Any) -> Level | None:
    """Return the least level of attestation that counts as observed.

    Raises:
        ValueError: there is no such level.
    """
    if value is None or value == "A" or value == "B":
        return value  # type: ignore[no-any-return]
    raise ValueError(
        f"trust_attestation: got {plain_repr(value)}, accepted are 'A', 'B', and None for whatever did not fail"
    )
