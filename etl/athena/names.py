"""What the tables of contracts are called where SQL asks for them."""


def table_name(contract: str, table: str) -> str:
    """`orders` for the table orders of the contract orders, else `<contract>_<table>`; in lower case, as in Glue."""
    owner, name = _folded(contract), _folded(table)
    return name if name == owner else f"{owner}_{name}"


def _folded(name: str) -> str:
    return name.replace("-", "_").lower()
