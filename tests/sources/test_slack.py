"""The source of what Slack exports."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from omnitrack.model import Interaction
from omnitrack.sources import detect, open_source
from sources.asserting import interactions, keys, passed_over, people, rejected

USERS = [
    {"id": "U01", "team_id": "T01", "name": "jane", "profile": {"real_name": "Jane Doe", "email": "jane@example.com"}},
    {"id": "U02", "team_id": "T01", "name": "care", "profile": {"real_name": "Care", "email": "care@shop.example"}},
    {"id": "U03", "team_id": "T01", "name": "bot", "is_bot": True, "profile": {"real_name": "Bot"}},
]
JANE = ["slack-id:U01@T01", "email:jane@example.com"]
CARE = ["slack-id:U02@T01", "email:care@shop.example"]


def said(text: str = "hi", user: str = "U01", ts: str = "1767603600.000100", **fields: Any) -> dict[str, Any]:
    return {"type": "message", "user": user, "text": text, "ts": ts, **fields}


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Any]:
    folder = tmp_path / "export"

    def made(*messages: dict[str, Any] | int, channel: str = "general") -> Path:
        files = {
            "users.json": USERS,
            "channels.json": [{"id": "C1", "name": "general", "members": ["U01", "U02"]}],
            "dms.json": [{"id": "D1", "members": ["U01", "U02"]}],
            f"{channel}/2026-01-05.json": list(messages),
        }
        for name, value in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(json.dumps(value))
        return folder

    return made


def read(folder: Path | str) -> list[Interaction]:
    return interactions(open_source(folder))


def test_export_is_found(export: Callable[..., Any]) -> None:
    assert detect(export(said()))[0].name == "slack"


def test_member_is_known_by_record_and_email(export: Callable[..., Any]) -> None:
    [item] = read(export(said()))
    assert (keys(item.sender), item.traits, item.recipients) == (JANE, {"name": "Jane Doe"}, ())
    assert (item.occurred_at.isoformat(), item.source_id) == (
        "2026-01-05T09:00:00.000100+00:00",
        "C1:1767603600.000100",
    )


def test_other_member_of_a_direct_message_is_its_recipient(export: Callable[..., Any]) -> None:
    [item] = read(export(said(user="U02"), channel="D1"))
    assert (keys(item.sender), people(item.recipients)) == (CARE, [JANE])


def test_text_is_what_its_readers_saw(export: Callable[..., Any]) -> None:
    [item] = read(export(said("<@U02> see <https://x.example|here> in <#C1|general> &lt;now&gt; &amp;amp; <!here>")))
    assert item.body == "@Care see here (https://x.example) in #general <now> &amp; @here"
    assert keys(item.participants) == CARE


def test_thread_is_told_and_what_answers_what(export: Callable[..., Any]) -> None:
    first, answer = read(
        export(
            said(thread_ts="1767603600.000100"), said("ok", "U02", "1767603700.000100", thread_ts="1767603600.000100")
        )
    )
    assert first.thread == answer.thread == "C1:1767603600.000100"
    assert (first.reply_to, answer.reply_to) == (None, first.source_id)


def test_edited_messages_and_those_of_machines_are_told(export: Callable[..., Any]) -> None:
    edited, bot = read(
        export(
            said(edited={"user": "U01", "ts": "1"}),
            said(user="U03", ts="1767603601.0", subtype="bot_message", bot_id="B1"),
        )
    )
    assert edited.attributes["edited"] is True
    assert (bot.attributes["automatic"], bot.sender) == (True, ())


def test_slackbot_is_nobody_in_the_list_or_out_of_it(export: Callable[..., Any]) -> None:
    [item] = read(export(said("reminder", "USLACKBOT")))
    assert item.sender == ()


def test_files_are_attachments(export: Callable[..., Any]) -> None:
    [item] = read(
        export(
            said(
                files=[
                    {"name": "bill.pdf", "mimetype": "application/pdf", "size": 9, "url_private": "https://f.example/1"}
                ]
            )
        )
    )
    assert [(file.name, file.size) for file in item.attachments] == [("bill.pdf", 9)]


def test_member_of_another_workspace_is_known_by_their_record_there(export: Callable[..., Any]) -> None:
    [item] = read(export(said(user="U09", user_profile={"real_name": "Bob", "team": "T09"})))
    assert (keys(item.sender), item.traits) == (["slack-id:U09@T09"], {"name": "Bob"})


def test_what_is_no_message_is_passed_over_by_name(export: Callable[..., Any]) -> None:
    items = list(open_source(export(said(), said("joined", subtype="channel_join"), {"type": "call", "ts": "1"})))
    assert [item.reason for item in passed_over(items)][3:] == ['event type "channel_join"', 'event type "call"']


def test_message_that_is_broken_costs_itself(export: Callable[..., Any]) -> None:
    items = list(open_source(export(said(), {"type": "message", "text": "no time"}, 7, said(ts="1767603601.0"))))
    assert (len(interactions(items)), len(rejected(items))) == (2, 2)


@pytest.mark.parametrize("around", ["", "workspace"])
def test_export_is_read_as_the_zip_that_it_is_handed_out_as(
    export: Callable[..., Any], tmp_path: Path, around: str
) -> None:
    folder = export(said())
    root = tmp_path / "packed"
    shutil.copytree(folder, root / around)
    path = shutil.make_archive(str(tmp_path / "Export Jan 5 2026"), "zip", root)
    [item] = read(path)
    assert keys(item.sender) == JANE
