"""What is around the engine: ports, other servers, the firewall, the container, who reaches the pages."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from app.services.checks import credentials, ports
from app.services.checks.verdicts import Patient, Verdict, broken, note, ok, warning
from app.services.facts import is_private_to_machine


def sockets(patient: Patient) -> Iterator[Verdict]:
    settings, machine = patient.settings, patient.machine
    port = settings.dhcp4.port
    if not settings.dhcp4.enabled:
        yield note("DHCPv4 is switched off (dhcp4.enabled).")
        for one_more in ports.further(patient):
            yield from ports.held(patient, one_more)
        return
    holders = machine.holders(port)
    if patient.status is not None:
        yield ok(f"The engine has UDP port {port}.")
    elif holders:
        one = holders[0]
        who = f"{one.name or 'a process'} (pid {one.pid})" if one.pid else "a process that only root can name"
        yield broken(f"UDP port {port} is taken by {who}, at {one.address}.",
               f"Stop it ({_stop(one.name)}), or set dhcp4.port.")
    else:
        yield ok(f"UDP port {port} is free.")
    for one_more in ports.further(patient):
        yield from ports.held(patient, one_more)
    yield from credentials.leasequery(patient)
    for name in machine.missing_interfaces(settings.interfaces):
        yield warning(f"The interface {name} of the settings is not there.",
               "It is served when it comes; correct interfaces if it never will.")
    yield from _capabilities(patient, port)


def _stop(name: str) -> str:
    services = {"dnsmasq": "dnsmasq", "dhcpd": "isc-dhcp-server", "kea-dhcp4": "kea-dhcp4-server",
                "systemd-network": "systemd-networkd"}
    return f"systemctl disable --now {services.get(name, name)}" if name else "see: ss -ulpn"


def _capabilities(patient: Patient, port: int) -> Iterator[Verdict]:
    if patient.status is not None:
        return
    missing = {"NET_RAW", *({"NET_BIND_SERVICE"} if port < patient.machine.unprivileged_port_start() else ())}
    missing -= patient.machine.capabilities()
    if "NET_BIND_SERVICE" in missing:
        yield warning(f"This user may not open port {port}.",
               "Start the engine as root (it gives root up by itself), or with the capability NET_BIND_SERVICE.")
    if "NET_RAW" in missing:
        yield note("This user may not send raw frames: clients without an address are answered by broadcast.",
               "Start the engine as root (it gives root up by itself), or with the capability NET_RAW.")


def servers(patient: Patient) -> Iterator[Verdict]:
    settings, machine = patient.settings, patient.machine
    if not settings.dhcp4.enabled or settings.dhcp4.port != 67:
        yield note("Not asked for: this server is not on the port of real clients.")
        return
    if not machine.is_root():
        yield note("Whether another server answers was not asked: that needs root.", "sudo lessor doctor")
        return
    own, asked, found = machine.own_addresses(), machine.interfaces(settings.interfaces), False
    for interface in asked:
        for other in machine.other_servers(interface, settings.dhcp4.port):
            if other.server not in own:
                found = True
                yield warning(f"Another DHCP server answers on {interface}: {other.server} offered "
                                         f"{other.offered}.",
                       "Stop it, or make sure that its pools and yours do not overlap.")
    if not found:
        yield ok(f"No other DHCP server answers on {', '.join(asked) or 'any interface'}.")


def firewall(patient: Patient) -> Iterator[Verdict]:
    if not patient.machine.is_root():
        yield note("The host's firewall was not looked at: that needs root.", "sudo lessor doctor")
        return
    for port in (ports.Port("udp", patient.settings.dhcp4.port, "DHCP"), *ports.further(patient)):
        found = patient.machine.firewall(port.number, port.protocol)
        for sentence in found:
            yield broken(sentence, f"Let it in, for instance: nft insert rule inet filter input {port.protocol} dport "
                                   f"{port.number} accept")
        if not found:
            yield ok(f"No rule of the host's firewall was found that keeps {port.name} from us.")


def container(patient: Patient) -> Iterator[Verdict]:
    if patient.machine.in_bridged_container():
        yield warning("This container has a network of its own (a bridge): broadcasts of the real network do "
                                 "not come in, only what relays send to it.",
               "Run the engine with the host's network (network_mode: host).")
    else:
        yield ok("The network is the machine's own.")


def pages(patient: Patient) -> Iterator[Verdict]:
    answer = patient.machine.readiness(patient.settings.web)
    if answer is None:
        yield warning(f"No pages are served at {patient.settings.web.bind}.", "Start them: lessor web")
    elif answer.status != HTTPStatus.OK or answer.reason:
        yield broken(f"The pages at {patient.settings.web.bind} are not ready: {answer.reason}", "See their log.")
    else:
        yield ok(f"The pages at {patient.settings.web.bind} are ready.")


def web(patient: Patient) -> Iterator[Verdict]:
    web = patient.settings.web
    if is_private_to_machine(web.host):
        yield ok(f"The pages are at {web.bind}, for this machine alone.")
    elif web.tls != "off":
        yield ok(f"The pages at {web.bind} are encrypted.")
    elif web.unprotected:
        yield warning(f"The pages at {web.bind} are not encrypted: everybody on the way reads passwords.",
               "Set web.tls to self-made or given.")
    else:
        yield broken(f"web.bind is {web.bind}, which others can reach, and web.tls is off: "
                                "lessor web refuses to start.",
               "Set web.tls to self-made or given, or web.bind to a loopback address.")


