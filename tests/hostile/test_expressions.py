"""No regular expression of the package takes more steps than are linear, whatever the text. ``tox -e regex`` tries every one of them."""

from __future__ import annotations

import hashlib
import os
import random
import re
import secrets
from functools import cache
from pathlib import Path

import pytest

import omnitrack
from hostile.backtracking import Matcher
from hostile.expressions import Expression, expressions, find_attack

THOROUGH = os.environ.get("OMNITRACK_HYPOTHESIS") in ("regex", "thorough")
# The workers of one run have to choose the same.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(8)
SEED = int(hashlib.blake2b(RUN.encode(), digest_size=3).hexdigest(), 16)
PARTS = 25

# Those that are made while a function runs. The first two are the numbering plans' own, of digits of one number; the others are looked at below.
MADE_LATER = {
    "identifiers/dialling.py",
    "identifiers/numbering.py",
    "identifiers/spellings.py",
    "sources/draft.py",
    "sources/mail_text.py",
    "upkeep/renormalise.py",
}


@cache
def found() -> tuple[list[Expression], list[str]]:
    """Return what ``expressions()`` does for this package; a worker that runs other tests does not need it."""
    return expressions(Path(omnitrack.__file__).parent, "omnitrack")


@pytest.mark.parametrize("part", range(PARTS))
def test_an_expression_is_linear(part: int) -> None:
    every = list(dict.fromkeys(found()[0]))
    random.Random(SEED).shuffle(every)
    mine = every[part::PARTS]
    if not THOROUGH:  # one for each part, and none of the lists of words, which take minutes each
        mine = [expression for expression in mine if len(expression.pattern.pattern) <= 500][:1]
    for expression in mine:
        attack = find_attack(expression.pattern, expression.hows)
        assert attack is None, f"seed {SEED}, {expression.where}: {attack}"


def test_every_expression_is_looked_at() -> None:
    read, unread = found()
    assert len(read) > 150
    assert {where.partition(":")[0] for where in unread} <= MADE_LATER


def test_the_expressions_by_which_a_person_is_found_in_texts_are_linear() -> None:
    from omnitrack.identifiers import account, email, phone, social
    from omnitrack.identifiers.spellings import _patterns

    people = [phone("+442079460958 ext 7"), email("jane.doe@gmail.com"), account("a1" * 4), social("x", "jane")]
    pieces = [
        "1",
        "0 ",
        "+44(0)",
        "020 7946 0958ext",
        "a",
        "a1",
        "a 1-",
        "jane.",
        "jane.doe",
        "jane.doe@gmail",
        " ",
        "@",
        ".",
    ]
    for one in people:
        for _, pattern in _patterns(one):
            matcher = Matcher(re.compile(pattern))
            for piece in pieces:
                less, more = (
                    matcher.count("finditer", piece * (size // len(piece)), most=10**6) for size in (400, 800)
                )
                assert more <= 2.3 * less, (one.key, pattern, piece)


def test_the_expressions_by_which_a_mapping_is_drafted_are_linear() -> None:
    from omnitrack.sources import draft

    names = [*draft._NAMES.values(), *draft._PERSON_NAMES.values(), *draft._TRAITS.values()]
    made = [(form, "search") for name in names for form in (rf"(?:{name})\Z", rf"(?:\A|_)(?:{name})(?:\Z|_)")]
    made += [(form, "fullmatch") for form in draft._PEOPLE.values()]
    for pattern, how in made if THOROUGH else random.Random(SEED).sample(made, 3):
        assert find_attack(re.compile(pattern, re.I), frozenset({how})) is None, f"seed {SEED}: {pattern}"


# Each was in use once, and stopped a process.
@pytest.mark.parametrize(
    ("pattern", "how"),
    [
        (r"(?:[a-z0-9-]|[^\W_]|[^\x00-\x7f\s]){3,100}", "fullmatch"),
        (r"[^\s,;<>()\"]+@[^\s,;<>()\"]+[\s,;]+[^\s,;<>()\"]+@[^\s,;<>()\"]+", "fullmatch"),
        (r"[^\s<>()\[\],;:\"\\]+@[^\s<>()\[\],;:\"\\]+", "finditer"),
        (r"[ \t]*[\r\n]+[ \t]*", "finditer"),
        (r"From .*\d{1,2}:\d\d.*\d{4}|From .*\d{4}.*\d{1,2}:\d\d", "match"),
        (r"\s*\"?(?P<name>[^\"<]*)\"?\s*<(?P<number>[^<>]*)>", "match"),
        (r"[t ]\d{1,2}:\d{2}.*$", "finditer"),
        (r"<!--.{0,2000}?-->", "finditer"),
        (r"_?\d+$", "finditer"),
        (r"(?:diverted|passthrough)+$", "finditer"),
        (r"\s*:\s*", "finditer"),
        (r"[^@\s]+@[^@\s]+\.[^@\s]+", "fullmatch"),
    ],
)
def test_an_expression_that_is_not_linear_is_found_out(pattern: str, how: str) -> None:
    assert find_attack(re.compile(pattern), frozenset({how})) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:a|ab)(?:c|bcd)*(d*)",
        r"(a*?)(b+)(?!c)",
        r"(?>a+)b|a{2,3}",
        r"(?:a{1,2}b?)+?c",
        r"(?:(?:a|b)+c?)*d",
        r"\ba+\b",
        r"((a)|b)*\2",
        r"(?:a*b?)++c",
        r"(?<=a)b|^a|c$",
    ],
)
def test_the_counting_matcher_matches_as_re_does(pattern: str) -> None:
    compiled = re.compile(pattern)
    matcher = Matcher(compiled)
    rng = random.Random(SEED)
    for _ in range(300):
        text = "".join(rng.choices("abcd ", k=rng.randint(0, 9)))
        for how in ("match", "fullmatch"):
            expected = getattr(compiled, how)(text)
            matcher.count(how, text)
            assert matcher.found is (expected is not None), (SEED, how, text)
            assert expected is None or matcher.end == expected.end(), (SEED, how, text)
