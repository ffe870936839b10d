"""Upkeep: opening and upgrading stores, erasure, retention, unloading, verification and rebuilds."""
