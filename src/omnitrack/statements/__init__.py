"""Statements: what is said of who is whom, what it changes, and the account of it."""
