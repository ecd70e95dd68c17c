"""CloudFormation resources -> YAML as one would write it by hand: short tags, indented lists, long texts folded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_WIDTH = 112  # at which texts are folded; they are indented by two afterwards, and a word may stand out
_LONG = 88  # characters of a text that is folded


class Sub(str):
    """`!Sub text`."""

    __slots__ = ()


class Ref(str):
    """`!Ref name`."""

    __slots__ = ()


def dump(resources: Mapping[str, Any]) -> str:
    """The YAML of resources, not indented."""
    return yaml.dump(dict(resources), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def choose_scalar_style(self) -> str:
        """Double quotes; and none with a tag, where there can be none."""
        style: str = super().choose_scalar_style()
        event: Any = self.event
        analysis: Any = self.analysis
        plain = analysis.allow_flow_plain if self.flow_level else analysis.allow_block_plain
        if plain and (event.tag or "").startswith("!"):
            return ""
        return '"' if style == "'" else style


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=">" if len(text) > _LONG else None)


def _list(dumper: _Dumper, items: list[Any]) -> yaml.SequenceNode:
    """A list of names or references on one line."""
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=all(isinstance(i, str) for i in items))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(Sub, lambda dumper, text: dumper.represent_scalar("!Sub", str(text)))
_Dumper.add_representer(Ref, lambda dumper, name: dumper.represent_scalar("!Ref", str(name)))
