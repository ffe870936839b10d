"""The schema's history: one file a revision, run by ``schema.upgrade``."""
