"""Suggestions: possible matches of a customer, by claims and by similarity, with reasons."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache

import attrs

from omnitrack.errors import InvalidCursorError
from omnitrack.foundation.context import Context
from omnitrack.foundation.journal import touch
from omnitrack.harmless import one_line
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.explain import Step, percent, weak_kind
from omnitrack.identity.partition import DIFFERENT, MATCH, REASSIGNED
from omnitrack.matching import Comparison, Model, Profile, Score, merge_profiles
from omnitrack.model import Page
from omnitrack.reading.profiles import found_by, own_profile, profiles_of
from omnitrack.reading.resolve import Meant, customer_text, find_people, to_identifier
from omnitrack.reading.sealed import seal, unseal
from omnitrack.records import MODEL, MODEL_KEY
from omnitrack.statements.explain import to_steps
from omnitrack.statements.link_listing import LinkCursors
from omnitrack.statements.neighbourhood import Cause, plan_change
from omnitrack.storage.contract import LINKABLE, SHARED, IdentifierRow, LinkRow, RecordRow, Transaction
from omnitrack.suggesting.suggesting_links import suggesting_links, suggesting_links_of
from omnitrack.values import Value

#: The probability of a claim if nothing else is known: most people give their own address, but forms contain typos and strangers.
CLAIMED_PROBABILITY = 0.8
#: The probability that two successive holders of a number, separated only by a long silence, are one person.
SILENT_PROBABILITY = 0.5
#: The lowest probability at which similarity is worth showing to an agent.
LEAST = 0.2
#: The number of candidates whose profiles are read for one person, those that share the rarest keys first.
MOST_CANDIDATES = 48
LINKS = 2_000  # links read at a time to find the matches among them


@attrs.frozen(slots=True, kw_only=True)
class Suggestion(Value):
    """Two customers who may be one person.

    Attributes:
        a: an identifier of one customer. ``tracker.link(a, b)`` confirms the suggestion, ``tracker.deny(a, b)`` refuses it.
        b: an identifier of the other. Two holders of one number that only silence separates are named by customer id:
            ``tracker.link(*customers)``.
        customers: the ids of the two customers.
        probability: the probability that they are one person, 0 to 1.
        evidence: links that suggest it: claims, and matches that ``find_matches`` stored.
        comparisons: the comparisons of their traits, whose weights add up to the score; empty if they were not compared.
        sentence: the reasons in words.
    """

    a: Identifier
    b: Identifier
    customers: tuple[str, str]
    probability: float
    evidence: tuple[Step, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    sentence: str = attrs.field(default="", repr=False)

    @one_line
    def __str__(self) -> str:
        return f"{percent(self.probability)} {self.a.display} and {self.b.display}: {self.sentence}"


def read_model(tx: Transaction) -> Model:
    """Return the weights of the store, or the shipped ones if none were estimated."""
    found = tx.find_records(MODEL, keys=[MODEL_KEY])
    return _model(found[0].value if found else None)


@lru_cache(maxsize=4)
def _model(text: str | None) -> Model:
    return Model.default() if text is None else Model.from_json(text)


def write_model(tx: Transaction, model: Model) -> None:
    """Store weights."""
    tx.put_records([RecordRow(MODEL, MODEL_KEY, model.to_json(), -1)])


_POSITION = struct.Struct(">d")  # the probability, before the id of the other customer


def suggestions_for(
    tx: Transaction, ctx: Context, who: Meant, limit: int, cursor: str | None, least: float
) -> Page[Suggestion]:
    """Return one page of the customers who may be the same person as a customer, best first. Reads a bounded number of rows, whatever the
    size of the store."""
    query = f"suggestions of {who.key} from {least} on"
    after = None if cursor is None else unseal(ctx.mark_key, query, cursor)
    if cursor is not None and after is None:
        raise InvalidCursorError("cursor: got a text that is none, accepted is the next of a page of the same query")
    found = _suggestions(tx, ctx, who, MOST_CANDIDATES if after else limit + 1, least)
    order = {(-one.probability, other): one for other, one in found.items()}
    keys = sorted(order)
    if after is not None:
        last = (-_POSITION.unpack(after[: _POSITION.size])[0], after[_POSITION.size :].decode())
        keys = [key for key in keys if key > last]
    following = None
    if len(keys) > limit:
        probability, other = keys[limit - 1]
        following = seal(ctx.mark_key, query, _POSITION.pack(-probability) + other.encode())
    return Page(tuple(order[key] for key in keys[:limit]), following)


def _suggestions(tx: Transaction, ctx: Context, who: Meant, most: int, least: float) -> dict[str, Suggestion]:
    """Return suggestions for a customer by the id of the other customer; of similar customers only the ``most`` similar."""
    row, members = find_people(tx, ctx, who)
    found = {one.customers[1]: one for one in claims_and_matches(tx, ctx, row, members)}
    if ctx.known.matching:
        for other_rows, score in alike(tx, ctx, row, members, most, least):
            other = customer_text(other_rows[0].customer)
            known = found.get(other)
            found[other] = Suggestion(
                a=known.a if known else to_identifier(best_of(ctx, members)),
                b=known.b if known else to_identifier(best_of(ctx, other_rows)),
                customers=(customer_text(row.customer), other),
                probability=max(score.probability, known.probability if known else 0.0),
                evidence=known.evidence if known else (),
                comparisons=score.comparisons,
                sentence=f"{known.sentence} {score.sentence}" if known and known.sentence else score.sentence,
            )
    return found


def claims_and_matches(
    tx: Transaction, ctx: Context, row: IdentifierRow, members: Sequence[IdentifierRow]
) -> list[Suggestion]:
    """Return suggestions for a customer from stored claims and matches. Compares nothing."""
    links, rows = suggesting_links_of(tx, ctx, members)
    found: dict[bytes, Suggestion] = {}
    mine = {m.id for m in members}
    names = {x: to_identifier(r) for x, r in rows.items()}
    for link, step in zip(links, to_steps(tx, [(x, weak_kind(x), None) for x in links], names)):
        a, b = (link.a, link.b) if link.a in mine else (link.b, link.a)
        other = rows[b].customer
        probability = _probability(step)
        known = found.get(other)
        found[other] = Suggestion(
            a=names[a],
            b=names[b],
            customers=(customer_text(row.customer), customer_text(other)),
            probability=max(probability, known.probability if known else 0.0),
            evidence=(*(known.evidence if known else ()), step),
            sentence=f"{known.sentence} {_sentence(step)}" if known else _sentence(step),
        )
    return sorted(found.values(), key=lambda s: (-s.probability, s.customers))


def _probability(step: Step) -> float:
    if step.probability is not None:
        return step.probability
    return SILENT_PROBABILITY if step.basis == REASSIGNED else CLAIMED_PROBABILITY


def _sentence(step: Step) -> str:
    if step.basis in (MATCH, REASSIGNED):
        return f"{step}."
    return f"{step.a.display} and {step.b.display} were given together on {step.seen:%Y-%m-%d}."


def best_of(ctx: Context, rows: Sequence[IdentifierRow]) -> IdentifierRow:
    """Return the identifier that represents a customer in a suggestion: one that links may name, of the highest rank."""
    return min(rows, key=lambda r: (not r.state & LINKABLE, -ctx.policy.rank(r.scheme), r.id))


def alike(
    tx: Transaction, ctx: Context, row: IdentifierRow, members: Sequence[IdentifierRow], limit: int, least: float
) -> list[tuple[list[IdentifierRow], Score]]:
    """Return the most similar customers, best first, each with its identifiers and its score."""
    own = profiles_of(tx, [row.customer], [m._replace(customer=row.customer) for m in members])[row.customer]
    profile = merge_profiles((own, own_profile(members)))
    mine = {member.id for member in members}
    grouped = candidates_by_customer(tx, [id for id in found_by(tx, profile) if id not in mine])
    grouped.pop(row.customer, None)
    for home in _denied(tx, members, grouped) if grouped else ():
        del grouped[home]
    return [(grouped[home], score) for home, score in ranked(tx, profile, grouped, limit, least)]


def candidates_by_customer(tx: Transaction, ids: Sequence[bytes]) -> dict[bytes, list[IdentifierRow]]:
    """Return the customers of the first ``MOST_CANDIDATES`` identifiers, each with all its identifiers. Shared identifiers are skipped."""
    candidates = [r for r in tx.find_identifiers(ids=ids[:MOST_CANDIDATES]) if not r.state & SHARED]
    grouped: dict[bytes, list[IdentifierRow]] = {r.customer: [] for r in candidates}
    for r in tx.find_identifiers(customers=list(grouped)) if grouped else ():
        grouped[r.customer].append(r)
    return grouped


def ranked(
    tx: Transaction, profile: Profile, grouped: Mapping[bytes, Sequence[IdentifierRow]], limit: int, least: float
) -> list[tuple[bytes, Score]]:
    """Return the customers who best match a profile, best first."""
    homes = sorted(grouped)  # of equally likely customers the oldest comes first
    if not homes:
        return []
    profiles = profiles_of(tx, homes, [r for rows in grouped.values() for r in rows])
    scored = read_model(tx).suggest(profile, [profiles[home] for home in homes], limit=limit, least=least)
    return [(homes[n], score) for n, score in scored]


def _denied(tx: Transaction, members: Sequence[IdentifierRow], grouped: dict[bytes, list[IdentifierRow]]) -> set[bytes]:
    """Return the customers that a statement says are not this one."""
    of = {r.id: home for home, rows in grouped.items() for r in rows}
    ends = [(x.a, x.b) for x in tx.find_links([m.id for m in members]) if x.basis == DIFFERENT]
    return {of[end] for pair in ends for end in pair if end in of}


def suggestions_page(tx: Transaction, ctx: Context, limit: int, cursor: str | None) -> Page[Suggestion]:
    """Return one page of the store's suggesting links, claims and stored matches, sorted by probability within the page."""
    cursors = LinkCursors(ctx.mark_key, "suggestions")
    links, rows, after = suggesting_links(tx, ctx, limit, cursors, cursor)
    names = {x: to_identifier(r) for x, r in rows.items()}
    items = []
    for link, step in zip(links, to_steps(tx, [(x, None, None) for x in links], names)):
        items.append(
            Suggestion(
                a=names[link.a],
                b=names[link.b],
                customers=(customer_text(rows[link.a].customer), customer_text(rows[link.b].customer)),
                probability=_probability(step),
                evidence=(step,),
                sentence=f"{step}.",
            )
        )
    return Page(tuple(sorted(items, key=lambda s: -s.probability)), after)


@attrs.frozen(slots=True)
class Found:
    """A match to be stored: the identifiers that represent two customers, and the probability."""

    a: bytes
    b: bytes
    probability: float


def put_matches(tx: Transaction, ctx: Context, added: Sequence[LinkRow], removed: Sequence[LinkRow], now: int) -> None:
    """Replace stored matches with others, and merge those that the policy allows to merge."""
    plan = plan_change(tx, ctx.policy, added=added, removed=removed)
    tx.delete(links=removed)
    tx.add_links(added)
    touch(tx, ctx, identifiers=[u.id for u in plan.updates], links=[*added, *removed])
    if plan.updates:
        tx.update_identifiers(plan.updates, plan.log(Cause(name="match", at=now)))


LinkKey = tuple[bytes, bytes, str, int, bytes]


def look_again(
    tx: Transaction, ctx: Context, after: LinkKey | None, model: Model, least: float
) -> tuple[list[tuple[LinkRow, LinkRow | None]], LinkKey | None]:
    """Compare the customers of stored matches again: the traits behind a match may have moved to another customer or been deleted.

    Customers merged by nothing but their match are compared as the two that they are without it.

    Returns:
        The matches whose score changed, each with its replacement (None if it is below ``least`` and below anything worth showing), and
        where to go on (None at the end).
    """
    links = tx.find_links(after=after, limit=LINKS)
    matches = [link for link in links if link.basis == MATCH]
    return _scored_otherwise(tx, ctx, matches, model, least), links[-1][:5] if len(links) == LINKS else None


def _scored_otherwise(
    tx: Transaction, ctx: Context, links: Sequence[LinkRow], model: Model, least: float
) -> list[tuple[LinkRow, LinkRow | None]]:
    rows = {r.id: r for r in tx.find_identifiers(ids=sorted({end for link in links for end in link[:2]}))}
    found: list[tuple[LinkRow, LinkRow | None]] = []
    for link in links:
        if not rows.keys() >= {link.a, link.b}:
            continue
        homes = list(dict.fromkeys(rows[end].customer for end in link[:2]))
        members = tx.find_identifiers(customers=homes)
        if len(homes) == 1:
            apart = plan_change(tx, ctx.policy, removed=[link], lock=False).result.customer
            members = [m._replace(customer=apart.get(m.id, m.customer)) for m in members]
            home_of = {m.id: m.customer for m in members}
            homes = list(dict.fromkeys(home_of[end] for end in link[:2] if end in home_of))
            if len(homes) == 1:
                continue  # other links join them too
        profiles = profiles_of(tx, homes, [m for m in members if m.customer in homes])
        scored = model.suggest(profiles[homes[0]], [profiles[homes[1]]], limit=1, least=min(least, LEAST))
        score = round(scored[0][1].probability * 1_000_000) if scored else None
        if score != link.score:
            found.append((link, None if score is None else link._replace(score=score)))
    return found


def renew_matches(
    tx: Transaction,
    ctx: Context,
    found: Sequence[tuple[LinkRow, LinkRow | None]],
    model: Model,
    least: float,
    now: int,
) -> None:
    """Compare matches whose score had changed again as they are now, and store the result. Unlikely ones are deleted, which also ends merges
    that the policy based on them. The caller holds the guard."""
    tx.lock_identifiers(sorted({end for old, _ in found for end in old[:2]}))
    there = set(tx.find_links(sorted({end for old, _ in found for end in old[:2]})))
    held = _scored_otherwise(tx, ctx, [old for old, _ in found if old in there], model, least)
    if held:
        put_matches(tx, ctx, [new for _, new in held if new is not None], [old for old, _ in held], now)
