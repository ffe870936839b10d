"""Storage: the contract for adapters, the registry of adapters, and the built-in ones."""
