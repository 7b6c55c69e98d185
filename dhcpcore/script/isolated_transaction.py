"""A transaction as data: for a handler that runs in a process of its own, and what it did there done once more here.

The child makes of it a bundle of the same class, so that a handler meets there what it would have met in the engine.
``handler_data`` alone does not travel: what a handler keeps of a transaction stays in its process.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from dhcpcore.pipeline.api import (
    CannotRespondError,
    ForOtherServerError,
    HandlerException,
    ReplyWithLeasequeryError,
    ReplyWithStatusError,
    UseMulticastError,
)
from dhcpcore.pipeline.bundle import NO_RAPID_COMMIT, Datagram, TransactionBundle
from dhcpcore.pipeline.transaction import Option, Transaction
from dhcpcore.pipeline.views import Answer4
from dhcpcore.script import isolated_data
from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.topology.links import Links
from dhcpcore.topology.snapshot import EMPTY, Subnet
from dhcpcore.wire.v4.message import Opt

_NO_LINKS = Links(EMPTY, {})
#: What is told of the subnet that the client is served from.
_OF_SUBNET = ("subnet_id", "family", "space", "prefix", "plen", "name", "shared_network", "interface", "rapid_commit")
#: What a handler may raise to say what becomes of a message, by name.
SIGNALS: Mapping[str, type[HandlerException]] = {
    one.__name__: one
    for one in (HandlerException, CannotRespondError, ForOtherServerError, UseMulticastError, ReplyWithStatusError,
                ReplyWithLeasequeryError)
}  # fmt: skip


def pack(transaction: Transaction, bundle: TransactionBundle) -> dict[str, Any]:
    """What a handler is given."""
    datagram, subnet = bundle.datagram, bundle.subnet
    relays = transaction.outgoing_relay_messages
    return {
        "query": isolated_data.pack(transaction.request)["q"],
        "way": [datagram.source.hex(), datagram.port, datagram.interface, datagram.destination.hex(),
                datagram.local.hex()],
        "now": bundle.now,
        "subnet": [isolated_data.pack(getattr(subnet, name)) for name in _OF_SUBNET],
        "classes": sorted(transaction.classes),
        "client": bundle.client.hex(),
        "address": None if bundle.key is None else bundle.key[2].hex(),
        "marks": sorted(transaction.marks),
        "rapid": NO_RAPID_COMMIT not in (bundle.marks or ()),
        "handled": [[int(code), payload.hex()] for code, payload in _options(bundle)],
        "answers": [isolated_data.pack(answer)["a"] for answer in transaction.responses],
        "returned": None if relays is None else _pairs(relays[0].options),
    }  # fmt: skip


def unpack(given: dict[str, Any], kept: dict[Hashable, Any]) -> tuple[Transaction, TransactionBundle]:
    """The same, in the child; ``kept`` is what the handler keeps of this transaction."""
    source, port, interface, destination, local = given["way"]
    request = isolated_data.unpack({"q": given["query"]}).request
    datagram = Datagram(request.data, bytes.fromhex(source), port, interface, bytes.fromhex(destination),
                        bytes.fromhex(local), given["now"])
    bundle = TransactionBundle(datagram, request, EMPTY, _NO_LINKS, given["now"])
    bundle.subnet = Subnet(**dict(zip(_OF_SUBNET, map(isolated_data.unpack, given["subnet"]), strict=True)))
    bundle.subject = Subject(request, datagram)
    bundle.subject.classes = frozenset(given["classes"])
    bundle.client = bytes.fromhex(given["client"])
    bundle.key = None if given["address"] is None else (0, 0, bytes.fromhex(given["address"]), 32)
    bundle.marks = {*given["marks"], *(() if given["rapid"] else (NO_RAPID_COMMIT,))}
    bundle.handled_options = [Option(code, bytes.fromhex(payload)) for code, payload in given["handled"]]
    bundle.handler_data = kept
    bundle.responses = [isolated_data.unpack({"a": body}).response for body in given["answers"]]
    transaction = Transaction(bundle)
    relays = transaction.outgoing_relay_messages
    if relays is not None and given["returned"] is not None:
        relays[0].options = _octets(given["returned"])
    return transaction, bundle


def done(
    transaction: Transaction, bundle: TransactionBundle, places: dict[int, int]
) -> dict[str, Any]:
    """What it left, in the child; ``places`` are those of the answers that it was given, by their ``id``."""
    transaction.draw()
    relays = transaction.outgoing_relay_messages
    return {
        "query": isolated_data.pack(transaction.request)["q"],
        "marks": sorted(transaction.marks),
        "rapid": NO_RAPID_COMMIT not in (bundle.marks or ()),
        "handled": [[int(code), payload.hex()] for code, payload in transaction.handled_options],
        "answers": [[places.get(id(one), -1), isolated_data.pack(Answer4(one))["a"]] for one in bundle.responses],
        "returned": None if relays is None else _pairs(relays[0].options),
    }


def apply(transaction: Transaction, given: dict[str, Any], left: dict[str, Any]) -> None:
    """Do here what it did there, by the setters that a handler in this process uses: what those refuse is refused."""
    if left["query"] != given["query"]:
        isolated_data.apply({"query": transaction.request}, "query", {"q": left["query"]})
    for mark in left["marks"]:
        if mark not in given["marks"]:
            transaction.add_mark(str(mark))
    if not left["rapid"]:
        transaction.allow_rapid_commit = False
    for code, payload in left["handled"][len(given["handled"]) :]:
        transaction.mark_handled(Option(int(code), bytes.fromhex(payload)))
    _answers(transaction, given, left)
    relays = transaction.outgoing_relay_messages
    if relays is not None and left["returned"] is not None and left["returned"] != given["returned"]:
        relays[0].options = _octets(left["returned"])


def restore(transaction: Transaction, picture: dict[str, Any], standing: dict[str, Any]) -> None:
    """Do what several handlers did to ``picture`` once more.  What a relay gets back is told apart from the options."""
    agent = int(Opt.AGENT_OPTIONS)
    answers = [
        [place, [fields, pairs, [one for one in overrides if one[0] != agent], data]]
        for place, (fields, pairs, overrides, data) in standing["answers"]
    ]
    apply(transaction, picture, {**standing, "answers": answers})


def _answers(transaction: Transaction, given: dict[str, Any], left: dict[str, Any]) -> None:
    before, pristine = list(transaction.responses), transaction.another()
    after: list[Answer4] = []
    for place, body in left["answers"]:
        if place < 0:
            assert pristine is not None, "the copy of an answer that is not there"
            answer = Answer4(pristine.response.copy())
        else:
            answer = before[place]
        if place < 0 or body != given["answers"][place]:
            isolated_data.apply({"answer": answer}, "answer", {"a": body})
        after.append(answer)
    if [id(one) for one in after] != [id(one) for one in before]:
        transaction.responses = after


def signal_of(error: HandlerException) -> dict[str, Any]:
    """An exception by the name that is nearest to it."""
    name = next(one.__name__ for one in type(error).__mro__ if one.__name__ in SIGNALS)
    status = [error.status_code, error.status_message] if isinstance(error, ReplyWithStatusError) else []
    return {"name": name, "text": str(error), "status": status}


def signal_again(said: dict[str, Any]) -> HandlerException:
    """The exception once more."""
    kind = SIGNALS[said["name"]]
    if issubclass(kind, ReplyWithStatusError):
        code, message = said["status"]
        return kind(int(code), str(message))
    return kind(str(said["text"]))


def _options(bundle: TransactionBundle) -> list[Option]:
    """A handler in the engine may have marked anything; what is no option is nobody else's matter."""
    return [one for one in bundle.handled_options or () if isinstance(one, Option)]


def _pairs(options: Any) -> list[list[Any]]:
    return [[int(code), payload.hex()] for code, payload in options.items()]


def _octets(pairs: list[Any]) -> dict[int, bytes]:
    return {int(code): bytes.fromhex(payload) for code, payload in pairs}

