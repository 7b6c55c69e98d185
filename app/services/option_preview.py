"""What options look like on the wire, while they are written: octets and the canonical value, or what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.services.appliance import Appliance
from dhcpcore import interchange
from dhcpcore.errors import Fault, InvalidDocument, InvalidValue, MalformedMessage
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.computed import computed, is_computed
from dhcpcore.topology.faults import Faults
from dhcpcore.topology.spaces import Spaces, allowed, checked, defined
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.v4.tlv import encode_options

#: Options of one level that are looked at in one go; nobody writes more.
OPTIONS_MAX = 300


@dataclass(frozen=True, slots=True)
class PreviewView:
    """One option: ``payload`` and ``wire`` in hex, ``value`` as it reads back; or ``fault``, and nothing else.

    ``wire`` has code and length, and what is longer than 255 octets in parts (RFC 3396).  ``unreadable`` says why
    octets that were given as hex make no sense as a value of this option: they are sent all the same.  What is worked
    out for each packet has neither payload nor wire; its ``value`` is how it is written.
    """

    name: str
    code: int | None = None
    octets: int = 0
    payload: str = ""
    wire: str = ""
    value: Any = None
    unreadable: str | None = None
    fault: str | None = None


def preview(appliance: Appliance, options: Mapping[str, Any], family: int = 4) -> tuple[PreviewView, ...]:
    """Each option of a mapping as the document has it, by itself."""
    if family not in {4, 6}:
        raise InvalidDocument((Fault("family", f"is {family}; right are 4 and 6"),))
    if len(options) > OPTIONS_MAX:
        raise InvalidDocument((Fault("options", f"are {len(options)}: at most {OPTIONS_MAX} are looked at in one go"),))
    space = spaces(appliance)[family]
    return tuple(_one(space, str(name), value) for name, value in options.items())


def preview_text(appliance: Appliance, text: str, family: int = 4) -> tuple[PreviewView, ...]:
    """The options of a text: a mapping in YAML or JSON."""
    return preview(appliance, read_options(text), family)


def read_options(text: str) -> dict[str, Any]:
    """The mapping of names to values that somebody typed; nothing typed is no option."""
    if not text.strip():
        return {}
    value = interchange.read(text, "options")
    if not isinstance(value, dict):
        raise InvalidDocument((Fault("options", "are no mapping: write each on a line, such as routers: [192.0.2.1]"),))
    return {str(name): one for name, one in value.items()}


def typed(appliance: Appliance, name: str, text: str, family: int = 4) -> PreviewView:
    """One option whose value is typed alone: YAML or JSON, or else the text as it is (``0102ff`` is no number)."""
    value: Any = text
    with suppress(InvalidDocument):  # What is no YAML is the text itself.
        value = interchange.read(f"- {text}", "value")[0]
    (made,) = preview(appliance, {name: value}, family)
    if made.fault is not None and value != text:
        (as_text,) = preview(appliance, {name: text}, family)
        return made if as_text.fault is not None else as_text
    return made


def spaces(appliance: Appliance) -> Spaces:
    """The option tables with the site's own definitions."""
    return defined(Definitions(appliance.database).option_definitions(), Faults())


def wire_of(code: int, payload: bytes, family: int) -> bytes:
    """The option with code and length."""
    if family == 4:
        return encode_options(((code, payload),))
    return code.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload


def _one(space: OptionSpace, name: str, value: Any) -> PreviewView:
    try:
        if is_computed(value):
            code = allowed(space, name)
            return PreviewView(space.row(code).name, code, value=computed(space, value).form())
        code, payload = checked(space, name, value)
    except InvalidValue as error:
        return PreviewView(name, fault=str(error))
    said, unreadable = read_back(space, code, payload)
    return PreviewView(space.row(code).name, code, len(payload), payload.hex(),
                       wire_of(code, payload, space.family).hex(), said, unreadable)


def read_back(space: OptionSpace, code: int, payload: bytes) -> tuple[Any, str | None]:
    """The value of a payload; hex, and why, where it makes none."""
    try:
        return space.decode(code, payload)[1], None
    except MalformedMessage as error:
        return {"hex": payload.hex()}, str(error)
