"""People who look alike: traits, comparisons in levels, and their weights, as pure functions."""
