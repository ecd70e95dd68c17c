"""The lake as tables, and SQL over them: what is committed, read where it lies.

tables.py    the tables of lakes: columns of all contract versions that made them, and their files
runs.py      ... which the run reports name
kept.py      ... and the contracts that the lake keeps
lying.py     ... and what else lies in their folders
types.py     one type for a column that versions have typed differently
database.py  one SELECT over the tables, by DuckDB, locked in
values.py    values as JSON and as text, none of them rounded
"""

from etl.query.database import Result, asked, sql_types
from etl.query.lying import Lying, lying
from etl.query.tables import Catalogue, LakeColumn, LakeTable, catalogue

__all__ = ["Catalogue", "LakeColumn", "LakeTable", "Lying", "Result", "asked", "catalogue", "lying", "sql_types"]
