"""What gunicorn and the flask command load."""

from __future__ import annotations

from config import Config
from panzoto import create_app, logs

config = Config.from_env()
logs.configure(config.log_level)
app = create_app(config)
