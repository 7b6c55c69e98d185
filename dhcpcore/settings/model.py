"""The settings as a model: each with what it is, what a right value looks like, and its default."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.fields import FieldInfo

ENV_PREFIX = "LESSOR_"
#: sun_path holds 108 octets with its closing zero.
SOCKET_PATH_MAX = 107


@dataclass(frozen=True, slots=True)
class Right:
    """What a right value looks like: the remedy in every message about a wrong one."""

    text: str


Port = Annotated[int, Field(ge=1, le=65535), Right("a whole number from 1 to 65535")]
OnOff = Annotated[bool, Right("true or false")]
Name = Annotated[str, Field(min_length=1, max_length=32), Right("the name of an account of this machine")]


class _Group(BaseModel):
    """Frozen, and strict about names: unknown ones have been taken out, with a warning, before."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Dhcp4(_Group):
    """DHCPv4."""

    enabled: Annotated[OnOff, Field(description="Serve DHCPv4.")] = True
    port: Annotated[Port, Field(description="UDP port that DHCPv4 is served on. Replies to relays go to the relay's "
                                            "port, replies to clients to this port plus one.")] = 67
    segmentation: Annotated[OnOff, Field(description="Answers of one length to one relay go to the system in one "
                                                     "piece, which cuts them apart at the network card. Off for a "
                                                     "relay that reads raw frames (ISC dhcrelay) in a container or "
                                                     "guest of this machine.")] = True


class Dhcp6(_Group):
    """DHCPv6."""

    enabled: Annotated[OnOff, Field(description="Serve DHCPv6: options, and what handlers give; there are no pools "
                                                "yet.")] = False
    port: Annotated[Port, Field(description="UDP port that DHCPv6 is served on.")] = 547


class Web(_Group):
    """The web pages and REST."""

    bind: Annotated[str, Field(description="Address and port of the web pages."),
                    Right("address:port, such as 127.0.0.1:8067 or [::1]:8067")] = "127.0.0.1:8067"
    tls: Annotated[Literal["off", "self-made", "given"],
                   Field(description="Whether the pages are encrypted: not, with a certificate that is made and kept "
                                     "in state_dir, or with the given one."),
                   Right("off, self-made or given")] = "off"
    certificate: Annotated[Path | None, Field(description="The given certificate with its chain."),
                           Right("the path of a PEM file")] = None
    key: Annotated[Path | None, Field(description="The key of the given certificate."),
                   Right("the path of a PEM file")] = None
    proxies: Annotated[int, Field(ge=0, le=8, description="Reverse proxies in front of the pages, each of which adds "
                                  "itself to X-Forwarded-For; 0: that header is not believed."),
                       Right("a whole number from 0 to 8")] = 0
    unprotected: Annotated[OnOff, Field(description="Allow web.bind to be an address that others can reach although "
                                                    "web.tls is off: everybody on the way reads what is sent, "
                                                    "passwords included.")] = False
    metrics_open: Annotated[OnOff, Field(description="Answer /metrics without a token; who reaches the pages may then "
                                                     "read the names and the use of subnets.")] = False

    script_open: Annotated[Literal["auto", "never", "unsecured", "all"],
                           Field(description="Which raw methods of the script answer without a log-in: those that are "
                                             "not secure where script is a staticDHCPd configuration (auto), none, "
                                             "those that are not secure, or also secure ones where the script sets no "
                                             "WEB_DIGEST_USERNAME and WEB_DIGEST_PASSWORD, as staticDHCPd did."),
                           Right("auto, never, unsecured or all")] = "auto"

    @field_validator("certificate", "key", mode="before")
    @classmethod
    def _no_file(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("bind")
    @classmethod
    def _address_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
            raise ValueError("no address and port")
        if ":" in host and not (host.startswith("[") and host.endswith("]")):
            raise ValueError("an IPv6 address stands in brackets")
        return value

    @property
    def host(self) -> str:
        """The address of ``bind``, without brackets."""
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of ``bind``."""
        return int(self.bind.rpartition(":")[2])


class Leasequery(_Group):
    """What leasequery by TCP shows and believes where the definitions have ``leasequery.tls``."""

    certificate: Annotated[Path | None, Field(description="The certificate that leasequery over TLS shows, with its "
                                                          "chain."), Right("the path of a PEM file")] = None
    key: Annotated[Path | None, Field(description="The key of that certificate, without a pass phrase; the engine's "
                                                  "account reads it."), Right("the path of a PEM file")] = None
    requestors_ca: Annotated[Path | None, Field(description="The certificates of those that certify requestors: over "
                                                            "TLS nobody else is answered."),
                             Right("the path of a PEM file")] = None

    @field_validator("certificate", "key", "requestors_ca", mode="before")
    @classmethod
    def _no_file(cls, value: Any) -> Any:
        return None if value == "" else value


class Log(_Group):
    """The log, written to standard error."""

    level: Annotated[Literal["debug", "info", "warning", "error"],
                     Field(description="The least severe messages that are written."),
                     Right("debug, info, warning or error")] = "info"
    format: Annotated[Literal["text", "json"],
                      Field(description="Lines for people, or one JSON object a line."),
                      Right("text or json")] = "text"


class Settings(_Group):
    """All settings of one process.  Paths are absolute, and what depends on ``state_dir`` is filled in."""

    state_dir: Annotated[Path, Field(description="Folder of the SQLite database, the control socket, the server's "
                                                 "identity and its key."), Right("the path of a folder")] = Path()
    database_url: Annotated[str, Field(repr=False, description="Where definitions, leases and history are kept."),
                            Right("sqlite:////absolute/path/lessor.db or "
                                  "postgresql://user:password@host:5432/database")] = ""
    control_socket: Annotated[Path, Field(description="Unix socket on which the engine takes commands."),
                              Right(f"a path of at most {SOCKET_PATH_MAX} octets")] = Path()
    interfaces: Annotated[tuple[str, ...], Field(description="Network interfaces to serve; empty: all of them."),
                          Right('a list of interface names, such as ["eth0", "eth1.20"]; in a variable: eth0,eth1.20')
                          ] = ()
    dhcp4: Dhcp4 = Dhcp4()
    dhcp6: Dhcp6 = Dhcp6()
    web: Web = Web()
    leasequery: Leasequery = Leasequery()
    script: Annotated[Path | None, Field(description="Path of conf.py, the site's script. Empty: none."),
                      Right("the path of a Python file or of its folder")] = None
    hooks: Annotated[tuple[str, ...], Field(description="Hook libraries, in their order: files, modules or entry "
                                                        "points; after =, a TOML file with the library's parameters; "
                                                        "after isolated:, in a process of its own."),
                     Right('a list such as ["/etc/lessor/hooks/count.py", "some_package=/etc/lessor/some.toml"]; in a '
                           "variable: separated by commas")] = ()
    log: Log = Log()
    workers: Annotated[int, Field(description="Worker processes of the engine. This release runs exactly one."),
                       Right("1: more than one worker is refused until several are proved to share one "
                             "database safely; run a second engine on the same PostgreSQL instead")] = 1
    user: Annotated[Name | None, Field(description="Account that the engine becomes once its sockets are open. "
                                                   "Empty: the owner of state_dir.")] = None
    group: Annotated[Name | None, Field(description="Group that the engine becomes. Empty: the account's own.")] = None

    @field_validator("interfaces", "hooks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return tuple(value) if isinstance(value, list) else value

    @field_validator("interfaces")
    @classmethod
    def _interface_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not 1 <= len(name.encode()) <= 15 or "/" in name or any(letter.isspace() for letter in name):
                raise ValueError(f"{name!r} is no name of an interface")
        return value

    @field_validator("script", "user", "group", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("workers")
    @classmethod
    def _one_worker(cls, value: int) -> int:
        if value != 1:
            raise ValueError("not supported")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("no database that Lessor knows")
        if value.startswith("sqlite:///:"):
            raise ValueError("a database in memory would forget every lease")
        return value

    @field_validator("control_socket")
    @classmethod
    def _fits_a_socket(cls, value: Path) -> Path:
        if len(os.fsencode(value)) > SOCKET_PATH_MAX:
            raise ValueError("too long for a Unix socket")
        return value

    @property
    def sqlite_path(self) -> Path | None:
        """The database's file, None where it is not SQLite."""
        if not self.database_url.startswith("sqlite:///"):
            return None
        return Path(self.database_url.removeprefix("sqlite:///").partition("?")[0])


@dataclass(frozen=True, slots=True)
class Described:
    """One setting as the manual and ``config show`` name it."""

    name: str
    variable: str
    description: str
    right: str
    default: Any


def described() -> tuple[Described, ...]:
    """Every setting there is."""
    return tuple(_described(Settings, ()))


def _variable(name: str) -> str:
    return ENV_PREFIX + name.replace(".", "__").upper()


def _described(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Described]:
    for key, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _described(annotation, (*path, key))
            continue
        name = ".".join((*path, key))
        yield Described(name, _variable(name), field.description or "", _right(field), field.default)


def _right(field: FieldInfo) -> str:
    """The outermost ``Right`` of a field; that of an optional one sits in the union's first member."""
    found = [entry for entry in field.metadata if isinstance(entry, Right)]
    for member in get_args(field.annotation):
        found = found or [entry for entry in get_args(member) if isinstance(entry, Right)]
    return found[-1].text
