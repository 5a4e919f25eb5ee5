"""The providers that are configured, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from panzoto.errors import ProviderUnknown

from .provider import Provider


class Providers:
    """Finds a provider by its name."""

    def __init__(self, each: Iterable[Provider]) -> None:
        self._by_name = {provider.name: provider for provider in each}

    def __getitem__(self, name: str) -> Provider:
        if name not in self._by_name:
            raise ProviderUnknown
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._by_name.values())
