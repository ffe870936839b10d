"""Services on top of a history: consent, briefs for agents, receipts of reads, subject bundles."""
