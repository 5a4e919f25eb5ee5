"""Environments to start from: one that production accepts, and one of development."""

from __future__ import annotations

import secrets

SECRET, JWT_SECRET = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
PUBLIC = {"PUBLIC_URL": "https://panzoto.example.com", "MAIL_FROM": "hello@example.com", "TRUSTED_PROXIES": "1"}
PRODUCTION = {"FLASK_ENV": "production", "SECRET_KEY": SECRET, "JWT_SECRET_KEY": JWT_SECRET, **PUBLIC}
DEVELOPMENT = {"FLASK_ENV": "development", "SECRET_KEY": "short"}
