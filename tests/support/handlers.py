"""The handlers of a client's events: what clients have in common is kept once, until one of them adds its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.hooks
import pytest

_hooks: Any = botocore.hooks
_MIDDLE: int = _hooks._MIDDLE
_Node = dict[str, Any]


def install(patch: pytest.MonkeyPatch) -> None:
    """Have copies of a client's handlers share what neither of them changes."""
    trie = _hooks._PrefixTrie
    patch.setattr(trie, "__copy__", _copied)
    patch.setattr(trie, "append_item", _append)
    patch.setattr(trie, "remove_item", _removing(trie.remove_item))


def _copied(trie: Any) -> Any:
    copy = _hooks._PrefixTrie()
    copy._root = trie._root
    return copy


def _append(trie: Any, key: str, value: Any, section: int = _MIDDLE) -> None:
    """Only the nodes on the way to the handler are new: the others may be another client's too."""
    trie._root = _with(trie._root, key.split("."), value, section)


def _with(node: _Node, way: list[str], value: Any, section: int) -> _Node:
    if not way:
        lists = [list(each) for each in node["values"] or ((), (), ())]
        lists[section].append(value)
        return {**node, "values": _hooks.NodeList(*lists)}
    part, *rest = way
    child = node["children"].get(part) or {"chunk": part, "values": None, "children": {}}
    return {**node, "children": {**node["children"], part: _with(child, rest, value, section)}}


def _removing(remove: Callable[..., None]) -> Callable[..., None]:
    """Take away as botocore does, from nodes that are nobody else's."""

    def removed(trie: Any, key: str, value: Any) -> None:
        trie._root = _own(trie._root)
        remove(trie, key, value)

    return removed


def _own(node: _Node) -> _Node:
    values = node["values"]
    return {
        "chunk": node["chunk"],
        "children": {name: _own(child) for name, child in node["children"].items()},
        "values": values and _hooks.NodeList(values.first[:], values.middle[:], values.last[:]),
    }
