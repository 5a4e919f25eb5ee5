"""`python -m benchmarks [NAME ...]`: run the modules `bench_NAME.py` of this folder, all or those named."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.measuring import ROUNDS


def main(only: list[str]) -> int:
    """Run, show and note; 1 if there is no benchmark of such a name."""
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    if unknown := [name for name in only if name not in names]:
        sys.stderr.write(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(names)}.\n")
        return 1
    for name in only or names:
        module = import_module(f"benchmarks.bench_{name}")
        title = (module.__doc__ or "").strip().replace("\n\n", " ").replace("\n", " ")
        measured = module.run()
        notes = module.notes() if hasattr(module, "notes") else []
        report.show(title, measured, notes)
        report.write(name, title, module.VERSIONS_OF, measured, notes, getattr(module, "ROUNDS", ROUNDS))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
