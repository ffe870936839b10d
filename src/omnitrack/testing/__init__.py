"""The conformance kit: what a storage adapter must do, one rule a test."""
