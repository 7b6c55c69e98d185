"""What the benchmark must know of a server: the row of the table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.network import NETMASK, POOL_FIRST, POOL_LAST, PREFIX, SERVER_ADDRESS


@dataclass(frozen=True, slots=True)
class Ground:
    """What a server is given: a folder of its own, an interface, a link, perhaps a database."""

    folder: Path
    interface: str
    checkout: Path
    database_folder: Path | None = None  # holds PostgreSQL's socket
    preload_leases: int = 0
    address: str = SERVER_ADDRESS
    prefix: str = PREFIX
    netmask: str = NETMASK
    pool_first: str = POOL_FIRST
    pool_last: str = POOL_LAST
    lease_s: int = 3600


def nothing(_ground: Ground) -> None:
    """For servers that need no preparation."""


@dataclass(frozen=True, slots=True)
class WebPages:
    """A server's web pages, a process of their own: its command, where it listens, what lets a reader in."""

    command: Callable[[Ground], Sequence[str]]
    address: str
    token: Callable[[Ground], str]


@dataclass(frozen=True, slots=True)
class Server:
    """A server in its default configuration, with the least that a pool of one subnet needs.

    `prepare` writes files and schemas before the start and is not measured; `leases` reads the addresses that the
    server's own store says are leased. `beside` names the server that it is compared with; such a one is measured only
    when it is named.
    """

    name: str
    title: str
    version: Callable[[Ground], str]
    command: Callable[[Ground], Sequence[str]]
    leases: Callable[[Ground], Sequence[str]]
    prepare: Callable[[Ground], None] = nothing
    preload: Callable[[Ground], None] | None = None
    database: bool = False
    pages: WebPages | None = None
    beside: str | None = None
    environment: Callable[[Ground], Mapping[str, str]] = field(default=lambda _ground: {})
