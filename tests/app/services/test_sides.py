from app.services import sides as module
from app.services.sides import sides


def told(before, after):
    return [(one.key, one.seen, one.present) for one in sides(before, after)]


def test_only_what_is_another_is_told_and_what_is_nested_by_its_own_keys():
    before = {"name": "office", "options": {"routers": ["192.0.2.1"], "domain-name": "a.example"}}
    after = {"name": "office", "options": {"routers": ["192.0.2.1", "192.0.2.2"]}, "rapid_commit": True}
    assert told(before, after) == [
        ("options.routers", "192.0.2.1", "192.0.2.1, 192.0.2.2"), ("options.domain-name", "a.example", ""),
        ("rapid_commit", "", "true")]


def test_what_came_or_went_has_one_side():
    assert told(None, {"name": "office"}) == [("name", "", "office")]
    assert told({"name": "office"}, None) == [("name", "office", "")]
    assert told(None, None) == told({"a": {}}, {"a": {}}) == []


def test_no_more_than_anybody_reads(monkeypatch):
    monkeypatch.setattr(module, "KEYS_MAX", 3)
    assert len(told(None, {str(n): n for n in range(9)})) == 3
