"""Contracts: ODCS YAML in, frozen `Contract` out (see `model`), or `ContractError` with every fault at its place."""

from etl.contract.examine import Examined, examine, hints
from etl.contract.folder import SUFFIX, load_all, route
from etl.contract.loader import load, loads

__all__ = ["SUFFIX", "Examined", "examine", "hints", "load", "load_all", "loads", "route"]
