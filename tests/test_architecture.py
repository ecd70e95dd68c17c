"""Data flows one way, and so do imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "etl").rglob("*.py"))

NOUNS = {"records", "errors"}
STAGES = {"read", "flatten", "validate", "split", "lake", "quarantine", "report"}
MAY_IMPORT = {
    "errors": set[str](),
    "records": set[str](),
    "contract": NOUNS,
    **dict.fromkeys(STAGES, NOUNS | {"contract"}),
    "storage": NOUNS,
    "commit": NOUNS | {"storage"},
    "suggest": NOUNS | {"contract", "diff"},
    "pipeline": NOUNS | STAGES | {"contract", "storage", "commit", "suggest"},
    "events": NOUNS,
    "notice": NOUNS,
    "topic": NOUNS | {"notice"},
    "lineage": NOUNS | {"contract", "lake"},
    "athena": NOUNS | {"contract", "lake"},
    "deployment": NOUNS | {"contract", "lake", "athena"},
    "infer": NOUNS | {"contract", "read", "flatten"},
    "diff": NOUNS | {"contract", "athena"},
    "rejudge": NOUNS | {"contract", "storage", "pipeline", "read", "review"},
    "review": NOUNS | {"contract", "storage", "commit", "read", "quarantine", "report"},
    "replay": NOUNS | STAGES | {"contract", "storage", "commit", "pipeline", "review"},
    "backfill": NOUNS | {"contract", "storage", "pipeline", "lineage"},
    "query": NOUNS | {"contract", "lake", "athena", "storage", "review"},
    "web": NOUNS | {"contract", "storage", "commit", "quarantine", "report", "review", "replay", "pages", "lineage"},
    "documents": NOUNS | {"contract", "flatten", "validate"},
    "pages": NOUNS | {"contract", "read", "flatten", "validate", "split", "report"},
    "cli": NOUNS
    | {"contract", "storage", "pipeline", "deployment", "infer", "diff", "rejudge", "documents", "pages"}
    | {"commit", "report", "review", "replay", "web", "backfill", "lineage", "query"},
}
AWS = {"storage", "topic"}
ONLY_IN = {
    "pandera": {"validate"},
    "pyspark": {"backfill"},
    "boto3": AWS,
    "botocore": AWS,
    "awswrangler": AWS | {"deployment"},
    "openlineage": {"lineage"},
}


def part(module: Path) -> str:
    """The room a module lies in: `flatten` for etl/flatten/record.py."""
    return module.relative_to(ROOT / "etl").parts[0].removesuffix(".py")


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_imports_go_one_way(module: Path) -> None:
    if part(module) == "__init__":
        return
    ours = {name.split(".")[1] for name in imports(module) if name.startswith("etl.")}
    assert ours <= MAY_IMPORT[part(module)] | {part(module)}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_heavy_libraries_have_their_rooms(module: Path) -> None:
    for name in imports(module):
        assert part(module) in ONLY_IN.get(name.split(".")[0], {part(module)}), name


def test_every_room_is_named() -> None:
    assert {part(module) for module in MODULES} - {"__init__"} <= set(MAY_IMPORT)
