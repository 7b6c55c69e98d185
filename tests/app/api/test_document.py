import pytest
from openapi_spec_validator import validate

from tests.app.site import fill, web


@pytest.fixture
def rest(sqlite_database):
    fill(sqlite_database)
    return web(sqlite_database)


def test_the_document_is_valid_openapi_3_1(rest):
    document = rest.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_it_names_every_route_of_the_api_and_no_other(rest):
    document = rest.get("/api/v1/openapi.json").json
    routes = {rule.rule.replace("<path:", "<").replace("<", "{").replace(">", "}")
              for rule in rest.application.url_map.iter_rules()
              if rule.rule.startswith("/api/")}
    assert set(document["paths"]) == routes - {"/api/v1/openapi.json"}


def test_every_error_is_described_as_it_is_sent(rest):
    document = rest.get("/api/v1/openapi.json").json
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert "422" in operation["responses"], path
            for status, answer in operation["responses"].items():
                wanted = "application/json" if status.startswith("2") else "application/problem+json"
                also = ["application/yaml"] if path.endswith("/definitions") and status == "200" else []
                if list(answer["content"]) != [wanted]:
                    assert list(answer["content"]) == [wanted, *also], (path, status)


def test_what_is_sent_is_what_is_described(rest):
    document = rest.get("/api/v1/openapi.json").json
    for path, schema in (("/api/v1/leases/192.0.2.12", "Lease"), ("/api/v1/leases", "Leases"),
                         ("/api/v1/subnets", "Subnets")):
        described = document["components"]["schemas"][schema]["properties"]
        assert set(rest.get(path).json) == set(described), path
