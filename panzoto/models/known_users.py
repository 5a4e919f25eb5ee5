"""People as the check of every request reads them: consistently each time, or cached for as long as is configured."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from .user import User
from .users import Users

MOST = 4096


class KnownUsers:
    """Reads people by id. With a cache, what ended in the meantime is noticed when the cached copy is too old.

    A copy lets people pass, and refuses nobody: a session may be younger than it, and phones wipe what is refused.
    """

    def __init__(self, users: Users, trusted_for: timedelta, most: int = MOST) -> None:
        self._users = users
        self._trusted_for = trusted_for
        self._most = most
        self._lock = Lock()
        self._cached: OrderedDict[str, tuple[User, datetime]] = OrderedDict()

    def find(self, user_id: str, now: datetime, passes: Callable[[User], bool]) -> User | None:
        """The person, as fresh as is configured."""
        if not self._trusted_for:
            return self._users.find(user_id)
        with self._lock:
            cached = self._cached.get(user_id)
        if cached is not None and now - cached[1] < self._trusted_for and passes(cached[0]):
            return cached[0]
        user = self._users.find(user_id)
        if user is not None:
            with self._lock:
                self._cached[user_id] = (user, now)
                self._cached.move_to_end(user_id)
                if len(self._cached) > self._most:
                    self._cached.popitem(last=False)
        return user
