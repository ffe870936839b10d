"""Pages: a history as HTML, a file that stands by itself."""
