"""Contracts: ODCS YAML in, frozen `Contract` out (see `model`), or `ContractError` with every fault at its place."""

from etl.contract.loader import SUFFIX, hints, load, load_all, loads, route

__all__ = ["SUFFIX", "hints", "load", "load_all", "loads", "route"]
