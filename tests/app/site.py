"""A web application on a database with two subnets and a few leases, for tests of pages and REST."""

import secrets

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from app.services import sessions
from app.services.access import Role
from app.services.appliance import Appliance
from app.wsgi import create_app
from dhcpcore.lease.model import State
from dhcpcore.settings import Settings
from dhcpcore.store import accounts
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.app.people import EngineThatIsAway, a_lease, store

DOCUMENT = {
    "version": 1,
    "subnets": [
        {"prefix": "192.0.2.0/24", "name": "office", "pools": [{"first": "192.0.2.10", "last": "192.0.2.19"}],
         "assignments": [{"hw_address": "02:00:00:00:00:05", "address": "192.0.2.5", "hostname": "printer"}]},
        {"prefix": "198.51.100.0/24", "name": "laboratory"},
    ],
}
HOSTILE = "<script>alert('x')</script>"


def define(database: Database, document=DOCUMENT) -> None:
    Definitions(database).apply(validate(document), actor="test")


def fill(database: Database) -> None:
    define(database)
    store(database, *(a_lease(n) for n in range(10, 19)), a_lease(5, hostname=HOSTILE),
          a_lease(19, state=State.DECLINED), a_lease(30, hostname="\u202eevil\x1b[31m", expires=5))


class CompiledTemplates(BytecodeCache):
    """Each test has an application of its own; what its templates compile to is the same in all of them."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED_TEMPLATES = CompiledTemplates()


def share_builders(rule: type[Rule]) -> None:
    """Have each route's builder of addresses made once: two hundred are compiled for each application otherwise."""
    make, made = rule._compile_builder, {}

    def once(self, append_unknown=True):
        key = self.rule, append_unknown, tuple(self._trace), repr(self.defaults), repr(self._converters.keys())
        if key not in made:
            made[key] = make(self, append_unknown)
        return made[key]

    rule._compile_builder = once


share_builders(Rule)
PASSWORD = "correct horse battery"
PEOPLE = {Role.ADMIN: "ada", Role.OPERATOR: "ann", Role.VIEWER: "vera"}


def web(database: Database, engine=None, *, role: Role | None = Role.ADMIN, **settings) -> FlaskClient:
    """A browser that is logged in with that role (None: a stranger), and whose forms carry their field."""
    url = database.url.render_as_string(hide_password=False)
    made = create_app(Appliance(Settings(database_url=url, **settings), database, engine or EngineThatIsAway()))
    made.testing = True
    made.jinja_env.bytecode_cache = COMPILED_TEMPLATES
    client = made.test_client()
    if role is not None:
        client.set_cookie("lessor", session_cookie(database, role))
    with_form_field(client)
    return client


def session_cookie(database: Database, role: Role) -> str:
    """The cookie of a session that has just begun, without the hash that a log-in takes."""
    cookie, now = f"cookie-{role.word}-{secrets.token_hex(8)}", int(database.now())
    with database.writer() as connection:
        accounts.add(connection, name=PEOPLE[role], role=role.word, password="none", must_change=False, now=now)
        accounts.add_session(connection, accounts.find(connection, PEOPLE[role]).id, sessions.digest(cookie), now=now,
                             address="192.0.2.99", agent="test")
    return cookie


def with_form_field(client: FlaskClient) -> None:
    """Have every request of this client carry what a form of our pages carries."""
    with client.session_transaction() as session:
        session["csrf_token"] = "0" * 40
    signer = URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token")
    client.environ_base["HTTP_X_CSRFTOKEN"] = signer.dumps("0" * 40)


def cookies(client: FlaskClient) -> str:
    """The client's cookies as a header, for a real browser in front of the same application."""
    return "; ".join(f"{name}={client.get_cookie(name).value}" for name in ("lessor", "lessor_form"))
