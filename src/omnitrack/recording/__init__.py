"""Recording: interactions are stored, one by one or in batches, with their revisions and the evidence that they show."""
