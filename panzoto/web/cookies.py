"""Cookies of ours: out of reach of scripts and of other sites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Response, request

if TYPE_CHECKING:
    from config import Config


@dataclass(frozen=True)
class Cookie:
    """One cookie, kept for a time or until the browser is closed. `Lax`: links and providers lead to pages of ours."""

    name: str
    lasting: timedelta | None = None

    def name_at(self, config: Config) -> str:
        """Its name. Under https the prefix has browsers refuse it from anything but this very host."""
        return f"__Host-{self.name}" if _is_secure(config) else self.name

    def kept(self, config: Config) -> str:
        """What this browser brings; nothing, for most."""
        return request.cookies.get(self.name_at(config), "")

    def keep(self, response: Response, config: Config, value: str) -> None:
        """Put it into the browser."""
        name, secure = self.name_at(config), _is_secure(config)
        response.set_cookie(name, value, max_age=self.lasting, httponly=True, secure=secure, samesite="Lax", path="/")

    def forget(self, response: Response, config: Config) -> None:
        """Take it out again."""
        name, secure = self.name_at(config), _is_secure(config)
        response.delete_cookie(name, httponly=True, secure=secure, samesite="Lax", path="/")


def _is_secure(config: Config) -> bool:
    return config.public_url.startswith("https://")
