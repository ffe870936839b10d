"""Attestation of calls (STIR/SHAKEN): the terms of networks and providers, and whether a caller id counts as observed."""

from __future__ import annotations

import re
from typing import Literal

import attrs

from omnitrack.identifiers.characters import words

Level = Literal["A", "B"]

# Compared in one case, letters and digits alone. 3GPP TS 24.229 section 7.2A.20 and ATIS-1000074 (TN-Validation-...), Twilio (StirVerstat, with
# the level behind), Telnyx (ShakenStirValidated), Plivo (STIRVerification), Asterisk (STIR_SHAKEN(n,verify_result)).
_PASSED = words("tnvalidationpassed tnverificationpassed verificationpassed passed verified true valid success")
_FAILED = words(
    """
    tnvalidationfailed tnverificationfailed verificationfailed failed notverified false invalid failure
    signaturefailed verificationmismatch mismatch
    """
)
_PASSED_ON = ("diverted", "passthrough")
_LEVELS = {"full": "A", "partial": "B", "gateway": "C", "a": "A", "b": "B", "c": "C"}


@attrs.frozen(slots=True)
class Attestation:
    """What is said of a caller id.

    Attributes:
        passed: whether the signature of the call was verified; None where nothing is said of it.
        level: A, B or C: how far the signer vouches for the number (RFC 8588 section 4); None where that is not said.
    """

    passed: bool | None = None
    level: str | None = None


def read_attestation(text: str) -> Attestation:
    """Read a word for the verification of a call, or for its level; of a call that nobody signed, or of whose signature nothing is said, nothing.

    >>> read_attestation("TN-Validation-Passed-C"), read_attestation("B"), read_attestation("No-TN-Validation")
    (Attestation(passed=True, level='C'), Attestation(passed=None, level='B'), Attestation(passed=None, level=None))
    """
    word = re.sub(r"[^a-z]", "", text.casefold())
    if word in _LEVELS:
        return Attestation(level=_LEVELS[word])
    end = len(word)
    while how := next((how for how in _PASSED_ON if word.endswith(how, 0, end)), None):
        end -= len(how)
    word = word[:end]
    level = None
    if word not in _PASSED | _FAILED and word[-1:] in ("a", "b", "c"):
        word, level = word[:-1], _LEVELS[word[-1]]
    if word in _PASSED:
        return Attestation(True, level)
    return Attestation(False, level) if word in _FAILED else Attestation()


def counts(*said: str | None, trust: Level | None = None) -> bool:
    """Return whether a caller id counts as observed by the network, by all that is said of its attestation; else it is a claim.

    One that failed, or of level C (the signer has the call from a network that it knows nothing of), is a claim. Of A the signer says that
    the caller may use the number, of B that it knows the caller and not the number.

    Args:
        said: what fields of the call say; None for a field that is not there.
        trust: the least level that counts as observed; then what is not signed, and what passed with no level said, is a claim.
            None: what says nothing is taken as before there were attestations.

    >>> counts("TN-Validation-Passed", "A"), counts("TN-Validation-Failed"), counts("C"), counts(None), counts(None, trust="B")
    (True, False, False, True, False)
    """
    passed, level = True, None
    for text in said:
        if text:
            one = read_attestation(text)
            passed = passed and one.passed is not False
            level = max(filter(None, (level, one.level)), default=None)  # of several the one that vouches least
    if not passed or level == "C":
        return False
    return trust is None or (level is not None and level <= trust)
