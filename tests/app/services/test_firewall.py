import json
import os
import shutil
import subprocess

import pytest

from app.services.firewall import iptables_drops, nft_drops


def chain(policy="accept", hook="input", name="input"):
    return {"chain": {"family": "inet", "table": "filter", "name": name, "hook": hook, "policy": policy}}


def rule(*expressions, chain_name="input"):
    return {"rule": {"family": "inet", "table": "filter", "chain": chain_name, "expr": list(expressions)}}


def udp(right, op="=="):
    return {"match": {"op": op, "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": right}}


ESTABLISHED = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}
FROM_LO = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}
IS_UDP = {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "udp"}}
IS_TCP = {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "tcp"}}
ACCEPT, DROP, REJECT = {"accept": None}, {"drop": None}, {"reject": None}


def drops(*entries):
    return nft_drops(json.dumps({"nftables": [{"metainfo": {}}, *entries]}), 67)


@pytest.mark.parametrize("entries", [
    (),
    (chain(),),
    (chain("drop"), rule(udp(67), ACCEPT)),
    (chain("drop"), rule(ESTABLISHED, ACCEPT), rule(udp({"set": [53, 67]}), ACCEPT)),
    (chain("drop"), rule(udp({"range": [60, 70]}), ACCEPT)),
    (chain("drop"), rule(IS_UDP, ACCEPT)),
    (chain("drop"), rule(ACCEPT)),
    (chain(), rule(udp(68), DROP)),
    (chain(), rule(IS_TCP, DROP)),
    (chain(), rule(udp(67, "!="), DROP)),
    (chain("drop", hook="output"),),
    (chain("drop"), {"chain": {"family": "inet", "table": "filter", "name": "services"}},
     rule({"jump": {"target": "services"}}), rule(udp(67), ACCEPT, chain_name="services")),
    (chain(), rule(udp(67), ACCEPT), rule(DROP)),
])
def test_nft_lets_the_port_in(entries):
    assert drops(*entries) == []


@pytest.mark.parametrize("entries", [
    (chain("drop"),),
    (chain("drop"), rule(udp(53), ACCEPT)),
    (chain("drop"), rule(FROM_LO, ACCEPT), rule(ESTABLISHED, ACCEPT), rule(IS_TCP, ACCEPT)),
    (chain(), rule(udp(67), DROP)),
    (chain(), rule(udp(67), REJECT), rule(udp(67), ACCEPT)),
    (chain(), rule(udp(53, "!="), DROP)),
    (chain(), {"chain": {"family": "inet", "table": "filter", "name": "bad"}}, rule({"goto": {"target": "bad"}}),
     rule(DROP, chain_name="bad")),
    (chain("drop"), rule({"jump": {"target": "input"}})),
])
def test_nft_keeps_the_port_out(entries):
    (sentence,) = drops(*entries)
    assert "inet filter input" in sentence
    assert "67" in sentence


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"nftables": 5}'])
def test_what_nft_says_otherwise_is_nothing_found(text):
    assert nft_drops(text, 67) == []


SAVED = "*filter\n:INPUT {policy} [0:0]\n:FORWARD ACCEPT [0:0]\n{rules}\nCOMMIT\n"


@pytest.mark.parametrize(("policy", "rules", "dropped"), [
    ("ACCEPT", "", False),
    ("DROP", "", True),
    ("DROP", "-A INPUT -p udp -m udp --dport 67 -j ACCEPT", False),
    ("DROP", "-A INPUT -p udp -m multiport --dports 53,67:68 -j ACCEPT", False),
    ("DROP", "-A INPUT -p udp -m udp --dport 53 -j ACCEPT", True),
    ("DROP", "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT", True),
    ("DROP", "-A INPUT -p tcp -j ACCEPT", True),
    ("ACCEPT", "-A INPUT -p udp -m udp --dport 67 -j DROP", True),
    ("ACCEPT", "-A INPUT -p udp -m udp --dport 67 -j REJECT --reject-with icmp-port-unreachable", True),
    ("ACCEPT", "-A INPUT -s 203.0.113.0/24 -p udp -m udp --dport 67 -j DROP", False),
    ("ACCEPT", "-A INPUT -p udp -m udp --dport 68 -j DROP", False),
    ("ACCEPT", "-A OUTPUT -p udp -m udp --dport 67 -j DROP", False),
    ("ACCEPT", "-A INPUT -p udp -m udp --dport 67 -j ACCEPT\n-A INPUT -j DROP", False),
])
def test_iptables(policy, rules, dropped):
    assert bool(iptables_drops(SAVED.format(policy=policy, rules=rules), 67)) == dropped


@pytest.mark.netns
def test_what_a_real_nft_prints_is_understood():
    if shutil.which("nft") is None:
        pytest.skip("no program nft here (Debian: apt-get install nftables)")
    name = f"lessor-fw-{os.getpid()}"
    inside = ["ip", "netns", "exec", name]
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        def listed(*commands):
            for command in commands:
                subprocess.run([*inside, "nft", command], check=True)
            done = subprocess.run([*inside, "nft", "-j", "list", "ruleset"], check=True, capture_output=True, text=True)
            return nft_drops(done.stdout, 67)

        assert listed() == []
        assert len(listed("add table inet filter", "add chain inet filter input { type filter hook input priority 0; "
                          "policy drop; }", "add rule inet filter input ct state established,related accept",
                          "add rule inet filter input tcp dport 22 accept")) == 1
        assert listed("add rule inet filter input udp dport { 53, 67-68 } accept") == []
        assert "drops UDP port 67" in listed("insert rule inet filter input udp dport 67 drop")[0]
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def tcp(right):
    return {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": right}}


def test_a_tcp_port_is_another_than_the_udp_port_of_its_number():
    only_udp = json.dumps({"nftables": [chain("drop"), rule(udp(67), ACCEPT)]})
    both = json.dumps({"nftables": [chain("drop"), rule(udp(67), ACCEPT), rule(tcp(67), ACCEPT)]})
    assert nft_drops(only_udp, 67, "udp") == nft_drops(both, 67, "tcp") == []
    assert nft_drops(only_udp, 67, "tcp") == [
        "The nft chain inet filter input drops what no rule accepts, and none accepts TCP port 67."]
    saved = ":INPUT DROP [0:0]\n-A INPUT -p udp --dport 67 -j ACCEPT\n"
    assert iptables_drops(saved, 67, "udp") == []
    assert "TCP port 67" in iptables_drops(saved, 67, "tcp")[0]
    assert iptables_drops(f"{saved}-A INPUT -p tcp -m tcp --dport 67 -j ACCEPT\n", 67, "tcp") == []
    assert "rejects TCP port 67" in iptables_drops("-A INPUT -p tcp --dport 67 -j REJECT\n", 67, "tcp")[0]
