"""Insights: measures over a stream of interactions."""
