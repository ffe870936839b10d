"""Mutants of the engine: one expression of its source replaced, each listed by the rule that it breaks."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any

import attrs


@attrs.frozen
class Mutant:
    """A rule, and the replacement of source text that breaks it. ``old`` stands once in the module."""

    rule: str
    module: str
    old: str
    new: str

    def __str__(self) -> str:
        return self.rule.replace(" ", "-").replace(",", "")


POLICY = "omnitrack.identity.policy"
PARTITION = "omnitrack.identity.partition"
NEIGHBOURHOOD = "omnitrack.usecases.neighbourhood"
RECORD = "omnitrack.usecases.record"
EVIDENCE = "omnitrack.usecases.evidence"
STATEMENTS = "omnitrack.usecases.statements"
HOLDERS = "omnitrack.usecases.holders"
ATTRIBUTION = "omnitrack.usecases.attribution"
MENTION = "omnitrack.identity.mention"
FILING = "omnitrack.usecases.filing"
PREPARE = "omnitrack.usecases.prepare"
RESOLVE = "omnitrack.usecases.resolve"
READ = "omnitrack.usecases.read"

MUTANTS = (
    # a: what takes part
    Mutant("a: claimed links never join", PARTITION, "if link.assurance >= policy.merges_at else 0", "if True else 0"),
    Mutant("a: merges_at counts", PARTITION, "if link.assurance >= policy.merges_at else 0", "if link.assurance >= 2 else 0"),
    Mutant("a: what may not identify takes no part", PARTITION, "bool(row.state & LINKABLE) and not", "not"),
    Mutant("a: of a pair the strongest link counts", PARTITION, "<= (-strength, link.seen, link):", ">= (-strength, link.seen, link):"),
    Mutant("a: a link has the lower of its two assurances", EVIDENCE, "min(one.assurance, two.assurance)", "max(one.assurance, two.assurance)"),
    Mutant("a: participants do not link", EVIDENCE, "if entry[3] < 0 or entry[6] == _PARTICIPANT or entry[0]", "if entry[0]"),
    Mutant("a: a link is inside one person", EVIDENCE, "person = (entry[2], entry[3])", "person = (entry[2], 0)"),
    # b: what is shared
    Mutant("b: a limit is the most there may be", PARTITION, "len(neighbours) > most", "len(neighbours) >= most"),
    Mutant("b: limits count", PARTITION, "len(neighbours) > most", "False"),
    Mutant("b: a mark makes shared", PARTITION, "if x in self.statements.marked:", "if False:"),
    Mutant("b: the shared stand alone", PARTITION, "elif a in shared or b in shared:", "elif a in shared and b in shared:"),
    Mutant("b: limits of exclusive schemes are inside a scope", PARTITION, "groups.setdefault((row.scheme, row.scope), set())", 'groups.setdefault((row.scheme, ""), set())'),
    Mutant("b: limits are of the neighbour's scheme", PARTITION, "policy.limit(other, own) for own", 'policy.limit("*", own) for own'),
    Mutant("b: limits are of the identifier's own scheme", PARTITION, "policy.limit(other, own) for own", "policy.limit(other) for own"),
    Mutant("b: a limit is of a pair in this direction", PARTITION, "most = limit((own, scheme))", "most = limit((scheme, own))"),
    Mutant("b: the pair counts first", POLICY, 'for key in (f"{of}/{scheme}", scheme):', "for key in (scheme,):"),
    Mutant("b: the neighbour's scheme counts before any", POLICY, 'for key in (f"{of}/{scheme}", scheme):', 'for key in (f"{of}/{scheme}",):'),
    Mutant("b: an exclusive scheme has the limit one", POLICY, "        if self.exclusive(scheme):\n            return 1\n", ""),
    Mutant("b: the identifier's own scheme counts before any", POLICY, 'return limits[f"{of}/*"] if f"{of}/*" in limits else limits["*"]', 'return limits["*"]'),
    Mutant("b: without limits there are none", POLICY, "        if limits is None:\n            return None\n", "        if limits is None:\n            return 2\n"),
    Mutant("b: limits count denied pairs too", PARTITION, "            if old is None:\n                self.neighbours", "            if old is None and (a, b) not in self.statements.denied:\n                self.neighbours"),
    Mutant("b: values that a statement calls one count as one", PARTITION, ".add(self.classes.get(other, other))", ".add(other)"),
    Mutant("b: personal is the way back", PARTITION, "        if x in self.statements.personal:\n            return None", "        if False:\n            return None"),
    Mutant("b: statements alone join the personal", PARTITION, "if pair[0] not in personal and pair[1] not in personal", "if True"),
    Mutant("b: whose an identifier was last said to be counts", PARTITION, "(link.seen, link.b, link.ref) > (known.seen", "(link.seen, link.b, link.ref) < (known.seen"),
    # c: denials, and components beyond belief
    Mutant("c: denied pairs are left out", PARTITION, "            if self.denied(a, b):", "            if False:"),
    Mutant("c: a component beyond the most is not read whole", PARTITION, "len(nodes) > policy.max_component", "False"),
    Mutant("c: of an oversized component verified links count", PARTITION, "strong = [edge for edge in inside if edge.strength >= Assurance.VERIFIED]", "strong = [edge for edge in inside if edge.strength > Assurance.VERIFIED]"),
    Mutant("c: of an oversized component observed links do not count", PARTITION, "strong = [edge for edge in inside if edge.strength >= Assurance.VERIFIED]", "strong = [edge for edge in inside if edge.strength >= Assurance.OBSERVED]"),
    # d: joining
    Mutant("d: the strongest join first", PARTITION, "(-self.strength, self.seen, self.a, self.b)", "(0, self.seen, self.a, self.b)"),
    Mutant("d: of equals the earliest joins first", PARTITION, "(-self.strength, self.seen, self.a, self.b)", "(-self.strength, -self.seen, self.a, self.b)"),
    Mutant("d: ties go by key", PARTITION, "(-self.strength, self.seen, self.a, self.b)", "(-self.strength, self.seen)"),
    Mutant("d: two values of an exclusive scheme stay apart", PARTITION, "if any(scope in values and values[scope] != value for scope, value in others.items()):", "if False:"),
    Mutant("d: a customer keeps all its exclusive values", PARTITION, "        values.update(others)\n", "        pass\n"),
    Mutant("d: a denied pair stays apart in a customer", PARTITION, "if not self.apart[a].isdisjoint(self.members[b]):", "if False:"),
    Mutant("d: a customer keeps all its denials", PARTITION, "        self.apart[a] |= self.apart.pop(b)\n", "        pass\n"),
    Mutant("d: two holders of an identifier stay apart in a customer", PARTITION, "            if len(holders) > 1:\n", "            if False:\n"),
    Mutant("d: max_identifiers counts", PARTITION, "len(self.members[a]) + len(self.members[b]) > self.most", "False"),
    Mutant("d: max_identifiers is the most there may be", PARTITION, "len(self.members[a]) + len(self.members[b]) > self.most", "len(self.members[a]) + len(self.members[b]) >= self.most"),
    Mutant("d: values that a statement calls one may be one customer's", PARTITION, "{scope: reader.classes.get(x, x)} if", "{scope: x} if"),
    Mutant("d: nothing is without hazard that has a denial in it", PARTITION, "if row.base in bases or x in denied_nodes:", "if row.base in bases:"),
    Mutant("d: nothing is without hazard that holds an identifier twice", PARTITION, "if row.base in bases or x in denied_nodes:", "if x in denied_nodes:"),
    # the neighbourhood of a change
    Mutant("n: both ends of a change are looked at", NEIGHBOURHOOD, "        for end in (link.a, link.b):\n            ends[end]", "        for end in (link.a,):\n            ends[end]"),
    Mutant("n: a flip is looked at from its neighbours", NEIGHBOURHOOD, "if flipped or x in reopened or", "if x in reopened or"),
    Mutant("n: what becomes personal is looked at from its neighbours", NEIGHBOURHOOD, "if flipped or x in reopened or", "if flipped or"),
    Mutant("n: links that join are followed", NEIGHBOURHOOD, "            if end not in inside and end not in border\n", "            if False\n"),
    Mutant("n: what a statement about exclusive values touches is judged", NEIGHBOURHOOD, "        judged.update((x, None) for x in more if x in region.rows)\n", "        pass\n"),
    Mutant("n: chains of statements are followed to their end", NEIGHBOURHOOD, "frontier += [end for end in (link.a, link.b) if end not in reached]", "pass"),
    Mutant("n: a statement makes a shared identifier be judged again", NEIGHBOURHOOD, "ends[end] = ends.get(end, False) or not weak", "ends[end] = ends.get(end, False)"),
    Mutant("n: a link taken away makes its ends be judged again", NEIGHBOURHOOD, "ends[link.a] = ends[link.b] = True", "ends[link.a] = ends[link.b] = False"),
    # recording
    Mutant("r: an earlier sighting dates a link anew", RECORD, "if known is None or earliest < known:", "if known is None:"),
    Mutant("r: an earlier sighting is stored", RECORD, "return known is None or (link.seen, link.evidence) < (known.seen, known.evidence)", "return known is None"),
    Mutant("r: an entry is with the holder of its time", RECORD, "if held is not None and held.tenures:", "if False:"),
    Mutant("r: newborn people are partitioned too", RECORD, "result = partition({x: fresh[x] for x in among}, newborn, ctx.policy)", "result = partition({x: fresh[x] for x in among}, [], ctx.policy)"),
    Mutant("r: newborn next to known ones are no people of their own", RECORD, "    if not old:\n        return list(links)", "    if True:\n        return list(links)"),
    Mutant("r: a newborn that is shared is stored as shared", RECORD, "(SHARED if x in result.shared else 0)", "0"),
    # statements over time
    Mutant("s: a statement is about the holder of its time", STATEMENTS, "return row if holder == row.id else tx.find_identifiers(ids=[holder])[0]", "return row"),
    Mutant("s: a reassignment takes statements of later along", HOLDERS, "        if about != (said.a, said.b):", "        if False:"),
    Mutant("s: a reassignment takes entries of later along", HOLDERS, "        if wanted != entry.identifier:", "        if False:"),
    Mutant("s: said by customer id, it stays with that holder", MENTION, "if self.holder is not None and (", "if False and ("),
    Mutant("s: said of a holder who is retired, it is about their place", MENTION, "or any(self.holder == x for _, x in tenures)", "or True"),
    Mutant("s: said of a holder before another, it is not about the other", MENTION, "at if within else until - 1", "at"),
    Mutant("s: an attribution by customer id goes with the place", FILING, "return pin.about(held.tenures)", "return entry.identifier"),
    # anchors and timelines
    Mutant("t: what was only claimed is never the anchor where there is better", PREPARE, "(seen.assurance <= _CLAIMED, unlinkable, -seen.assurance, rank, key)", "(rank, key)"),
    Mutant("t: the surest is the anchor", PREPARE, "(seen.assurance <= _CLAIMED, unlinkable, -seen.assurance, rank, key)", "(seen.assurance <= _CLAIMED, unlinkable, rank, key)"),
    Mutant("t: of those equally sure the rank decides", PREPARE, "-ctx.policy.rank(identifier.scheme), key)", "ctx.policy.rank(identifier.scheme), key)"),
    Mutant("t: what rests on claims alone is on no timeline", READ, "0 if query.include_claimed else int(Assurance.OBSERVED)", "0"),
    Mutant("t: people in copy have it on no timeline", READ, "if query.include_participant else (Role.ANCHOR,)", "if True else (Role.ANCHOR,)"),
    Mutant("t: trust in verified links alone", RESOLVE, "x.assurance >= Assurance.VERIFIED]", "x.assurance >= Assurance.OBSERVED]"),
    Mutant("t: what is personal of somebody else leads nobody through", RESOLVE, "    strong = [x for x in links if", "    strong = [x for x in links if x.a in rows and x.b in rows if"),
    Mutant("t: shared history only where it is asked for", "omnitrack.usecases.query", "return self.include_shared and self.trust", "return self.trust"),
    Mutant("t: a reassigned identifier's page is its holder's", READ, "member.id == id and SHARED | REASSIGNED)", "member.id == id and SHARED)"),
    Mutant("t: of several attributions the last counts", ATTRIBUTION, "keys=[filing.said[-1][0]]", "keys=[filing.said[0][0]]"),
    Mutant("t: an attribution that is taken back leaves what came", ATTRIBUTION, "attributed - 1", "attributed"),
)  # fmt: skip


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for name, found in vars(module).items():
        if isinstance(found, FunctionType):
            yield name, found
        elif inspect.isclass(found):
            for inner, member in vars(found).items():
                if isinstance(member, property):
                    member = member.fget
                if isinstance(member, FunctionType):
                    yield f"{name}.{inner}", member


def _essence(code: CodeType) -> tuple[Any, ...]:
    """What a code object does, wherever its lines stand."""
    consts = tuple(_essence(c) if isinstance(c, CodeType) else (type(c), c) for c in code.co_consts)
    return (code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    """Have the engine run as this mutant: the code of the functions that differ is exchanged in place, wherever they were imported to."""
    module = importlib.import_module(mutant.module)
    source = inspect.getsource(module)
    assert source.count(mutant.old) == 1, f"{mutant.old!r} stands {source.count(mutant.old)} times in {mutant.module}"
    twin = ModuleType(module.__name__)
    twin.__file__ = module.__file__
    exec(compile(source.replace(mutant.old, mutant.new), str(module.__file__), "exec"), vars(twin))
    theirs = {name: f for name, f in _functions(twin) if f.__module__ == module.__name__}
    changed = [
        (mine, theirs[name].__code__)
        for name, mine in _functions(module)
        if mine.__module__ == module.__name__
        and name in theirs
        and _essence(mine.__code__) != _essence(theirs[name].__code__)
    ]
    assert changed, f"{mutant.rule}: the replacement changes no function"
    before = [(mine, mine.__code__) for mine, _ in changed]
    try:
        for mine, code in changed:
            mine.__code__ = code
        yield
    finally:
        for mine, code in before:
            mine.__code__ = code
