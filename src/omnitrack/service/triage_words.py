"""Words of danger and vulnerability: a list that its user owns, found in texts of any language as whole words."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from omnitrack.errors import InvalidInteractionError, masked_repr, plain_repr
from omnitrack.values import Value

MOST_PHRASES = 20_000  # of one list
MOST_WORDS = 12  # of one phrase
MOST_CHARACTERS = 100  # of one phrase
MOST_BYTES = 2_000_000  # of a file

#: Scripts that are written without spaces between words (UAX #29, section 4.1): a phrase in them is found anywhere. By the names of their characters.
_SOLID = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "IDEOGRAPHIC")


@attrs.frozen(slots=True, kw_only=True)
class WordFound(Value):
    """A phrase of a list that stands in a text.

    Attributes:
        group: of the list, such as ``"danger"``. phrase: as the list has it. language: under which it has it.
    """

    group: str
    phrase: str
    language: str


@attrs.frozen
class _Phrase:
    words: tuple[str, ...]  # folded; one that ends in * stands for all that begin so
    found: WordFound


class WordList:
    """Phrases by group and language, as their user keeps them.

    A phrase is found where its words stand one after the other as whole words, in upper or lower case, with whatever between them that is no letter or digit. Accents
    count. ``suicid*`` is found in each word that begins so. Where a script has no spaces, as in Chinese, Japanese and Thai, a phrase is found anywhere.

    Args:
        groups: phrases by language by group: ``{"danger": {"en": ["gas leak"], "de": ["Gasgeruch"]}}``.

    Raises:
        InvalidInteractionError: it is none of that, or beyond a limit; names the group.
    """

    def __init__(self, groups: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        self._by_first: dict[str, list[_Phrase]] = {}
        self._begins: dict[str, list[_Phrase]] = {}  # phrases whose first word ends in *, by what it begins with
        self._solid: dict[str, list[tuple[str, WordFound]]] = {}  # by their first character
        self._shortest = MOST_CHARACTERS
        found = list(_phrases(groups))
        if len(found) > MOST_PHRASES:
            raise InvalidInteractionError(f"words: got {len(found)} phrases, accepted are at most {MOST_PHRASES}")
        self._count = len(found)
        for one in found:
            self._add(one)

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<WordList of {self._count} phrases>"

    @classmethod
    def load(cls, path: str | Path) -> WordList:
        """Read a list from a TOML file: a table for each group, in it a list of phrases for each language.

        Args:
            path: of the file, in UTF-8.

        Raises:
            InvalidInteractionError: it is no such file. OSError: there is none.
        """
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InvalidInteractionError(f"words: got a file of more than {MOST_BYTES} bytes, the most accepted")
        try:
            return cls(tomllib.loads(data.decode("utf-8-sig")))
        except ValueError as error:
            if isinstance(error, InvalidInteractionError):
                raise
            raise InvalidInteractionError(f"words: accepted is a file of TOML in UTF-8; {error}") from None

    def _add(self, found: WordFound) -> None:
        folded = _folded(found.phrase)
        if _is_solid(folded):
            solid = "".join(folded.split())
            self._solid.setdefault(solid[0], []).append((solid, found))
            return
        words = tuple(_words(folded, stars=True))
        if not words or len(words) > MOST_WORDS:
            raise InvalidInteractionError(
                f"words.{found.group}: got {masked_repr(found.phrase)}, accepted is a phrase of 1 to {MOST_WORDS} words"
            )
        if words[0].endswith("*"):
            self._shortest = min(self._shortest, len(words[0]) - 1)
            self._begins.setdefault(words[0][:-1], []).append(_Phrase(words, found))
        else:
            self._by_first.setdefault(words[0], []).append(_Phrase(words, found))

    def find(self, text: str) -> list[WordFound]:
        """Return the phrases that stand in a text, each once, in the order of their first appearance.

        Args:
            text: of any length and language; the time grows with its length.
        """
        folded = _folded(text)
        words = list(_words(folded))
        found: dict[WordFound, None] = {}
        for place, word in enumerate(words):
            for phrase in self._candidates(word):
                if _stands(phrase.words, words, place):
                    found[phrase.found] = None
        if self._solid:
            solid = "".join(folded.split())
            for place, ch in enumerate(solid):
                for characters, one in self._solid.get(ch, ()):
                    if solid.startswith(characters, place):
                        found[one] = None
        return list(found)

    def _candidates(self, word: str) -> Iterator[_Phrase]:
        yield from self._by_first.get(word, ())
        for end in range(self._shortest, min(len(word), MOST_CHARACTERS) + 1):
            yield from self._begins.get(word[:end], ())


def _stands(phrase: tuple[str, ...], words: list[str], place: int) -> bool:
    """Whether a phrase stands in a text, word by word from a place on."""
    if place + len(phrase) > len(words):
        return False
    return all(
        word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
        for wanted, word in zip(phrase, words[place : place + len(phrase)])
    )


def _folded(text: str) -> str:
    """Return a text without what case, width and the way of typing change: NFKC of its case fold (UAX #15, Unicode 3.13)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _words(folded: str, *, stars: bool = False) -> Iterator[str]:
    """Yield the words of a folded text: runs of letters, digits and marks; an apostrophe within a word is part of none.

    Args:
        stars: a star that ends a word is kept.
    """
    word: list[str] = []
    for ch in folded:
        if ch.isalnum() or unicodedata.category(ch).startswith("M"):
            word.append(ch)
        elif ch in _WITHIN and word:
            continue
        elif word:
            if stars and ch == "*":
                word.append(ch)
            yield "".join(word)
            word.clear()
    if word:
        yield "".join(word)


# Characters that are written within a word or left out: apostrophes, the soft hyphen, joiners.
_WITHIN = frozenset("'\u2019\u02bc\xad\u200c\u200d")


def _is_solid(text: str) -> bool:
    return any(unicodedata.name(ch, "").startswith(_SOLID) for ch in text)


def _phrases(groups: Any) -> Iterator[WordFound]:
    if not isinstance(groups, Mapping):
        raise InvalidInteractionError(f"words: got {type(groups).__name__}, accepted are groups of phrases by language")
    for group, languages in groups.items():
        if not isinstance(group, str) or not isinstance(languages, Mapping):
            raise InvalidInteractionError(f"words.{plain_repr(group)}: accepted are lists of phrases by language")
        for language, phrases in languages.items():
            if isinstance(phrases, (str, bytes)) or not isinstance(phrases, Iterable):
                raise InvalidInteractionError(f"words.{group}.{language}: accepted is a list of phrases")
            for phrase in phrases:
                if not isinstance(phrase, str) or not 0 < len(phrase) <= MOST_CHARACTERS:
                    raise InvalidInteractionError(
                        f"words.{group}.{language}: got {masked_repr(phrase)}, accepted is text of 1 to {MOST_CHARACTERS} characters"
                    )
                yield WordFound(group=group, phrase=phrase, language=language)
