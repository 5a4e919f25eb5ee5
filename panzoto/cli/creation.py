"""Tables brought to what their declarations say, as far as that takes nothing away; the rest is left to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from config import Config
from panzoto.aws.clients import Clients
from panzoto.cli.drift import Finding
from panzoto.cli.schema import Call, creation
from panzoto.models.spec import TABLES, TableSpec

from .control import Control
from .faults import Place, Refused, Unsupported
from .inspection import found, name_of

TABLE_SECONDS, INDEX_SECONDS = 300.0, 6 * 3600.0
Say = Callable[[str], None]
Follow = Callable[[Sequence[TableSpec]], Iterable[TableSpec]]


def create_all(clients: Clients, config: Config, say: Say) -> list[str]:
    """Make what is missing and turn on what is off. Returns a sentence for each difference that is left.

    Raises `Unreachable`, whose text is for the user. Where all is as declared it says nothing and changes nothing.
    """
    return Creation(Control(clients.dynamodb(), Place.of(config)), config, say).run(TABLES)


class Creation:
    """One run of `flask tables create`."""

    def __init__(self, control: Control, config: Config, say: Say, *, add_indexes: bool = False) -> None:
        self._control = control
        self._config = config
        self._say = say
        self._add_indexes = add_indexes
        self._new: set[str] = set()
        # what was refused, by the name of the table that could not be made or the sentence that is still true
        self._refused: dict[str, Finding] = {}

    def run(self, specs: Sequence[TableSpec], follow: Follow = iter) -> list[str]:
        """Bring some tables to their declarations; `follow` goes through them and shows how far it has come."""
        for spec in specs:  # all are begun before the first is waited for, because each takes its ten seconds
            self._begin(spec)
        left = [each for spec in follow(specs) for each in self._finish(spec)]
        for note in dict.fromkeys(each.sentence for each in left if each.note):
            self._say(note)
        return [each.sentence for each in left if not each.note]

    def _begin(self, spec: TableSpec) -> None:
        name = name_of(self._config, spec)
        try:
            if self._control.look(name) is None:
                self._control.change(creation(spec, name, self._config.tables_kms_key))
                self._new.add(name)
                self._say(f"{name}: making it.")
        except Refused as refusal:
            self._refused[name] = Finding(str(refusal))

    def _finish(self, spec: TableSpec) -> list[Finding]:
        """Turn on what is off. Returns what is found of the table in the end."""
        name = name_of(self._config, spec)
        if name in self._refused:
            return [self._refused[name]]
        if name in self._new:
            self._control.settle(name, TABLE_SECONDS)
        before = found(self._control, self._config, spec)
        wanted = [(each, each.mend) for each in before if each.mend and (self._add_indexes or not each.slow)]
        if not wanted:
            return before
        for finding, call in sorted(wanted, key=lambda each: each[0].slow):
            self._mend(name, finding, call)
        after = found(self._control, self._config, spec)
        left = {each.sentence for each in after}
        for finding, _ in wanted:
            if name not in self._new and finding.sentence not in left:
                self._say(finding.done)
        return [self._refused.get(each.sentence, each) for each in after]

    def _mend(self, name: str, finding: Finding, call: Call) -> None:
        """Put one thing right, and wait until the table takes the next change."""
        if finding.slow:
            self._say(f"{name}: building an index, which takes a while on a large table.")
        try:
            self._control.change(call)
        except Refused as refusal:
            self._refused[finding.sentence] = Finding(str(refusal), note=isinstance(refusal, Unsupported))
        else:
            self._control.settle(name, INDEX_SECONDS if finding.slow else TABLE_SECONDS)
