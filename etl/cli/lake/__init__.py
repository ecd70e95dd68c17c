"""The commands of `etl lake`.

commands.py  the commands and their options
tables.py    the tables of the lake, and the columns of one
rows.py      what a query gives
"""

from etl.cli.lake.commands import lake_app

__all__ = ["lake_app"]
