"""Identifiers: what each family of addresses looks like, and its one normal form; a family a file."""
