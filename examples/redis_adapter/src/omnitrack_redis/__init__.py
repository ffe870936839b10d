"""Redis as the store of omnitrack: ``omnitrack.open("redis://127.0.0.1:6379/0")``."""

from omnitrack_redis.backend import RedisBackend

__all__ = ["RedisBackend"]
