"""Processor architectures that a PXE or HTTP boot client names in option 93: IANA's numbers with names to write."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from dhcpcore.errors import InvalidValue
from dhcpcore.wire.quoting import quoted

#: IANA "Processor Architecture Types", begun by RFC 4578 2.1 and RFC 5970 3.3.
ARCHITECTURES: Mapping[str, int] = {
    "x86-bios": 0, "nec-pc98": 1, "itanium": 2, "dec-alpha": 3, "arc-x86": 4, "intel-lean-client": 5,
    "x86-uefi": 6, "x64-uefi": 7, "xscale": 8, "ebc": 9, "arm32-uefi": 10, "arm64-uefi": 11,
    "powerpc-open-firmware": 12, "powerpc-epapr": 13, "power-opal": 14,
    "x86-uefi-http": 15, "x64-uefi-http": 16, "ebc-http": 17, "arm32-uefi-http": 18, "arm64-uefi-http": 19,
    "x86-bios-http": 20, "arm32-uboot": 21, "arm64-uboot": 22, "arm32-uboot-http": 23, "arm64-uboot-http": 24,
    "riscv32-uefi": 25, "riscv32-uefi-http": 26, "riscv64-uefi": 27, "riscv64-uefi-http": 28,
    "riscv128-uefi": 29, "riscv128-uefi-http": 30, "s390-basic": 31, "s390-extended": 32,
    "mips32-uefi": 33, "mips64-uefi": 34, "sunway32-uefi": 35, "sunway64-uefi": 36,
    "loongarch32-uefi": 37, "loongarch32-uefi-http": 38, "loongarch64-uefi": 39, "loongarch64-uefi-http": 40,
    "arm-rpiboot": 41,
}  # fmt: skip
_NAMES = {number: name for name, number in ARCHITECTURES.items()}
#: Those whose boot file is a URL, and who take an answer only with "HTTPClient" in option 60.  UEFI 2.10 24.7.2.
HTTP = frozenset(number for name, number in ARCHITECTURES.items() if name.endswith("-http"))


def parse_architecture(text: object) -> int:
    """The number of an architecture, written by name or number."""
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if isinstance(text, str) and text in ARCHITECTURES:
        return ARCHITECTURES[text]
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 0xFFFF:
        return int(text)
    near = get_close_matches(str(text), ARCHITECTURES, n=1)
    hint = f"did you mean {near[0]}?" if near else "write a name such as x64-uefi, or the number of option 93"
    raise InvalidValue(f"{quoted(text)} is no architecture: {hint}")


def format_architecture(number: int) -> str:
    """The name; of a number that has none, the number."""
    return _NAMES.get(number, str(number))


def architectures_of(data: bytes) -> tuple[int, ...]:
    """What option 93 says, in the client's order of preference.  RFC 4578 2.1."""
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2))
