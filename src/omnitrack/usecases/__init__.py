"""Use cases: plain functions of a transaction, the only place where rules meet rows."""
