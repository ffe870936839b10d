"""The errors of omnitrack: one root, and the masking that keeps whole identifiers out of error texts and logs."""

from __future__ import annotations

import re
from typing import Literal

_URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}:")
_ID = re.compile(r"[a-z]{2,3}_[0-9a-f]{32}")


def mask(value: object, limit: int = 60) -> str:
    """Return what came, recognisable to its owner and useless to anyone else.

    Letters and digits in the middle of each word are replaced by ``*``; the first two and the last two characters of a
    long word stay, of a short one only the first, of a single character nothing. The result is cut to ``limit`` characters.

    >>> mask("jane.doe@example.com")
    'j***.d**@ex***le.c**'
    >>> mask("+442079460958")
    '+44********58'
    """
    text = value if isinstance(value, str) else repr(value)
    out: list[str] = []
    word: list[str] = []

    def flush() -> None:
        if len(word) > 6:
            out.extend(word[:2] + ["*"] * (len(word) - 4) + word[-2:])
        elif word:
            # Alone, a character says nothing; but a number may be written "0 2 0 7 9 ...".
            out.extend(word[:1] + ["*"] * (len(word) - 1) if len(word) > 1 else "*")
        word.clear()

    for ch in text[: limit * 4]:
        if ch.isalnum():
            word.append(ch)
        else:
            flush()
            out.append(ch if ch.isprintable() else "?")
    flush()
    masked = "".join(out)
    return masked if len(masked) <= limit else masked[: limit - 1] + "…"


def masked_repr(value: object) -> str:
    """Return what came as an error says it: a masked text, a small number, else only what kind of thing it is.

    >>> masked_repr("jane.doe@example.com"), masked_repr(0), masked_repr(442079460958), masked_repr([1])
    ("'j***.d**@ex***le.c**'", '0', '44********58', 'list')
    """
    if isinstance(value, str):
        return repr(mask(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1_000_000:
        return mask(str(value)) if abs(value) < 10**18 else "a number of more than 18 digits"
    if value is None or isinstance(value, (int, float)):
        return repr(value)
    return type(value).__name__


def plain_repr(value: object) -> str:
    """Return what came for a field whose values are nobody's data, such as a region: whole, where it can be no address or number.

    Ids that omnitrack gives out are whole too.

    >>> plain_repr("UK"), plain_repr("sideways"), plain_repr("jane.doe@example.com"), plain_repr("+442079460958")
    ("'UK'", "'sideways'", "'j***.d**@ex***le.c**'", "'+44********58'")
    """
    if isinstance(value, str) and (
        _ID.fullmatch(value) or (len(value) <= 60 and "@" not in value and sum(map(str.isdigit, value)) < 6)
    ):
        return repr(value)
    return masked_repr(value)


def masked_url(url: object) -> str:
    """Return what of a URL an error may show: its scheme. Behind that may stand a password, and what looks like a path or a port may be part of it.

    >>> masked_url("postgresql://jane:sesame@host:port/x"), masked_url("history.db"), masked_url("jane:open@sesame@host")
    ("'postgresql:...'", "'history.db'", "'jane:...'")
    """
    if not isinstance(url, str):
        return masked_repr(url)
    scheme = _URL_SCHEME.match(url)
    if scheme is not None:
        return repr(f"{scheme[0]}...")
    before, _, _ = url.partition("?")
    _, at, host = before.rpartition("@")
    return repr(f"...@{mask(host)}") if at else plain_repr(host)


def check_flag(field: str, value: object, error: type[OmnitrackError]) -> None:
    """Raise ``error`` unless it is True or False: what else is true would do what nobody asked for, such as erase."""
    if not isinstance(value, bool):
        raise error(f"{field}: got {masked_repr(value)}, accepted are True and False")


class OmnitrackError(Exception):
    """The root of every error that omnitrack raises on purpose."""


class InvalidIdentifierError(OmnitrackError, ValueError):
    """A text that is no well-formed identifier of its scheme; says the field, what came (masked) and what is accepted."""


class WithheldError(InvalidIdentifierError):
    """A caller or sender who gave no identifier on purpose, or whose network gave none: anonymous, withheld, empty."""


class InvalidInteractionError(OmnitrackError, ValueError):
    """An interaction with a field that is missing, malformed or over its limit; names the field."""


class InvalidValueError(OmnitrackError, ValueError):
    """Data from which no value can be made: a field that is missing, unknown, malformed or at odds with another; names the field."""


class MissingZoneError(InvalidInteractionError):
    """Raised for a time without a zone where nothing says in which zone it is meant: it could be hours off."""


class InvalidCursorError(OmnitrackError, ValueError):
    """A page cursor that this version did not make, that is damaged, or that was made for another query."""


class InvalidPolicyError(OmnitrackError, ValueError):
    """A policy with a value out of range, or a statement that no policy can honour."""


class CustomerNotFoundError(OmnitrackError, LookupError):
    """Nobody is known by this identifier or customer id (or the person was erased)."""


class InteractionNotFoundError(OmnitrackError, LookupError):
    """No interaction has this id, or this source and source id."""


class StatementNotFoundError(OmnitrackError, LookupError):
    """No statement has this id, or it was retracted before."""


class ConflictError(OmnitrackError):
    """Other transactions changed the same rows, and the bounded retries did not get through. Nothing was written."""


class BackendError(OmnitrackError):
    """The store failed; the driver's own error is the ``__cause__``."""


class OutcomeUnknownError(BackendError):
    """The connection broke while a commit was under way: it may have happened. Repeating the call is safe."""


class TimedOutError(BackendError, TimeoutError):
    """The time that a call was given is over: ``timeout=`` of ``open()``, or ``within``.

    Args:
        outcome: what is known of what the call wrote.

    Attributes:
        outcome: ``"nothing written"``: its commit was not sent. ``"unknown"``: it was sent and not answered, so it may have happened; repeating the call is
            safe. ``"done up to here"``: of an operation of several steps those before the last are done and stay; called again it goes on, or does
            them once more.
    """

    def __init__(self, outcome: Literal["nothing written", "unknown", "done up to here"] = "unknown") -> None:
        super().__init__(outcome)
        self.outcome = outcome

    def __str__(self) -> str:
        return f"the time of the call is over: {_OUTCOMES[self.outcome]}"


_OUTCOMES = {
    "nothing written": "nothing was written",
    "unknown": "its commit was under way and may have happened; repeating the call is safe",
    "done up to here": "what its earlier steps wrote stays; it can be called again",
}


class HostTransactionError(BackendError):
    """A transaction of the host's that the store cannot take part in as it is, or a call that cannot be part of one; says what is accepted."""


class SchemaVersionError(BackendError):
    """The store was written by another version of omnitrack than this one can work with."""


class PolicyChangedError(OmnitrackError):
    """The store was built with another policy, own list or normal-form version; ``rebuild()`` brings it to this one."""


class OperationRunningError(OmnitrackError):
    """An operation of several transactions runs that this one cannot run beside; says which, whose it is and since when. Nothing was written."""


class LeaseLostError(OmnitrackError):
    """An operation stood still for so long that another process took its place; it has stopped, and can be run again."""


class SecretError(OmnitrackError):
    """The store was created with another secret, or with none."""


class UnknownBackendError(OmnitrackError, LookupError):
    """No storage adapter is registered for the scheme of this URL, or its driver is not installed."""


class SourceFormatError(OmnitrackError, ValueError):
    """A file that no source reads, or not the one that was named."""
