"""Plain values to text, the same text for the same values always: an export that was applied is exported the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from dhcpcore.interchange.reader import is_plain_string


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes what our reader, of YAML 1.2, or others', of YAML 1.1, would not take for the string that it is."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _string(dumper: Any, text: str) -> Any:
    # PyYAML itself quotes what YAML 1.1 would take for something else.
    style = None if is_plain_string(text) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def to_yaml(document: Mapping[str, Any]) -> str:
    """The document as YAML: keys in their order, block style, UTF-8 as it is."""
    return yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=10_000
    )


def to_json(document: Mapping[str, Any] | Sequence[Any]) -> str:
    """The document as JSON, indented, with an end of line."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
