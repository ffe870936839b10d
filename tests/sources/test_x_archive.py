"""The source of direct messages in an archive of X."""

from __future__ import annotations

import pytest

from omnitrack.sources import detect, open_source
from sources.asserting import interactions, keys, people


@pytest.fixture
def messages(fixtures):
    return list(open_source(fixtures / "direct-messages.js"))


def test_format_is_found_by_the_variable_it_sets(fixtures):
    assert detect(fixtures / "direct-messages.js")[0].name == "x-archive"


def test_message_goes_from_one_id_to_another_in_the_thread_of_their_conversation(messages):
    assert (keys(messages[0].sender), people(messages[0].recipients)) == (["x-id:20001"], [["x-id:44196397001"]])
    assert messages[0].thread == messages[1].thread == "20001-44196397001"


def test_recipient_that_is_not_named_is_the_other_of_the_conversation(messages):
    assert people(messages[2].recipients) == [["x-id:20001"]]


def test_braces_and_quotes_in_texts_do_not_end_a_conversation(messages):
    assert messages[0].body.endswith("{BT-5521}.")
    assert messages[1].body == 'My account is "BT-5521"'


def test_archive_torn_off_gives_the_conversations_before(fixtures):
    data = (fixtures / "direct-messages.js").read_bytes()
    items = list(open_source(data[: data.index(b"Hello?")], "x-archive"))
    assert len(interactions(items)) == 2
    assert "cut off" in items[-1].reason
