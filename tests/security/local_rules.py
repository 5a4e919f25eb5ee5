"""Semgrep's rules of this house: each is tried on what it must find and must leave, and then the code is read."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML  # it comes with semgrep

RULES = Path(__file__).parent / "rules"
SECONDS = 300
SCAN = ("scan", "--jobs=2", "--metrics=off", "--disable-version-check", "--quiet", "--json", "--config", str(RULES))


def main(*places: str) -> int:
    """Try the rules, read the code, and tell: 1 for a rule that does not do what it says, or for what a rule finds."""
    rules = [rule for path in sorted(RULES.glob("*.yml")) for rule in YAML(typ="safe").load(path)["rules"]]
    with tempfile.TemporaryDirectory() as name:
        examples = laid_out(rules, Path(name))
        found = {(what, Path(path).parts[0]) for what, path, _ in findings(Path(name), ".")}
    wrong = [
        f"{rule} {'does not find' if finds else 'finds'}: {text!r}"
        for number, (rule, text, finds) in examples.items()
        if ((rule, number) in found) != finds
    ]
    broken = [f"{path}:{line}: {rule}" for rule, path, line in findings(Path(), *places)]
    sys.stdout.write("".join(f"{each}\n" for each in wrong + broken))
    sys.stdout.write(f"{len(rules)} local rules, tried on {len(examples)} examples, find {len(broken)} places.\n")
    return 1 if wrong or broken else 0


def laid_out(rules: list[dict[str, Any]], folder: Path) -> dict[str, tuple[str, str, bool]]:
    """Each example as a file of its own, where its rule looks: by folder, its rule, itself, and whether it is found."""
    made: dict[str, tuple[str, str, bool]] = {}
    for rule in rules:
        says = rule["metadata"]
        for finds in ("finds", "leaves"):
            for text in says[finds]:
                number = str(len(made))
                path = folder / number / says.get("at", "example.py")
                path.parent.mkdir(parents=True)
                path.write_text(text, encoding="utf-8")
                made[number] = rule["id"], text, finds == "finds"
    return made


def findings(folder: Path, *places: str) -> list[tuple[str, str, int]]:
    """What the rules find there: the rule, the file and the line. What semgrep could not read is a fault."""
    asked = subprocess.run(
        ["semgrep", *SCAN, *places], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    try:
        said = json.loads(asked.stdout)
    except ValueError:
        sys.exit(f"semgrep did not answer: {asked.stderr}")
    if said["errors"] or not said["paths"]["scanned"]:
        sys.exit(f"semgrep did not read everything: {said['errors']}")
    return [(each["check_id"].rpartition(".")[2], each["path"], each["start"]["line"]) for each in said["results"]]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
