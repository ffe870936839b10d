"""Interchange: standards in and out, each with a report of what it could not carry over."""
