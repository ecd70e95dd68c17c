"""Contracts with their samples, for pages: small ones, and one that is as ugly as it gets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from etl import contract as contracts
from etl.contract.model import Contract
from etl.pages.example import example
from etl.pages.model import Page
from etl.pages.page import page

ROOT = Path(__file__).parent.parent.parent
CONTRACTS = ROOT / "contracts"
HEAD = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "feed", "name": "feed", "version": "1.0.0"}

HOSTILE = [
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "</style></title><h1>owned</h1>",
    "{{ 7 * 7 }} {% raw %}",
    "| a | b |",
    "`` ` ``` ticks",
    "```\n# owned\n```",
    "[owned](javascript:alert(1)) ![x](http://127.0.0.1:9/x.png)",
    "**bold** _em_ ~~del~~ $x^2$ &lt; &amp;copy; \\",
    "line one\n\n## line two\n- item\n| x | y |\n|---|---|",
    "\u202egnp.exe\u2066 \x1b[31m \x00 \u200b",
    "العربية نص من اليمين إلى اليسار",
    "x" * 300,
    "1. one",
    "# heading",
    " ",
]  # fmt: skip


def column(name: str, path: str | None = None, kind: str = "string", **keys: Any) -> dict[str, Any]:
    """A column as it stands in a contract; without a path it reads `$.<name>`."""
    source = {} if path is None else {"transformLogic": path}
    return {"name": name, "logicalType": kind, **source, **keys}


def table(name: str, *columns: Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    return {"name": name, "properties": list(columns), **keys}


def document(*tables: Mapping[str, Any], **keys: Any) -> str:
    """The text of a contract: JSON is YAML, too."""
    return json.dumps({**HEAD, "schema": list(tables), **keys})


def contract(*tables: Mapping[str, Any], **keys: Any) -> Contract:
    return contracts.loads(document(*tables, **keys), "feed.odcs.yaml", {})


def page_of(folder: Path, *tables: Mapping[str, Any], sample: Sequence[Any] | bytes | None = None, **keys: Any) -> Page:
    """The page of a contract, with these records as its sample."""
    beside = None
    if sample is not None:
        beside = folder / "feed.sample.json"
        beside.write_bytes(sample if isinstance(sample, bytes) else b"\n".join(map(_bytes, sample)))
    feed = contract(*tables, **keys)
    return page(feed, document(*tables, **keys), example(feed, beside) if beside else None)


def _bytes(record: Any) -> bytes:
    return json.dumps(record).encode()


def shipped(name: str) -> Page:
    """The page of a contract in contracts/."""
    path = CONTRACTS / f"{name}.odcs.yaml"
    sample = next(CONTRACTS.glob(f"{name}.sample.*"))
    feed = contracts.load(path, {})
    return page(feed, path.read_text(encoding="utf-8"), example(feed, sample))


def hostile(at: int) -> str:
    return HOSTILE[at % len(HOSTILE)]


def ugly() -> tuple[str, list[Any]]:
    """The text of a contract of 60 columns and more, deep and in several tables, hostile in every text; a sample."""
    flat = [_ugly_column(at) for at in range(60)]
    deep = ".".join(f"level{at}" for at in range(25))
    key = {"required": True, "primaryKey": True}
    lines = [
        column("id", "$.id", "integer", **key),
        column("line_with_a_rather_long_name_that_somebody_wanted", "index($.lines[*])", "integer", **key),
        column("sku", "upper(trim($.lines[*]['s k u']))", examples=HOSTILE, description=HOSTILE[4]),
    ]
    tables = [
        table(
            "t",
            column("id", "$.id", "integer", **key),
            *flat,
            column("deep", f"$.{deep}", description="deep down"),
            businessName=HOSTILE[0],
            description=HOSTILE[9],
            quality=[_condition(at) for at in range(len(HOSTILE))],
        ),
        table("lines", *lines, description=HOSTILE[1]),
        table(
            "parts_of_lines_with_a_name_that_goes_on_and_on_and_on_and_then_some_more_of_it_until_it_ends",
            *lines[:2],
            column("part", "$.lines[*].parts[*].name", **key, description=HOSTILE[6]),
        ),
        table("islands", column("name", "$.islands[*].name", description=HOSTILE[10])),
    ]
    said = {"purpose": "\n".join(HOSTILE), "usage": HOSTILE[0], "limitations": HOSTILE[9]}
    text = json.dumps({**HEAD, "name": "ugly", "version": "1 <b>", "status": "active", "description": said,
                       "dataProduct": HOSTILE[1], "schema": tables})  # fmt: skip
    return text, [_ugly_record()]


def _ugly_column(at: int) -> dict[str, Any]:
    name = f"field_{at}" if at % 7 else f"field_{at}_{'long' * 20}"
    options: dict[str, Any] = {"maxLength": 1000}
    if at % 3 == 0:
        options["pattern"] = "[|`*<]?|\\\\|a\\|b"
    return column(
        name,
        f"coalesce($.fields[{json.dumps(hostile(at))}], nullif($.other{at}, {json.dumps(hostile(at))}))",
        logicalTypeOptions=options,
        businessName=hostile(at + 1),
        description=hostile(at),
        examples=[hostile(at), hostile(at + 2)],
        classification="restricted <b>" if at % 4 == 0 else "public",
        **({"enum": [{"value": value} for value in HOSTILE]} if at % 5 == 1 else {}),
    )


def _condition(at: int) -> dict[str, Any]:
    engine = {"type": "custom", "engine": "duckdb", "implementation": "id < 10 OR '<|`' = '`|>'"}
    return {"name": hostile(at), "description": hostile(at + 3), **engine}


def _ugly_record() -> dict[str, Any]:
    deep: Any = "bottom"
    for at in reversed(range(1, 25)):
        deep = {f"level{at}": deep, hostile(at): "nobody reads this: SECRET-UNREAD"}
    return {
        "id": 1,
        "fields": {text: text for text in HOSTILE},
        "level0": deep,
        "lines": [{"s k u": hostile(at), "parts": [{"name": f"p{at}"}]} for at in range(7)],
        "islands": [{"name": "x" * 500}],
        HOSTILE[0]: HOSTILE[0] + "SECRET-UNREAD",
    }
