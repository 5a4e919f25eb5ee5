"""What the processes of tests have in common before they are forked: all that is imported or made at first use."""

from __future__ import annotations

import pytest

import migrations.running
import migrations.verifying  # noqa: F401 (the commands import them when they are given)
from panzoto import create_app
from tests.support import once
from tests.support.configs import configured

once.install(pytest.MonkeyPatch())
create_app(configured("111111111111", "http://127.0.0.1:9"))
