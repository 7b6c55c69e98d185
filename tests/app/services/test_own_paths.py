"""What is the appliance's own is known by the first part of a path; the table of routes is held against the list."""

import pytest

from app.services.own_paths import FIRST_PARTS, PATH_MAX, fault_of
from tests.app.test_routes import LEAST


def test_every_route_is_in_the_list_and_nothing_else():
    parts = {rule.partition(" ")[2].split("/")[1] for rule in LEAST} - {""}
    assert parts == FIRST_PARTS


@pytest.mark.parametrize("path", ["/x", "/ca/uguu/puukusoft/staticDHCPd/reinitialise", "/leases2", "/Leases", "/a b",
                                  "/ö"])
def test_what_a_script_may_have(path):
    assert fault_of(path) == ""


@pytest.mark.parametrize("path", ["", "x", "/", "//evil.example/x", "/\\evil", "/leases", "/leases/x", "/api/v9",
                                  "/x?y", "/x#y", "/x\ny", "/x/../users", "/x/./y", "/x/..", "/x\\y", "/x\u202ey",
                                   "/" + "x" * PATH_MAX])
def test_what_it_may_not(path):
    assert fault_of(path)
