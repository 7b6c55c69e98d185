"""A document that uses every key, for tests to take and to break."""

import copy
from typing import Any

FULL: dict[str, Any] = {
    "version": 1,
    "globals": {
        "lifetime": {"default": "1h", "min": "10m", "max": "1d"},
        "authoritative": False,
        "adopt": "free",
        "rapid_commit": True,
        "options": {"dhcp4": {"domain-name-servers": ["192.0.2.53"]}, "dhcp6": {}},
        "offer_hold": 30,
        "reclaim_grace": "1m",
        "probation": "12h",
        "probe": True,
        "always_send": {"dhcp4": ["domain-name-servers"], "dhcp6": ["dns-servers"]},
        "never_send": {"dhcp4": ["cookie-servers"]},
        "forcerenew": "authenticated",
        "bootp": "reserved",
        "bootp_lifetime": "30d",
        "echo_client_id": False,
        "ipv6_only": "30m",
        "auto_configure": "forbid",
        "subnet_selection": True,
        "compatibility": {
            "lenient_options": True,
            "ignore_link_selection": True,
            "ignore_server_identifier": True,
            "bootp_always_options": True,
        },
        "allow": ["02:00:*"],
        "deny": ["02:00:5e:*:01", {"client_id": "01:02:*"}],
    },
    "option_definitions": [{"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}],
    "shared_networks": [
        {
            "name": "campus",
            "lifetime": {"default": "3h", "preferred": "1h"},
            "authoritative": False,
            "adopt": "never",
            "rapid_commit": False,
            "preference": 3,
            "boot": {"next_server": "192.0.2.7"},
            "options": {"dhcp4": {"ntp-servers": ["192.0.2.4"]}, "dhcp6": {"dns-servers": ["2001:db8::4"]}},
            "always_send": {"dhcp4": ["ntp-servers"]},
            "never_send": {"dhcp6": ["domain-search"]},
            "bootp": "never",
            "bootp_lifetime": "1h",
            "echo_client_id": True,
            "ipv6_only": "1h",
            "auto_configure": "ignore",
        }
    ],
    "classes": [
        {
            "name": "voip",
            "test": "option[60].text == 'AAVAYA' and not member('lab')",
            "options": {"dhcp4": {"domain-name": "voip.example.org"}},
            "lifetime": "8h",
            "boot": {"file": "phone.bin"},
            "description": "Telephones",
            "always_send": {"dhcp4": ["domain-name"]},
            "never_send": {"dhcp4": ["cookie-servers"]},
        },
        {"name": "lab"},
        {"name": "port", "template_test": "relay4[circuit-id].text", "only_in_additional_list": True},
    ],
    "subnets": [
        {
            "prefix": "192.0.2.0/24",
            "name": "office",
            "interface": "eth0",
            "relays": ["192.0.2.2"],
            "shared_network": "campus",
            "lifetime": "2h",
            "authoritative": True,
            "adopt": "reserved",
            "rapid_commit": False,
            "boot": {"next_server": "192.0.2.6", "server_name": "boothost", "file": "boot/pxe.0", "by_architecture": {
                "x64-uefi": "ipxe.efi", "77": {"next_server": "192.0.2.7", "file": "other"},
            }},
            "options": {
                "routers": ["192.0.2.1"],
                "domain-name": "example.org",
                "classless-static-route": [["192.168.200.0/24", "192.0.2.254"]],
                "x-colour": "blue",
            },
            "always_send": ["domain-name"],
            "never_send": ["log-servers"],
            "bootp": "free",
            "bootp_lifetime": "infinite",
            "echo_client_id": True,
            "ipv6_only": 0,
            "auto_configure": "allow",
            "class": ["lab", "known"],
            "additional": ["port"],
            "allow": ["02:00:00:*"],
            "deny": ["02:00:00:00:00:ff"],
            "pools": [
                {
                    "first": "192.0.2.100",
                    "last": "192.0.2.199",
                    "class": "known",
                    "lifetime": "15m",
                    "options": {"domain-name": "known.example.org"},
                    "always_send": ["domain-name"],
                    "never_send": ["cookie-servers"],
                    "additional": ["voip"],
                },
                {"first": "192.0.2.200", "last": "192.0.2.220", "bootp": False, "ipv6_only": "10m"},
            ],
            "assignments": [
                {
                    "hw_address": "02:00:00:00:00:01",
                    "address": "192.0.2.10",
                    "hostname": "printer",
                    "options": {"domain-name": "printers.example.org"},
                    "always_send": ["routers"],
                    "never_send": ["ntp-servers"],
                },
                {"client_id": "01:02:00:00:00:00:02", "address": "192.0.2.11"},
                {"circuit_id": "eth-0-1-7", "address": "192.0.2.12", "enabled": False},
                {"remote_id": {"hex": "00:01:ff"}, "address": "192.0.2.150"},
                {"hw_address": "02:00:00:00:00:05", "hostname": "known-by-name-only", "classes": ["lab", "EXTERNAL_x"]},
            ],
        },
        {
            "prefix": "2001:db8:1::/64",
            "interface": "eth0",
            "relays": ["fe80::1"],
            "interface_id": "6c616e31",
            "lifetime": {"default": 4000, "renew": 1000, "rebind": 2000, "preferred": 3001},
            "preference": 255,
            "pools": [{"first": "2001:db8:1::1000", "last": "2001:db8:1::ffff"}],
            "prefix_pools": [{"prefix": "2001:db8:8000::/36", "delegated_length": 56}],
            "assignments": [
                {
                    "duid": "00:03:00:01:02:00:00:00:00:01",
                    "addresses": ["2001:db8:1::10", "2001:db8:1::11"],
                    "prefixes": ["2001:db8:f::/56"],
                },
            ],
        },
        {"prefix": "192.0.2.0/24", "name": "office of another network", "space": 7, "vss": "customer-a",
         "proxy": True},
    ],
    "handlers": [
        {"type": "mark", "name": "late", "fields": {"marks": ["late"]}, "scope": {"elapsed": {
            "more_than": 10, "less_than": "1m"}}, "description": "Clients that ask again and again"},
        {"type": "recursive-name-servers", "name": "resolvers", "fields": {"addresses": ["192.0.2.54"]}, "scope": {
            "subnet": "192.0.2.0/24", "shared_network": ["campus"], "relay": ["192.0.2.2", "198.51.100.0/28"],
            "class": ["voip", "known"], "mark": "late",
            "time": {"from": "08:00", "to": "17:30", "days": ["mon", "fri"], "zone": "Europe/Berlin"}},
         "enabled": False},
        {"type": "of-no-package", "name": "of-no-package", "fields": {"anything": [1, {"a": None}]},
         "isolated": True},
    ],
    "leasequery": {"enabled": True, "requestors": ["192.0.2.2", "198.51.100.0/28", "2001:db8::2", "2001:db8:f::/64"],
                   "active": True, "active_insecure": True, "tls": "allowed"},
}


def full() -> dict[str, Any]:
    """A copy to break."""
    return copy.deepcopy(FULL)
