"""The command `etl`: it reads arguments, calls the pipeline, and shows what came of it. It holds no logic of its own.

app.py       the commands and their options
contract.py  those of `etl contract`
quarantine/  those of `etl quarantine`
lake/        those of `etl lake`
places.py    contracts in force, lakes, quarantines; who asks
exits.py     exit codes, and the words for people
sources.py   SOURCE... to upload locations
show.py      a run report for a person at a terminal
files.py     contract files, and the sample beside each
lint/        a contract's faults, and whether its sample passes
infer.py     a contract from samples
diff.py      two versions of a contract, and what the new one makes of past uploads
export.py    a contract as others read it
generate.py  uploads made from a contract
docs.py      contracts as pages for people
template.py  the deployment template, in step with the contracts
"""

from etl.cli.app import main

__all__ = ["main"]
