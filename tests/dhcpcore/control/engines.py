"""A pretend engine for the channel's tests."""

from typing import Any

from dhcpcore.errors import Refused


class FakeEngine:
    """Remembers what it was asked; knows one lease."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def status(self):
        return {"version": "0", "ready": True}

    def statistics(self):
        return {"received": 7}

    def reload(self):
        self.calls.append(("reload",))

    def release(self, address, space=0):
        self.calls.append(("release", address, space))
        if address != b"\xc0\x00\x02\x0a":
            raise Refused("There is no lease of that address.")
        return {"address": "192.0.2.10"}

    def renew(self, address, space=0):
        self.calls.append(("renew", address, space))
        return {"address": "192.0.2.10"}

    def transactions(self, limit, client=None):
        return [{"client": client or "any", "n": n} for n in range(limit)]

    def log(self, limit, after, level, find):
        return {"lines": [{"id": 7, "text": find or level}][:limit], "last": 7, "lost": 0}

    def interfaces(self):
        return [{"name": "eth0", "up": True, "addresses": ["192.0.2.1/24"], "gateway": "", "resolvers": []}]

    def neighbours(self, interface):
        return {"interface": interface, "asking": False, "servers": []}

    def suspensions(self):
        return [{"hw_address": "02:00:00:00:00:01", "why": "rate", "since": 1.0, "until": 151.0, "subnet": "office"}]

    def lift(self, hw):
        self.calls.append(("lift", hw))
        if hw != b"\x01\x02\0\0\0\0\x01":
            raise Refused("02:00:00:00:00:02 is not suspended by this engine.")
        return {"hw_address": "02:00:00:00:00:01"}

    def script_state(self):
        return {"configured": False}

    def script_registry(self):
        raise Refused("The engine has no script.")

    def script_digest(self, fields):
        raise Refused("The engine has no script.")

    def script_call(self, name, arguments):
        raise Refused("The engine has no script.")

    def handlers(self):
        return []

    def hooks(self):
        return [{"library": "count", "hook": "pkt4_receive", "function": "pkt4_receive", "calls": 3, "errors": 0,
                 "overruns": 0, "stopped": 0, "mean_us": 1.5, "slowest_us": 2.0, "disabled": ""}]

    def commands(self):
        return ["count-get"]

    def command(self, name, arguments):
        self.calls.append(("command", name, arguments))
        return {"result": 0, "name": name, "arguments": arguments}

    def processed(self, name, arguments, response):
        return response

    def confirm_clock(self):
        raise RuntimeError("a bug")

    def stop(self):
        self.calls.append(("stop",))
