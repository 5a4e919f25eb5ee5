"""The source as the house tests read it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files(*patterns: str) -> tuple[Path, ...]:
    """The files of the project, as git knows them or would: nothing that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file())


@cache
def tree(path: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name(path: Path) -> str:
    """A file's place in the project."""
    return path.relative_to(ROOT).as_posix()


def module(path: Path) -> str:
    """The module that a file is."""
    return name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def of_each(paths: Iterable[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Makes one test of a rule for files: it names all that break it. A test for each would cost more than the rule."""
    looked_at = list(paths)

    def made(rule: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            assert looked_at, "there is nothing that the rule is for"
            broken = {name(path): fault for path in looked_at if (fault := _broken(rule, path)) is not None}
            assert not broken, "\n".join(f"{path}: {fault}" for path, fault in broken.items())

        test.__name__, test.__doc__ = rule.__name__, rule.__doc__
        return test

    return made


def _broken(rule: Callable[[Path], None], path: Path) -> str | None:
    """What of a rule a file breaks."""
    try:
        rule(path)
    except AssertionError as fault:
        return str(fault)
    return None


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports at run time, relative ones resolved, with the names taken from it."""
    package = module(path) if path.name == "__init__.py" else module(path).rpartition(".")[0]
    for node in _running(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module or "") if part)
            yield from (f"{source}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _running(child)


def each(paths: Iterable[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """A rule for each of those files, as one test that names every file that breaks it: thousands take a minute."""

    def declare(rule: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            broken = [f"{name(path)}: {fault}" for path in paths if (fault := _fault(rule, path)) is not None]
            assert not broken, "\n".join(broken)

        test.__name__, test.__doc__, test.__module__ = rule.__name__, rule.__doc__, rule.__module__
        return test

    return declare


def _fault(rule: Callable[[Path], None], path: Path) -> str | None:
    """What a rule says against a file."""
    try:
        rule(path)
    except AssertionError as fault:
        return str(fault)
    return None
