"""What the processes of a race have in common before they are forked: all that is imported or compiled at first use."""

from __future__ import annotations

import gc

import pytest

import migrations.running
import migrations.verifying  # noqa: F401 (the commands import them when they are given)
from panzoto import create_app
from panzoto.deps import build
from tests.support import once
from tests.support.configs import configured

once.install(pytest.MonkeyPatch())
_config = configured("111111111111", "http://127.0.0.1:9")
create_app(_config, build(_config)).test_client()
gc.collect()
gc.freeze()
