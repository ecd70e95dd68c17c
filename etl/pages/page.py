"""A contract -> its page."""

from __future__ import annotations

from etl.contract.model import Contract
from etl.pages import rules
from etl.pages.entities import diagram
from etl.pages.fields import drawn, fields
from etl.pages.model import Example, Page
from etl.pages.policies import policies
from etl.pages.remarks import remarks
from etl.pages.tables import table_page


def page(contract: Contract, text: str, example: Example | None) -> Page:
    """The page of a contract. `text` is its file's, which says more to people than the engine needs."""
    said = remarks(text)
    root = fields(contract)
    return Page(
        name=contract.name,
        title=said.title,
        id=contract.id,
        version=contract.version,
        status=contract.status,
        purpose=said.purpose,
        usage=said.usage,
        limitations=said.limitations,
        tables=tuple(table_page(table, said, root) for table in contract.tables),
        rules=tuple(map(rules.upload_rule, contract.upload_rules)),
        policies=policies(contract.policies),
        places=said.places,
        map=drawn(root),
        diagram=diagram(contract),
        example=example,
    )
