"""Sources: real formats in; each module reads one and yields interactions."""
