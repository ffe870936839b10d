"""The foundation of the other packages: context, ids, times, settings, leases, how a call runs, and the evidence in entries."""
