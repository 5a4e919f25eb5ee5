"""Work that every application and client of a test would do again: what depends on nothing of the test is kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache, wraps
from typing import Any

import botocore.client
import botocore.endpoint_provider
import botocore.hooks
import botocore.session
import jinja2
import pytest
from werkzeug.routing import Rule

_Creator: Any = botocore.client.ClientCreator  # of whose parts the types know the public ones alone
_hooks: Any = botocore.hooks


def install(patch: pytest.MonkeyPatch) -> None:
    """Read descriptions of services, and compile templates, routes and rules of endpoints, once for all tests."""
    patch.setattr(jinja2.Environment, "compile", _kept(jinja2.Environment.compile, _template))
    patch.setattr(Rule, "_compile_builder", _kept(Rule._compile_builder, _rule))
    _clients(patch)


def _clients(patch: pytest.MonkeyPatch) -> None:
    """What is the same in every client of a service: its description, its methods, its events' names."""
    patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
    patch.setattr(botocore.endpoint_provider, "RuleSet", _kept(botocore.endpoint_provider.RuleSet, _ruleset))
    patch.setattr(botocore.client, "ServiceModel", _kept(botocore.client.ServiceModel, _model))
    patch.setattr(_Creator, "_create_client_class", _kept(_Creator._create_client_class, _class))
    patch.setattr(botocore.hooks, "accepts_kwargs", cache(botocore.hooks.accepts_kwargs))
    names = _hooks.EventAliaser
    patch.setattr(names, "_alias_event_name", _kept(names._alias_event_name, lambda _, name: name))
    patch.setattr(_hooks._PrefixTrie, "__copy__", _copied)


def _copied(trie: Any) -> Any:
    """What botocore does, without asking of every part what it is."""
    copy = _hooks._PrefixTrie()
    copy._root = _node(trie._root)
    return copy


def _node(node: dict[str, Any]) -> dict[str, Any]:
    values = node["values"]
    return {
        "chunk": node["chunk"],
        "children": {name: _node(child) for name, child in node["children"].items()},
        "values": values and _hooks.NodeList(values.first[:], values.middle[:], values.last[:]),
    }


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
    """The methods are the service's, and what else a session gives its clients is said when it is asked."""
    bases: list[type] = []
    event = f"creating-client-class.{model.service_id.hyphenize()}"
    creator._event_emitter.emit(event, class_attributes={}, base_classes=bases)
    return service_name, tuple(bases)


def _model(description: dict[str, Any], service_name: str) -> Hashable:
    """The description is itself read once."""
    return service_name, id(description)


def _ruleset(**description: Any) -> Hashable:
    """The descriptions are themselves read once."""
    return tuple((name, id(part)) for name, part in description.items())


def _template(environment: jinja2.Environment, source: str, *args: Any, **kwargs: Any) -> Hashable:
    return source, environment.autoescape, environment.trim_blocks, args, tuple(kwargs.items())


def _rule(rule: Rule, append_unknown: bool = True) -> Hashable:
    return rule.rule, tuple(rule._trace), tuple((rule.defaults or {}).items()), append_unknown
