"""The servers by name. A name after the `@` is the store, where it is not the default one."""

from bench.errors import CannotRun
from bench.servers import dhcpd, dnsmasq, kea, lessor
from bench.servers.server import Server

# The two that every figure is divided by, in the order of the table's columns.
KEA_MEMFILE, KEA_POSTGRES = "kea4", "kea4@pgsql"

SERVERS = {
    server.name: server
    for server in (
        Server(
            name="lessor",
            title="Lessor, SQLite",
            version=lessor.version,
            prepare=lessor.prepare,
            command=lessor.command,
            environment=lessor.of_sources,
            leases=lessor.leases_in_file,
            preload=lessor.preload_file,
            pages=lessor.PAGES,
        ),
        Server(
            name="lessor@pgsql",
            title="Lessor, PostgreSQL",
            version=lessor.version,
            prepare=lessor.prepare,
            command=lessor.command,
            environment=lessor.of_sources,
            leases=lessor.leases_in_database,
            preload=lessor.preload_database,
            pages=lessor.PAGES,
            database=True,
        ),
        Server(
            name=KEA_MEMFILE,
            title="Kea, memfile",
            version=kea.version,
            prepare=kea.prepare,
            command=kea.command,
            environment=kea.environment,
            leases=kea.leases_in_file,
        ),
        Server(
            name=KEA_POSTGRES,
            title="Kea, PostgreSQL",
            version=kea.version,
            prepare=kea.prepare,
            command=kea.command,
            environment=kea.environment,
            leases=kea.leases_in_database,
            database=True,
        ),
        Server(
            name="dhcpd",
            title="ISC dhcpd",
            version=dhcpd.version,
            prepare=dhcpd.prepare,
            command=dhcpd.command,
            leases=dhcpd.leases,
        ),
        Server(
            name="dnsmasq",
            title="dnsmasq",
            version=dnsmasq.version,
            command=dnsmasq.command,
            leases=dnsmasq.leases,
        ),
        Server(
            name="lessor-compiled",
            title="Lessor compiled, SQLite",
            version=lessor.version,
            prepare=lessor.prepare,
            command=lessor.command,
            environment=lessor.compiled,
            leases=lessor.leases_in_file,
            preload=lessor.preload_file,
            pages=lessor.PAGES,
            beside="lessor",
        ),
        Server(
            name="lessor-compiled@pgsql",
            title="Lessor compiled, PostgreSQL",
            version=lessor.version,
            prepare=lessor.prepare,
            command=lessor.command,
            environment=lessor.compiled,
            leases=lessor.leases_in_database,
            preload=lessor.preload_database,
            pages=lessor.PAGES,
            database=True,
            beside="lessor@pgsql",
        ),
        Server(
            name="lessor-hooked",
            title="Lessor, SQLite, four hooks",
            version=lessor.version,
            prepare=lessor.prepare_hooked,
            command=lessor.command,
            environment=lessor.of_sources,
            leases=lessor.leases_in_file,
            beside="lessor",
        ),
        Server(
            name="lessor-configured",
            title="Lessor, SQLite, much configured",
            version=lessor.version,
            prepare=lessor.prepare_configured,
            command=lessor.command,
            environment=lessor.of_sources,
            leases=lessor.leases_in_file,
            pages=lessor.PAGES,
            beside="lessor",
        ),
        Server(
            name="lessor-configured@pgsql",
            title="Lessor, PostgreSQL, much configured",
            version=lessor.version,
            prepare=lessor.prepare_configured,
            command=lessor.command,
            environment=lessor.of_sources,
            leases=lessor.leases_in_database,
            pages=lessor.PAGES,
            database=True,
            beside="lessor@pgsql",
        ),
    )
}


#: What is measured when nothing is named.
DEFAULT_SERVERS = tuple(name for name, server in SERVERS.items() if server.beside is None)


def chosen(names: str) -> tuple[Server, ...]:
    """The servers of a comma-separated list, in its order."""
    unknown = [name for name in names.split(",") if name not in SERVERS]
    if unknown:
        raise CannotRun(f"Unknown server {', '.join(unknown)}; known are {', '.join(SERVERS)}.")
    return tuple(SERVERS[name] for name in names.split(","))
