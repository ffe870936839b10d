"""Upkeep: stores opened and brought up to date, people and sources taken out, and who is whom computed again."""
