"""The form of an assignment: what was typed, what is wrong with it by field, and the entry that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.services.assignments import IDENTIFIERS, AssignmentView, read_identifier
from app.services.classes import read_entry
from app.services.option_preview import read_options
from dhcpcore import interchange
from dhcpcore.errors import InvalidDocument, LessorError

TEXT_MAX = 512
#: What the form shows; whatever else an entry has is kept as it is.
_OPTION_FIELDS = frozenset({"options", "always_send", "never_send"})
_SHOWN = frozenset({*IDENTIFIERS, "address", "addresses", "prefixes", "hostname", "enabled", "classes", "boot",
                    "shared", "takeover", *_OPTION_FIELDS})
_TAKEOVER = "nak"
#: Options are written as in the document.
OPTIONS_MAX = 32 * 1024
_FIELDS = frozenset({"value", "address", "hostname", "subnet", "classes", "boot", "shared", "takeover",
                     *_OPTION_FIELDS})
#: What is compared where somebody else has changed the same one, and what it is called.
_LABELS = {"identifier": "Known by", "value": "Which is", "address": "Address", "hostname": "Host name",
           "enabled": "In effect", "options": "Options", "always_send": "Always sent", "never_send": "Never sent",
           "classes": "Classes", "boot": "Boot fields", "shared": "Shared", "takeover": "A lease in its way"}
#: Where a fault is told that is at none of the fields.
WHOLE = "assignment"


@dataclass(frozen=True, slots=True)
class EntryForm:
    """One form, as typed."""

    identifier: str = "hw_address"
    value: str = ""
    address: str = ""
    hostname: str = ""
    subnet: str = ""
    enabled: bool = True
    version: int | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    options: str = ""
    always_send: str = ""
    never_send: str = ""
    classes: str = ""
    boot: str = ""
    shared: bool = False
    takeover: str = _TAKEOVER

    def differences(self, theirs: EntryForm) -> list[tuple[str, str, str]]:
        """Label, our text and theirs, of each field that is another."""
        pairs = [(label, _said(getattr(self, name)), _said(getattr(theirs, name))) for name, label in _LABELS.items()]
        return [pair for pair in pairs if pair[1] != pair[2]]

    @classmethod
    def of_post(cls, given: Mapping[str, str]) -> EntryForm:
        """What a browser sent."""
        typed = cls.of_query(given)
        version = given.get("version", "")
        number = int(version) if version.isdecimal() and len(version) < 18 else None
        return replace(typed, enabled=given.get("enabled") == "yes", version=number,
                       options=given.get("options", "")[:OPTIONS_MAX],
                       always_send=given.get("always_send", "")[:TEXT_MAX],
                       never_send=given.get("never_send", "")[:TEXT_MAX],
                       classes=given.get("classes", "")[:TEXT_MAX],
                       boot=given.get("boot", "")[:OPTIONS_MAX], shared=given.get("shared") == "yes",
                       takeover=given.get("takeover", "")[:TEXT_MAX] or _TAKEOVER)

    @classmethod
    def of_query(cls, given: Mapping[str, str]) -> EntryForm:
        """What a link says."""
        text = {name: given.get(name, "")[:TEXT_MAX].strip() for name in ("value", "address", "hostname", "subnet")}
        kind = given.get("identifier", "")
        return cls(kind if kind in IDENTIFIERS else IDENTIFIERS[0], text["value"], text["address"], text["hostname"],
                   text["subnet"])

    @classmethod
    def of_view(cls, view: AssignmentView) -> EntryForm:
        """An assignment as it is."""
        return cls(identifier=view.identifier or IDENTIFIERS[0],
                   value=view.value, address=", ".join(view.addresses),
                   hostname=view.hostname, subnet=view.subnet, enabled=view.enabled, version=view.version,
                   options=interchange.to_yaml(view.entry["options"]) if view.entry.get("options") else "",
                   always_send=", ".join(view.entry.get("always_send", ())),
                   never_send=", ".join(view.entry.get("never_send", ())),
                   classes=", ".join(view.entry.get("classes", ())),
                   boot=interchange.to_yaml(view.entry["boot"]) if view.entry.get("boot") else "",
                   shared=bool(view.entry.get("shared")), takeover=view.entry.get("takeover", _TAKEOVER))

    def entry(self, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The assignment in the document's words; of ``before``, what the form does not show."""
        kept = {name: value for name, value in (before or {}).items() if name not in _SHOWN}
        listed = [one.strip() for one in self.address.split(",") if one.strip()]
        made: dict[str, Any] = {self.identifier: read_identifier(self.value)}
        prefixes = [one for one in listed if "/" in one]
        addresses = [one for one in listed if "/" not in one]
        if len(addresses) == 1 and not prefixes and self.identifier != "duid":
            made["address"] = addresses[0]
        elif addresses:
            made["addresses"] = addresses
        if prefixes:
            made["prefixes"] = prefixes
        if self.hostname:
            made["hostname"] = self.hostname
        if not self.enabled:
            made["enabled"] = False
        if options := read_options(self.options):
            made["options"] = options
        if self.boot.strip():
            made["boot"] = read_entry(self.boot, "boot")
        if self.shared:
            made["shared"] = True
        if self.takeover != _TAKEOVER:
            made["takeover"] = self.takeover
        for key in ("always_send", "never_send", "classes"):
            if names := [one.strip() for one in getattr(self, key).split(",") if one.strip()]:
                made[key] = names
        return {**made, **kept}

    def with_faults(self, error: LessorError) -> EntryForm:
        """The same form with what is wrong, each beside its field."""
        told = [(one.path, one.message) for one in error.faults] if isinstance(error, InvalidDocument) else []
        told = told or [(WHOLE, str(error))]
        faults: dict[str, str] = {}
        for path, message in told:
            name = path.partition("[")[0].partition(".")[0]
            name = "value" if name in IDENTIFIERS else "address" if name in {"addresses", "prefixes"} else name
            name = name if name in _FIELDS else WHOLE
            if name in {*_OPTION_FIELDS, "classes", "boot"} and path != name:
                message = f"{path.removeprefix(name).lstrip('.')}: {message}"
            faults[name] = f"{faults[name]}; {message}" if name in faults else message
        return replace(self, faults=faults)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("\r\n", "\n").strip()
