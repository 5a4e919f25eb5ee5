"""Every row against its item, every item against its row, every email against its claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from migrations import comparing
from migrations.columns import Columns
from migrations.comparing import Difference
from migrations.faults import Unfit
from migrations.later import was_deleted
from migrations.mapping import AUDIO_FILES, USERS
from migrations.rejects import read
from migrations.rows import Row, Rules, file_of, user_of
from migrations.running import Watch
from migrations.source import Source
from migrations.state import Folder
from panzoto.deps import Deps
from panzoto.models import object_keys
from panzoto.models.audio_file import AudioFile
from panzoto.models.auth_state.keys import key as claim_key
from panzoto.models.store.wire import Item
from panzoto.models.users import User

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

    def run(self) -> dict[str, Any]:
        """Compare both ways, and note what was found."""
        for label in (USERS, AUDIO_FILES):
            columns = self.source[label]
            rejected = self._rejected(columns)
            self.watch.begin(label, self.source.count(columns), 0)
            for page in _pages(self.source.rows(columns)):
                self._rows(columns, page, rejected)
                self.watch.advance(len(page))
            for items in _pages(self._table(label).scan()):
                self._items(columns, items)
        result = {
            "verified": self.unexplained == 0,
            "tables": {label: dict(counts) for label, counts in self.counts.items()},
            "differences": self.unexplained,
            "first": [vars(each) for each in self.differences],
        }
        self.folder.note(verify=result)
        return result

    def _table(self, label: str) -> Any:
        return self.deps.users if label == USERS else self.deps.audio_files

    def _rejected(self, columns: Columns) -> set[str | None]:
        """The rows that were written down as not moved."""
        key, label = columns.table.ours[0], columns.table.label
        return {line["row"][key] for line in read(self.folder.rejects) if line["table"] == label}

    def _rows(self, columns: Columns, page: list[Row], rejected: set[str | None]) -> None:
        """Rows against items."""
        label, key = columns.table.label, columns.table.ours[0]
        self.counts[label]["rows"] += len(page)
        made = [(row, self._made(columns, row)) for row in page]
        ids = [comparing.wanted(each)[key] for _, each in made if each is not None]
        found = {item[key]: item for item in self._table(label).get_many([{key: each} for each in ids])}
        claims = self._claims([each.email for _, each in made if isinstance(each, User) and each.email])
        for row, each in made:
            if each is None:
                self._count(label, comparing.REJECTED)
                if row[0] not in rejected and row[0] is not None:
                    self._differs(label, str(row[0]), "cannot be moved, and is not among the rejects")
                continue
            expected = comparing.wanted(each)
            item = found.get(expected[key])
            if item is None or (label == AUDIO_FILES and item["user_id"] != expected["user_id"]):
                self._absent(columns, row, expected, rejected)
            else:
                self._present(label, expected, item, claims)

    def _made(self, columns: Columns, row: Row) -> Made | None:
        try:
            return user_of(row, self.rules) if columns.table.label == USERS else file_of(row, self.rules)
        except Unfit:
            return None

    def _absent(self, columns: Columns, row: Row, expected: Item, rejected: set[str | None]) -> None:
        """A row without its item: it was refused, or deleted here since, or it is lost."""
        label, row_id = columns.table.label, expected[columns.table.ours[0]]
        if row[0] in rejected:
            self._count(label, comparing.REJECTED)
        elif was_deleted(self.deps, columns, row_id, expected["user_id"]):
            self._count(label, comparing.DELETED_HERE)
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

    def _claims(self, emails: Iterable[str]) -> dict[str, str]:
        found = self.deps.emails.get_many([claim_key("EMAIL", each) for each in dict.fromkeys(emails)])
        return {item["PK"].removeprefix("EMAIL#"): item["user_id"] for item in found}

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
        if label == USERS:
            claims = self._claims([item["email"] for item in items if "email" in item])
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
