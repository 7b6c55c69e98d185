"""What the host's packet filter does with a UDP or TCP port, read from what nft and iptables say.  Nothing runs here.

A filter can hide a port in more ways than are looked at; what is found is certain, what is not found is not proved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_REFUSING = frozenset({"drop", "reject"})
_CHAIN_POLICY = re.compile(r"^:INPUT (DROP|REJECT)\b", re.MULTILINE)


def nft_drops(ruleset: str, port: int, protocol: str = "udp") -> list[str]:
    """Sentences on the input chains of ``nft -j list ruleset`` that keep the port from us."""
    try:
        entries = list(json.loads(ruleset)["nftables"])
    except (ValueError, KeyError, TypeError):
        return []
    chains = {_place(entry["chain"]): entry["chain"] for entry in entries if "chain" in entry}
    rules: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        if "rule" in entry:
            rule = entry["rule"]
            rules.setdefault(f"{rule['family']} {rule['table']} {rule['chain']}", []).append(rule)
    found, name = [], f"{protocol.upper()} port {port}"
    for place, chain in chains.items():
        if chain.get("hook") not in {"input", "prerouting", "ingress"}:
            continue
        verdict = _verdict(place, rules, (protocol, port), frozenset())
        if verdict in _REFUSING:
            found.append(f"The nft chain {place} has a rule that {verdict}s {name}.")
        elif verdict is None and chain.get("policy") == "drop":
            found.append(f"The nft chain {place} drops what no rule accepts, and none accepts {name}.")
    return found


def iptables_drops(saved: str, port: int, protocol: str = "udp") -> list[str]:
    """Sentences on the INPUT chain of ``iptables-save`` that keep the port from us."""
    name = f"{protocol.upper()} port {port}"
    for line in saved.splitlines():
        if not line.startswith("-A INPUT "):
            continue
        target = re.search(r"-j (\S+)", line)
        if target is None or not _iptables_matches(line, port, protocol):
            continue
        if target[1] == "ACCEPT":
            return []
        if target[1].lower() in _REFUSING:
            return [f"An iptables rule of INPUT {target[1].lower()}s {name}: {line}"]
    if _CHAIN_POLICY.search(saved):
        return [f"The iptables chain INPUT drops what no rule accepts, and none accepts {name}."]
    return []


def _place(chain: Mapping[str, Any]) -> str:
    return f"{chain['family']} {chain['table']} {chain['name']}"


def _verdict(place: str, rules: Mapping[str, list[Mapping[str, Any]]], port: tuple[str, int],
             seen: frozenset[str]) -> str | None:
    """What a chain does with a packet to a protocol's port of which no more is known; None: it falls through."""
    for rule in rules.get(place, ()):
        expressions = rule.get("expr", [])
        if not all(_may_match(one["match"], port) for one in expressions if "match" in one):
            continue
        for one in expressions:
            for verdict in ("accept", *_REFUSING):
                if verdict in one:
                    return verdict
            target = (one.get("jump") or one.get("goto") or {}).get("target")
            if target and target not in seen:
                inner = f"{rule['family']} {rule['table']} {target}"
                found = _verdict(inner, rules, port, seen | {target})
                if found is not None:
                    return found
    return None


def _may_match(match: Mapping[str, Any], port: tuple[str, int]) -> bool:
    """Whether a fresh packet to a protocol's port from anybody fits; conditions on anything else do not."""
    payload = match.get("left", {}).get("payload", {}) if isinstance(match.get("left"), dict) else {}
    field = (payload.get("protocol"), payload.get("field"))
    left = match.get("left")
    by_protocol = isinstance(left, dict) and left.get("meta", {}).get("key") == "l4proto"
    protocol, number = port
    if field in {(protocol, "dport"), ("th", "dport")}:
        fits = number in set(_numbers(match.get("right")))
    elif by_protocol or field in {("ip", "protocol"), ("ip6", "nexthdr")}:
        fits = protocol in _words(match.get("right"))
    else:
        return False
    return fits != (match.get("op") == "!=")


def _numbers(right: Any) -> Iterator[int]:
    if isinstance(right, int):
        yield right
    elif isinstance(right, dict):
        for one in right.get("set", []):
            yield from _numbers(one)
        low, high = (right.get("range") or (1, 0))[:2]
        yield from range(int(low), int(high) + 1)


def _words(right: Any) -> Iterable[str]:
    if isinstance(right, dict):
        return [str(one) for one in right.get("set", [])]
    return [{"17": "udp", "6": "tcp"}.get(str(right), str(right))]


def _iptables_matches(line: str, port: int, protocol: str) -> bool:
    if re.search(r" (-s|-d|-i|--ctstate|--state|--sport|--uid-owner|-m set) ", line) or " ! " in line:
        return False
    named = re.search(r" -p (\S+)", line)
    if named and named[1] not in {protocol, {"udp": "17", "tcp": "6"}[protocol], "all"}:
        return False
    ports = re.search(r" --dports? (\S+)", line)
    if not ports:
        return True
    for part in ports[1].split(","):
        low, _, high = part.partition(":")
        if low.isdigit() and int(low) <= port <= int(high or low):
            return True
    return False
