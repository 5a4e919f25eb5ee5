"""Every row against its item, every item against its row, every email against its claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from migrations import comparing
from migrations.absent import refusal, without_person
from migrations.chunks import twice
from migrations.columns import Columns
from migrations.comparing import Difference
from migrations.faults import Unfit
from migrations.later import was_deleted
from migrations.mapping import AUDIO_FILES, USERS
from migrations.members import seen_of
from migrations.rejects import Rejects
from migrations.rows import Row, Rules, file_of, user_of
from migrations.running import Watch
from migrations.source import Source
from migrations.state import Folder
from panzoto.deps import Deps
from panzoto.models import object_keys
from panzoto.models.audio_file import AudioFile
from panzoto.models.store.wire import Item
from panzoto.models.user import User

PAGE = 100
MOST_SHOWN = 1000
Made = User | AudioFile


@dataclass(kw_only=True)
class Verifying:
    """One comparison of all there is."""

    deps: Deps
    source: Source
    folder: Folder
    rules: Rules
    watch: Watch
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {USERS: Counter(), AUDIO_FILES: Counter()})
    differences: list[Difference] = field(default_factory=list)
    unexplained: int = 0
    found_again: int = 0

    def run(self) -> dict[str, Any]:
        """Compare both ways, and note what was found; rows that cannot go, and that no list here has, are listed."""
        with closing(Rejects(self.folder.rejects, lambda _: True)) as rejects:
            for label in (USERS, AUDIO_FILES):
                self._both_ways(self.source[label], rejects)
        result = {
            "verified": self.unexplained == 0,
            "tables": {label: dict(counts) for label, counts in self.counts.items()},
            "rejects_found_again": self.found_again,
            "differences": self.unexplained,
            "first": [vars(each) for each in self.differences],
        }
        self.folder.note(verify=result)
        return result

    def _table(self, label: str) -> Any:
        return self.deps.users if label == USERS else self.deps.audio_files

    def _both_ways(self, columns: Columns, rejects: Rejects) -> None:
        self.watch.begin(columns.table.label, self.source.count(columns), 0)
        last: Row = [None]
        with self.source.rows(columns) as rows:
            for page in _pages(rows):
                self._rows(columns, page, last, rejects)
                self.watch.advance(len(page))
                last = page[-1]
        for items in _pages(self._table(columns.table.label).scan()):
            self._items(columns, items)

    def _rows(self, columns: Columns, page: list[Row], last: Row, rejects: Rejects) -> None:
        """Rows against items."""
        label, key = columns.table.label, columns.table.ours[0]
        self.counts[label]["rows"] += len(page)
        made = [self._made(columns, row, before) for row, before in zip(page, [last, *page], strict=False)]
        ids = [comparing.wanted(each)[key] for each in made if not isinstance(each, str)]
        found = {item[key]: item for item in self._table(label).get_many([{key: each} for each in ids])}
        claims = self.deps.emails.owners([each.email for each in made if isinstance(each, User) and each.email])
        for row, each in zip(page, made, strict=True):
            if isinstance(each, str):
                self._refused(columns, row, each, rejects)
                continue
            expected = comparing.wanted(each)
            item = found.get(expected[key])
            if item is None or (label == AUDIO_FILES and item["user_id"] != expected["user_id"]):
                self._absent(columns, row, expected, item, rejects)
            else:
                self._present(label, expected, item, claims)

    def _made(self, columns: Columns, row: Row, before: Row) -> Made | str:
        """What a row means, or why it cannot be moved."""
        if row[0] is not None and row[0] == before[0]:
            return twice(columns)
        try:
            return user_of(row, self.rules) if columns.table.label == USERS else file_of(row, self.rules)
        except Unfit as unfit:
            return str(unfit)

    def _refused(self, columns: Columns, row: Row, reason: str, rejects: Rejects) -> None:
        """A row that no run can move is on the list of them, on whatever machine that was."""
        self._count(columns.table.label, comparing.REJECTED)
        line = {"table": columns.table.label, "reason": reason, "row": seen_of(columns, row)}
        self.found_again += rejects.add(line)

    def _absent(self, columns: Columns, row: Row, expected: Item, there: Item | None, rejects: Rejects) -> None:
        """A row without its item: it was deleted here since, or refused, or it is lost."""
        label, row_id = columns.table.label, expected[columns.table.ours[0]]
        if rejects.has({"table": label, "row": seen_of(columns, row)}):
            self._count(label, comparing.REJECTED)
        elif was_deleted(self.deps, columns, row_id, expected["user_id"]):
            self._count(label, comparing.DELETED_HERE)
        elif reason := refusal(self.deps, columns, row, self.rules, there):
            self._refused(columns, row, reason, rejects)
        else:
            self._differs(label, row_id, "is not here")

    def _present(self, label: str, expected: Item, item: Item, claims: dict[str, str]) -> None:
        """A row with its item."""
        row_id = expected[comparing.FIXED[label][0]]
        verdict = comparing.compare(label, expected, item)
        if verdict is None:
            self._differs(label, row_id, f"is not what the row says: {comparing.names_differing(expected, item)}")
            return
        self._count(label, verdict)
        if label != USERS:
            return
        if not comparing.can_sign_in(item):
            self._differs(label, row_id, "has a password hash that cannot be read")
        if item.get("email") == expected["email"] and claims.get(item["email"]) != row_id and "deleting_at" not in item:
            self._differs(label, row_id, f"has an email that is claimed by {claims.get(item['email'], 'nobody')}")

    def _items(self, columns: Columns, items: list[Item]) -> None:
        """Items against rows: what no row explains was made here since, or is too much."""
        label, key = columns.table.label, columns.table.ours[0]
        strangers = self.source.missing(columns, [item[key] for item in items])
        self._count(label, "items", len(items))
        for item in (each for each in items if each[key] in strangers):
            if comparing.looks_moved(label, item) and not self._of_ours(label, item):
                self._differs(label, item[key], "is here, and no row of the old database says so")
            else:
                self._count(label, "made_here")
        if label == AUDIO_FILES:
            for item in without_person(self.deps, (each for each in items if each[key] not in strangers)):
                self._differs(label, item[key], f"is here, and its person {item['user_id']} is not")
        else:
            claims = self.deps.emails.owners([item["email"] for item in items if "email" in item])
            for item in items:
                other = claims.get(item.get("email", ""))
                if other not in {None, item[key]}:
                    self._differs(label, item[key], f"has the email of {other}")

    @staticmethod
    def _of_ours(label: str, item: Item) -> bool:
        """Whether the application itself made the record: its ids follow from their keys."""
        return label == AUDIO_FILES and item["file_id"] == object_keys.file_id_of(item["s3_key"])

    def _count(self, label: str, what: str, number: int = 1) -> None:
        self.counts[label][what] += number

    def _differs(self, label: str, row_id: str, problem: str) -> None:
        self.unexplained += 1
        self.counts[label]["different"] += 1
        difference = Difference(label, row_id, problem)
        if len(self.differences) < MOST_SHOWN and difference not in self.differences[-PAGE:]:
            self.differences.append(difference)


def _pages(things: Iterable[Any]) -> Iterator[list[Any]]:
    """The same, so many at a time."""
    left = iter(things)
    while page := list(islice(left, PAGE)):
        yield page
