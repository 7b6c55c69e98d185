"""Definitions in an INI file: a section ``subnet|serial`` for each subnet, and one for each hardware address."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dhcpcore.errors import LessorError
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.generic import Database
from dhcpcore.script.compat.mac import MAC

_OF_SUBNETS = frozenset(("lease-time", "gateway", "subnet-mask", "broadcast-address", "ntp-servers",
                         "domain-name-servers", "domain-name"))  # fmt: skip
_OF_MAPS = frozenset(("ip", "hostname", "subnet", "serial"))
_BOOLEANS = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}
_TYPES: dict[str, Callable[[str], Any]] = {
    "s": str, "i": int, "f": float, "b": lambda text: _BOOLEANS[text.lower()],
}  # fmt: skip


class INI(Database):
    """The file, read whole when the script begins and when it is reinitialised."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._maps: dict[MAC, Definition] = {}
        self.reinitialise()

    def lookupMAC(self, mac: MAC) -> Definition | None:
        return self._maps.get(mac)

    def reinitialise(self) -> None:
        """Read the file; ``LessorError`` where it is wrong, and then nothing of it is used."""
        parser = configparser.RawConfigParser(delimiters=("=", ":"), strict=True)
        parser.optionxform = _option_name  # type: ignore[assignment,method-assign] # As its documentation shows.
        try:
            text = _TYPED.sub(r"\1\0\2", self._path.read_text(encoding="utf-8"))
            parser.read_string(text, str(self._path))
        except (OSError, configparser.Error, UnicodeDecodeError) as error:
            raise LessorError(f"INI_FILE: {self._path} cannot be read: {error}") from None
        subnets = {name.rpartition("|")[::2]: section for name, section in parser.items() if "|" in name}
        self._maps = {
            self._mac(name): self._definition(name, section, subnets)
            for name, section in parser.items()
            if "|" not in name and name != "DEFAULT"
        }

    def _mac(self, name: str) -> MAC:
        try:
            return MAC(name)
        except ValueError:
            raise LessorError(f"INI_FILE: [{name}] is neither a subnet|serial nor a hardware address.") from None

    def _definition(self, name: str, section: Any, subnets: dict[Any, Any]) -> Definition:
        subnet = subnets.get((section.get("subnet"), section.get("serial")))
        if subnet is None:
            raise LessorError(f"INI_FILE: [{name}] names subnet {section.get('subnet')!r} with serial "
                              f"{section.get('serial')!r}, which is no section of the file.")  # fmt: skip
        try:
            return Definition(
                ip=section.get("ip"), lease_time=subnet.get("lease-time"), subnet=section.get("subnet"),
                serial=section.get("serial"), hostname=section.get("hostname"), gateways=subnet.get("gateway"),
                subnet_mask=subnet.get("subnet-mask"), broadcast_address=subnet.get("broadcast-address"),
                domain_name=subnet.get("domain-name"), domain_name_servers=subnet.get("domain-name-servers"),
                ntp_servers=subnet.get("ntp-servers"), extra=_extra(section, _OF_MAPS, "maps", _extra(
                    subnet, _OF_SUBNETS, "subnets", {})) or None,
            )  # fmt: skip
        except (ValueError, TypeError) as error:
            raise LessorError(f"INI_FILE: [{name}]: {error}") from None


#: ``i:name`` at the beginning of a line: its colon is not the one before the value.
_TYPED = re.compile(r"^([sifbSIFB]):(?=[^\s:=])(.)", re.MULTILINE)


def _option_name(name: str) -> str:
    return name if "\0" in name else name.lower()


def _extra(section: Any, known: frozenset[str], table: str, found: dict[str, Any]) -> dict[str, Any]:
    """Further options; ``i:name`` and the like name the type, an upper-case letter makes None of what is not of it."""
    for option, text in section.items():
        if option in known:
            continue
        kind, typed, name = option.partition("\0")
        if not typed:
            found[f"{table}.{option}"] = text
            continue
        try:
            found[f"{table}.{name}"] = _TYPES[kind.lower()](text)
        except (ValueError, KeyError):
            if not kind.isupper():
                raise ValueError(f"{option} is {text!r}, which is not of its type") from None
            found[f"{table}.{name}"] = None
    return found
