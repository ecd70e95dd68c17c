"""Contracts for these tests, as short as they go, and the template as CloudFormation reads it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from etl import contract as contracts
from etl import deployment
from etl.contract.model import Column, Contract, Table

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
ID = "      - {name: id, logicalType: integer}\n"

PARAMETERS = {
    "BucketName": "orders",
    "DatabaseName": "orders_lake",
    "LakeDatabase": "orders_lake",  # a Ref to a database is its name
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "etl",
}


def document(name: str = "shop", *tables: str, places: Mapping[str, str] | None = None, more: str = "") -> str:
    """A contract with these tables of one column, and its servers where the deployment wants them, or at `places`."""
    locations = {server: f"s3://${{ORDERS_BUCKET}}/{prefix}{name}/" for server, prefix in deployment.PREFIXES.items()}
    servers = "".join(
        f"  - server: {server}\n    type: s3\n    location: {location}\n"
        for server, location in {**locations, **(places or {})}.items()
    )
    schema = "".join(f"  - name: {table}\n    properties:\n{ID}" for table in tables or ("t",))
    return (
        f'apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nversion: "1"\nservers:\n{servers}{more}schema:\n{schema}'
    )


def load(folder: Path, *texts: str) -> tuple[Contract, ...]:
    """These contracts, as files of a folder, loaded as the command does it."""
    for number, text in enumerate(texts):
        (folder / f"{number}{contracts.SUFFIX}").write_text(text, encoding="utf-8")
    return contracts.load_all(folder, deployment.ENVIRONMENT)


def table(*columns: str) -> Table:
    """A table with these columns; each is the text of a mapping without its braces."""
    listed = "".join(f"      - {{{column}}}\n" for column in columns)
    (only,) = contracts.loads(document().replace(ID, listed), env={}).tables
    return only


def column(keys: str) -> Column:
    """The column `a` with these keys."""
    (only,) = table(f"name: a, {keys}").columns
    return only


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, which does not take a key twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return super().construct_mapping(node, deep)


def _resolved(loader: _Loader, tag: str, node: yaml.Node) -> Any:
    """Ref and Sub of `PARAMETERS`; of the other functions, their name and what they are given."""
    if not isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    if tag in ("GetAtt", "Condition"):
        return {tag: node.value}
    if tag == "Ref":
        return PARAMETERS.get(node.value, {tag: node.value})
    known = re.sub(r"\$\{([^!}][^}]*)\}", lambda found: PARAMETERS.get(found[1], found[0]), node.value)
    return known.replace("${!", "${")


_Loader.add_multi_constructor("!", _resolved)


def parsed(text: str) -> dict[str, Any]:
    """A template as CloudFormation sees it."""
    return yaml.load(text, _Loader)


def resources(kind: str, text: str | None = None) -> dict[str, Any]:
    """The properties of the template's resources of a type, by logical id."""
    found = parsed(text or TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    return {name: resource["Properties"] for name, resource in found.items() if resource["Type"] == kind}
