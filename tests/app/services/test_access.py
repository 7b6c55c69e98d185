"""Roles: each may what the lower ones may, and nothing above it."""

import getpass

import pytest

from app.services import assignments, definitions, leases
from app.services.access import Role, terminal
from dhcpcore.errors import Forbidden
from dhcpcore.store.database import Database
from dhcpcore.topology.validate import validate
from tests.app.people import ADA, ANN, VERA, appliance


def test_a_role_holds_the_lower_ones() -> None:
    for somebody in (VERA, ANN, ADA):
        for role in Role:
            if role <= somebody.role:
                somebody.must_be(role)
            else:
                with pytest.raises(Forbidden, match=f"needs the role {role.word}; {somebody.name} has"):
                    somebody.must_be(role)


def test_who_sits_at_the_machine_may_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ann")
    assert (terminal().name, terminal().role, terminal().how) == ("ann", Role.ADMIN, "terminal")
    monkeypatch.delenv("SUDO_USER")

    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert terminal().name.startswith("uid ")


def test_a_viewer_changes_nothing(database: Database) -> None:
    here = appliance(database)
    entry = {"address": "192.0.2.77", "hw_address": "02:00:00:00:00:77"}
    for attempt in (
        lambda: assignments.add(here, entry, by=VERA),
        lambda: assignments.remove(here, "192.0.2.5", by=VERA),
        lambda: leases.release(here, "192.0.2.1", by=VERA),
        lambda: definitions.apply(here, validate({"version": 1}), by=ANN, agreed=lambda _: True),
    ):
        with pytest.raises(Forbidden):
            attempt()
