import pytest

from app.services import audit, definitions, revisions
from dhcpcore.errors import InvalidValue, NotFound, Outdated
from dhcpcore.topology.validate import validate
from tests.app.people import ADA, appliance
from tests.app.site import DOCUMENT, define


@pytest.fixture
def here(sqlite_database):
    define(sqlite_database)
    made = appliance(sqlite_database)
    smaller = validate({**DOCUMENT, "subnets": [{**DOCUMENT["subnets"][0], "lifetime": "2h"}]})
    definitions.apply(made, smaller, by=ADA, agreed=lambda _: True, note="no laboratory")
    return made


def test_a_revision_tells_its_difference_in_words(here):
    page = revisions.list_revisions(here, limit=1)
    assert [(one.id, one.author, one.note) for one in page.revisions] == [(2, "ada", "no laboratory")]
    assert revisions.list_revisions(here, cursor=page.next_cursor).revisions[0].id == 1
    found = revisions.show(here, 2)
    assert [one.text for one in found.changes] == [
        "~ subnet office: lifetime: (none) -> 2h", "- subnet laboratory"]
    assert found.changes[0].before == {"prefix": "192.0.2.0/24", "name": "office"}


def test_a_revision_that_was_never_published(here):
    with pytest.raises(NotFound, match="no revision 9"):
        revisions.show(here, 9)


def test_the_audit_tells_who_did_what(here):
    (row,) = audit.list_audit(here, actor="ada", about="laboratory").rows
    assert (row.action, row.object, row.revision, row.after) == ("definitions.removed", "subnet laboratory", 2, None)


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"cursor": "-1"}])
def test_what_no_list_gave_is_refused(here, wrong):
    for listed in (revisions.list_revisions, audit.list_audit):
        with pytest.raises(InvalidValue):
            listed(here, **wrong)


def test_a_document_of_an_old_revision_is_refused(here):
    with pytest.raises(Outdated, match="made from revision 1"):
        definitions.apply(here, validate(DOCUMENT), by=ADA, agreed=lambda _: True, based_on=1)
    assert definitions.apply(here, validate(DOCUMENT), by=ADA, agreed=lambda _: True, based_on=2).revision > 2
