"""The foundation of all rooms: the context, ids, times and settings, how a call runs, and what entries say by themselves."""
