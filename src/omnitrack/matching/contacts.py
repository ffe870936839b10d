"""Comparisons of contact details: mail addresses, phone numbers, user names."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from omnitrack.matching.comparators import Comparator, Level, Levels, Lookup, compare_known, staged
from omnitrack.matching.profile import Profile
from omnitrack.matching.text import letters, squeeze
from omnitrack.matching.values import Bools, Pairs, itself

_MARKS = re.compile(r"[._-]")


@lru_cache(maxsize=16384)
def _local(address: str) -> str:
    return _MARKS.sub("", address.partition("@")[0])


@lru_cache(maxsize=16384)
def _plain(address: str) -> str:
    """Return an address without the punctuation in its local part, which people forget and mix up."""
    local, at, domain = address.partition("@")
    return f"{_MARKS.sub('', local)}{at}{domain}"


def _compare_emails(pairs: Pairs) -> Levels:
    return staged(
        pairs,
        lambda all_: all_.same(itself),
        lambda rest: rest.edits(_plain, 3) <= 1,
        lambda rest: rest.same(_local) & (rest.shorter(_local) >= 3),
        lambda rest: (rest.edits(_plain, 3) <= 3) & (rest.edits(_local, 3) * 3 <= rest.shorter(_local)),
        lambda rest: (rest.likeness(_local, least=0.9) >= 0.9) & (rest.shorter(_local) >= 4),
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
    values=attrgetter("emails"),
    compare=_compare_emails,
)


def _subscriber(number: str) -> str:
    """Return the last nine digits, so that a number without its country equals the one with it."""
    return number.lstrip("+0")[-9:]


def _is_misdialled(pairs: Pairs) -> Bools:
    # A missing digit moves another one into the last nine, so the whole number is compared too.
    near = (pairs.edits(_subscriber, 1) <= 1) | (pairs.edits(itself, 1) <= 1)
    return near & (pairs.shorter(_subscriber) >= 6)


def _compare_phones(pairs: Pairs) -> Levels:
    return staged(pairs, lambda all_: all_.same(_subscriber), _is_misdialled, otherwise=2)


PHONE = Comparator(
    name="phone number",
    shared=True,
    levels=(
        Level("same", "same phone number {left}", by_frequency=True),
        Level("one digit", "the phone numbers differ in one digit ({left}, {right})"),
        Level("differs", "the phone numbers differ ({left}, {right})"),
    ),
    values=attrgetter("phones"),
    compare=_compare_phones,
    term=_subscriber,
)


def _user_names(profile: Profile) -> Sequence[Hashable]:
    return (*profile.handles, *profile.display_names) if profile.display_names else profile.handles


def _compare_user_names(pairs: Pairs) -> Levels:
    return staged(
        pairs,
        lambda all_: all_.same(itself),
        lambda rest: rest.same(letters) & (rest.shorter(letters) >= 5),
        lambda rest: (rest.edits(letters, 2) * 5 <= rest.shorter(letters)) & (rest.shorter(letters) >= 5),
        otherwise=3,
    )


USER_NAME = Comparator(
    name="user name",
    levels=(
        Level("same", "same user name @{left}", by_frequency=True),
        Level("same letters", "the user names are spelled alike (@{left}, @{right})"),
        Level("near", "the user names differ by a typo (@{left}, @{right})"),
        Level("differs", "the user names differ (@{left}, @{right})"),
    ),
    values=_user_names,
    compare=_compare_user_names,
)


# The share of people whose given name has the same first letter.
_INITIAL_SHARE = 0.08


class Alias(NamedTuple):
    """A one-word spelling of a person, and its origin.

    Attributes:
        kind: ``"handle"``, ``"mail"`` (the part before the @), ``"name"`` or ``"initials"`` (initial and family name).
        letters: the letters alone.
        text: the handle, address or name itself.
        given: the given name, for names.
        family: the family name, for names.
    """

    kind: str
    letters: str
    text: str
    given: str = ""
    family: str = ""


def aliases(profile: Profile) -> list[Alias]:
    """Return the one-word spellings of a person: user names, local parts of addresses, names run together."""
    found = [Alias("handle", letters(text), f"@{text}") for text in (*profile.handles, *profile.display_names)]
    for address in profile.emails:
        local = _local(address)
        found.append(Alias("mail", letters(local), address))
    for name in profile.names:
        given, family = squeeze(name.given), squeeze(name.family)
        if given and family:
            shown = str(name)
            found.append(Alias("name", given + family, shown, given, family))
            found.append(Alias("name", family + given, shown, given, family))
            if len(family) >= 4:
                found.append(Alias("initials", given[0] + family, shown, given, family))
                found.append(Alias("initials", family + given[0], shown, given, family))
    return [alias for alias in found if len(alias.letters) >= 5]


def _is_nameless(profile: Profile) -> bool:
    # If both people have names, these say all that similar user names or addresses would.
    return not profile.names and bool(profile.handles or profile.emails or profile.display_names)


_alias_letters = attrgetter("letters")


def _is_handle(alias: Alias) -> bool:
    return alias.kind == "handle"


def _is_mail(alias: Alias) -> bool:
    return alias.kind == "mail"


def _is_initials(alias: Alias) -> bool:
    return alias.kind == "initials"


def _reads_alike(pairs: Pairs) -> Bools:
    size = pairs.shorter(_alias_letters)
    return (pairs.edits(_alias_letters, 3) * 6 <= size) & (size >= 6)


def _compare_spellings(pairs: Pairs) -> Levels:
    # At least one of the two is a free spelling; two names, say, are compared as names.
    free = pairs.either(_is_handle) | pairs.either(_is_mail)
    return compare_known(
        pairs,
        free & ~pairs.both(_is_handle) & ~pairs.both(_is_mail),
        lambda known: staged(
            known,
            lambda all_: all_.same(_alias_letters) & ~all_.either(_is_initials),
            lambda rest: rest.same(_alias_letters),
            _reads_alike,
            otherwise=3,
        ),
    )


def _spelled(level: str, left: Alias, right: Alias) -> tuple[str, str, str]:
    """Return the given name (empty for initials) and family name, if one of the two is a name, and the letters."""
    name = left if left.family else right
    return name.given if level == "same" else "", name.family, left.letters


def _spelling_share(spelled: tuple[str, str, str], lookup: Lookup) -> float:
    given, family, word = spelled
    if not family:
        return lookup("spelling", word)
    share = lookup("given name", given) if given else _INITIAL_SHARE
    return max(share * lookup("family name", family), lookup("spelling", word))


SPELLING = Comparator(
    name="spelling",
    levels=(
        Level("same", "{left} reads like {right}", by_frequency=True, joint=True),
        Level("initials", "{left} reads like {right}, abbreviated", by_frequency=True, joint=True),
        Level("near", "{left} reads almost like {right}"),
        Level("differs", "{left} does not read like {right}"),
    ),
    values=aliases,
    comparable=_is_nameless,
    compare=_compare_spellings,
    joint=_spelled,
    share=_spelling_share,
    term=_alias_letters,
    show=lambda alias: alias.text,
)
