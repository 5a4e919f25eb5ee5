"""Tables as the storage tests use them: declared ones, without the verbs of a model."""

from __future__ import annotations

import pytest

from panzoto.deps import Deps
from panzoto.models.spec import AUDIO_FILES, AUDIT_EVENTS, OAUTH_LOGS
from panzoto.models.table import Table


class Files(Table):
    """One key, and two indexes."""

    spec = AUDIO_FILES


class Logs(Table):
    """Two keys."""

    spec = OAUTH_LOGS


class Events(Table):
    """A table whose items are never changed."""

    spec = AUDIT_EVENTS


@pytest.fixture
def files(deps: Deps) -> Files:
    """Records of files, on each store."""
    return Files(deps.gateway, deps.config.audio_files_table)


@pytest.fixture
def logs(deps: Deps) -> Logs:
    """Steps of flows, on each store."""
    return Logs(deps.gateway, deps.config.oauth_logs_table)


@pytest.fixture
def events(deps: Deps) -> Events:
    """Audit events, on each store."""
    return Events(deps.gateway, deps.config.audit_events_table)
