"""Who is whom: policy, partition and explanation, as pure functions of evidence."""
