"""The map from fields to columns, and how tables belong together."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract.expressions import (
    EACH,
    Coalesce,
    Day,
    Expression,
    Index,
    Json,
    NullIf,
    Path,
    Scale,
    Text,
    parse,
    paths,
)
from etl.pages.drawing import draw
from etl.pages.entities import diagram
from etl.pages.fields import drawn, fields
from etl.pages.model import Diagram, FieldPage
from etl.pages.outline import mermaid, tree
from etl.pages.sources import uses
from tests.pages.feeds import column, contract, table

texts = st.text(st.characters(codec="utf-8"), max_size=8)
steps = st.one_of(texts, st.integers(-99, 99), st.just(EACH))
chains = st.lists(steps, max_size=5).map(lambda chosen: Path(tuple(chosen)))
leaves: st.SearchStrategy[Expression] = st.one_of(
    chains, chains.map(Json), chains.map(lambda path: Index(Path((*path.steps, EACH))))
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Text, st.sampled_from(["trim", "lower", "upper"]), inner),
        st.builds(NullIf, inner, texts),
        st.builds(Scale, inner, st.integers(-99, 99)),
        st.builds(Day, inner, st.sampled_from([None, "America/Recife"])),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Coalesce(tuple(parts))),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(expressions)
def test_every_path_has_its_use(expression: Expression) -> None:
    found = list(uses(expression))
    assert tuple(use.path for use in found) == paths(expression)
    assert [use.function for use in found if use.function is None] == ([None] if isinstance(expression, Path) else [])


def test_uses_show_the_field_in_its_function() -> None:
    assert [(str(use.path), use.function) for use in uses(parse("coalesce(lower($.a), nullif($.b, '·'), $.c)"))] == [
        ("$.a", "coalesce(lower(·), nullif(…, '·'), …)"),
        ("$.b", "coalesce(lower(…), nullif(·, '·'), …)"),
        ("$.c", "coalesce(lower(…), nullif(…, '·'), ·)"),
    ]
    assert [(use.function, use.taken) for use in uses(parse("index($.a[*])"))] == [("index(·)", "position")]
    assert [(use.function, use.taken) for use in uses(parse("upper(json($.a))"))] == [("upper(json(·))", "whole")]


ORDERS = table("orders", column("id", primaryKey=True), column("mail", "lower($.buyer.contact['e-mail'])"))
LINES = table(
    "lines",
    column("order", "$.id", primaryKey=True),
    column("line", "index($.lines[*])", "integer", primaryKey=True),
    column("city", "coalesce($.lines[*].to.city, $.buyer.contact.city)"),
)
TAXES = table(
    "taxes",
    column("order", "$.id"),
    column("line", "index($.lines[*])", "integer"),
    column("rate", "$.lines[*].taxes[*].rate"),
)
ISLANDS = table("islands", column("name", "$.islands[*].name"))


def test_the_map_has_every_field_once_and_every_column() -> None:
    root = drawn(fields(contract(ORDERS, LINES, TAXES)))
    assert (root.name, root.tables) == ("$", ("orders",))
    assert outline(root) == [
        "id -> orders.id, lines.order, taxes.order",
        "buyer.contact",
        "  ['e-mail'] lower(·) -> orders.mail",
        "  city coalesce(…, ·) -> lines.city",
        "lines[*] (lines) index(·) -> lines.line, taxes.line",
        "  to.city coalesce(·, …) -> lines.city",
        "  taxes[*] (taxes)",
        "    rate -> taxes.rate",
    ]


def outline(field: FieldPage, depth: int = 0) -> list[str]:
    return [line for child in field.fields for line in branch(child, depth)]


def branch(field: FieldPage, depth: int) -> Iterator[str]:
    made = f" ({', '.join(field.tables)})" if field.tables else ""
    flows = ""
    for flow in field.flows:
        columns = ", ".join(f"{target.table}.{target.column}" for target in flow.targets)
        flows += f"{f' {flow.function}' if flow.function else ''} -> {columns}"
    yield "  " * depth + field.name + made + flows
    yield from outline(field, depth + 1)


def test_parts_of_lists_and_objects_are_their_columns_affair() -> None:
    parts = {"properties": [column("x"), column("y")]}
    root = drawn(fields(contract(table("t", column("where", "$.a.place", "object", **parts)))))
    assert outline(root) == ["a.place -> t.where"]


def test_the_tree_of_characters() -> None:
    assert tree(drawn(fields(contract(ORDERS, LINES)))).splitlines() == [
        "$                 one row of orders each",
        "├─ id             → orders.id, lines.order",
        "├─ buyer.contact",
        "│  ├─ ['e-mail']  → lower(·) → orders.mail",
        "│  └─ city        → coalesce(…, ·) → lines.city",
        "└─ lines[*]       one row of lines each",
        "   │              → index(·) → lines.line",
        "   └─ to.city     → coalesce(·, …) → lines.city",
    ]


def test_many_columns_of_a_field_take_several_lines() -> None:
    many = contract(table("t", *(column(f"a_rather_long_name_{at}", "$.a") for at in range(9))))
    lines = tree(drawn(fields(many))).splitlines()
    assert max(map(len, lines)) < 90
    assert sum(line.count("a_rather_long_name_") for line in lines) == 9


def relations(found: Diagram | None) -> list[tuple[str, str, tuple[tuple[str, str], ...], bool]]:
    assert found is not None
    return [(each.parent, each.child, each.links, each.many) for each in found.relations]


def test_tables_stand_under_the_nearest_whose_key_they_have() -> None:
    found = diagram(contract(TAXES, ORDERS, ISLANDS, LINES))
    assert relations(found) == [
        ("orders", "islands", (), True),
        ("orders", "lines", (("id", "order"),), True),
        ("lines", "taxes", (("order", "order"), ("line", "line")), True),
    ]
    assert found is not None
    assert [(each.name, each.depth) for each in found.entities] == [
        ("orders", 0), ("islands", 1), ("lines", 1), ("taxes", 2),
    ]  # fmt: skip
    keys = {each.name: [(key.name, key.role) for key in each.keys] for each in found.entities}
    assert keys == {
        "orders": [("id", "PK")],
        "islands": [],
        "lines": [("order", "PK, FK"), ("line", "PK")],
        "taxes": [("order", "FK"), ("line", "FK")],
    }


def test_a_key_further_up_is_better_than_none_nearby() -> None:
    """Taxes without the number of their line belong to the order."""
    taxes = table("taxes", column("order", "$.id"), column("rate", "$.lines[*].taxes[*].rate"))
    assert relations(diagram(contract(ORDERS, LINES, taxes)))[-1] == ("orders", "taxes", (("id", "order"),), True)


def test_two_tables_of_one_grain_are_one_to_one() -> None:
    buyers = table("buyers", column("order", "$.id"), column("name", "$.buyer.name"))
    assert relations(diagram(contract(ORDERS, buyers))) == [("orders", "buyers", (("id", "order"),), False)]


def test_tables_side_by_side_have_no_relation() -> None:
    found = diagram(contract(ISLANDS, table("coasts", column("name", "$.coasts[*].name"))))
    assert relations(found) == []


def test_a_single_table_needs_no_diagram() -> None:
    assert diagram(contract(ORDERS)) is None


def test_mermaid() -> None:
    found = diagram(contract(ORDERS, LINES, ISLANDS))
    assert found is not None
    assert mermaid(found).splitlines() == [
        "erDiagram",
        '  "orders" {', "    string id PK", "  }",
        '  "lines" {', "    string order PK, FK", "    integer line PK", "  }",
        '  "islands"',
        '  "orders" ||--o{ "lines" : "order"',
        '  "orders" ||..o{ "islands" : "nested"',
    ]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from([ORDERS, LINES, TAXES, ISLANDS]), min_size=2, unique_by=lambda each: each["name"]))
def test_boxes_do_not_touch_and_lines_end_at_them(tables: list[dict[str, object]]) -> None:
    found = diagram(contract(*tables))
    assert found is not None
    drawing = draw(found)
    bottoms = [0.0, *(box.y + box.height for box in drawing.boxes)]
    assert all(box.y > bottom for box, bottom in zip(drawing.boxes, bottoms, strict=False))
    assert all(box.x + box.width <= drawing.width for box in drawing.boxes)
    assert bottoms[-1] <= drawing.height
    ends = {float(link.line.rpartition("H")[2]) for link in drawing.links}
    assert ends <= {box.x for box in drawing.boxes}
