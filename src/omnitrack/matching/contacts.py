"""Comparisons of the ways to reach a person: mail addresses, phone numbers, user names."""

from __future__ import annotations

from typing import NamedTuple

from omnitrack.matching.comparators import NOT_COMPARABLE, Comparator, Level, Levels, first_of, itself
from omnitrack.matching.profile import Profile
from omnitrack.matching.text import letters, squeeze
from omnitrack.matching.values import Pairs


def _local(address: str) -> str:
    return address.partition("@")[0]


def _compare_emails(pairs: Pairs) -> Levels:
    edits, size = pairs.edits(itself, 3), pairs.shorter(_local)
    return first_of(
        edits == 0,
        edits <= 1,
        pairs.same(_local) & (size >= 3),
        (edits <= 3) & (pairs.edits(_local, 3) * 3 <= size),
        (pairs.likeness(_local, least=0.9) >= 0.9) & (size >= 4),
        otherwise=5,
    )


EMAIL = Comparator(
    name="mail address",
    levels=(
        Level("same", "same mail address {left}", by_frequency=True),
        Level("one letter", "the mail address differs in one letter ({left}, {right})"),
        Level("same local part", "the mail addresses have the same part before the @ ({left}, {right})"),
        Level("near", "the mail addresses differ by a few letters ({left}, {right})"),
        Level("near local part", "the mail addresses are alike before the @ ({left}, {right})"),
        Level("differs", "the mail addresses differ ({left}, {right})"),
    ),
    values=lambda profile: profile.emails,
    compare=_compare_emails,
)


def _subscriber(number: str) -> str:
    """Return the last nine digits, so that a number without its country meets the one with it."""
    return number.lstrip("+0")[-9:]


def _compare_phones(pairs: Pairs) -> Levels:
    # A digit that was dropped moves another one into the last nine: the whole number is compared as well.
    near = (pairs.edits(_subscriber, 1) <= 1) | (pairs.edits(itself, 1) <= 1)
    return first_of(pairs.same(_subscriber), near & (pairs.shorter(_subscriber) >= 6), otherwise=2)


PHONE = Comparator(
    name="phone number",
    shared=True,
    levels=(
        Level("same", "same phone number {left}", by_frequency=True),
        Level("one digit", "the phone numbers differ in one digit ({left}, {right})"),
        Level("differs", "the phone numbers differ ({left}, {right})"),
    ),
    values=lambda profile: profile.phones,
    compare=_compare_phones,
    term=_subscriber,
)


class Alias(NamedTuple):
    """A form in which a person may be spelled in one word, and where it comes from.

    Attributes:
        kind: ``"handle"``, ``"mail"`` (the part before the @), ``"name"``, ``"initials"`` (initial and family name).
        letters: its letters alone.
        text: the handle or local part itself, the name for the others.
        named: a name of the person is known.
    """

    kind: str
    letters: str
    text: str
    named: bool


def aliases(profile: Profile) -> list[Alias]:
    """Return the one-word forms by which somebody may be recognised: user names, mail local parts, names run together."""
    named = bool(profile.names)
    found = [Alias("handle", letters(text), text, named) for text in (*profile.handles, *profile.display_names)]
    for address in profile.emails:
        local = _local(address)
        found.append(Alias("mail", letters(local), local, named))
    for name in profile.names:
        given, family = squeeze(name.given), squeeze(name.family)
        if given and family:
            shown = str(name)
            found.append(Alias("name", given + family, shown, named))
            found.append(Alias("name", family + given, shown, named))
            if len(family) >= 4:
                found.append(Alias("initials", given[0] + family, shown, named))
                found.append(Alias("initials", family + given[0], shown, named))
    return [alias for alias in found if len(alias.letters) >= 4]


def _alias_letters(alias: Alias) -> str:
    return alias.letters


def _alias_text(alias: Alias) -> str:
    return alias.text


def _is_typed(alias: Alias) -> bool:
    return alias.kind in ("handle", "mail")


def _is_initials(alias: Alias) -> bool:
    return alias.kind == "initials"


def _tells(left: Alias, right: Alias) -> bool:
    """Return whether the pair says anything that the comparison of names or of mail addresses does not say already."""
    kinds = {left.kind, right.kind}
    if kinds == {"handle"}:
        return True
    if left.named and right.named:
        return False
    return "handle" in kinds or kinds == {"mail", "name"} or kinds == {"mail", "initials"}


def _has_alias(profile: Profile) -> bool:
    # Two people who are known by name alone have nothing here that their names do not say.
    return bool(profile.handles or profile.display_names or (profile.emails and not profile.names))


def _compare_aliases(pairs: Pairs) -> Levels:
    same, initials = pairs.same(_alias_letters), pairs.either(_is_initials)
    size = pairs.longer(_alias_letters)
    near = (pairs.edits(_alias_letters) <= 0.15 * size) & (pairs.shorter(_alias_letters) >= 6)
    typed = pairs.same(_alias_text) & pairs.both(_is_typed)
    levels = first_of(typed, same & ~initials, same & initials, near, otherwise=4)
    levels[~pairs.where(~pairs.none(), _tells)] = NOT_COMPARABLE
    return levels


USER_NAME = Comparator(
    name="user name",
    levels=(
        Level("same", "same user name {left}", by_frequency=True),
        Level("spelled", "{left} reads like {right}"),
        Level("initials", "{left} reads like {right}, abbreviated"),
        Level("near", "{left} is much like {right}"),
        Level("differs", "{left} does not read like {right}"),
    ),
    values=aliases,
    comparable=_has_alias,
    compare=_compare_aliases,
    term=_alias_letters,
    show=lambda alias: f"@{alias.text}" if alias.kind == "handle" else alias.text,
)
