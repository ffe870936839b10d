"""The timeline's own arithmetic: cursors and threads, as pure functions."""
