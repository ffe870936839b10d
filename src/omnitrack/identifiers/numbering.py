"""Numbering plans: what a number in E.164 form is, by the metadata of libphonenumber.

``phonenumbers`` is imported on first use, here and nowhere else in the package.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    import phonenumbers as _phonenumbers

# Why numbers of these types never identify a person; ITU-T E.169 and E.164 services. The order is that in which
# libphonenumber decides a type: the first that matches counts. None: a type that a person may well have.
_KINDS: tuple[tuple[str, str, str | None], ...] = (
    ("premium_rate", "PREMIUM_RATE", "it is a premium-rate number"),
    ("toll_free", "TOLL_FREE", "it is a toll-free number"),
    ("shared_cost", "SHARED_COST", "it is a shared-cost number"),
    ("voip", "VOIP", None),
    ("personal_number", "PERSONAL_NUMBER", None),
    ("pager", "PAGER", None),
    ("uan", "UAN", "it is a company's universal access number (UAN)"),
    ("voicemail", "VOICEMAIL", "it is a voicemail access number"),
)
SHORT = "it is shorter than the numbers of its country are: incomplete, or of an older numbering plan"
TOO_LONG = "it is too long for a number of its country; two numbers may have run together"
TOO_SHORT = "it is too short for a number; an internal extension or a short code is of the scheme extension"

_PLAIN = re.compile(r"\+[1-9][0-9]{7,14}")
# The shortest national number that is taken, where the metadata calls it too short: plans grow (Benin's by two digits
# in 2024), and history holds the numbers as they were.
_SHORTEST_OLD = 7


def library() -> Any:
    """Return the module ``phonenumbers``; typed loosely, since parts of what is used are not in its stubs."""
    import phonenumbers

    return phonenumbers


def _matches(national: str, desc: Any) -> bool:
    return (
        desc is not None
        and desc.national_number_pattern is not None
        and (not desc.possible_length or len(national) in desc.possible_length)
        and re.fullmatch(desc.national_number_pattern, national) is not None
    )


@attrs.frozen(slots=True)
class _Plan:
    """What the fast road needs to know of a calling code: that of its main region."""

    prefix: Any  # pattern of the national prefix; where it matches, digits may have to go
    lengths: frozenset[int]
    metadata: Any
    alone: bool  # no other region has this calling code
    leading: bool  # the main region is told from the others by its leading digits


@cache  # one for each calling code, some 230 at most
def _plan(code: int) -> _Plan | None:
    lib = library()
    regions = lib.COUNTRY_CODE_TO_REGION_CODE.get(code)
    if regions is None:
        return None
    metadata = lib.PhoneMetadata.metadata_for_region_or_calling_code(code, lib.region_code_for_country_code(code))
    desc = metadata.general_desc
    return _Plan(
        prefix=re.compile(metadata.national_prefix_for_parsing) if metadata.national_prefix_for_parsing else None,
        lengths=frozenset(desc.possible_length) - frozenset(desc.possible_length_local_only or ()),
        metadata=metadata,
        alone=len(regions) == 1,
        leading=metadata.leading_digits is not None,
    )


def _kind(national: str, metadata: Any) -> tuple[bool, str | None]:
    """Return whether the plan knows the number, and why it is not linkable."""
    if not _matches(national, metadata.general_desc):
        return False, None
    for field, _, reason in _KINDS:
        if _matches(national, getattr(metadata, field)):
            return True, reason
    return _matches(national, metadata.fixed_line) or _matches(national, metadata.mobile), None


def read_plain(text: str) -> tuple[str, str | None] | None:
    """Read a number that is in E.164 form already: the fast road.

    Returns:
        The number and why it is not linkable; None where only ``settle`` can tell. It is the same answer as that of
        ``phonenumbers.parse`` and ``settle`` wherever it gives one; a property test holds it to that.
    """
    if not _PLAIN.fullmatch(text):
        return None
    for digits in (1, 2, 3):
        plan = _plan(int(text[1 : 1 + digits]))
        if plan is not None:
            break
    else:
        return None
    national = text[1 + digits :]
    if len(national) not in plan.lengths or (plan.prefix is not None and plan.prefix.match(national)):
        return None
    if not national.strip("0"):
        return None
    known, reason = _kind(national, plan.metadata)
    # Where several regions share the code, libphonenumber asks the main one first; if that knows the number, it is the
    # answer, else the others may.
    return (text, reason) if plan.alone or (known and not plan.leading) else None


def settle(number: _phonenumbers.PhoneNumber, international: bool) -> tuple[str, str | None] | str:
    """Return a parsed number in E.164 form and why it is not linkable, or, as one string, why it is refused.

    Args:
        number: as ``phonenumbers.parse`` returns it.
        international: it was written with its country code.
    """
    lib = library()
    text = _without_old_prefix(lib.format_number(number, lib.PhoneNumberFormat.E164))
    # Parsing takes national prefixes off ("+44 020 ..."). Repeat until nothing changes, so that the normal form is one.
    for _ in range(6):
        number = lib.parse(text)
        again = _without_old_prefix(lib.format_number(number, lib.PhoneNumberFormat.E164))
        if again == text:
            break
        text = again
    else:
        return "it has more national prefixes than a number can have"
    national = lib.national_significant_number(number)
    if not national.strip("0"):
        return "it is all zeros"
    verdict = lib.is_possible_number_with_reason(number)
    if verdict == lib.ValidationResult.IS_POSSIBLE:
        kinds = {getattr(lib.PhoneNumberType, name): reason for _, name, reason in _KINDS}
        return text, kinds.get(lib.number_type(number))
    if verdict == lib.ValidationResult.TOO_LONG:
        return TOO_LONG
    if international and len(national) >= _SHORTEST_OLD:
        return text, SHORT
    if verdict == lib.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return f"it has no area code, or {TOO_SHORT}"
    return TOO_SHORT


def _without_old_prefix(text: str) -> str:
    # Mexico took the 1 out of its mobile numbers on 3 August 2019 (IFT, Plan Técnico Fundamental de Numeración);
    # WhatsApp still writes it.
    return f"+52{text[4:]}" if text.startswith("+521") and len(text) == 14 else text
