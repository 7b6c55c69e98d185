import pytest


@pytest.fixture
def lessor(on_sqlite, document):
    on_sqlite.ok("apply", document)
    return on_sqlite


def test_a_value_is_shown_on_the_wire(lessor):
    shown = lessor.ok("option", "preview", "routers", "[192.0.2.1]")
    assert "routers (3), 4 octets" in shown
    assert "wire     0304c0000201" in shown
    assert lessor.json("option", "preview", "dns-servers", "[2001:db8::1]", "--family", "6")["code"] == 23
    assert "no value of this option" in lessor.ok("option", "preview", "routers", "{hex: '00'}")


def test_a_wrong_value_is_refused_with_what_is_right(lessor):
    assert "a list such as" in lessor.refused("option", "preview", "routers", "192.0.2.1")
    assert "did you mean routers" in lessor.refused("option", "preview", "router", "[192.0.2.1]")


def test_what_a_client_will_receive(lessor):
    shown = lessor.ok("option", "effective", "office", "--requested", "1,6")
    assert "subnet-mask" in shown
    assert "computed" in shown
    assert "without a value: domain-name-servers" in shown
    found = lessor.json("option", "effective", "office", "--hw-address", "02:00:00:00:00:05")
    assert found["subnet"] == "office"
    assert "There is no subnet cellar" in lessor.refused("option", "effective", "cellar")
    assert "hw_address" in lessor.refused("option", "effective", "office", "--hw-address", "02")
