"""Suggesting: who may be one person, by claims and by likeness; nothing here merges but what the policy lets."""
