import pytest


def test_users_are_added_listed_changed_and_removed(lessor):
    lessor.ok("migrate")
    assert "No user." in lessor.ok("user", "list")
    made = lessor.json("user", "add", "Bob", "--role", "operator")
    assert (made["user"]["name"], made["user"]["role"], len(made["password"])) == ("bob", "operator", 19)
    assert "bob" in lessor.ok("user", "list")
    assert lessor.json("user", "change", "bob", "--disable")["enabled"] is False
    assert "disabled" in lessor.ok("user", "list")
    assert "is enabled" in lessor.ok("user", "change", "bob", "--enable", "--role", "viewer")
    assert lessor.ok("user", "remove", "bob") == "bob is removed.\n"
    assert lessor.json("user", "list") == []


def test_a_password_comes_from_standard_input_and_is_not_told_again(on_sqlite):
    said = on_sqlite.ok("user", "add", "bob", "--stdin", stdin="correct horse battery\n")
    assert said == "bob is added with the role viewer.\n"
    assert "at least 10" in on_sqlite.refused("user", "password", "bob", "--stdin", stdin="short\n")
    assert "Password: " in on_sqlite.ok("user", "password", "bob")


def test_what_is_refused_says_why(on_sqlite):
    on_sqlite.ok("user", "add", "alice", "--role", "admin")
    assert "last administrator" in on_sqlite.refused("user", "remove", "alice")
    assert "lessor user list" in on_sqlite.refused("user", "remove", "eve")
    assert "There is a user alice already" in on_sqlite.refused("user", "add", "alice")


@pytest.mark.parametrize("arguments", [["change", "bob"], ["add", "bob", "--role", "king"], ["add"]])
def test_wrong_usage(on_sqlite, arguments):
    assert on_sqlite("user", *arguments).exit_code == 2
