"""Work that every application and client of a test would do again: what depends on nothing of the test is kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache, wraps
from typing import Any

import botocore.endpoint_provider
import botocore.session
import jinja2
import pytest
from werkzeug.routing import Rule


def install(patch: pytest.MonkeyPatch) -> None:
    """Read descriptions of services, and compile templates, routes and rules of endpoints, once for all tests."""
    patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
    patch.setattr(botocore.endpoint_provider, "RuleSet", _kept(botocore.endpoint_provider.RuleSet, _ruleset))
    patch.setattr(jinja2.Environment, "compile", _kept(jinja2.Environment.compile, _template))
    patch.setattr(Rule, "_compile_builder", _kept(Rule._compile_builder, _rule))


def _kept(made: Callable[..., Any], key: Callable[..., Hashable]) -> Callable[..., Any]:
    """`made`, which makes one thing of each key."""
    found: dict[Hashable, Any] = {}

    @wraps(made)
    def once(*args: Any, **kwargs: Any) -> Any:
        of = key(*args, **kwargs)
        if of not in found:
            found[of] = made(*args, **kwargs)
        return found[of]

    return once


def _ruleset(**description: Any) -> Hashable:
    """The descriptions are themselves read once."""
    return tuple((name, id(part)) for name, part in description.items())


def _template(environment: jinja2.Environment, source: str, *args: Any, **kwargs: Any) -> Hashable:
    return source, environment.autoescape, environment.trim_blocks, args, tuple(kwargs.items())


def _rule(rule: Rule, append_unknown: bool = True) -> Hashable:
    return rule.rule, tuple(rule._trace), tuple((rule.defaults or {}).items()), append_unknown
