"""Greets clients: a handler of a package, to be copied."""

from pydantic import BaseModel, ConfigDict, Field

from dhcpcore.pipeline.api import CannotRespondError, Handler, HandlerFactory, Transaction


class GreetingHandler(Handler):
    """Puts a greeting into option 56, and counts whom it greeted."""

    def __init__(self, words: str, ignored: list[str]) -> None:
        self.words = words
        self.ignored = frozenset(ignored)
        self.greeted: set[str] = set()

    def worker_init(self) -> None:
        """The engine has begun: a connection to a database would be made here."""
        self.greeted.clear()

    def pre(self, bundle: Transaction) -> None:
        """Before anything is looked up: who is to be ignored is."""
        if bundle.request.hw_address in self.ignored:
            raise CannotRespondError(f"{bundle.request.hw_address} is not greeted")

    def handle(self, bundle: Transaction) -> None:
        """The answer is there: greet the client."""
        if bundle.response is not None:
            text = self.words.format(subnet=bundle.subnet.name)
            bundle.response.set_option("dhcp-message", text.encode()[:255])

    def post(self, bundle: Transaction) -> None:
        """What the answer promises is committed: from now on the client counts as greeted."""
        if bundle.response is not None and bundle.response.type == "ACK":
            self.greeted.add(bundle.request.hw_address)


class Greeting(HandlerFactory):
    """Greets clients in option 56, by the name of their subnet."""

    class Fields(BaseModel):
        """What a configured greeting is asked for."""

        model_config = ConfigDict(extra="forbid", strict=True)

        words: str = Field("Welcome to {subnet}", max_length=200, description="The greeting; {subnet} is the name.")
        ignored: list[str] = Field([], description="Hardware addresses that are not answered.")

    def create(self) -> Handler:
        """One handler for each configured row."""
        return GreetingHandler(self.fields.words, self.fields.ignored)
