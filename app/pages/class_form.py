"""The form of a class: what was typed, what is wrong with it by field, and the class that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from app.services.classes import ClassView, read_entry
from dhcpcore.errors import InvalidDocument, LessorError

TEXT_MAX = 10_000
#: Where a fault is told that is at none of the fields.
WHOLE = "class"
_TEXTS = ("name", "expression", "options", "lifetime", "next_server", "server_name", "file", "by_architecture",
          "description", "before", "packet", "received_at", "supposed", "always_send", "never_send", "max_leases",
          "max_leases_per_subnet", "rate", "offer_hold")
#: Keys of a class that the form shows, the options of the other family aside: an edit leaves all others as they are.
_SHOWN = frozenset(("name", "test", "template_test", "only_in_additional_list", "options", "lifetime", "boot",
                    "description", "always_send", "never_send", "max_leases", "max_leases_per_subnet", "rate",
                    "offer_hold"))
_SENT = ("always_send", "never_send")
#: Numbers, of which 0 is no limit.
_LIMITS = ("max_leases", "max_leases_per_subnet", "rate")
_BOOT = ("next_server", "server_name", "file")


@dataclass(frozen=True, slots=True)
class ClassForm:
    """One form, as typed.  ``packet``, ``received_at``, ``known`` and ``supposed`` are of the box to try it in."""

    name: str = ""
    kind: str = "test"  #: test, template_test, or none: by assignment alone.
    expression: str = ""
    additional: bool = False
    options: str = ""
    lifetime: str = ""
    next_server: str = ""
    server_name: str = ""
    file: str = ""
    by_architecture: str = ""
    description: str = ""
    before: str = ""
    version: int | None = None
    packet: str = ""
    received_at: str = ""
    known: bool = False
    supposed: str = ""
    always_send: str = ""
    never_send: str = ""
    max_leases: str = ""
    max_leases_per_subnet: str = ""
    rate: str = ""
    offer_hold: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_post(cls, given: Mapping[str, str]) -> ClassForm:
        """What a browser sent."""
        texts: dict[str, Any] = {name: given.get(name, "")[:TEXT_MAX].replace("\r\n", "\n").strip() for name in _TEXTS}
        version = given.get("version", "")
        kind = given.get("kind", "test")
        return cls(
            **texts, kind=kind if kind in {"test", "template_test", "none"} else "test",
            additional=given.get("additional") == "yes", known=given.get("known") == "yes",
            version=int(version) if version.isdecimal() and len(version) < 18 else None)

    @classmethod
    def of_view(cls, view: ClassView) -> ClassForm:
        """A class as it is."""
        entry = view.entry
        kind = next((key for key in ("test", "template_test") if key in entry), "none")
        boot = entry.get("boot", {})
        lifetime = entry.get("lifetime", "")
        return cls(
            name=view.name, kind=kind, expression=entry.get(kind, ""),
            additional=bool(entry.get("only_in_additional_list")),
            options=_written(entry.get("options", {}).get("dhcp4", {})),
            lifetime=str(lifetime) if not isinstance(lifetime, dict) else _written(lifetime, flow=True),
            next_server=boot.get("next_server", ""), server_name=boot.get("server_name", ""),
            file=boot.get("file", ""), by_architecture=_written(boot.get("by_architecture", {})),
            description=entry.get("description", ""), version=view.version,
            always_send=", ".join(entry.get("always_send", {}).get("dhcp4", ())),
            never_send=", ".join(entry.get("never_send", {}).get("dhcp4", ())),
            max_leases=str(entry.get("max_leases", "")), rate=str(entry.get("rate", "")),
            max_leases_per_subnet=str(entry.get("max_leases_per_subnet", "")),
            offer_hold=str(entry.get("offer_hold", "")))

    def entry(self, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The class in the document's words; of ``before``, what the form does not show."""
        made: dict[str, Any] = {"name": self.name}
        if self.kind != "none":
            made[self.kind] = self.expression
        if self.additional:
            made["only_in_additional_list"] = True
        options = {"dhcp4": read_entry(self.options, "options"), **_other_family(before, "options")}
        if any(options.values()):
            made["options"] = options
        if self.lifetime:
            made["lifetime"] = read_entry(f"value: {self.lifetime}", "lifetime")["value"]
        boot: dict[str, Any] = {name: getattr(self, name) for name in _BOOT if getattr(self, name)}
        if self.by_architecture:
            boot["by_architecture"] = read_entry(self.by_architecture, "by_architecture")
        if boot:
            made["boot"] = boot
        if self.offer_hold:
            made["offer_hold"] = read_entry(f"value: {self.offer_hold}", "offer_hold")["value"]
        for name in _LIMITS:
            if text := getattr(self, name):
                made[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text
        if self.description:
            made["description"] = self.description
        for key in _SENT:
            names = {"dhcp4": [one.strip() for one in getattr(self, key).split(",") if one.strip()],
                     **_other_family(before, key)}
            if any(names.values()):
                made[key] = names
        return made | {key: kept for key, kept in (before or {}).items() if key not in _SHOWN}

    def differences(self, other: ClassForm) -> list[tuple[str, str, str]]:
        """Label, our text and theirs, of each field that is another."""
        pairs = [("who is of it", self.kind, other.kind),
                 ("additional", "yes" if self.additional else "no", "yes" if other.additional else "no")]
        pairs += [(name.replace("_", " "), getattr(self, name), getattr(other, name)) for name in _TEXTS[:9]]
        return [pair for pair in pairs if pair[1] != pair[2]]

    def with_faults(self, error: LessorError) -> ClassForm:
        """The same form with what is wrong, each beside its field."""
        told = [(one.path, one.message) for one in error.faults] if isinstance(error, InvalidDocument) else []
        faults: dict[str, str] = {}
        for path, message in told or [(WHOLE, str(error))]:
            name = _field_of(path)
            said = message if name in path or name == WHOLE else f"{path}: {message}"
            faults[name] = f"{faults[name]}; {said}" if name in faults else said
        return replace(self, faults=faults)


def _field_of(path: str) -> str:
    """The form's field for a path inside a class."""
    steps = path.replace("[", ".").split(".")
    if steps[0] in {"test", "template_test"}:
        return "expression"
    if steps[0] == "boot":
        return next((name for name in (*_BOOT, "by_architecture") if name in steps), "by_architecture")
    known = {"name", "options", "lifetime", "description", "by_architecture", "offer_hold", *_LIMITS, *_SENT}
    return steps[0] if steps[0] in known else WHOLE


def _other_family(before: Mapping[str, Any] | None, key: str) -> dict[str, Any]:
    kept = (before or {}).get(key, {}).get("dhcp6")
    return {"dhcp6": kept} if kept else {}


def _written(value: Mapping[str, Any], *, flow: bool = False) -> str:
    if not value:
        return ""
    text = yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True, default_flow_style=True if flow else None,
                          width=100)
    return str(text).strip()
