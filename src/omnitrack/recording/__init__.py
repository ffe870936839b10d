"""Recording: interactions in, one by one or in batches, with their edits and what they show of people."""
