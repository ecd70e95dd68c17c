"""The commands `etl quarantine ...`. What is heavy is imported by the command that needs it: time that others save.

commands.py    the commands and their options
listing.py     list: the reports that are asked for, newest first
showing.py     show: one report, and what became of it
counting.py    stats
deciding.py    replay, dismiss: each folder by itself
purging.py     purge: what was erased, and what was not
"""

from etl.cli.quarantine.commands import quarantine_app

__all__ = ["quarantine_app"]
