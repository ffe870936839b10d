"""Statements: what people and systems say about identifiers, what that changes, and how it is explained."""
