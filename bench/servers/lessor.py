"""This project's own server, from the checkout that the benchmark lies in, on SQLite or PostgreSQL.

Left at its defaults but for the log level, which is `warning` as with the others.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from ipaddress import IPv4Address

from bench import configured
from bench.commands import run
from bench.errors import ServerFailed
from bench.servers import postgres, preload
from bench.servers.server import Ground, WebPages

DATABASE_FILE = "lessor.db"
# A subnet of its own for the leases of `--preload-leases`, so that they never stand in the way of the measured pool.
OTHERS = "others"

LEASED_ROWS = """
    SELECT address FROM lease WHERE kind = 4 AND state = 1 AND subnet = (SELECT id FROM subnet WHERE name = 'bench')
"""


def _lessor(ground: Ground, *words: str) -> tuple[str, ...]:
    return (str(ground.checkout / "lessor"), "--config", str(ground.folder / "lessor.toml"), *words)


def of_sources(_ground: Ground) -> Mapping[str, str]:
    """Without what `./lessor compile` made, whether it is there or not."""
    return {"LESSOR_COMPILED": "0"}


def compiled(_ground: Ground) -> Mapping[str, str]:
    """With it: where it is missing or stale the server does not start, and says so."""
    return {"LESSOR_COMPILED": "1"}


def version(ground: Ground) -> str:
    """The version that the command prints last."""
    said = run((str(ground.checkout / "lessor"), "--version"), ServerFailed).text
    return said.strip().splitlines()[-1].split()[-1]


def settings(ground: Ground) -> str:
    """The text of lessor.toml. JSON's strings are TOML's."""
    if ground.database_folder is None:
        url = f"sqlite:///{ground.folder / DATABASE_FILE}"
    else:
        url = f"postgresql+psycopg://{postgres.ROLE}@/{postgres.DATABASE}?host={ground.database_folder}"
    return f"""\
database_url = {json.dumps(url)}
interfaces = [{json.dumps(ground.interface)}]
control_socket = {json.dumps(str(ground.folder / "control.sock"))}
state_dir = {json.dumps(str(ground.folder))}
[log]
level = "warning"
"""


def _measured(ground: Ground) -> dict[str, object]:
    return {
        "prefix": ground.prefix,
        "name": "bench",
        "interface": ground.interface,
        "lifetime": ground.lease_s,
        "pools": [{"first": ground.pool_first, "last": ground.pool_last}],
        "options": {"routers": [ground.address], "domain-name-servers": [ground.address]},
    }


def definitions(ground: Ground) -> dict[str, object]:
    """The document for `lessor apply`."""
    subnets = [_measured(ground)]
    if ground.preload_leases:
        pool = {"first": preload.FIRST, "last": preload.LAST}
        subnets.append({"prefix": preload.PREFIX, "name": OTHERS, "lifetime": ground.lease_s, "pools": [pool]})
    return {"version": 1, "subnets": subnets}


def prepare(ground: Ground) -> None:
    """Makes the tables and applies the definitions."""
    _prepare(ground, definitions(ground))


def prepare_configured(ground: Ground) -> None:
    """The same with the definitions of a large site."""
    _prepare(ground, configured.definitions(_measured(ground)))


def prepare_hooked(ground: Ground) -> None:
    """The same as the empty one with a hook library."""
    _prepare(ground, definitions(ground), hooks=(str(ground.checkout / "bench" / "hooked.py"),))


def _prepare(ground: Ground, document: dict[str, object], hooks: Sequence[str] = ()) -> None:
    (ground.folder / "lessor.toml").write_text(f"hooks = {json.dumps(list(hooks))}\n{settings(ground)}")
    (ground.folder / "definitions.json").write_text(json.dumps(document, indent=1))
    run(_lessor(ground, "migrate"), ServerFailed)
    run(_lessor(ground, "apply", "--yes", str(ground.folder / "definitions.json")), ServerFailed)


def command(ground: Ground) -> Sequence[str]:
    """The engine alone: the web page is another process and takes no part."""
    return _lessor(ground, "engine")


def web_command(ground: Ground) -> Sequence[str]:
    """The pages, at their default address."""
    return _lessor(ground, "web")


def web_token(ground: Ground) -> str:
    """A token that may see the pages."""
    made = run(_lessor(ground, "token", "create", "--name", "bench", "--role", "viewer", "--json"), ServerFailed).text
    return str(json.loads(made)["secret"])


PAGES = WebPages(web_command, "127.0.0.1:8067", web_token)


def leases_in_file(ground: Ground) -> Sequence[str]:
    """The leased addresses of the measured subnet, read with SQLite itself."""
    file = ground.folder / DATABASE_FILE
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return tuple(str(IPv4Address(address)) for (address,) in connection.execute(LEASED_ROWS))


def leases_in_database(ground: Ground) -> Sequence[str]:
    """The leased addresses of the measured subnet, read with psql."""
    assert ground.database_folder is not None
    found = postgres.query(ground.database_folder, LEASED_ROWS)
    return tuple(str(IPv4Address(bytes.fromhex(text.removeprefix("\\x")))) for text in found)


def preload_file(ground: Ground) -> None:
    """Fills the SQLite file with other clients' leases and history."""
    preload.fill_sqlite(ground.folder / DATABASE_FILE, OTHERS, ground.preload_leases)


def preload_database(ground: Ground) -> None:
    """Fills PostgreSQL with other clients' leases and history."""
    assert ground.database_folder is not None
    preload.fill_postgres(ground.database_folder, OTHERS, ground.preload_leases)
