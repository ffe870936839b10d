"""What is mutated: a whole file of every format that omnitrack reads, made or taken from the tests."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
import zipfile
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timezone
from functools import cache
from typing import Any

import attrs

from omnitrack.interchange.formats import NAMES, get_format, lines
from omnitrack.model import Attachment, Interaction
from sources.outlook_files import compound, outlook
from sources.test_meta import hook
from sources.test_robustness import BY_NAME, mutate
from sources.test_slack import USERS, said
from sources.test_sms_backup import backup, sms
from sources.test_tables import workbook
from sources.test_telegram import chat, text
from sources.test_x_activity import MESSAGE, POST

AT = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
MAPPED = ("id", "when", "phone", "text")
MAPPING = {
    "channel": "letter",
    "zone": "UTC",
    "fields": {"occurred_at": "when", "source_id": "id", "body": "text"},
    "customer": {"phone": "phone:{}"},
}


@attrs.frozen
class Packed:
    """Files in a file, of which one is mutated before they are packed: what is mutated afterwards has a wrong checksum as a rule."""

    members: dict[str, bytes]
    pack: Callable[[dict[str, bytes]], bytes]

    def mutated(self, rng: random.Random) -> bytes:
        name = rng.choice(sorted(self.members))
        return self.pack({**self.members, name: mutate(self.members[name], rng)})


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def _unzip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def _tar(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name, data in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            file.addfile(about, io.BytesIO(data))
    return out.getvalue()


def _gzip(members: dict[str, bytes]) -> bytes:
    return gzip.compress(*members.values(), 1, mtime=0)


def _json(*values: Any) -> bytes:
    return "\n".join(map(json.dumps, values)).encode()


_EXPORT = {
    "participants": [{"name": "Jane"}, {"name": "Care"}],
    "messages": [
        {"sender_name": name, "timestamp_ms": 1767603600000 + place, "content": "Gr\u00c3\u00bc\u00c3\u009fe"}
        for place, name in enumerate(("Jane", "Care"))
    ],
    "title": "Jane",
    "thread_path": "inbox/jane_5",
}
_MADE: dict[str, tuple[bytes, str, dict[str, Any]]] = {
    "mail.msg": (compound({name: value.ljust(4096, b"\0") for name, value in outlook().items()}), "msg", {}),
    "tweets.js": (b"window.YTD.tweets.part0 = " + _json([{"tweet": POST}]), "x-archive", {}),
    "activity.jsonl": (
        _json({"for_user_id": "20001", "tweet_create_events": [POST], "direct_message_events": [MESSAGE]}),
        "x-activity",
        {},
    ),
    "hooks.jsonl": (
        _json(
            *(hook({"message": {"mid": f"m{n}", "text": "hi", "attachments": [{"type": "image"}]}}) for n in range(3))
        ),
        "meta",
        {},
    ),
    "message_1.json": (_json(_EXPORT), "meta-export", {}),
    "backup.xml": (
        backup(sms(), sms("ok", 2), '<call number="1" date="1767603600000" type="1" duration="5" />'),
        "sms-backup",
        {},
    ),
    "result.json": (json.dumps(chat(text(1), text(2, "user9")), indent=1).encode(), "telegram", {}),
}
_LOGS = {name: BY_NAME[name][0] for name in ("x_posts.json", "Master.csv")}
_PACKED: dict[str, tuple[Packed, str | None, dict[str, Any]]] = {
    "log.xlsx": (
        Packed(
            _unzip(workbook({"A": [[*MAPPED], *([n, datetime(2026, 1, 5), "020 7946 0958", "a"] for n in range(9))]})),
            _zip,
        ),
        "excel",
        {"mapping": MAPPING},
    ),
    "slack.zip": (
        Packed(
            {
                "users.json": _json(USERS),
                "channels.json": _json([{"id": "C1", "name": "general", "members": ["U1", "U2"]}]),
                "general/2026-01-05.json": _json([said(), said("<@U2> see", ts="1767603601.000100")]),
            },
            _zip,
        ),
        None,
        {},
    ),
    "logs.zip": (Packed(_LOGS, _zip), None, {}),
    "logs.tar": (Packed(_LOGS, _tar), None, {}),
    "log.gz": (Packed({"log": BY_NAME["chatwoot.jsonl"][0]}, _gzip), None, {}),
}

#: name: (what is mutated, the name of its source, or None for what is read from a path alone, options)
SOURCES: dict[str, tuple[bytes | Packed, str | None, dict[str, Any]]] = {**BY_NAME, **_MADE, **_PACKED}
INTERCHANGE = [f"document {name}" for name in NAMES]


@cache
def _documents(name: str) -> bytes:
    interactions = [
        Interaction(
            channel="email",
            direction=direction,
            occurred_at=AT,
            customers=[["jane@example.com", "+442079460958"]],
            subject="Broadband",
            body="It is dead again",
            thread="<1@example.com>",
            attachments=[Attachment(name="bill.pdf", media_type="application/pdf", url="https://x.example/bill.pdf")],
            source="mail",
            source_id=direction,
        )
        for direction in ("inbound", "outbound")
    ]
    documents, _ = get_format(name).dump(interactions)
    return "".join(lines(documents)).encode()


ODD: list[Any] = [
    None, True, -1, 10**30, 1e308, "", " ", "\x00", "\ud800", "\u202e", "NaN", "9" * 400, "2026-02-30", "mailto:", [], [[]], {}, {"": {}}, ["jane"], {"a": 1}
]  # fmt: skip


def _reworded(data: bytes, rng: random.Random) -> bytes:
    """Return JSON lines in one to four values of which something else stands, or nothing."""
    told = [json.loads(line) for line in data.splitlines() if line.strip()]
    for _ in range(rng.randint(1, 4)):
        inside: Any = rng.choice(told)
        while isinstance(inside, (dict, list)) and inside:
            key = rng.choice(list(inside) if isinstance(inside, dict) else range(len(inside)))
            if isinstance(inside[key], (dict, list)) and inside[key] and rng.random() < 0.8:
                inside = inside[key]
                continue
            if rng.random() < 0.2:
                del inside[key]
            else:
                inside[key] = deepcopy(rng.choice(ODD))
            break
    return "\n".join(json.dumps(one) for one in told).encode()


def mutated(name: str, rng: random.Random) -> bytes:
    """Return a mutated file for a reader."""
    kind, _, rest = name.partition(" ")
    if kind == "document":
        # A byte that is wrong leaves no JSON as a rule, so most are broken in what they say.
        return mutate(_documents(rest), rng) if rng.random() < 0.2 else _reworded(_documents(rest), rng)
    original = SOURCES[name][0]
    if isinstance(original, bytes):
        return mutate(original, rng)
    return original.mutated(rng) if rng.random() < 0.7 else mutate(original.pack(original.members), rng)
