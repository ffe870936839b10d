"""Exchange: exports a customer's interactions in a standard, and reads files of these standards as sources."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from omnitrack.errors import InvalidInteractionError, plain_repr
from omnitrack.foundation.context import Context
from omnitrack.interchange import cloudevents, jsonl, sniff, tmf683, vcon
from omnitrack.interchange.record import as_texts, decode
from omnitrack.interchange.report import ConversionReport
from omnitrack.interchange.vcon_signed import Keys
from omnitrack.model import Assurance, Interaction, Role
from omnitrack.reading.interactions import interactions_by_id, to_interactions
from omnitrack.reading.resolve import Meant, get_row, members_of
from omnitrack.sources.base import Item, JsonSource
from omnitrack.sources.mail_text import split_text
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.registry import register_source
from omnitrack.storage.contract import Transaction
from omnitrack.values import Value, freeze

FORMATS = ("json", "vcon", "tmf683", "cloudevents")
_CHUNK = 500


@attrs.frozen(slots=True, kw_only=True)
class Export(Value):
    """A customer's interactions in a standard.

    Attributes:
        format: json, vcon, tmf683 or cloudevents.
        documents: JSON lines, vCons, party interactions or events, each a JSON value (lines are text).
        report: what the standard could not carry.
    """

    format: str
    documents: tuple[Any, ...] = attrs.field(converter=freeze)
    report: ConversionReport = attrs.field(hash=False)  # a report is mutable, so it has no hash

    def text(self) -> str:
        """Return the documents as one text: lines for ``json``, else a JSON array."""
        if self.format == "json":
            return "".join(self.documents)
        return json.dumps(list(self.documents), ensure_ascii=False, indent=2) + "\n"

    def write(self, path: str | Path) -> None:
        """Write the text to a file, in UTF-8."""
        Path(path).write_text(self.text(), encoding="utf-8")


def checked_format(format: object) -> str:
    """Return the name of an export format.

    Raises:
        InvalidInteractionError: no format has this name.
    """
    if not isinstance(format, str) or format not in FORMATS:
        raise InvalidInteractionError(f"format: got {plain_repr(format)}, accepted are {', '.join(FORMATS)}")
    return str(format)


def interactions_of(tx: Transaction, ctx: Context, who: Meant) -> list[Interaction]:
    """Return a customer's interactions in full, oldest first, including those that rest on claims alone."""
    row = get_row(tx, ctx, who)
    members = [m.id for m in members_of(tx, row.customer)] or [row.id]
    ids: dict[bytes, None] = {}
    after: tuple[int, bytes] | None = None
    while True:
        entries = tx.list_entries(identifiers=members, roles=(Role.ANCHOR,), after=after, limit=_CHUNK, newest=False)
        ids.update(dict.fromkeys(e.interaction for e in entries))
        if len(entries) < _CHUNK:
            break
        after = (entries[-1].occurred_at, entries[-1].interaction)
    found: list[Interaction] = []
    wanted = list(ids)
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        rows = interactions_by_id(tx, part)
        found += to_interactions(tx, [rows[id] for id in part if id in rows])
    return found


def export(interactions: list[Interaction], format: str) -> Export:
    """Write interactions in a standard."""
    dumps: dict[str, Callable[[list[Interaction]], tuple[Iterator[Any], ConversionReport]]] = {
        "json": jsonl.dump,
        "vcon": vcon.dump,
        "tmf683": tmf683.dump,
        "cloudevents": cloudevents.dump,
    }
    documents, report = dumps[format](interactions)
    return Export(format=format, documents=tuple(documents), report=report)


class _DocumentSource(JsonSource):
    """Files of a standard that ``interchange`` reads, one JSON value at a time."""

    def __init__(
        self,
        origin: Any,
        *,
        trust: str | Assurance = "observed",
        party_scope: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        self.trust = trust if isinstance(trust, Assurance) else Assurance[trust.upper()]
        self.party_scope = party_scope

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the interactions of one document."""
        interactions, report = self._load(value)
        yield from map(as_texts, map(self._new_text, interactions))
        for one in (*report.rejected, *report.left_out):
            yield attrs.evolve(
                one, where=self.place(f"{where}, {one.where}" if one.where else where), source=self.source
            )
        for note in (*report.lost, *report.assumed):
            yield self.rejected(where, str(note), kept=True)

    def _new_text(self, interaction: Interaction) -> Interaction:
        """Return the interaction with only the new part of its text."""
        return interaction

    def _load(self, value: Any) -> tuple[Iterator[Interaction], ConversionReport]:
        raise AssertionError("each standard has its own")


class VconSource(_DocumentSource):
    """vCons of the core draft of 2026 and of 0.0.x: one per file, an array, or one per line."""

    name = "vcon"
    versions = "draft-ietf-vcon-vcon-core of 2026 (0.4.0) and the 0.0.x before it"
    default_source = "vcon"

    def __init__(
        self,
        origin: Any,
        *,
        keys: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        self.keys = None if keys is None else Keys(keys)

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Return how a vCon is recognised, None if it is not one."""
        found = sniff(path.name, head)  # the draft of 2026 no longer has the member "vcon"
        if found is not None and found[0] == "vcon":
            return found[1]
        return "it is a vCon in the signed form" if {"payload", "signatures", "protected"} <= head_keys(head) else None

    def _new_text(self, interaction: Interaction) -> Interaction:
        if interaction.channel != "email" or not interaction.body:
            return interaction
        parts = split_text(interaction.body)
        if not parts.quoted or not parts.new:
            return interaction
        return attrs.evolve(interaction, body=parts.new, attributes={**interaction.attributes, "quoted": parts.quoted})

    def _load(self, value: Any) -> tuple[Iterator[Interaction], ConversionReport]:
        return vcon.load(
            value,
            on_error="collect",
            trust=self.trust,
            source=self.source,
            party_scope=self.party_scope,
            keys=self.keys,
        )


class Tmf683Source(_DocumentSource):
    """Party interactions of TMF683 v5 and v4: one per file, an array, or one per line."""

    name = "tmf683"
    versions = "TMF683 Party Interaction v5 and v4"
    default_source = "tmf683"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Return how a party interaction is recognised, None if it is not one."""
        if b'"PartyInteraction"' in head:
            return "it has the @type PartyInteraction"
        older = {"interactionDate", "channel", "relatedParty"} <= head_keys(head)  # @type is optional in v4
        return "it has the interactionDate, channel and relatedParty of a party interaction" if older else None

    def _load(self, value: Any) -> tuple[Iterator[Interaction], ConversionReport]:
        return tmf683.load(value, trust=self.trust, source=self.source, party_scope=self.party_scope)


class LinesSource(_DocumentSource):
    """omnitrack's own JSON lines, as export() writes them."""

    name = "json"
    versions = "omnitrack JSON lines 1"
    default_source = "omnitrack"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Return how omnitrack's lines are recognised, None if it is another file."""
        found = sniff(path.name, head)
        if found is not None:
            return found[1] if found[0] == "json" else None
        own = {"omnitrack", "channel", "occurred_at"} <= head_keys(head.split(b"\n", 1)[0])  # in any order
        return "its first line has the version of omnitrack's records, a channel and an occurred_at" if own else None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the interaction of one line."""
        interaction = decode(value, where, trust=self.trust, report=ConversionReport(format="json"))
        if interaction.source_id is None and interaction.id is not None:
            interaction = attrs.evolve(interaction, source=interaction.source or self.source, source_id=interaction.id)
        yield as_texts(interaction)


class EventsSource(_DocumentSource):
    """CloudEvents written by export(); other CloudEvents are read by the source of that name."""

    name = "omnitrack-events"
    versions = "CloudEvents 1.0 with omnitrack's interactions as data"
    default_source = "omnitrack"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Return how omnitrack's events are recognised, None if it is another file."""
        kind = f'"{cloudevents.EVENT_TYPE}"'.encode()
        return "its events are of omnitrack's type" if b'"specversion"' in head and kind in head else None

    def _load(self, value: Any) -> tuple[Iterator[Interaction], ConversionReport]:
        return cloudevents.load(value, trust=self.trust)


for _source in (VconSource, Tmf683Source, LinesSource, EventsSource):
    register_source(_source)
