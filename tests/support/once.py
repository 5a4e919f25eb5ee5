"""Work that every application and client of a test would do again: what depends on nothing of the test is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from functools import cache, wraps
from typing import Any

import botocore.client
import botocore.endpoint
import botocore.endpoint_provider
import botocore.hooks
import botocore.session
import botocore.useragent
import jinja2
import pytest
from werkzeug.routing import Rule

from tests.support import handlers

_Creator: Any = botocore.client.ClientCreator  # of whose parts the types know the public ones alone
_Session: Any = botocore.session.Session
_Endpoints: Any = botocore.endpoint.EndpointCreator
_hooks: Any = botocore.hooks
_useragent: Any = botocore.useragent
_CLEANED = "sanitize_user_agent_string_component"


def install(patch: pytest.MonkeyPatch) -> None:
    """Read descriptions of services, and compile templates, routes and rules of endpoints, once for all tests."""
    patch.setattr(jinja2.Environment, "compile", _kept(jinja2.Environment.compile, _template))
    patch.setattr(Rule, "_compile_builder", _kept(Rule._compile_builder, _rule))
    patch.setattr(Rule, "compile", _compiled(Rule.compile))
    _clients(patch)


def _clients(patch: pytest.MonkeyPatch) -> None:
    """What is the same in every client of a service: its description, its methods, its events' names."""
    patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
    patch.setattr(_useragent, _CLEANED, cache(getattr(_useragent, _CLEANED)))
    patch.setattr(botocore.endpoint_provider, "RuleSet", _kept(botocore.endpoint_provider.RuleSet, _ruleset))
    patch.setattr(botocore.client, "ServiceModel", _kept(botocore.client.ServiceModel, _model))
    patch.setattr(_Creator, "_create_client_class", _kept(_Creator._create_client_class, _class))
    patch.setattr(botocore.hooks, "accepts_kwargs", _kept(botocore.hooks.accepts_kwargs, _function))
    patch.setattr(_Endpoints, "_get_proxies", _kept(_Endpoints._get_proxies, _proxies))
    patch.setattr(_Session, "get_scoped_config", _scoped(_Session.get_scoped_config))
    names = _hooks.EventAliaser
    patch.setattr(names, "_alias_event_name", _kept(names._alias_event_name, lambda _, name: name))
    handlers.install(patch)


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


def _class(creator: Any, service_name: str, model: Any) -> Hashable:
    """The methods are the service's, besides what its session adds."""
    bases: list[type] = []
    added: dict[str, Any] = {}
    event = f"creating-client-class.{model.service_id.hyphenize()}"
    creator._event_emitter.emit(event, class_attributes=added, base_classes=bases)
    return service_name, tuple(bases), tuple(sorted(added))


def _model(description: dict[str, Any], service_name: str) -> Hashable:
    """The description is itself read once."""
    return service_name, id(description)


def _ruleset(**description: Any) -> Hashable:
    """The descriptions are themselves read once."""
    return tuple((name, id(part)) for name, part in description.items())


def _function(handler: Callable[..., Any]) -> Hashable:
    """What a handler takes is its function's, whosever method it is."""
    return getattr(handler, "__func__", handler)


def _proxies(_: Any, url: str) -> Hashable:
    """The environment says who goes by a proxy."""
    return url, _environment()


def _template(environment: jinja2.Environment, source: str, *args: Any, **kwargs: Any) -> Hashable:
    return source, environment.autoescape, environment.trim_blocks, args, tuple(kwargs.items())


def _rule(rule: Rule, append_unknown: bool = True) -> Hashable:
    return rule.rule, tuple(rule._trace), tuple((rule.defaults or {}).items()), append_unknown


def _compiled(compiles: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """A rule is compiled once; every map has rules of its own, with the same parts."""
    found: dict[Hashable, Rule] = {}

    @wraps(compiles)
    def once(rule: Rule) -> None:
        first = found.get(of := _text(rule))
        if first is None:
            compiles(rule)
            found[of] = rule
            return
        rule._parts, rule._trace = first._parts[:], first._trace[:]
        rule._converters, rule.arguments = first._converters.copy(), first.arguments.copy()
        rule._build, rule._build_unknown = _method(first._build, rule), _method(first._build_unknown, rule)

    return once


def _method(method: Any, rule: Rule) -> Any:
    """The same method of another rule."""
    return method.__func__.__get__(rule)


def _text(rule: Rule) -> Hashable:
    """All that the parts of a rule are made from."""
    where = rule.host if rule.map.host_matching else rule.subdomain
    kinds = tuple(rule.map.converters.items())
    return rule.rule, where, rule.merge_slashes, tuple((rule.defaults or {}).items()), kinds


def _scoped(read: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """A session asks its profile for every setting of every client; the variables that name it seldom change."""

    @wraps(read)
    def once(session: Any) -> dict[str, Any]:
        of = session._session_instance_vars.get("profile"), _environment()
        kept: tuple[Hashable, dict[str, Any]] | None = session.__dict__.get("kept_profile")
        if kept is None or kept[0] != of:
            kept = session.kept_profile = of, read(session)
        return kept[1]

    return once


def _environment() -> Hashable:
    """The variables as they are now, a hundred times as quick as a copy."""
    variables: Any = os.environ
    return tuple(variables._data.items())
