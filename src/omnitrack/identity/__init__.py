"""Identity: policy, partition and explanation, as pure functions of the evidence."""
