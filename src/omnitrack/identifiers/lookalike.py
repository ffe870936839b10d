"""Look-alikes: names in mixed scripts that imitate another name."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from omnitrack.identifiers.characters import words
from omnitrack.identifiers.domains import unicode_domain

# Scripts that belong to one writing system and so may stand together, with Latin too: Japanese, Korean, Chinese with
# Bopomofo (UTS #39 section 5.2, "highly restrictive").
_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
)
# Living scripts (UAX #31 table 5, recommended). Letters of the others, ancient or of few users, are as a rule there for
# what they resemble (UTS #39, Identifier_Status Restricted).
_LIVING = words(
    """
    ARABIC ARMENIAN BENGALI BOPOMOFO CYRILLIC DEVANAGARI ETHIOPIC GEORGIAN GREEK GUJARATI GURMUKHI HAN HANGUL HEBREW
    HIRAGANA KANNADA KATAKANA KHMER LAO LATIN MALAYALAM MYANMAR ORIYA SINHALA TAMIL TELUGU THAANA THAI TIBETAN
    """
)
# Those of them with letters that are drawn like Latin ones: never together with Latin (UTS #39 section 5.2, "moderately
# restrictive", excludes Cyrillic and Greek; Armenian has as many twins).
_TWINS = frozenset({"CYRILLIC", "GREEK", "ARMENIAN"})

# Letters of those scripts that a reader takes for a Latin letter or an ASCII digit. A word of nothing but these is a
# look-alike as a whole, though of one script (UTS #39 section 4, whole-script confusables).
_DRAWN_AS_LATIN = {
    "CYRILLIC": frozenset("аеорсухіјѕһԁԛԝӏьвгкмнтпиүѵѡꙇꙅѐёїґѓҽхзбӡԍ"),
    "GREEK": frozenset("αοορνικτυγηωχβμερςσϳζ"),
    "ARMENIAN": frozenset("օոսհցզքյլվտիխծգռքա"),
}

# Latin letters of phonetic notation and of no living orthography's everyday use (UTS #39, Identifier_Status
# Restricted): a in "jɑne" is one of them.
_NOTATION = (
    (0x01BB, 0x01BB),
    (0x01BF, 0x01C3),
    (0x0250, 0x02AF),
    (0x1D00, 0x1DBF),
    (0x2C60, 0x2C7F),
    (0xA720, 0xA7FF),
    (0xAB30, 0xAB6F),
    (0x10780, 0x107BF),
    (0x1DF00, 0x1DFFF),
)
# The dotless i is a letter of Turkish and Azerbaijani; under other domains it passes for i.
_DOTLESS_DOMAINS = frozenset({"tr", "az"})
_OLD_LETTERS = frozenset("ƅƍƽɩʋƖǝȝƨƷʒƿꝛ")


@lru_cache(maxsize=8192)
def _script(ch: str) -> str | None:
    """Return the script of a letter, by the first word of its Unicode name; None for what belongs to all scripts."""
    if not ch.isalpha() and not unicodedata.category(ch).startswith("Nl"):
        return None
    word = unicodedata.name(ch, "UNNAMED").split()[0].split("-")[0]
    return {"CJK": "HAN", "IDEOGRAPHIC": "HAN", "KANGXI": "HAN", "HALFWIDTH": "KATAKANA", "MODIFIER": None}.get(
        word, word
    )


def _digit_systems(text: str) -> int:
    return len({ord(ch) - unicodedata.decimal(ch) for ch in text if ch.isdecimal()})


def lookalike(label: str, domain: str = "") -> str | None:
    """Return why a name may be there to be taken for another, or None.

    Args:
        label: one label of a domain, a local part, a handle; in its normal form.
        domain: the top-level domain under which it stands, "" for none. A word of Cyrillic letters under ``.рф`` is what
            it seems; under ``.com`` it may pass for a Latin one.

    >>> lookalike("jane"), lookalike("müller"), lookalike("почта")
    (None, None, None)
    >>> lookalike("j\\N{CYRILLIC SMALL LETTER A}ne")
    'it mixes the scripts Cyrillic and Latin and may be taken for another name'
    """
    if label.isascii():
        return None
    if unicodedata.normalize("NFKC", label) != label:
        return "it has compatibility characters and may be taken for another name"
    scripts = {script for ch in label if (script := _script(ch)) is not None}
    if not scripts <= _LIVING:
        return "it has letters of a script that is hardly in use and may be taken for another name"
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        plain = len(scripts) == 2 and "LATIN" in scripts and not scripts & _TWINS
        if not plain:
            names = " and ".join(sorted(script.capitalize() for script in scripts))
            return f"it mixes the scripts {names} and may be taken for another name"
    if _digit_systems(label) > 1:
        return "it mixes the digits of several scripts and may be taken for another name"
    if any(low <= ord(ch) <= high for ch in label for low, high in _NOTATION) or _OLD_LETTERS & set(label):
        return "it has letters of phonetic notation and may be taken for another name"
    if "ı" in label and domain not in _DOTLESS_DOMAINS:
        return "it has a dotless i and may be taken for another name"
    if len(scripts) == 1:
        (script,) = scripts
        drawn = _DRAWN_AS_LATIN.get(script)
        # Under a domain of its own script it is read as what it is.
        if drawn and _script(domain[:1] or "a") != script and all(ch in drawn for ch in label if ch.isalpha()):
            return f"all its {script.capitalize()} letters look like Latin ones, so it may be taken for another name"
    return None


def lookalike_host(host: str) -> str | None:
    """Return why a host may be there to be taken for another, label by label, or None.

    Args:
        host: a domain in its ASCII form, ``""`` for none.

    >>> lookalike_host("mastodon.social"), lookalike_host("xn--bcher-kva.example")
    (None, None)
    >>> lookalike_host("xn--mastdon-djg.social")
    'it mixes the scripts Cyrillic and Latin and may be taken for another name'
    """
    if "xn--" not in host:
        return None
    *labels, top = unicode_domain(host).split(".")
    for label in labels:
        if why := lookalike(label, top):
            return why
    return lookalike(top)
