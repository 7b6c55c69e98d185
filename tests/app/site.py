"""A web application on a database with two subnets and a few leases, for tests of pages and REST."""

from app.services.appliance import Appliance
from app.wsgi import create_app
from dhcpcore.lease.model import State
from dhcpcore.settings import Settings
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


def web(database: Database, engine=None, **settings):
    url = database.url.render_as_string(hide_password=False)
    made = create_app(Appliance(Settings(database_url=url, **settings), database, engine or EngineThatIsAway()))
    made.testing = True
    return made.test_client()
