"""Files that are derived from the declarations: the same text on every machine, whatever its environment."""

from __future__ import annotations

from pathlib import Path

from . import configuration, costs, errors, iam, tables, terraform


def rendered() -> dict[str, str]:
    """The text of every derived file, by its place in the checkout."""
    return {
        "infra/rendered/iam-service-policy.json": iam.service_policy(),
        "infra/rendered/iam-operator-policy.json": iam.operator_policy(),
        "infra/terraform/tables.auto.tfvars.json": terraform.variables(),
        "infra/terraform/service-policy.json.tftpl": iam.service_policy(iam.BY_TERRAFORM),
        "infra/terraform/operator-policy.json.tftpl": iam.operator_policy(iam.BY_TERRAFORM),
        "docs/tables.md": tables.page(),
        "docs/configuration.md": configuration.page(),
        "docs/costs.md": costs.page(),
        "docs/errors.md": errors.page(),
    }


def drifted(checkout: Path) -> list[str]:
    """The derived files that are missing or say something else than the declarations."""
    return [path for path, text in rendered().items() if _read(checkout / path) != text]


def write(checkout: Path) -> list[str]:
    """Write every derived file that has drifted; their places."""
    changed = drifted(checkout)
    for path in changed:
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(rendered()[path], encoding="utf-8", newline="\n")
    return changed


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
