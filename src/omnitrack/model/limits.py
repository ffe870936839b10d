"""Limits on input: generous for real traffic, and small enough to stop a hostile or broken sender."""

from __future__ import annotations

# Limits on what comes from outside. Each is generous for real traffic and stops a hostile or broken sender.
MAX_PERSON_IDENTIFIERS = 8  # of one person in one interaction; more are kept as participants, not linked
MAX_PEOPLE = 100  # customers of one interaction
MAX_PARTICIPANTS = 1_000
MAX_BODY = 4_000_000  # characters
MAX_SUBJECT = 10_000
MAX_NAME = 255  # channel, kind, agent, source, ...
MAX_SOURCE_ID = 998  # RFC 5322 section 2.1.1: a header line, so any Message-ID
MAX_EXTRA = 1_000_000  # characters of traits, attributes and attachments as JSON
MAX_DEPTH = 32  # of nested attributes
MAX_ATTACHMENTS = 1_000
MAX_HANDOVERS = 50  # that are given with one interaction
MAX_USES = 100  # of one handover
