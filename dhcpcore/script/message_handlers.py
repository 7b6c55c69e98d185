"""DHCPKit's older model, in which one object answers every message: a thin adapter over ``pipeline.api``.

A package that has such a class offers ``message_handler_type(TheClass)`` by its entry point of ``lessor.handlers``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dhcpcore.pipeline.api import Answer4, CannotRespondError, Handler, HandlerFactory, Transaction

log = logging.getLogger(__name__)

Config = Mapping[str, Mapping[str, str]]


class RWLock:
    """Many may read, or one may write; who waits to write goes before those who come to read."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.readers = self.writers = 0
        self.blocked_for_readers = self.blocked_for_writers = 0

    @contextmanager
    def read_lock(self) -> Iterator[None]:
        """Given back whatever is raised inside."""
        with self._changed:
            self.blocked_for_readers += 1
            self._changed.wait_for(lambda: not self.writers and not self.blocked_for_writers)
            self.blocked_for_readers -= 1
            self.readers += 1
        try:
            yield
        finally:
            with self._changed:
                self.readers -= 1
                self._changed.notify_all()

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """Given back whatever is raised inside."""
        with self._changed:
            self.blocked_for_writers += 1
            self._changed.wait_for(lambda: not self.writers and not self.readers)
            self.blocked_for_writers -= 1
            self.writers += 1
        try:
            yield
        finally:
            with self._changed:
                self.writers -= 1
                self._changed.notify_all()


class MessageHandler:
    """Answers every message.  ``config``: sections of names and texts."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.lock = RWLock()
        self.handle_reload()

    def reload(self, new_config: Config) -> None:
        """Another configuration, once nobody works on the present one."""
        with self.lock.write_lock():
            self.config = new_config
            self.handle_reload()

    def handle_reload(self) -> None:
        """Read ``self.config``."""

    def handle(self, received_message: Transaction, received_over_multicast: bool) -> Answer4 | None:
        """The answer, None for none.  ``received_message.response`` is the one that the server would send."""
        raise NotImplementedError


class DumpRequestsMessageHandler(MessageHandler):
    """Logs what comes in, at debug level, and answers nothing."""

    def handle(self, received_message: Transaction, received_over_multicast: bool) -> Answer4 | None:
        """As the old one did."""
        log.debug("Received %s message %s", "multicast" if received_over_multicast else "unicast", received_message)
        return None


class _Adapter(Handler):
    def __init__(self, handler: MessageHandler) -> None:
        self._handler = handler

    def __str__(self) -> str:
        return type(self._handler).__name__

    def handle(self, bundle: Transaction) -> None:
        """Where there is no answer, as to a RELEASE, there is nothing to be put in its place."""
        with self._handler.lock.read_lock():
            answer = self._handler.handle(bundle, bundle.received_over_multicast)
        if answer is None:
            if bundle.response is not None:
                raise CannotRespondError("its message handler gives no answer")
        elif bundle.response is not None:
            bundle.response = answer


class MessageHandlerFields(BaseModel):
    """What an old message handler was configured with."""

    model_config = ConfigDict(extra="forbid", strict=True)

    config: dict[str, dict[str, str]] = Field(default_factory=dict, description="Sections of names and texts.")


def message_handler_type(wanted: type[MessageHandler]) -> type[HandlerFactory]:
    """The handler type of an old message handler, for an entry point."""

    class Adapted(HandlerFactory):
        Fields = MessageHandlerFields

        def create(self) -> Handler:
            fields: Any = self.fields
            return _Adapter(wanted(fields.config))

    Adapted.__doc__ = wanted.__doc__
    Adapted.__name__ = Adapted.__qualname__ = wanted.__name__
    return Adapted
