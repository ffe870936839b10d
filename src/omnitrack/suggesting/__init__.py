"""Suggestions: customers who may be one person, by claims and by similarity. Nothing here merges unless the policy allows it."""
