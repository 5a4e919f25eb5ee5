"""What the processes of a race have in common before they are forked: all that is imported or compiled at first use."""

from __future__ import annotations

from panzoto import create_app
from tests.support.configs import configured

create_app(configured("111111111111", "http://127.0.0.1:9"))
