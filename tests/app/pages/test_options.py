from tests.app.site import HOSTILE, fill, web


def test_the_page_shows_an_example_on_the_wire(sqlite_database):
    shown = web(sqlite_database).get("/options").text
    assert "0304c0000201" in shown
    assert 'aria-current="page"' in shown


def test_what_is_typed_is_shown_without_javascript_too(sqlite_database):
    shown = web(sqlite_database).post("/options", data={"options": "domain-name: example.org"}).text
    assert "0f0b6578616d706c652e6f7267" in shown
    assert "domain-name: example.org</textarea>" in shown


def test_the_fragment_has_each_option_or_what_is_wrong_with_it(sqlite_database):
    client = web(sqlite_database)
    shown = client.post("/fragments/option-preview", data={"options": "routers: [192.0.2.1]\nrouter: 1"}).text
    assert "0304c0000201" in shown
    assert "did you mean routers" in shown
    assert "<html" not in shown
    assert "No option." in client.post("/fragments/option-preview").text
    assert "no mapping" in client.post("/fragments/option-preview", data={"options": "[1]"}).text


def test_the_family_is_that_of_the_form_or_of_its_client(sqlite_database):
    client = web(sqlite_database)
    for form in ({"family": "6"}, {"identifier": "duid"}, {"address": "2001:db8::5"}):
        shown = client.post("/fragments/option-preview", data={"options": "preference: 1", **form}).text
        assert "preference" in shown
        assert "not an option of dhcp4" not in shown
    assert "not an option of dhcp4" in client.post("/fragments/option-preview", data={"options": "x-no: 1"}).text


def test_html_stays_text(sqlite_database):
    client = web(sqlite_database)
    shown = client.post("/fragments/option-preview", data={"options": f'"{HOSTILE}": 1\ndomain-name: "{HOSTILE}"'}).text
    assert "<script>" not in shown


def test_what_a_client_will_receive(sqlite_database):
    fill(sqlite_database)
    client = web(sqlite_database)
    assert "/subnets/1/options" in client.get("/subnets/1").text
    shown = client.get("/subnets/1/options?identifier=hw_address&value=02:00:00:00:00:05&requested=12,6").text
    assert "By assignment 1" in shown
    assert b"printer".hex() in shown
    assert "domain-name-servers" in shown
    shown = client.get("/subnets/1/options").text
    assert "By assignment" not in shown
    assert "192.0.2.10 - 192.0.2.19" in shown


def test_a_client_that_cannot_be_is_told(sqlite_database):
    fill(sqlite_database)
    client = web(sqlite_database)
    answer = client.get("/subnets/1/options?value=02")
    assert answer.status_code == 422
    assert "hw_address" in answer.text
    assert client.get("/subnets/99/options").status_code == 404
