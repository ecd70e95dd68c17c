"""What follows from the contracts in `template.yaml`, generated: Glue tables that Athena reads, an alarm per contract.

servable.py        contracts that the deployment can't serve: faults, at their places
names.py           what tables and resources are called
athena.py          Glue's types for columns and partitions
resources.py       contracts to resources
cloudformation.py  resources to YAML with short tags
template.py        the YAML into its place in a template
"""

from etl.deployment.servable import ENVIRONMENT, PREFIXES, faults
from etl.deployment.template import rewritten

__all__ = ["ENVIRONMENT", "PREFIXES", "faults", "rewritten"]
