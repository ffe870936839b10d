"""Stories, each the shortest that turns on one rule. The tests tell them in every order, and a mutant that breaks the rule gets one wrong."""

from __future__ import annotations

from collections.abc import Sequence

from identity.facts import PAIRS, TIGHT, VERIFIED_PAIRS, Attribute, ById, Said, Seen, Step, Undo
from omnitrack.identity.policy import Policy

P1, P2, ANN, BEN, A1, A2, A3, A4, EE, X, INFO = range(11)
CLAIMED, OBSERVED, VERIFIED = 1, 2, 3

#: Nothing is over a limit.
WIDE = Policy(limits={"*": None, "account": None, "device": None}, max_identifiers=None, max_component=None)
SMALL = Policy(limits={"*": None}, max_identifiers=3)
CLEAN = Policy(limits={"*": None}, max_component=4)  # beyond four identifiers it is taken for corrupt input
STRICT = Policy(merges_at="verified")

Person = Sequence[int | tuple[int, int]]


def seen(minute: int, *people: Person, cc: Sequence[int] = ()) -> Seen:
    """One interaction; an identifier without an assurance was observed."""
    persons = tuple(tuple(x if isinstance(x, tuple) else (x, OBSERVED) for x in person) for person in people)
    return Seen(f"{minute} {persons} {cc}", minute, persons, tuple(cc))


def verified(*person: int) -> Person:
    """One person, logged in."""
    return [(x, VERIFIED) for x in person]


def same(a: int, b: int, minute: int = 0) -> Said:
    """They are one person."""
    return Said("same", a, b, minute)


def deny(a: int, b: int, minute: int = 0) -> Said:
    """They are not."""
    return Said("different", a, b, minute)


def personal(x: int, of: int, minute: int = 0) -> Said:
    """It is theirs alone."""
    return Said("personal", x, of, minute)


def shared(x: int) -> Said:
    """Several use it."""
    return Said("shared", x, None, 0)


def reassigned(x: int, minute: int) -> Said:
    """It has a new holder from then on."""
    return Said("reassigned", x, None, minute)


STORIES: dict[str, tuple[Policy, list[Step]]] = {
    # a: what takes part
    "who types an address into a form is not joined with it": (TIGHT, [seen(0, [(ANN, CLAIMED), P1])]),
    "of the assurances of two the lower counts": (TIGHT, [seen(0, [(ANN, CLAIMED), (X, VERIFIED)])]),
    "what was observed does not join where the policy asks for verified": (STRICT, [seen(0, [ANN, P1])]),
    "a pair claimed first and observed later joins": (TIGHT, [seen(0, [(ANN, CLAIMED), P1]), seen(1, [ANN, P1])]),
    "a role mailbox joins nobody": (TIGHT, [seen(0, [INFO, P1]), seen(1, [INFO, P2])]),
    "people in copy are not linked": (TIGHT, [seen(0, [P1], cc=(ANN, X))]),
    "two customers of one mail are not linked": (TIGHT, [seen(0, [P1], [ANN])]),
    "of a pair seen twice the surer sighting counts": (
        WIDE,
        [seen(0, [P1, A1]), seen(1, verified(P1, A1)), seen(2, verified(P1, A2))],
    ),
    "two numbers that were seen together are not one person's where only verified links count": (
        VERIFIED_PAIRS,
        [seen(0, [P1, P2]), seen(1, [P1, ANN]), seen(2, [P2, X])],
    ),
    "two numbers that were verified together are one person's there": (
        VERIFIED_PAIRS,
        [seen(0, [P1, P2]), seen(1, verified(P1, P2))],
    ),
    "said of one end it counts of the other too": (
        VERIFIED_PAIRS,
        [seen(0, [P1, ANN]), seen(1, [P1, A1]), seen(2, [ANN, X]), seen(3, verified(BEN, X))],
    ),
    "a newborn joins nobody by a link that does not count": (VERIFIED_PAIRS, [seen(0, [P1, ANN]), seen(1, [P1, P2])]),
    "what does not count makes nobody shared": (
        VERIFIED_PAIRS,
        [seen(0, [P1, A1]), seen(1, [P1, A2]), seen(2, [P1, A3]), seen(3, verified(P1, A4))],
    ),
    "two whom only a statement joins come apart with it": (
        VERIFIED_PAIRS,
        [seen(0, [ANN, BEN]), same(ANN, BEN, 1), Undo(1)],
    ),
    # b: what is shared
    "an identifier at its limit is not shared": (TIGHT, [seen(0, [X, P1]), seen(1, [X, P2])]),
    "the neighbour too many makes shared, and what was joined comes apart": (
        TIGHT,
        [seen(0, [P1, ANN]), seen(1, [ANN, X]), seen(2, [P1, BEN])],
    ),
    "two accounts make a number shared": (Policy(), [seen(0, [P1, A1]), seen(1, [P1, A2])]),
    "accounts of two brands do not": (Policy(), [seen(0, [P1, A1]), seen(1, [P1, EE])]),
    "a denial does not free a limit": (TIGHT, [seen(0, [P1, ANN]), seen(1, [P1, BEN]), deny(P1, ANN)]),
    "two accounts that somebody called one count as one": (
        Policy(),
        [seen(0, [P1, A1]), seen(1, [P1, A2]), same(A1, A2)],
    ),
    "and so do those at the ends of a chain of statements": (
        Policy(),
        [seen(0, [P1, A1]), seen(1, [P1, A4]), same(A1, A2), same(A3, A4), same(A2, A3)],
    ),
    "accounts that were called one and denied count as two": (
        Policy(),
        [seen(0, [P1, A1]), seen(1, [P1, A2]), same(A1, A2), deny(A1, A2)],
    ),
    "what a number may have an account may have more of": (
        PAIRS,
        [seen(0, verified(A1, ANN)), seen(1, verified(A1, BEN)), seen(2, [P1, ANN]), seen(3, [P1, BEN])],
    ),
    "of a pair each end has a limit of its own": (PAIRS, [seen(0, [ANN, P1]), seen(1, [ANN, P2]), seen(2, [ANN, X])]),
    "an end over its limit does not make the other shared": (PAIRS, [seen(0, [P1, ANN]), seen(1, [P1, BEN]), seen(2, [ANN, A1])]),
    "a limit of a pair counts before the one of an exclusive scheme": (PAIRS, [seen(0, [P1, A1]), seen(1, [P1, A2]), seen(2, [P1, A3])]),
    "the one of an exclusive scheme counts before a limit of everything": (PAIRS, [seen(0, [A1, A2]), seen(1, [A1, A3])]),
    "a limit of all that an identifier may have counts before a limit of everything": (PAIRS, [seen(0, [X, P1]), seen(1, [X, P2])]),
    "without limits nothing is shared that was not marked": (
        Policy(limits=None),
        [seen(0, [P1, A1]), seen(1, [P1, A2]), seen(2, [P1, A3]), seen(3, [P2, A1]), shared(P2)],
    ),
    "what is marked as shared joins nobody": (TIGHT, [seen(0, [P1, ANN]), seen(1, [ANN, X]), shared(P1)]),
    "a statement does not join what is shared": (TIGHT, [shared(P1), same(P1, X)]),
    "marked as personal, a shared number is theirs of whom it was said": (
        TIGHT,
        [seen(0, [P1, ANN]), seen(1, [P1, BEN]), personal(P1, ANN)],
    ),
    "what is personal is joined by statements alone": (TIGHT, [seen(0, [P1, X]), personal(P1, BEN), same(P1, A1)]),
    "whose it was last said to be counts": (TIGHT, [personal(P1, ANN, 1), personal(P1, BEN, 2)]),
    "a mark that is taken back leaves no trace": (TIGHT, [seen(0, [P1, ANN]), shared(P1), Undo(0)]),
    # c: denials, and components beyond belief
    "a denial parts": (TIGHT, [seen(0, [P1, X]), deny(P1, X)]),
    "a denied pair does not chain two halves into corrupt input": (
        CLEAN,
        [seen(0, [P1, ANN, X]), seen(1, [P2, BEN]), seen(2, [ANN, BEN]), deny(ANN, BEN)],
    ),
    "in corrupt input verified links count, observed ones do not": (
        CLEAN,
        [seen(0, [P1, ANN]), seen(1, [ANN, X]), seen(2, [X, P2]), seen(3, [P2, BEN]), seen(4, verified(P1, ANN))],
    ),
    "corrupt input that arrives at once is no other": (CLEAN, [seen(0, [P1, ANN, X, P2, BEN, A1])]),
    # d: joining
    "the strongest link joins first": (WIDE, [seen(0, [P1, A1]), seen(1, verified(P1, A2))]),
    "of equals the earliest": (WIDE, [seen(0, [P1, A1]), seen(1, [P1, A2])]),
    "of those of one time the lower by key": (
        WIDE,
        [seen(0, [P1, A1]), seen(0, [P1, A2]), seen(0, [P1, A3]), seen(0, [P1, A4]), seen(0, [P2, A1]), seen(0, [P2, A4])],
    ),
    "an old link that becomes known late takes its place": (
        WIDE,
        [seen(3, [P1, A1]), seen(2, [P1, A2]), seen(1, [P1, A1])],
    ),
    "two accounts of one brand stay apart, through whatever they touch": (
        WIDE,
        [seen(0, verified(P1, ANN)), seen(1, [P1, A1]), seen(2, [ANN, A2])],
    ),
    "two accounts that somebody called one become one customer": (WIDE, [seen(0, [P1, A1]), seen(1, [P1, A2]), same(A1, A2)]),
    "beside two accounts that somebody called one a third stays apart": (
        WIDE,
        [seen(0, [P1, A1]), seen(1, [P1, A2]), seen(2, [P1, A3]), same(A1, A2)],
    ),
    "a denied pair stays apart, through whatever they touch": (WIDE, [seen(0, [P1, ANN]), seen(1, [ANN, X]), deny(P1, X)]),
    "a customer that grows keeps its denials": (
        WIDE,
        [seen(0, verified(P1, ANN)), seen(1, [P1, BEN]), seen(2, [P1, X]), deny(BEN, X)],
    ),
    "a customer has no more identifiers than the most": (SMALL, [seen(0, [P1, ANN]), seen(1, [ANN, X]), seen(2, [X, P2])]),
    # whose an interaction is
    "the anchor is what was observed, whatever ranks above it was claimed": (TIGHT, [seen(0, [(A1, CLAIMED), X])]),
    "the anchor is the surest": (TIGHT, [seen(0, [P1, (X, VERIFIED)])]),
    "of those equally sure the one of the highest rank": (TIGHT, [seen(0, [ANN, P1, A1])]),
    "where all is claimed it is on no timeline": (TIGHT, [seen(0, [(ANN, CLAIMED), (P1, CLAIMED)]), seen(1, [ANN])]),
    "people in copy have it on no timeline": (TIGHT, [seen(0, [P1], cc=(ANN,)), seen(1, [ANN])]),
    "what may be shown to the customer hangs on verified links": (TIGHT, [seen(0, [P1, X]), seen(1, verified(X, A1)), seen(2, [P1])]),
    "a shared number's calls are on nobody's timeline by default": (TIGHT, [seen(0, [P1, ANN]), shared(P1), seen(1, [P1])]),
    "what may be shown to the customer is not led through what is personal of somebody else": (
        WIDE,
        [seen(0, [P1, (ANN, VERIFIED), (A1, VERIFIED)]), same(P1, A1), personal(A1, A2)],
    ),
    "of two attributions the last counts": (TIGHT, [seen(0, [P1]), Attribute(0, ANN), Attribute(0, BEN), Attribute(0, X), Undo(2)]),
    "an attribution that is taken back leaves the interaction as it came": (TIGHT, [seen(0, [P1, X]), Attribute(0, ANN), Undo(0)]),
    # neighbourhoods
    "two customers of several identifiers become one by their edges": (
        WIDE,
        [seen(0, [P1, ANN]), seen(1, [X, P2]), seen(2, [ANN, X])],
    ),
    "a third household member parts the first two": (TIGHT, [seen(0, [BEN, P1]), seen(1, [BEN, P2]), seen(2, [P2, ANN])]),
    # holders
    "what is seen after a reassignment is the new holder's": (TIGHT, [seen(0, [P1, ANN]), reassigned(P1, 3), seen(5, [P1, X])]),
    "two holders never are one, whoever was seen with both": (TIGHT, [seen(0, [X, P1]), seen(6, [X, P1]), reassigned(P1, 3)]),
    "a statement is about the holder of its time": (TIGHT, [reassigned(P1, 3), same(P1, X, 5), same(P1, ANN, 1)]),
    "the holders between two reassignments change when one is taken back": (
        TIGHT,
        [reassigned(P1, 2), reassigned(P1, 4), seen(3, [P1, ANN]), seen(5, [P1, X]), Undo(1)],
    ),
    "said of a holder by id, it stays with them": (
        TIGHT,
        [seen(0, [P1]), ById(deny(P1, X, 5), (0, None)), reassigned(P1, 3), seen(1, [P1, X]), seen(4, [P1, X])],
    ),
    "said of a holder by id who never was, it is of whoever had the number then, and of the holder again when they are back": (
        TIGHT,
        [seen(0, [P1]), reassigned(P1, 3), ById(same(P1, X, 5), (1, None)), Undo(0), reassigned(P1, 4), Undo(1), reassigned(P1, 3)],
    ),
    "said of the holder before another, it never is of that other": (
        TIGHT,
        [reassigned(P1, 2), reassigned(P1, 4), seen(5, [P1]), ById(same(P1, X, 6), (1, None)), Undo(0)],
    ),
    "said of an earlier time by the id of a later holder, it is of that holder's place": (
        TIGHT,
        [reassigned(P1, 4), seen(5, [P1]), ById(same(P1, X, 1), (1, None)), Undo(0), reassigned(P1, 3)],
    ),
    "what is attributed to a holder by id goes with their place": (
        TIGHT,
        [seen(5, [X]), seen(0, [P1]), reassigned(P1, 3), Attribute(0, P1, 1), Undo(0), reassigned(P1, 4)],
    ),
    "a statement on two who turn out to be one says nothing meanwhile": (
        TIGHT,
        [seen(0, [P1]), reassigned(P1, 3), seen(5, [P1]), ById(deny(P1, P1, 5), (0, 1)), Undo(0), reassigned(P1, 3)],
    ),
}  # fmt: skip
