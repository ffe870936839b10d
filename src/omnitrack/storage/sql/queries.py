"""The queries on the tables, built with SQLAlchemy Core, with the names of their parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    and_,
    bindparam,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.sql import ClauseElement

from omnitrack.storage.sql.tables import Tables
from omnitrack.storage.sql.texts import Texts

Built = tuple[ClauseElement, list[str]]

#: The columns of an entry that its interaction does not have too.
ENTRY_ALONE = ("identifier", "person", "added_at", "removed_at", "role", "assurance", "raw")


class Queries:
    """The queries of one dialect and one namespace; each method is called once for a shape."""

    def __init__(self, tables: Tables, texts: Texts) -> None:
        self.tables = tables
        self.texts = texts

    def rows(self, table: Any, column: str | None, after: bool, limit: bool, lock: bool = False) -> Built:
        """Rows of identifiers in order of id: those with ``column`` among a list, or all."""
        query = select(table).order_by(table.c.id)
        names = []
        if column is not None:
            query = query.where(self.texts.among(table.c[column], "among"))
            names.append("among")
        if after:
            query = query.where(table.c.id > bindparam("after"))
            names.append("after")
        if limit:
            query = query.limit(bindparam("limit"))
            names.append("limit")
        if lock:
            query = query.with_for_update()
        return query, names

    def changes(self, columns: Sequence[str], until: bool, after: bool, limit: bool) -> Built:
        """The membership history in order of id: with any of the columns among a list, or all."""
        table = self.tables.changes
        names: list[str] = []

        def within(query: Select[Any], suffix: str) -> Select[Any]:
            if after:
                query = query.where(table.c.id > bindparam(f"after{suffix}"))
                names.append(f"after{suffix}")
            if until:
                query = query.where(table.c.at <= bindparam(f"until{suffix}"))
                names.append(f"until{suffix}")
            return query

        if not columns:
            query: Any = within(select(table), "").order_by(table.c.id)
        else:
            query = self._either(table, columns, within, [table.c.id], names)
        if limit:
            query = query.limit(bindparam("limit"))
            names.append("limit")
        return query, names

    def _either(
        self,
        table: Any,
        columns: Sequence[str],
        within: Callable[[Select[Any], str], Select[Any]],
        order: Sequence[Any],
        names: list[str],
    ) -> Any:
        """Return a query of the rows with any of the columns among a list, each row once.

        A union where it is several: of an OR over two columns some engines make a scan of the whole table.
        """
        sides = []
        for column in columns:
            names.append(f"in_{column}")
            query = select(table).where(self.texts.among(table.c[column], f"in_{column}"))
            sides.append(within(query, f"_{column}"))
        if len(sides) == 1:
            return sides[0].order_by(*order)
        both = union(*sides).subquery()
        return select(both).order_by(*(both.c[column.name] for column in order))

    def links(self, ends: bool, after: bool, limit: bool) -> Built:
        """Links in order of their key: those with an end among a list, or all."""
        links = self.tables.links
        key = [links.c.a, links.c.b, links.c.basis, links.c.assurance, links.c.ref]
        names: list[str] = []

        def within(query: Select[Any], suffix: str) -> Select[Any]:
            if after:
                query = query.where(self._beyond(key, [f"{c.name}{suffix}" for c in key], names))
            return query

        if ends:
            query = self._either(links, ("a", "b"), within, key, names)
        else:
            query = within(select(links), "").order_by(*key)
        if limit:
            query = query.limit(bindparam("limit"))
            names.append("limit")
        return query, names

    def links_between(self) -> Built:
        """Links with each end among a list, locked."""
        links = self.tables.links
        query = select(links).where(self.texts.among(links.c.a, "a"), self.texts.among(links.c.b, "b"))
        return query.with_for_update(), ["a", "b"]

    def _beyond(self, columns: Sequence[Any], binds: Sequence[str], names: list[str]) -> ColumnElement[bool]:
        """Return that the columns come after the position in ascending order; see ``_position`` for the parameters."""
        if self.texts.row_values:
            names += binds
            return tuple_(*columns) > tuple_(*(bindparam(b, type_=c.type) for b, c in zip(binds, columns, strict=True)))
        # a >= ? AND (a > ? OR b > ? OR ...) in full: (a > ?) OR (a = ? AND b > ?) OR ..., led by the range that an index serves.
        first, name = columns[0], binds[0]
        names.append(f"{name}_range")
        alternatives = []
        for length in range(1, len(columns) + 1):
            terms = []
            for place in range(length):
                bind = f"{binds[place]}_{length}"
                names.append(bind)
                column = columns[place]
                terms.append(column > bindparam(bind) if place == length - 1 else column == bindparam(bind))
            alternatives.append(and_(*terms))
        return and_(first >= bindparam(f"{name}_range"), or_(*alternatives))

    def position(self, key: Sequence[Any]) -> list[Any]:
        """Return the parameters of a position for ``_beyond`` and ``_before``."""
        if self.texts.row_values:
            return list(key)
        values = [key[0]]
        for length in range(1, len(key) + 1):
            values += key[:length]
        return values

    def _turned(
        self, time: ColumnElement[Any], id_: ColumnElement[Any], newest: bool, names: list[str]
    ) -> ColumnElement[bool]:
        """Return that (time, id) is strictly beyond a position, in either order."""
        binds = ["after_time", "after_id"]
        if not newest:
            return self._beyond([time, id_], binds, names)
        if self.texts.row_values:
            names += binds
            return tuple_(time, id_) < tuple_(bindparam(binds[0], type_=time.type), bindparam(binds[1], type_=id_.type))
        names += ["range", "time_1", "time_2", "id_2"]
        return and_(
            time <= bindparam("range"),
            or_(time < bindparam("time_1"), and_(time == bindparam("time_2"), id_ < bindparam("id_2"))),
        )

    def interactions(self, by: str | None, since: bool, until: bool, after: bool, limit: bool, newest: bool) -> Built:
        """Interactions by id, or by (source, source_id), or all in order of time."""
        t = self.tables.interactions.c
        query = select(*self._interaction_columns())
        if by == "ids":
            return query.where(self.texts.among(t.id, "ids")).order_by(t.id, t.revision), ["ids"]
        if by == "sources":
            among = and_(t.source == bindparam("source"), self.texts.among(t.source_id, "source_ids"))
            return query.where(among).order_by(t.id, t.revision), ["source", "source_ids"]
        names: list[str] = []
        # "= 0" in a form that no planner takes for rare: it then reads the whole key for it, and sorts.
        query = query.where(func.abs(t.revision) < literal_column("1"))
        for dialect in ("mariadb", "mysql"):  # which otherwise sort the table as long as they think it small
            table = self.tables.interactions
            query = query.with_hint(table, f"FORCE INDEX ({table.name}_occurred)", dialect)
        if since:
            query = query.where(t.occurred_at >= bindparam("since"))
            names.append("since")
        if until:
            query = query.where(t.occurred_at < bindparam("until"))
            names.append("until")
        if after:
            query = query.where(self._turned(t.occurred_at, t.id, newest, names))
        query = query.order_by(*(c.desc() if newest else c for c in (t.occurred_at, t.id)))
        if limit:
            query = query.limit(bindparam("limit"))
            names.append("limit")
        return query, names

    def entries(self, by: str, filters: Sequence[str], limit: bool, newest: bool, members: Any = None) -> Built:
        """Entries in order of time: of one identifier, of a list of them, of interactions, each of a list (``each``) or of a customer's (``members``).

        ``each`` and ``members`` take the first of every identifier's own range, and the first of those.
        """
        table = self.tables.entries if members is None else self.tables.entries.alias("e")
        t = table.c
        names: list[str] = []
        query = select(table)
        wanted: Any = None
        if by == "each":
            wanted = self._unnest(t.identifier)
            query = query.where(t.identifier == wanted.c.identifier)
        elif by == "members":
            wanted = members
            query = query.where(t.identifier == members.c.id)
        elif by == "identifier":
            query = query.where(t.identifier == bindparam("identifier"))
            names.append("identifier")
        else:
            query = query.where(self.texts.among(t[by.removesuffix("s")], by))
            names.append(by)
        for name in filters:
            if name == "live":
                query = query.where(t.removed_at.is_(None))
            elif name == "as_of":
                query = query.where(
                    t.added_at <= bindparam("as_of"),
                    or_(t.removed_at.is_(None), t.removed_at > bindparam("as_of_2")),
                )
                names += ["as_of", "as_of_2"]
            elif name == "after":
                query = query.where(self._turned(t.occurred_at, t.interaction, newest, names))
            else:
                column, compare = _FILTERS[name]
                query = query.where(
                    compare(t[column], bindparam(name)) if compare else self.texts.among(t[column], name)
                )
                names.append(name)

        def in_order(query: Any, c: Any, one: bool) -> Any:
            # Of one identifier the key itself is the order, when the constant is not in it.
            order = [c.occurred_at, c.interaction, *(() if one else (c.identifier,)), c.person, c.added_at]
            query = query.order_by(*(column.desc() if newest else column.asc() for column in order))
            return query

        query = in_order(query, t, by in ("identifier", "each", "members"))
        if limit:
            query = query.limit(bindparam("limit"))
            names.append("limit")
        if wanted is not None:
            first = query.lateral("first")
            query = in_order(select(first).select_from(wanted.join(first, true())), first.c, False)
            query = query.limit(bindparam("limit_2"))
            names = [*(["each"] if by == "each" else []), *names, "limit_2"]
        return query, names

    def history(self, by: str, filters: Sequence[str], limit: bool, newest: bool) -> Built:
        """Entries as ``entries`` has them, each beside every revision of its interaction."""
        query, names = self.entries(by, filters, limit, newest)
        found = query.subquery("found")  # type: ignore[attr-defined]
        table = self.tables.interactions
        place = (found.c.occurred_at, found.c.interaction, found.c.identifier, found.c.person, found.c.added_at)
        order = [column.desc() if newest else column.asc() for column in place]
        beside = found.join(table, table.c.id == found.c.interaction)
        columns = [*found.c, *self._interaction_columns()]
        return select(*columns).select_from(beside).order_by(*order, table.c.revision), names

    def customer_history(self, filters: Sequence[str], newest: bool) -> Built:
        """Every identifier of the customer of one; and the customer's first entries, each beside every revision of its interaction. In no order.

        A row has the columns of identifiers, then those of ENTRY_ALONE and of interactions. Each kind has nulls where the other has values, which cost
        next to nothing on the way.
        """
        table = self.tables.identifiers.alias("i")
        members = select(table).where(table.c.customer == self._customer_of("one")).cte("m")
        query, names = self.entries("members", filters, True, newest, members)
        found = query.subquery("f")  # type: ignore[attr-defined]
        i = self.tables.interactions.alias("i")
        told = [*(found.c[name] for name in ENTRY_ALONE), *self._interaction_columns(i)]
        people = select(*members.c, *(null() for _ in told))
        history = select(*(null() for _ in members.c), *told).select_from(found.join(i, i.c.id == found.c.interaction))
        return union_all(people, history), ["one", *names]

    def _interaction_columns(self, table: Any = None) -> list[ColumnElement[Any]]:
        t = (self.tables.interactions if table is None else table).c
        return [
            func.coalesce(t.other_source_id, t.source_id).label("source_id") if column is t.source_id else column
            for column in t
            if column is not t.other_source_id
        ]

    def customer(self) -> Built:
        """The identifiers of the customer of one, in order of id."""
        table = self.tables.identifiers
        return select(table).where(table.c.customer == self._customer_of("one")).order_by(table.c.id), ["one"]

    def _customer_of(self, name: str) -> Any:
        one = self.tables.identifiers.alias("one")
        return select(one.c.customer).where(one.c.id == bindparam(name)).scalar_subquery()

    def _unnest(self, column: ColumnElement[Any]) -> Any:
        values = bindparam("each", type_=ARRAY(column.type))
        return func.unnest(values, type_=column.type).table_valued("identifier").render_derived(name="wanted")

    def records(self, keys: bool, upto: bool, after: bool, limit: bool) -> Built:
        """Records of a kind in order of key: those with keys among a list, or from a key on and below another."""
        table = self.tables.records
        t = table.c
        query = select(table).where(t.kind == bindparam("kind")).order_by(t.key)
        names = ["kind"]
        if keys:
            query = query.where(self.texts.among(t.key, "keys"))
            names.append("keys")
        else:
            query = query.where(t.key >= bindparam("start"))
            names.append("start")
        if upto:
            query = query.where(t.key < bindparam("upto"))
            names.append("upto")
        if after:
            query = query.where(t.key > bindparam("after"))
            names.append("after")
        if limit:
            query = query.limit(bindparam("limit"))
            names.append("limit")
        return query, names

    def records_under_each(self) -> Built:
        """The first records of a kind under each of a list of prefixes, each with the place of its prefix in the list."""
        t = self.tables.records.c
        columns = {"place": SmallInteger(), "start": t.key.type, "upto": t.key.type, "most": Integer()}
        arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in columns.items()]
        wanted = func.unnest(*arrays).table_valued(*columns).render_derived(name="wanted")
        own = [t.kind == bindparam("kind"), t.key >= wanted.c.start, t.key < wanted.c.upto]
        first = select(self.tables.records).where(*own).order_by(t.key).limit(wanted.c.most).lateral("first")
        # In the order of the text: what is selected, the lists, then the kind.
        return select(wanted.c.place, *first.c).select_from(wanted.join(first, true())), [*columns, "kind"]

    def records_under(self, count: int) -> Built:
        """The same of so many prefixes, where a query cannot be made for each row of a list."""
        t = self.tables.records.c
        names: list[str] = []
        parts = []
        for place in range(count):
            kind, start, upto, most = (f"{name}_{place}" for name in ("kind", "start", "upto", "most"))
            own = [t.kind == bindparam(kind), t.key >= bindparam(start), t.key < bindparam(upto)]
            query = select(literal_column(str(place)).label("place"), *t).where(*own).order_by(t.key)
            parts.append(query.limit(bindparam(most)))
            names += [kind, start, upto, most]
        return union_all(*parts), names


_FILTERS: dict[str, tuple[str, Any]] = {
    "roles": ("role", None),
    "channels": ("channel", None),
    "directions": ("direction", None),
    "kinds": ("kind", None),
    "assurance": ("assurance", lambda column, value: column >= value),
    "since": ("occurred_at", lambda column, value: column >= value),
    "until": ("occurred_at", lambda column, value: column < value),
}


def beyond_prefix(prefix: str) -> str | None:
    """Return the first string, in order of code points, after all that start with ``prefix``; None where there is none."""
    for place in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[place]) + 1
        if code == 0xD800:  # surrogates are no characters
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:place] + chr(code)
    return None
