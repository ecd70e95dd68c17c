"""What the tables of contracts are called in Glue, and resources in a template."""

from __future__ import annotations

import re

from etl.athena.names import table_name
from etl.contract.model import Contract, Table


def glue_name(contract: Contract, table: Table) -> str:
    """Its name in Glue, and so in Athena."""
    return table_name(contract.name, table.name)


def table_id(contract: Contract, table: Table) -> str:
    """`MarketplaceOrderItemsTable`, a function of the name in Glue."""
    return _camel(glue_name(contract, table)) + "Table"


def alarm_id(contract: Contract) -> str:
    """`MarketplaceExportQuarantinedAlarm`."""
    return _camel(contract.name) + "QuarantinedAlarm"


def _camel(name: str) -> str:
    """CloudFormation takes letters and digits only."""
    return "".join(part[:1].upper() + part[1:] for part in re.split("[_-]", name))
