"""Storage: the contract that an adapter implements, the registry of adapters, and those in the box."""
