"""Numbering plans: the type and region of an E.164 number, from the metadata of libphonenumber.

``phonenumbers`` is imported on first use, here and nowhere else in the package.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs

from omnitrack.errors import InvalidIdentifierError, plain_repr
from omnitrack.identifiers.nonvalues import REASON as NONE
from omnitrack.identifiers.nonvalues import is_placeholder_number

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
OUTSIDE = "it is outside of the numbering plan of its country"
ALL_ZEROS = "it is all zeros"
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


#: What people write for a region that the standard calls otherwise.
_MEANT = {"UK": "GB", "EN": "GB", "EL": "GR"}


def numbered_region(region: object) -> str | None:
    """Return a region's code in capitals, None for None.

    Raises:
        InvalidIdentifierError: the text is not an ISO 3166-1 alpha-2 code (two letters), or the region has no numbering plan.
    """
    if region is None:
        return None
    code = region.upper() if isinstance(region, str) else ""
    if code not in library().SUPPORTED_REGIONS:
        meant = f" (did you mean {_MEANT[code]}?)" if code in _MEANT else ""
        raise InvalidIdentifierError(
            f"region: got {plain_repr(region)}{meant}, accepted are codes of two letters of regions with a numbering plan, such as GB "
            "(ISO 3166-1 alpha-2)"
        )
    return code


class _Shape:
    """One description of the metadata: how long its numbers are, and their pattern."""

    __slots__ = ("fullmatch", "lengths", "reason")

    def __init__(self, desc: Any, reason: str | None = None) -> None:
        self.lengths = frozenset(desc.possible_length)  # none: those of the country, which are checked before
        self.fullmatch = re.compile(desc.national_number_pattern).fullmatch
        self.reason = reason

    def fits(self, national: str) -> bool:
        return (not self.lengths or len(national) in self.lengths) and self.fullmatch(national) is not None


class _Region:
    """What a region says of the kind of a number, in the order in which libphonenumber asks."""

    __slots__ = ("general", "leading", "ordinary", "special")

    def __init__(self, metadata: Any) -> None:
        self.leading = re.compile(metadata.leading_digits) if metadata.leading_digits is not None else None
        self.general = _Shape(metadata.general_desc)
        special = [(getattr(metadata, field), reason) for field, _, reason in _KINDS]
        self.special = [_Shape(desc, why) for desc, why in special if desc and desc.national_number_pattern]
        ordinary = (metadata.fixed_line, metadata.mobile)
        self.ordinary = [_Shape(desc) for desc in ordinary if desc and desc.national_number_pattern]

    def kind(self, national: str) -> _Shape | None:
        if not self.general.fits(national):
            return None
        for shape in self.special:
            if shape.fits(national):
                return shape
        return next((shape for shape in self.ordinary if shape.fits(national)), None)


@attrs.frozen(slots=True)
class _Plan:
    """What the fast road needs to know of a calling code."""

    prefix: Any  # pattern of the national prefix; where it matches, digits may have to go
    lengths: frozenset[int]
    regions: tuple[_Region, ...]  # the main one first

    def holds(self, national: str) -> bool:
        for region in self.regions:
            if region.leading is not None and len(self.regions) > 1:
                if region.leading.match(national):
                    return region.kind(national) is not None
            elif region.kind(national) is not None:
                return True
        return False

    def reason(self, national: str) -> str | None:
        if not any(region.general.fits(national) for region in self.regions):
            return OUTSIDE
        for region in self.regions:
            if region.leading is not None and len(self.regions) > 1:
                if region.leading.match(national):
                    shape = region.kind(national)
                    return shape.reason if shape is not None else None
            elif shape := region.kind(national):
                return shape.reason
        return None


@cache  # one for each calling code, some 230 at most
def _plan(code: int) -> _Plan | None:
    lib = library()
    names = lib.COUNTRY_CODE_TO_REGION_CODE.get(code)
    if names is None:
        return None
    main = lib.PhoneMetadata.metadata_for_region_or_calling_code(code, lib.region_code_for_country_code(code))
    others = (lib.PhoneMetadata.metadata_for_region(name, None) for name in names[1:])
    desc = main.general_desc
    return _Plan(
        prefix=re.compile(main.national_prefix_for_parsing) if main.national_prefix_for_parsing else None,
        lengths=frozenset(desc.possible_length) - frozenset(desc.possible_length_local_only or ()),
        regions=tuple(_Region(metadata) for metadata in (main, *others) if metadata is not None),
    )


def national_lengths(code: int) -> frozenset[int]:
    """Return how many digits the national numbers of a country code have."""
    plan = _plan(code)
    return plan.lengths if plan is not None else frozenset()


def fits_plan(text: str) -> bool:
    """Return whether a number in E.164 form is one of its country's numbering plan, be it assigned or not."""
    for digits in (1, 2, 3):
        plan = _plan(int(text[1 : 1 + digits]))
        if plan is not None:
            return plan.holds(text[1 + digits :])
    return False


def read_plain(text: str) -> tuple[str, str | None] | None:
    """Read a number that is in E.164 form already: the fast road.

    Returns:
        The number and why it is not linkable; None where only ``settle`` can tell. It is the same answer as that of
        ``settle`` wherever it gives one; a property test holds it to that.
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
    if not national.strip("0") or (text.startswith(_GROWN) and modern(text) != text):
        return None
    return text, _placeholder(text, national) or plan.reason(national)


def settle(number: _phonenumbers.PhoneNumber, international: bool) -> tuple[str, str | None] | str:
    """Return a parsed number in E.164 form and why it is not linkable, or, as one string, why it is refused.

    Args:
        number: as ``phonenumbers.parse`` returns it.
        international: it was written with its country code.
    """
    lib = library()
    if not lib.national_significant_number(number).strip("0"):  # which some editions of the library cannot read again
        return ALL_ZEROS
    text = modern(lib.format_number(number, lib.PhoneNumberFormat.E164))
    plain = read_plain(text)
    return plain if plain is not None else _settle(text, international)


def _settle(text: str, international: bool) -> tuple[str, str | None] | str:
    """Settle a number in E.164 form by the slow road."""
    lib = library()
    # Parsing takes national prefixes off ("+44 020 ..."). Repeat until nothing changes, so that the normal form is one.
    for _ in range(6):
        number = lib.parse(text)
        again = modern(lib.format_number(number, lib.PhoneNumberFormat.E164))
        if again == text:
            break
        text = again
    else:
        return "it has more national prefixes than a number can have"
    national = lib.national_significant_number(number)
    if not national.strip("0"):
        return ALL_ZEROS
    verdict = lib.is_possible_number_with_reason(number)
    placeholder = _placeholder(text, national)
    if verdict == lib.ValidationResult.IS_POSSIBLE:
        if placeholder is not None:
            return text, placeholder
        plan = _plan(number.country_code)
        if plan is not None and not any(region.general.fits(national) for region in plan.regions):
            return text, OUTSIDE
        kinds = {getattr(lib.PhoneNumberType, name): reason for _, name, reason in _KINDS}
        return text, kinds.get(lib.number_type(number))
    if verdict == lib.ValidationResult.TOO_LONG:
        return TOO_LONG
    if international and len(national) >= _SHORTEST_OLD:
        return text, placeholder or SHORT
    if verdict == lib.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return f"it has no area code, or {TOO_SHORT}"
    return TOO_SHORT


def _placeholder(text: str, national: str) -> str | None:
    # Parsing takes the 1 of 1234567890 for that of North America.
    return NONE if text == "+1234567890" or is_placeholder_number(national) else None


# Where a plan grew, what stands in front of the numbers of before; each as the country's regulator says it.
_GREW: tuple[tuple[re.Pattern[str], str], ...] = (
    # Mexico took the 1 out of its mobile numbers on 3 August 2019 (IFT, Plan Técnico Fundamental de Numeración); WhatsApp still writes it.
    (re.compile(r"\+521([0-9]{10})"), r"+52\1"),
    # Brazil put a 9 before mobile numbers of eight digits, which begin with 6 to 9, until 2016 (Anatel, Resolução 553/2010).
    (re.compile(r"\+55([1-9][1-9])([6-9][0-9]{7})"), r"+55\g<1>9\2"),
    # Benin put 01 before every number of eight digits on 30 November 2024 (ARCEP Bénin).
    (re.compile(r"\+229([2-9][0-9]{7})"), r"+22901\1"),
    # Ivory Coast put the operator's digits before every number on 31 January 2021 (ARTCI); those of mobiles follow from the second digit.
    (re.compile(r"\+225([04-9][0-3][0-9]{6})"), r"+22501\1"),
    (re.compile(r"\+225([04-9][4-6][0-9]{6})"), r"+22505\1"),
    (re.compile(r"\+225([04-9][7-9][0-9]{6})"), r"+22507\1"),
)


_GROWN = ("+52", "+55", "+225", "+229")


def modern(text: str) -> str:
    """Return a number in E.164 form by the plan of today, where it is of an older one that says what became of it."""
    for old, new in _GREW:
        if (match := old.fullmatch(text)) is not None:
            lib = library()
            grown = match.expand(new)
            # A number that is one of today's as it is stays (trunked radio in Brazil kept eight digits).
            if not lib.is_valid_number(lib.parse(text)) and lib.is_valid_number(lib.parse(grown)):
                return grown
    return text
