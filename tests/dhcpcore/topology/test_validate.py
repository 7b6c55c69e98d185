"""The validator: the whole format is taken, every fault is named at once, by path, with what would be right."""

import copy

import pytest

from dhcpcore.errors import InvalidDocument
from dhcpcore.topology.faults import FAULTS_MAX
from dhcpcore.topology.validate import inspect, validate
from tests.dhcpcore.topology.documents import FULL, full


class REMOVE:
    """Instead of a value: the key is taken out."""


def changed(path, value):
    """The full document with one value replaced, added (a list's number behind its end) or removed."""
    document = full()
    here = document
    *steps, last = path
    for step in steps:
        here = here[step]
    if value is REMOVE:
        del here[last]
    elif isinstance(here, list) and last == len(here):
        here.append(value)
    else:
        here[last] = value
    return document


def faults_of(document):
    with pytest.raises(InvalidDocument) as caught:
        validate(document)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_the_whole_format_is_taken():
    document = validate(FULL)
    assert [subnet.name for subnet in document.subnets] == ["office", "2001:db8:1::/64", "office of another network"]
    assert document.subnets[0].payloads[224] == b"blue"


def test_the_smallest_document():
    assert validate({"version": 1}).canonical() == {"version": 1, "subnets": []}


def test_validation_changes_nothing_of_what_it_was_given():
    document = full()
    validate(document)
    assert document == FULL


S = ("subnets", 0)
S6 = ("subnets", 1)
A = (*S, "assignments")
A6 = (*S6, "assignments")
C = ("classes", 0)

# What is changed, to what, where the fault is told, and what it says.
BROKEN = [
    (("version",), REMOVE, "version", "version: 1"),
    (("version",), 2, "version", "not known"),
    (("version",), True, "version", "not known"),
    (("subnetz",), [], "subnetz", "did you mean subnets"),
    (("subnets",), {}, "subnets", "not a list"),
    (("subnets", 3), "192.0.2.0/24", "subnets[3]", "not a mapping"),
    (("classes",), {}, "classes", "not a list"),
    ((*C, "name"), REMOVE, "classes[0].name", "missing"),
    ((*C, "name"), "a ", "classes[0].name", "no space"),
    ((*C, "name"), "it's", "classes[0].name", "no single quote"),
    ((*C, "name"), "lab", "classes[1].name", "classes[0] already"),
    ((*C, "name"), "known", "classes[0].name", "is written KNOWN"),
    ((*C, "name"), "ALL", "classes[0].test", "needs no test"),
    ((*C, "test"), 3, "classes[0].test", "not a string"),
    ((*C, "test"), "option[60].txt == 'x'", "classes[0].test", "did you mean text?"),
    ((*C, "test"), "option[60].text", "classes[0].test", "true or false is needed"),
    ((*C, "test"), "member('voip')", "classes[0].test", "back to itself: voip asks for voip"),
    ((*C, "test"), "member('labb')", "classes[0].test", "did you mean 'lab'?"),
    ((*C, "test"), "member('port')", "classes[0].test", "only looked at later"),
    ((*C, "test"), "member('SPAWN_nope_x')", "classes[0].test", "there is no class"),
    ((*C, "template_test"), "option[60].text", "classes[0]", "either test or template_test"),
    (("classes", 2, "template_test"), "known", "classes[2].template_test", "a string is needed"),
    (("classes", 1), {"name": "lab", "test": "member('voip')"}, "classes[0].test", "voip asks for lab asks for voip"),
    ((*C, "options", "dhcp4"), {"router": []}, "classes[0].options.dhcp4.router", "did you mean routers"),
    ((*C, "options", "dhcp6"), {"nope": 1}, "classes[0].options.dhcp6.nope", "not an option"),
    ((*C, "lifetime"), "x", "classes[0].lifetime.default", "not a duration"),
    (("classes", 2, "lifetime"), "1h", "classes[2].lifetime", "said already"),
    ((*C, "boot"), {"next_server": "2001:db8::1"}, "classes[0].boot.next_server", "not an IPv4 address"),
    ((*C, "boot"), {"by_architecture": {"x64uefi": "a"}},
     "classes[0].boot.by_architecture.x64uefi", "did you mean x64-uefi?"),
    ((*C, "boot"), {"by_architecture": {"7": "a", "x64-uefi": "b"}}, "classes[0].boot", "the same one"),
    ((*C, "description"), "x" * 1001, "classes[0].description", "1000"),
    ((*C, "nope"), 1, "classes[0].nope", "no key here"),
    (("classes", 3), {"name": "DROP", "only_in_additional_list": True}, "classes[3].only_in_additional_list", "never"),
    ((*S, "boot", "by_architecture", "77", "next_server"), "::1",
     "subnets[0].boot.by_architecture.77.next_server", "IPv4"),
    ((*S, "class"), "lob", "subnets[0].class", "did you mean 'lab'?"),
    ((*S, "class"), [], "subnets[0].class", "the list is empty"),
    ((*S, "class"), "port", "subnets[0].class", "only looked at once"),
    ((*S, "additional"), ["lob"], "subnets[0].additional[0]", "there is no class"),
    ((*S, "pools", 0, "additional"), ["voip", "x"], "subnets[0].pools[0].additional[1]", "declare it under classes"),
    ((*A, 0, "classes"), ["lob"], "subnets[0].assignments[0].classes[0]", "there is no class"),
    (("globals", "allow"), ["*"], "globals.allow[0]", "at least one octet"),
    (("globals", "deny"), ["02:0"], "globals.deny[0]", "is no octet"),
    (("globals", "deny"), [{"duid": "00"}], "globals.deny[0]", "client_id"),
    ((*S, "allow"), ["02:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"], "subnets[0].allow[0]", "at most 16"),
    ((*S, "deny"), "02:00:*", "subnets[0].deny", "not a list"),
    (("handlers",), {"type": "mark"}, "handlers", "not a list"),
    (("handlers",), [{}], "handlers[0].type", "is missing"),
    (("handlers",), [{"type": "x", "name": "a"}, {"type": "y", "name": "a"}], "handlers[1].name", "names are unique"),
    (("handlers",), [{"type": "mark"}], "handlers[0].fields.marks", "is missing"),
    (("handlers",), [{"type": "mark", "fields": {"marks": ["a"]}, "isolated": True}], "handlers[0].isolated",
     "'mark' is built in, and runs in the engine: leave isolated out"),
    (("handlers",), [{"type": "x", "isolated": "maybe"}], "handlers[0].isolated", "neither true nor false"),
    (("handlers",), [*({"type": "x", "name": f"n{n}", "isolated": True} for n in range(16)),
                     {"type": "x", "name": "off", "isolated": True, "enabled": False},
                     {"type": "x", "name": "last", "isolated": True}], "handlers[17].isolated", "more than 16"),
    (("handlers",), [{"type": "mark", "fields": {"marks": []}}], "handlers[0].fields.marks", "write at least one"),
    (("handlers",), [{"type": "mark", "fields": {"mark": ["a"]}}], "handlers[0].fields.mark", "did you mean marks"),
    (("handlers",), [{"type": "set-option", "fields": {"options": {"dhcp4": {"routers": "x"}}}}],
     "handlers[0].fields.options.dhcp4.routers", "x"),
    (("handlers",), [{"type": "set-option", "fields": {"options": {"dhcp4": {"domain-name": {"expression": "'x'"}}}}}],
     "handlers[0].fields.options.dhcp4.domain-name", "write a value"),
    (("handlers",), [{"type": "copy-option", "fields": {"options": {"dhcp4": ["routerz"]}}}],
     "handlers[0].fields.options.dhcp4[0]", "routerz"),
    (("handlers",), [{"type": "domain-search-list", "fields": {"domains": ["a..b"]}}], "handlers[0].fields.domains",
     "a..b"),
    (("handlers",), [{"type": "x", "scope": {"subnet": "ofice"}}], "handlers[0].scope.subnet", "did you mean 'office'"),
    (("handlers",), [{"type": "x", "scope": {"subnet": ["office", "x"]}}], "handlers[0].scope.subnet[1]", "no subnet"),
    (("handlers",), [{"type": "x", "scope": {"shared_network": "camp"}}], "handlers[0].scope.shared_network", "campus"),
    (("handlers",), [{"type": "x", "scope": {"class": "voipp"}}], "handlers[0].scope.class", "did you mean 'voip'"),
    (("handlers",), [{"type": "x", "scope": {"mark": []}}], "handlers[0].scope.mark", "the list is empty"),
    (("handlers",), [{"type": "x", "scope": {"relay": "192.0.2.1/24"}}], "handlers[0].scope.relay[0]", "192.0.2.0/24"),
    (("handlers",), [{"type": "x", "scope": {"time": {"from": "8"}}}], "handlers[0].scope.time.from", "08:30"),
    (("handlers",), [{"type": "x", "scope": {"time": {"zone": "Here"}}}], "handlers[0].scope.time.zone", "time zone"),
    (("handlers",), [{"type": "x", "scope": {"time": {"from": "08:00", "to": "08:00"}}}], "handlers[0].scope.time",
     "the same"),
    (("handlers",), [{"type": "x", "scope": {"elapsed": {}}}], "handlers[0].scope.elapsed", "more_than, less_than"),
    (("handlers",), [{"type": "x", "scope": {"elapsed": {"more_than": 9, "less_than": 9}}}],
     "handlers[0].scope.elapsed", "exchange them"),
    (("handlers",), [{"type": "rate-limit", "fields": {"rate": 0}}], "handlers[0].fields.rate", "at least 1"),
    (("handlers",), [{"type": "timing-limits", "fields": {"factor_t1": "x"}}], "handlers[0].fields.factor_t1",
     "not a number"),
    (("handlers",), [{"type": "timing-limits", "fields": {"min_t1": 9, "max_t1": 8}}], "handlers[0].fields",
     "min_t1 is more than max_t1"),
    (("handlers",), [{"type": "boot"}], "handlers[0].fields", "nothing is there to be set"),
    (("leasequery",), {"enabled": True}, "leasequery", "requestors is empty: name the addresses that may ask"),
    (("leasequery",), [], "leasequery", "not a mapping"),
    (("leasequery", "enabled"), "yes", "leasequery.enabled", "neither true nor false"),
    (("leasequery", "requestors"), "192.0.2.2", "leasequery.requestors", "not a list"),
    (("leasequery", "requestors"), ["192.0.2.1/24"], "leasequery.requestors[0]", "192.0.2.0/24"),
    (("leasequery", "requestors"), ["0.0.0.0"], "leasequery.requestors[0]", "no host's address"),
    (("leasequery", "requestors"), ["2001:db8::1/64"], "leasequery.requestors[0]", "2001:db8::/64"),
    (("leasequery", "requestors"), ["192.0.2.2", "::"], "leasequery.requestors[1]", "no host's address"),
    (("leasequery", "requestors"), ["ff02::1:2"], "leasequery.requestors[0]", "no host's address"),
    (("leasequery", "requestors"), ["concentrator"], "leasequery.requestors[0]", "not an address"),
    (("leasequery",), {"enabled": True, "requestors": ["192.0.2.2"], "active": True}, "leasequery",
     "say active_insecure: true as well"),
    (("leasequery", "tls"), "required", "leasequery", "take active_insecure out, or say tls: allowed"),
    (("leasequery", "tls"), "always", "leasequery.tls", "'off', 'allowed' or 'required'"),
    (("leasequery", "active"), "yes", "leasequery.active", "neither true nor false"),
    (("leasequery", "requestor"), [], "leasequery.requestor", "did you mean requestors"),
    (("ddns",), {"enabled": True}, "ddns", "does not have ddns yet"),
    ((*S, "ddns"), {"suffix": "a.example"}, "subnets[0].ddns", "does not have ddns yet"),
    ((*S, "pools", 0, "ddns"), {"suffix": "a"}, "subnets[0].pools[0].ddns", "does not have ddns yet"),
    (("globals", "lifetime"), "1 hour", "globals.lifetime.default", "not a duration"),
    (("globals", "authoritative"), "yes", "globals.authoritative", "neither true nor false"),
    (("globals", "adopt"), "always", "globals.adopt", "'never', 'free' or 'reserved'"),
    (("globals", "forcerenew"), True, "globals.forcerenew", "'never', 'authenticated' or 'plain'"),
    (("globals", "offer_hold"), 0, "globals.offer_hold", "0 s: 1 second"),
    (("globals", "probation"), "infinite", "globals", "end"),
    (("globals", "options", "dhcp4", "router"), [], "globals.options.dhcp4.router", "did you mean routers"),
    (("globals", "options", "dhcp5"), {}, "globals.options.dhcp5", "dhcp6"),
    (("globals", "nope"), 1, "globals.nope", "no key here"),
    (("option_definitions", 0, "space"), REMOVE, "option_definitions[0].space", "missing"),
    (("option_definitions", 0, "space"), "elsewhere", "option_definitions[0].space", "no option"),
    (("option_definitions", 0, "family"), 6, "option_definitions[0].family", "other family"),
    (("option_definitions", 0, "family"), 7, "option_definitions[0].family", "7 is no family: write 4 or 6, or"),
    (("option_definitions", 0, "family"), "4", "option_definitions[0].family", "is no family"),
    (("option_definitions", 0, "family"), [4], "option_definitions[0].family", "is no family"),
    (("option_definitions", 0, "type"), "colour", "option_definitions[0].type", "none of"),
    (("option_definitions", 0, "code"), 3, "option_definitions[0].code", "routers"),
    (("option_definitions", 1), 3, "option_definitions[1]", "not a mapping"),
    *(
        ((*S, "prefix"), prefix, "subnets[0].prefix", says)
        for prefix, says in (
            ("224.0.0.0/24", "224.0.0.0/3, which is for multicast"), ("255.255.255.0/24", "224.0.0.0/3"),
            ("128.0.0.0/1", "224.0.0.0/3"), ("127.0.0.0/24", "keeps to itself"), ("0.0.0.0/0", "this network"),
            ("0.1.0.0/16", "this network"), ("ff02::/64", "multicast"), ("fe80::/64", "of its own"), ("::/0", "::/128"),
        )
    ),
    ((*S, "relays"), ["0.0.0.0"], "subnets[0].relays[0]", "no host's address"),
    ((*S, "relays"), ["255.255.255.255"], "subnets[0].relays[0]", "no host's address"),
    ((*S, "relays"), ["239.1.2.3"], "subnets[0].relays[0]", "no host's address"),
    ((*A, 0, "hw_address"), "00:00:00:00:00:00", "subnets[0].assignments[0].hw_address", "of nobody"),
    ((*A, 0, "hw_address"), "ff:ff:ff:ff:ff:ff", "subnets[0].assignments[0].hw_address", "of a group"),
    ((*A, 0, "hw_address"), "01:00:5e:00:00:01", "subnets[0].assignments[0].hw_address", "of a group"),
    ((*S, "proxy"), "yes", "subnets[0].proxy", "neither true nor false"),
    ((*S, "proxy"), True, "subnets[0].proxy", "another server gives the addresses: take the pools"),
    ((*S6, "proxy"), True, "subnets[1].proxy", "only for IPv4 subnets"),
    ((*S, "prefix"), REMOVE, "subnets[0].prefix", "missing"),
    ((*S, "prefix"), "192.0.2.1/24", "subnets[0].prefix", "192.0.2.0/24"),
    ((*S, "prefix"), "192.0.2.0", "subnets[0].prefix", "a slash"),
    ((*S, "prefix"), 192, "subnets[0].prefix", "write a prefix"),
    (("subnets", 3), {"prefix": "192.0.2.128/25"}, "subnets[3].prefix", "overlaps 192.0.2.0/24 of subnets[0]"),
    (("subnets", 3), {"prefix": "192.0.2.0/24"}, "subnets[3].prefix", "overlaps"),
    (("subnets", 2, "space"), 0, "subnets[2].prefix", "overlaps"),
    (("subnets", 2, "space"), -1, "subnets[2].space", "at least 0"),
    (("subnets", 2, "name"), "office", "subnets[2].name", "subnets[0] already"),
    ((*S, "name"), " office", "subnets[0].name", "no space at either end"),
    ((*S, "interface"), "a/b", "subnets[0].interface", "name of an interface"),
    ((*S, "relays"), ["2001:db8::1"], "subnets[0].relays[0]", "family"),
    ((*S, "relays"), "192.0.2.2", "subnets[0].relays", "not a list"),
    ((*S, "lifetime"), {"default": 100, "min": 200}, "subnets[0].lifetime", "out of order"),
    ((*S, "lifetime"), {"default": 100, "max": 99}, "subnets[0].lifetime", "out of order"),
    ((*S, "lifetime"), {"default": 100, "rebind": 100}, "subnets[0].lifetime", "rebind (T2)"),
    ((*S, "lifetime"), {"default": 100, "rebind": 80, "renew": 80}, "subnets[0].lifetime", "renew (T1)"),
    ((*S, "lifetime"), 0, "subnets[0].lifetime", "at least 1 second"),
    ((*S, "lifetime"), True, "subnets[0].lifetime", "write a duration such as 1h, or {default: 1h, max: 2h}"),
    ((*S, "lifetime"), 1 << 33, "subnets[0].lifetime.default", "out of range"),
    ((*S, "lifetime"), {"default": 100, "preferred": 50}, "subnets[0].lifetime.preferred", "only for IPv6"),
    ((*S, "preference"), 5, "subnets[0].preference", "only for IPv6"),
    ((*S, "interface_id"), "00", "subnets[0].interface_id", "only for IPv6"),
    ((*S, "prefix_pools"), [{"prefix": "2001:db8:9000::/36", "delegated_length": 56}], "subnets[0].prefix_pools", "6"),
    ((*S, "boot", "file"), "x" * 128, "subnets[0].boot.file", "at most 127"),
    ((*S, "boot", "server_name"), "x" * 64, "subnets[0].boot.server_name", "at most 63"),
    ((*S, "boot", "next_server"), "2001:db8::1", "subnets[0].boot.next_server", "not an IPv4 address"),
    ((*S, "options", "domain-name"), 5, "subnets[0].options.domain-name", "not a string"),
    ((*S, "options", "dhcp-lease-time"), 60, "subnets[0].options.dhcp-lease-time", "not for the administrator"),
    ((*S, "options", "option-51"), {"hex": "00"}, "subnets[0].options.option-51", "not for the administrator"),
    ((*S, "options", "option-3"), {"hex": "c0000201"}, "subnets[0].options.option-3", "as routers is"),
    ((*S, "options", "option-225"), {"hex": "00" * 5000}, "subnets[0].options.option-225", "5000 octets"),
    ((*S, "always_send"), ["router"], "subnets[0].always_send[0]", "did you mean routers"),
    ((*S, "always_send"), "routers", "subnets[0].always_send", "not a list"),
    ((*S, "always_send"), ["routers", "log-servers"], "subnets[0].always_send[1]", "in never_send[0] as well"),
    ((*S, "never_send"), ["log-servers", "7"], "subnets[0].never_send[1]", "as never_send[0] is"),
    ((*S, "never_send"), ["dhcp-lease-time"], "subnets[0].never_send[0]", "not for the administrator"),
    ((*S, "never_send"), [7], "subnets[0].never_send[0]", "not a string"),
    ((*S, "pools", 0, "never_send"), ["nope"], "subnets[0].pools[0].never_send[0]", "not an option"),
    ((*A, 0, "always_send"), ["nope"], "subnets[0].assignments[0].always_send[0]", "not an option"),
    ((*S6, "always_send"), ["routers"], "subnets[1].always_send[0]", "not an option of dhcp6"),
    (("globals", "always_send", "dhcp4"), ["dns-servers"], "globals.always_send.dhcp4[0]", "not an option of dhcp4"),
    (("globals", "never_send"), ["routers"], "globals.never_send", "not a mapping"),
    (("shared_networks", 0, "name"), REMOVE, "shared_networks[0].name", "missing"),
    (("shared_networks", 0, "names"), "x", "shared_networks[0].names", "did you mean name"),
    (("shared_networks", 0, "interface"), "eth0", "shared_networks[0].interface", "no key here"),
    (("shared_networks", 1), {"name": "campus"}, "shared_networks[1].name", "shared_networks[0] already"),
    (("shared_networks", 0, "lifetime"), "soon", "shared_networks[0].lifetime.default", "not a duration"),
    (("shared_networks", 0, "preference"), 256, "shared_networks[0].preference", "at most 255"),
    (("shared_networks", 0, "boot"), {"next_server": "::1"}, "shared_networks[0].boot.next_server", "not an IPv4"),
    (("shared_networks", 0, "options", "dhcp4"), {"router": []}, "shared_networks[0].options.dhcp4.router", "routers"),
    (("shared_networks", 0, "never_send", "dhcp4"), ["ntp-servers"], "shared_networks[0].always_send.dhcp4[0]",
     "take it out"),
    (("shared_networks",), {"name": "campus"}, "shared_networks", "not a list"),
    ((*S, "pools", 0, "first"), "192.0.2.200", "subnets[0].pools[0]", "first comes after last"),
    ((*S, "pools", 0, "first"), "192.0.1.200", "subnets[0].pools[0].first", "outside the subnet"),
    ((*S, "pools", 1, "last"), "192.0.2.255", "subnets[0].pools[1].last", "broadcast"),
    ((*S, "pools", 2), {"first": "192.0.2.0", "last": "192.0.2.9"}, "subnets[0].pools[2].first", "own address"),
    ((*S, "pools", 1, "first"), "192.0.2.199", "subnets[0].pools[1]", "overlaps subnets[0].pools[0]"),
    ((*S, "pools", 0, "class"), "voice", "subnets[0].pools[0].class", "did you mean 'voip'?"),
    ((*S, "pools", 0, "last"), "2001:db8::1", "subnets[0].pools[0]", "different families"),
    ((*S, "pools", 0, "options", "nope"), 1, "subnets[0].pools[0].options.nope", "not an option"),
    ((*S, "pools", 0, "lifetime"), {"default": 9, "preferred": 5}, "subnets[0].pools[0].lifetime.preferred", "IPv6"),
    ((*A, 0, "hw_address"), REMOVE, "subnets[0].assignments[0]", "none is there"),
    ((*A, 0, "client_id"), "01:02", "subnets[0].assignments[0]", "hw_address and client_id are there"),
    ((*A, 0, "hw_address"), "02:00:00:00:00", "subnets[0].assignments[0].hw_address", "has 5 octets"),
    ((*A, 0, "hw_address"), 20000000001, "subnets[0].assignments[0].hw_address", "in quotes"),
    ((*A, 1, "client_id"), "01", "subnets[0].assignments[1].client_id", "too short"),
    ((*A, 2, "circuit_id"), "x" * 256, "subnets[0].assignments[2].circuit_id", "256 octets"),
    ((*A, 2, "circuit_id"), {"hex": 5}, "subnets[0].assignments[2].circuit_id", "in quotes"),
    ((*A, 0, "address"), "192.0.3.10", "subnets[0].assignments[0].address", "outside the subnet"),
    ((*A, 0, "address"), "2001:db8:1::5", "subnets[0].assignments[0].address", "it belongs to subnets[1]"),
    ((*A, 0, "address"), "192.0.2.0", "subnets[0].assignments[0].address", "own address"),
    ((*A, 0, "address"), "192.0.2.11", "subnets[0].assignments[1].address", "subnets[0].assignments[0] already"),
    ((*A, 5), {"hw_address": "02:00:00:00:00:01"}, "subnets[0].assignments[5].hw_address", "the same client"),
    ((*A, 0, "addresses"), ["192.0.2.13"], "subnets[0].assignments[0]", "either address or addresses"),
    ((*A, 4, "addresses"), ["192.0.2.13", "192.0.2.14"], "subnets[0].assignments[4].addresses", "one address"),
    ((*A, 4, "addresses"), ["192.0.2.13", "192.0.2.13"], "subnets[0].assignments[4]", "there twice"),
    ((*A, 0, "hostname"), "has space", "subnets[0].assignments[0].hostname", "not a host name"),
    ((*A, 0, "enabled"), "no", "subnets[0].assignments[0].enabled", "neither true nor false"),
    ((*A, 0, "options", "routers"), "x", "subnets[0].assignments[0].options.routers", "not a list"),
    ((*A, 0, "prefixes"), ["2001:db8:5::/64"], "subnets[0].assignments[0].prefixes", "only for IPv6"),
    ((*S6, "boot"), {"file": "x"}, "subnets[1].boot", "only for IPv4"),
    ((*S6, "preference"), 256, "subnets[1].preference", "at most 255"),
    ((*S6, "lifetime", "preferred"), 4001, "subnets[1].lifetime", "not be longer"),
    ((*S6, "prefix_pools", 0, "delegated_length"), 30, "subnets[1].prefix_pools[0]", "36 (the prefix's own) to 128"),
    ((*S6, "prefix_pools", 0, "prefix"), "192.0.2.0/24", "subnets[1].prefix_pools[0]", "only IPv6"),
    ((*S6, "prefix_pools", 1), {"prefix": "2001:db8:8f00::/40", "delegated_length": 64}, "subnets[1].prefix_pools[1]",
     "overlaps subnets[1].prefix_pools[0]"),
    ((*S6, "prefix_pools", 1), {"prefix": "2001:db8:1::/64", "delegated_length": 72}, "subnets[1].prefix_pools[1]",
     "overlaps subnets[1].pools[0]"),
    ((*A6, 0, "prefixes"), ["2001:db8:8001::/56"], "subnets[1].assignments[0].prefixes[0]", "prefix_pools[0]"),
    ((*A6, 0, "prefixes"), ["2001:db8:8000::/33"], "subnets[1].assignments[0].prefixes[0]", "prefix_pools[0]"),
    ((*A6, 1), {"duid": "00:03:00:01:02:01", "prefixes": ["2001:db8:f:80::/57"]},
     "subnets[1].assignments[1].prefixes[0]", "overlaps subnets[1].assignments[0]"),
    ((*A6, 1), {"client_id": "01:02:03"}, "subnets[1].assignments[1].client_id", "no IPv6 client"),
    (("subnets", 3), {"prefix": "2001:db8:2::/64", "interface_id": "6c616e31"}, "subnets[3].interface_id",
     "subnets[1] already"),
    (("globals", "bootp"), "always", "globals.bootp", "'never', 'free' or 'reserved'"),
    (("globals", "bootp_lifetime"), 0, "globals.bootp_lifetime", "at least 1 second"),
    (("globals", "echo_client_id"), "no", "globals.echo_client_id", "neither true nor false"),
    (("globals", "ipv6_only"), "4m", "globals.ipv6_only", "no client waits under 300 s"),
    (("globals", "auto_configure"), True, "globals.auto_configure", "'ignore', 'forbid' or 'allow'"),
    (("globals", "subnet_selection"), 1, "globals.subnet_selection", "neither true nor false"),
    (("globals", "compatibility"), True, "globals.compatibility", "mapping"),
    (("globals", "compatibility", "lenient_options"), "yes", "globals.compatibility.lenient_options", "neither true"),
    (("globals", "compatibility", "ignore_link_selection"), 0, "globals.compatibility.ignore_link_selection", "true"),
    (("globals", "compatibility", "ignore_server_identifier"), "off",
     "globals.compatibility.ignore_server_identifier", "true"),
    (("globals", "compatibility", "bootp_always_options"), [], "globals.compatibility.bootp_always_options", "true"),
    (("globals", "compatibility", "lenient"), True, "globals.compatibility.lenient", "lenient_options"),
    ((*S, "bootp"), "dynamic", "subnets[0].bootp", "'never', 'free' or 'reserved'"),
    ((*S, "bootp_lifetime"), "for ever", "subnets[0].bootp_lifetime", "not a duration"),
    ((*S, "echo_client_id"), 1, "subnets[0].echo_client_id", "neither true nor false"),
    ((*S, "ipv6_only"), 299, "subnets[0].ipv6_only", "299 s is too short"),
    ((*S, "auto_configure"), "no", "subnets[0].auto_configure", "'ignore', 'forbid' or 'allow'"),
    ((*S, "pools", 1, "bootp"), "free", "subnets[0].pools[1].bootp", "neither true nor false"),
    ((*S, "pools", 1, "ipv6_only"), 1, "subnets[0].pools[1].ipv6_only", "too short"),
    (("subnets", 2, "vss"), {"hex": "00:00:0c"}, "subnets[2].vss", "has 3 octets: a VPN-ID has 7"),
    (("subnets", 2, "vss"), "Käufer", "subnets[2].vss", "printable ASCII"),
    (("subnets", 2, "vss"), "", "subnets[2].vss", "1 to 255"),
    (("subnets", 2, "vss"), 5, "subnets[2].vss", "a VPN's name such as 'customer-a'"),
    (("subnets", 3), {"prefix": "10.0.0.0/24", "space": 8, "vss": "customer-a"}, "subnets[3].vss",
     "means space 7 in subnets[2] already"),
    ((*S6, "bootp"), "free", "subnets[1].bootp", "only for IPv4"),
    ((*S6, "bootp_lifetime"), 5, "subnets[1].bootp_lifetime", "only for IPv4"),
    ((*S6, "echo_client_id"), False, "subnets[1].echo_client_id", "only for IPv4"),
    ((*S6, "ipv6_only"), "1h", "subnets[1].ipv6_only", "only for IPv4"),
    ((*S6, "auto_configure"), "allow", "subnets[1].auto_configure", "only for IPv4"),
    ((*S6, "vss"), "customer-a", "subnets[1].vss", "only for IPv4"),
    ((*S6, "pools", 0, "bootp"), False, "subnets[1].pools[0].bootp", "only for IPv4"),
    ((*S6, "pools", 0, "ipv6_only"), "1h", "subnets[1].pools[0].ipv6_only", "only for IPv4"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "told_at", "says"), BROKEN, ids=lambda part: str(part)[:60])
def test_a_fault_is_told_at_its_place_and_says_what_is_right(path, value, told_at, says):
    faults = faults_of(changed(path, value))
    assert told_at in faults, faults
    assert says in faults[told_at]


ALSO_RIGHT = [
    ((*S, "lifetime"), "infinite"),
    ((*S, "lifetime"), {"max": "30m"}),
    ((*S, "options", "routers"), {"hex": "c0000201"}),
    ((*A, 2, "address"), "192.0.2.10"),  # Disabled: without effect, so in nobody's way.
    ((*A6, 0, "prefixes"), ["2001:db8:9000::/36"]),
    (("subnets", 3), {"prefix": "192.0.3.0/31", "pools": [{"first": "192.0.3.0", "last": "192.0.3.1"}]}),
    (("handlers",), []),
    (("ddns",), {}),
    ((*A, 5), {"duid": "00:03:00:01:02:00"}),
    (("subnets", 2, "vss"), {"hex": "00:00:0c:00:00:01:02"}),
    (("subnets", 3), {"prefix": "10.0.0.0/24", "space": 7, "vss": "customer-a"}),
    (("globals", "ipv6_only"), "infinite"),
]


@pytest.mark.parametrize(("path", "value"), ALSO_RIGHT, ids=str)
def test_what_is_unusual_and_right_is_taken(path, value):
    validate(changed(path, value))


def test_all_faults_at_once():
    document = full()
    for path, value in (
        (("nope",), 1),
        ((*S, "prefix"), "192.0.2.1/24"),
        ((*S, "pools", 0, "first"), "nowhere"),
        ((*A, 0, "enabled"), "no"),
        ((*S6, "preference"), 256),
        ((*A6, 0, "hostname"), "-"),
    ):
        here = document
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = value
    assert set(faults_of(document)) == {
        "nope",
        "subnets[0].prefix",
        "subnets[0].pools[0].first",
        "subnets[0].assignments[0].enabled",
        "subnets[1].preference",
        "subnets[1].assignments[0].hostname",
    }


def test_one_wrong_piece_makes_no_fault_elsewhere():
    assert set(faults_of(changed((*S, "name"), 5))) == {"subnets[0].name"}


@pytest.mark.parametrize("value", [None, [], "text", 5], ids=str)
def test_what_is_no_mapping_is_no_document(value):
    assert "no definitions document" in faults_of(value)["document"]


def test_very_many_faults_are_counted():
    document = {"version": 1, "subnets": ["x"] * (FAULTS_MAX + 5)}
    with pytest.raises(InvalidDocument) as caught:
        validate(document)
    assert len(caught.value.faults) == FAULTS_MAX + 1
    assert "5 faults more" in caught.value.faults[-1].message


def test_inspection_keeps_what_is_right():
    document = changed((*S, "pools", 0, "first"), "nowhere")
    document["subnets"].append({"prefix": "192.0.2.128/25"})
    kept, faults = inspect(document)
    assert set(faults.elements) == {"subnets[0].pools[0]", "subnets[3]"}
    assert [len(subnet.pools) for subnet in kept.subnets] == [1, 2, 0]


def test_canonical_form_is_a_fixed_point_and_one_for_all_spellings():
    once = validate(FULL).canonical()
    assert validate(once).canonical() == once
    other = copy.deepcopy(FULL)
    other["globals"]["lifetime"] = {"default": 3600, "min": "600", "max": "24h"}
    other["subnets"][0]["assignments"][0]["hw_address"] = "0200.0000.0001"
    other["subnets"][0]["assignments"].reverse()
    other["subnets"][1]["prefix"] = "2001:0db8:1:0::/64"
    assert validate(other).canonical() == once


def test_no_subnet_is_named_as_the_prefix_of_another():
    subnets = [{"prefix": "192.0.2.0/24", "name": "198.51.100.0/24"}, {"prefix": "198.51.100.0/24"}]
    for other in ({}, {"name": "other"}):
        found = faults_of({"version": 1, "subnets": [subnets[0], {**subnets[1], **other}]})
        assert "is the prefix of subnets[1]" in found["subnets[0].name"]
        assert len(found) == 1
    own = {"prefix": "192.0.2.0/24", "name": "192.0.2.0/24"}
    assert validate({"version": 1, "subnets": [own, subnets[1]]})


@pytest.mark.parametrize("path", [
    (*S, "name"), (*S, "interface"), (*S, "boot", "file"), (*S, "assignments", 0, "hostname"),
    (*S, "assignments", 0, "hw_address"), (*S, "lifetime"),
], ids=lambda path: path[-1])
def test_a_page_of_nonsense_is_not_repeated(path):
    (message,) = faults_of(changed(path, "x" * 100_000)).values()
    assert len(message) < 300
