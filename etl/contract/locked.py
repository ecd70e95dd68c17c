"""A DuckDB that is locked in: it reads what is handed to it, and nothing else of this machine."""

from __future__ import annotations

import duckdb


def locked_in(**more: str | int) -> duckdb.DuckDBPyConnection:
    """A database in memory: no files, no extensions, no Python variables, UTC, and a configuration that no statement
    can change. `more` are DuckDB's own settings.
    """
    database = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": False,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "temp_directory": "",
            **more,
        },
    )
    database.execute("SET GLOBAL TimeZone = 'UTC'").fetchall()
    database.execute("SET GLOBAL lock_configuration = true").fetchall()
    return database
