"""Names of people: their parts, titles and particles, nicknames, and how frequent a name is."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from omnitrack.matching.text import fold_words

TITLES = frozenset({
    "mr", "mrs", "ms", "miss", "mx", "master", "dr", "prof", "professor", "sir", "dame", "lord", "lady", "rev",
    "reverend", "fr", "father", "sister", "hon", "capt", "captain", "col", "colonel", "maj", "major", "lt", "sgt",
    "herr", "frau", "hr", "fru", "monsieur", "madame", "mme", "mlle", "senor", "senora", "srta", "sig", "signor",
    "signora", "dhr", "mevr", "mevrouw",
})  # fmt: skip
SUFFIXES = frozenset({
    "jr", "jnr", "junior", "snr", "ii", "iii", "iv", "phd", "md", "obe", "mbe", "cbe", "esq", "esquire", "bsc", "msc", "ba",
    "ma", "dds", "cpa", "mba",
})  # fmt: skip
# "sr" means señor before a name and senior after it.
_EITHER = frozenset({"sr", "sra"})
PARTICLES = frozenset({
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "al", "el", "bin", "ibn",
    "bint", "ben", "ter", "ten", "zu", "zur", "st", "mac", "vom", "zum", "op", "dela", "das", "do", "af", "av", "abu", "umm",
})  # fmt: skip
# Words that join two family names.
_JOINING = frozenset({"y", "e", "i"})
# Suffixes for the place in a series of people with one name.
_GENERATIONS = {
    "sr": "1", "snr": "1", "senior": "1", "pere": "1", "jr": "2", "jnr": "2", "junior": "2", "ii": "2", "2nd": "2", "fils": "2",
    "hijo": "2", "filho": "2", "iii": "3", "3rd": "3", "neto": "3", "iv": "4", "4th": "4",
}  # fmt: skip
# Words of placeholder names: a name made only of these is nobody's.
_NOBODY = frozenset(
    [
        "unknown",
        "test",
        "testing",
        "tester",
        "guest",
        "noname",
        "anonymous",
        "dummy",
        "nobody",
        "none",
        "null",
        "undefined",
        "na",
        "customer",
        "client",
        "kunde",
        "kundin",
        "cliente",
        "klant",
        "xxx",
        "xx",
        "tbc",
        "tbd",
        "unbekannt",
        "inconnu",
        "inconnue",
        "desconocido",
        "desconocida",
        "sconosciuto",
        "sconosciuta",
        "onbekend",
        "desconhecido",
        "desconhecida",
        "not",
        "given",
        "provided",
        "available",
        "no",
        "name",
        "new",
        "caller",
        "withheld",
        "user",
        "person",
        "somebody",
        "asdf",
        "qwerty",
    ]
)
MAX_NAME_WORDS = 8
MAX_NAME_LENGTH = 200
_COMMA = re.compile(r"[,;，]")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")


class Name(NamedTuple):
    """A name in its normal form: folded, without titles and suffixes; any part may be empty.

    Attributes:
        given: the first given name, or its initial.
        middle: the other given names, separated by blanks.
        family: the family name, its words separated by blanks.
    """

    given: str = ""
    middle: str = ""
    family: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in self if part).title()


def parse_name(text: str) -> Name | None:
    """Return the parts of a name in one field; None if it has no letters.

    The order is western ("Jane M. Zaleski") unless a comma says otherwise ("Zaleski, Jane"). A single word is a given name if that is more
    frequent, otherwise a family name.

    >>> parse_name("Dr. Jane M. van der Berg, PhD")
    Name(given='jane', middle='m', family='van der berg')
    >>> parse_name("ZALESKI, Jane")
    Name(given='jane', middle='', family='zaleski')
    """
    parts = [_words(part) for part in _COMMA.split(text)]
    parts = [part for part in parts if part]
    if not parts:
        return None
    if len(parts) > 1 and all(word in SUFFIXES or word in _EITHER for word in parts[1]):
        parts = [parts[0]]
    if len(parts) > 1:
        return _name(_strip(parts[1]), _strip(parts[0]))
    words = _strip(parts[0])
    if len(words) == 1:
        return _name(words, []) if _mostly_given(words[0]) else _name([], words)
    start = len(words) - 1
    for index in range(1, len(words) - 1):
        if words[index] in PARTICLES and len(words[index]) > 1:
            # A family name comes before the particle of a second one only if a word joins the two.
            start = index - 2 if index > 2 and words[index - 1] in _JOINING else index
            break
        if words[index] in _JOINING and index > 1:
            start = index - 1
            break
    return _name(words[:start], words[start:])


# Those of them that are also real names.
_SURNAMES = frozenset(
    {"new", "name", "person", "given", "no", "not", "user", "caller", "client", "kunde", "available", "provided", "na"}
)


def is_nobody(name: Name) -> bool:
    """Return whether a name is a placeholder: ``Test Customer``, ``Unknown``.

    >>> is_nobody(Name("test", "", "customer")), is_nobody(Name("jane", "", "guest"))
    (True, False)
    """
    words = [word for part in name for word in part.split()]
    return all(word in _NOBODY for word in words) and (len(words) > 1 or words[0] not in _SURNAMES)


@lru_cache(maxsize=65536)
def generation_of(text: str, *, alone: bool = False) -> str:
    """Return the generation that a suffix of a name gives: "1" for senior, "2" for junior, ...; "" for none.

    Args:
        text: a name, or a suffix with ``alone``.
        alone: whether the text is only a suffix.

    >>> generation_of("Tom Smith Jr."), generation_of("Smith, Tom, III"), generation_of("Sr. Tom Smith")
    ('2', '3', '')
    """
    if _MARKS.search(text.casefold()) is None:
        return ""
    words = fold_words(text).split()
    return next((_GENERATIONS[word] for word in words[0 if alone else 1 :] if word in _GENERATIONS), "")


_MARKS = re.compile("|".join(_GENERATIONS))


@lru_cache(maxsize=65536)
def name_of(given: str = "", middle: str = "", family: str = "") -> Name | None:
    """Return the normal form of a name given in parts; None if all are empty."""
    return _name(_strip(_words(given)) + _words(middle), _strip(_words(family)))


def parse_display_name(text: str) -> Name | None:
    """Return the name in a display name of a platform, None if it does not read as a name.

    >>> parse_display_name("Mike Samuels 🔥"), parse_display_name("xX_killer_Xx99")
    (Name(given='mike', middle='', family='samuels'), None)
    """
    bare = "".join(c if c.isalpha() or c in " .,'’-" else " " for c in _CAMEL.sub(" ", text))
    words = fold_words(bare).split()
    if not 2 <= len(words) <= 4 or any(c.isdigit() for c in text) or "_" in text:
        return None
    return parse_name(bare)


def _words(text: str) -> list[str]:
    """Return the folded words of a name; a hyphenated word becomes one word with a blank in it.

    The limits apply to the folded text, so that a name within them stays within them when it is read again.
    """
    words: list[str] = []
    count, room = MAX_NAME_WORDS, MAX_NAME_LENGTH
    for word in text[:MAX_NAME_LENGTH].split():
        parts: list[str] = []
        for part in fold_words(word).split():
            part = part[: max(room, 0)]
            if count and any(c.isalpha() for c in part):
                parts.append(part)
                count, room = count - 1, room - len(part) - 1
        if parts:
            words.append(" ".join(parts))
    return words


def _strip(words: list[str]) -> list[str]:
    while len(words) > 1 and (words[0] in TITLES or words[0] in _EITHER):
        words = words[1:]
    while len(words) > 1 and (words[-1] in SUFFIXES or words[-1] in _EITHER):
        words = words[:-1]
    return words


def _name(given: list[str], family: list[str]) -> Name | None:
    if not given and not family:
        return None
    first, _, rest = " ".join(given).partition(" ")
    return Name(first, rest, " ".join(family))


def _mostly_given(word: str) -> bool:
    shares = frequent_names()
    return shares["given"].get(word, 0.0) > shares["family"].get(word, 0.0) or bool(nickname_roots(word))


@lru_cache(maxsize=1)
def frequent_names() -> dict[str, dict[str, float]]:
    """Return the shares of the most frequent names: ``{"family": {"smith": 0.01, ...}, "given": {...}}``."""
    shares: dict[str, dict[str, float]] = {"family": {}, "given": {}}
    text = files("omnitrack.matching").joinpath("data/frequent_names.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            kind, name, share = line.split("\t")
            shares[kind][name] = int(share) / 1e6
    return shares


@lru_cache(maxsize=1)
def _nicknames() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    from nicknames import NickNamer

    namer = NickNamer()
    return namer.nickname_lookup, namer.canonical_lookup


@lru_cache(maxsize=65536)
def is_given_name(word: str) -> bool:
    """Return whether a word is a frequent given name, or a short form of one."""
    return word in frequent_names()["given"] or has_nicknames(word)


@lru_cache(maxsize=16384)
def nickname_roots(given: str) -> frozenset[str]:
    """Return the full names that ``given`` is a short form of; empty if it is not a short form.

    >>> "robert" in nickname_roots("bob")
    True
    """
    return frozenset(_nicknames()[1].get(given, ()))


@lru_cache(maxsize=16384)
def nickname_root(given: str) -> str:
    """Return the full name that ``given`` is most often short for; the name itself if it is not a nickname.

    >>> nickname_root("bob"), nickname_root("robert"), nickname_root("xanthippe")
    ('robert', 'robert', 'xanthippe')
    """
    shares = frequent_names()["given"]
    return max(sorted(nickname_roots(given) | {given}), key=lambda name: (shares.get(name, 0.0), name == given))


@lru_cache(maxsize=65536)
def are_nicknames(left: str, right: str) -> bool:
    """Return whether one name is a short form of the other, or both are short forms of one name."""
    if left == right:
        return False
    roots_left, roots_right = nickname_roots(left), nickname_roots(right)
    return right in roots_left or left in roots_right or bool(roots_left & roots_right)


@lru_cache(maxsize=65536)
def has_nicknames(given: str) -> bool:
    """Return whether a name has a known short form, or is one."""
    nicknames, roots = _nicknames()
    return given in nicknames or given in roots
