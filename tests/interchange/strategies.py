"""Strategies of whole interactions, with odd but allowed values in every field."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import Assurance, Attachment, Direction, Interaction, Sighting

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=zones)
texts = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=12)
names = texts.filter(bool) | st.sampled_from(["phone", "email", "web", "letter", "chat", "x", "forum"])
keys = st.sampled_from(["name", "postcode", "a b", "é", "\u2028"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2),
    max_leaves=3,
)
mappings = st.dictionaries(keys, json_values, max_size=2)
values = st.sampled_from(["+442079460958", "+447700900123", "jane@example.com", "jane", "7", "a@b", "x y"]) | names
identifiers = st.builds(
    Identifier,
    scheme=st.sampled_from(["phone", "email", "x", "account", "crm", "device"]),
    value=values,
    scope=st.sampled_from(["", "bt", "mastodon.social"]),
    linkable=st.booleans(),
    reason=st.none() | texts,
    private=st.booleans(),
    raw=st.none() | texts,
)
sightings = st.builds(
    Sighting, identifiers | values | st.just("tel:+442079460958"), st.sampled_from(list(Assurance)), st.none() | texts
)
person = st.lists(sightings, max_size=2).map(tuple)
people = st.lists(person, max_size=2).map(tuple)
sha256 = st.binary(min_size=32, max_size=32).map(bytes.hex)
attachments = st.builds(
    Attachment,
    name=st.none() | texts,
    media_type=st.none() | st.sampled_from(["text/plain", "audio/x-wav", "image/png", "odd"]),
    size=st.none() | st.integers(0, 2**50),
    sha256=st.none() | sha256 | texts,
    url=st.none() | st.sampled_from(["https://files.example/a.wav", "s3://bucket/a", "not a url"]),
)


def _complete(fields: dict[str, object]) -> Interaction:
    if fields["source"] is None:
        fields["source_id"] = None
    fields |= zip(("answered_by", "disclosed"), fields.pop("answering", ()))  # type: ignore[call-overload]
    if fields.get("ended_at") is not None:
        begun, ended = sorted((fields["occurred_at"], fields["ended_at"]))  # type: ignore[type-var]
        fields |= {"occurred_at": begun, "ended_at": ended}
    return Interaction(**fields)  # type: ignore[arg-type]


optional = st.none() | texts
interactions = st.fixed_dictionaries(
    {"channel": names, "occurred_at": times, "source": st.sampled_from([None, "crm", "mail"]), "source_id": optional},
    optional={
        "direction": st.none() | st.sampled_from(list(Direction)),
        "customers": people,
        "participants": person,
        "sender": person,
        "recipients": people,
        "kind": st.sampled_from(["message", "call", "note", "visit", "transfer"]) | names,
        "ended_at": st.none() | times,
        "subject": optional,
        "body": optional,
        "agent": optional,
        "thread": st.none() | st.sampled_from(["t1", "t2"]) | texts,
        "reply_to": optional,
        "outcome": st.none() | st.sampled_from(["missed", "busy", "answered", "abandoned"]) | texts,
        "answering": st.sampled_from(
            [(None, None), ("person", None), ("machine", None), ("machine", True), ("machine", False)]
        ),
        "via": st.none() | st.sampled_from(["phone:+448001111", "email:help@bt.example"]) | texts,
        "attachments": st.lists(attachments, max_size=2).map(tuple),
        "traits": mappings,
        "attributes": mappings,
        "region": st.sampled_from([None, "GB"]),
        "id": st.none() | st.uuids().map(str),
        "recorded_at": st.none() | times,
        "revised_at": st.none() | times,
        "deleted": st.booleans(),
    },
).map(_complete)
