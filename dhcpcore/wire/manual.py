"""The manual's page on options, written from the tables: ``python -m dhcpcore.wire.manual > docs/options.md``.

``tests/dhcpcore/wire/test_manual.py`` compares the page with the tables, so neither can change without the other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from dhcpcore.wire.codecs.base import Codec, Counted, ListOf, Record, Value
from dhcpcore.wire.definitions import RECORD, TUPLE, TYPES
from dhcpcore.wire.options import ENCAPSULATION_LEVELS_MAX, OptionSpace
from dhcpcore.wire.rows import OptionRow
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

_HEAD = """# Options

Every option that Lessor knows by name, and how its value is written in a definitions document, in REST and on the
command line. This page is written from the tables that the server works with.

## Writing values

An option is named under `options`, globally, in a subnet, a pool, an assignment or a class:

    options:
      routers: [192.0.2.1]
      domain-name: example.org
      classless-static-route: [[198.51.100.0/24, 192.0.2.254], [0.0.0.0/0, 192.0.2.1]]
      domain-search: [example.org, lab.example.org]
      vendor-encapsulated-options: {hex: "0104c0000201"}
      option-224: "0102ff"

- A list is a list even where it has one item.
- Hex is written in quotes: plain (`"0102ff"`), or with `:`, `-` or spaces between the octets. `{text: …}` writes a
  string where octets are wanted.
- **Every option takes `{hex: …}`** for a value that its form cannot say. It is sent as it is, without a look at it.
- **`option-NNN` sends any code**, with hex, also one that the table below knows in another way.
- A name has no dot at its end (one changes nothing), other than in `fqdn` and `client-fqdn`, where a name without it
  is partial. Letters beyond ASCII are written in their `xn--` form.
- A DHCPv4 value longer than 255 octets is split over several options and joined by the client, RFC 3396.
- A string that a client sent and that is not UTF-8 is shown as `{hex: …}`.

## Your own options

`option_definitions` names codes that the tables do not have:

    option_definitions:
      - {space: dhcp4, code: 224, name: x-colour, type: string}
      - {space: dhcp4, code: 225, name: x-places, type: record, array: true,
         fields: [{name: level, type: uint8}, {name: address, type: ipv4-address}]}
      - {space: vendor-4491, code: 2, name: x-servers, type: ipv4-address, array: true}

- `space` is `dhcp4`, `dhcp6`, a space that an option below encapsulates, `vendor-NUMBER` for what
  `vivso-suboptions` and `vendor-opts` carry for an enterprise number, or one that a definition `encapsulates`.
- `array: true` repeats the type to the end of the value; in a record, it repeats the last field.
- `fields` of a record are types, or mappings of `name` and `type`; a field without a name is `field1`, `field2`, …
- `encapsulates` names a space whose options follow the value (or are the value, for the type `empty`).
- `family: 4` or `6` keeps a definition from the other family, where a space exists in both.
- A code or a name that is taken is refused. Options inside options are read to a depth of {depth}.

{types}
"""

_TABLE_NOTE = """
Options that the server works out, or that only clients and relays send, are marked: they have their name in traces,
class tests and scripts, and cannot be set.
"""

_WORDS = {
    "dns-name": "name", "hex": "hex", "ipv4": "IPv4 address", "ipv4-prefix": "IPv4 prefix", "ipv6": "IPv6 address",
    "ipv6-prefix": "IPv6 prefix", "psid": "port set", "boolean": "true or false", "string": "string", "null": "—",
}  # fmt: skip


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    return "\n".join([_row(head), f"|{'---|' * len(head)}", *[_row(row) for row in rows]])


def flow(value: Value) -> str:
    """A value on one line, as YAML and JSON both read it."""
    return json.dumps(value, ensure_ascii=False)


def kind(codec: Codec) -> str:
    """What a codec's value is, in a few words."""
    if isinstance(codec, ListOf):
        return f"list: {kind(codec.item)}"
    if isinstance(codec, Counted):
        return kind(codec.inner)
    described = codec.describe()
    if isinstance(codec, Record):
        names = ", ".join(name for name, _codec in codec.fields)
        return f"[{names}]" if codec.as_list else f"{{{names}}}"
    if "encapsulates" in described:
        return "options"
    if "const" in described:
        return "true"
    if described["type"] == "object":
        return f"{{{', '.join(described['properties'])}}}"
    if described["type"] == "integer":
        return f"{described['minimum']} to {described['maximum']}"
    if described["type"] == "array":
        items = described["items"]
        return f"list: {_WORDS[items.get('format', items['type'])]}"
    return _WORDS[str(described.get("format", described["type"]))]


def _option_cells(row: OptionRow) -> tuple[str, ...]:
    described = row.describe()
    written = "—" if described["type"] == "null" else f"`{flow(described['example'])}`"
    notes = [row.doc]
    if row.encapsulates:
        notes.append(f"Holds options of `{row.encapsulates}`.")
    if row.repeats:
        notes.append("May stand several times.")
    if not row.registered:
        notes.append("*Not assigned by IANA.*")
    if row.messages and not row.settable:
        notes.append("*Not set by the administrator.*")
    return str(row.code), f"`{row.name}`", kind(row.codec), written, " ".join(notes), row.rfc


def _options(rows: Iterable[OptionRow]) -> str:
    return _table(("code", "name", "value", "example", "what it says", "source"), [_option_cells(row) for row in rows])


def _family(title: str, space: OptionSpace) -> str:
    parts = [f"## {title}", _TABLE_NOTE.strip(), _options(space.rows)]
    for name in space.inner_names():
        rows = space.inner(name)
        if rows:
            parts += [f"### {name}", _options(rows)]
    return "\n\n".join(parts)


def _types() -> str:
    rows = [
        (f"`{name}`", kind(codec), f"`{flow(codec.describe()['example'])}`") for name, codec in sorted(TYPES.items())
    ]
    rows.append((f"`{TUPLE}`", "string behind its length: one octet in DHCPv4, two in DHCPv6", '`"text"`'))
    rows.append(
        (f"`{RECORD}`", "the values of `fields`, one after the other", '`{"level": 1, "address": "192.0.2.1"}`')
    )
    return _table(("type", "value", "example"), rows)


def options_page() -> str:
    """The whole page."""
    head = _HEAD.replace("{depth}", str(ENCAPSULATION_LEVELS_MAX)).replace("{types}", _types())
    return f"{head}\n{_family('DHCPv4', DHCP4_OPTIONS)}\n\n{_family('DHCPv6', DHCP6_OPTIONS)}\n"


if __name__ == "__main__":
    sys.stdout.write(options_page())
