"""Reading: the scalars of YAML 1.2, limits, and faults that name the line."""

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.errors import InvalidDocument
from dhcpcore.interchange import read, read_file
from dhcpcore.interchange.reader import DEPTH_MAX, _KeyTwiceError, _unique


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12:34:56:01:02:03", "12:34:56:01:02:03"),
        ("10:20", "10:20"),
        ("02:00:00:00:00:01", "02:00:00:00:00:01"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("1h", "1h"),
        ("3600", 3600),
        ("-5", -5),
        ("010", 10),
        ("0x1f", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("'5'", "5"),
        ('"true"', "true"),
        ("'null'", "null"),
        ("[1, no]", [1, "no"]),
        ("{a: {b: no}}", {"a": {"b": "no"}}),
        ("|\n    text\n", "text\n"),
        ("grün", "grün"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    assert read(f"key: {text}") == {"key": value}


@pytest.mark.parametrize("text", ["", " \n", "# only a comment\n"])
def test_nothing_is_read_as_nothing(text):
    assert read(text) is None


def test_json_is_read_as_json_and_yaml_in_flow_style_as_yaml():
    assert read('{"a": [1, "no", true, null]}') == {"a": [1, "no", True, None]}
    assert read("{a: no, b: 02:00:00:00:00:01}") == {"a": "no", "b": "02:00:00:00:00:01"}
    assert read("\ufeff{}") == {}
    assert read(b"\xef\xbb\xbfa: 1") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "document, line 3", "did not find expected"),
        ("a: 1\n b: 2\n", "document, line 2", "mapping values are not allowed"),
        ("a: 'x", "document, line 1", "end of stream"),
        ("a: 1\na: 2\n", "document, line 2, column 1", "'a' twice"),
        ('{"a": 1, "a": 2}', "document", "'a' twice"),
        ('{"a": {"b": 1,\n "b": 2}}', "document", "'b' twice"),
        ('{"a": 1\n "b": 2}', "document, line 2, column 2", "Expecting ',' delimiter"),
        ('{"a": NaN}', "document", "NaN"),
        ("1: 2\n", "document, line 1, column 1", "not a string"),
        ("x: {[a]: 2}\n", "document, line 1", "not a string"),
        ("a: &x 1\nb: *x\n", "document, line 2, column 4", "alias"),
        ("a: !!python/name:os.system\n", "document, line 1, column 4", "tag"),
        ("a: !!str 5\n", "document, line 1, column 4", "tag"),
        ("a: !local [1]\n", "document, line 1, column 4", "tag"),
        ("a: 1\n---\nb: 2\n", "document, line 2", "second document"),
        ("a: 1\nü: \x07\n", "document, line 2, column 4", "forbids"),
        ("a: " + "9" * 21, "document, line 1, column 4", "too many digits"),
        ("a: 1e999", "document, line 1, column 4", "too large"),
        ('{"a": "\\ud800"}', "a", "half a character"),
        ('{"a": [{"b": "x"}, {"b": "x\\u0000"}]}', "a[1].b", "zero character"),
        ('{"a": {"b\\u0000": 1}}', "a", "a key has a zero character"),
        ('"\\u0000"', "document", "zero character"),
        ('a: 1\nb: "x\\0"\n', "document, line 2, column 4", "zero character"),
        ('a: 1\n"x\\x00": 2\n', "document, line 2, column 1", "zero character"),
        ("a: \ud800", "document", "half a character"),
        (b"a: 1\nb: \xff\n", "document, line 2", "not UTF-8"),
        ("a: " + "[" * (DEPTH_MAX + 2) + "]" * (DEPTH_MAX + 2), "document, line 1", "levels deep"),
        ("[" * (DEPTH_MAX + 2) + "]" * (DEPTH_MAX + 2), "document", "levels deep"),
        ("[" * 100_000, "document", "levels deep"),
    ],
    ids=lambda part: str(part)[:30],
)
def test_what_cannot_be_read_is_told_with_its_line(text, place, says):
    with pytest.raises(InvalidDocument) as caught:
        read(text)
    (fault,) = caught.value.faults
    assert fault.path.startswith(place)
    assert says in fault.message


def test_what_is_too_large_is_not_even_looked_at(monkeypatch):
    monkeypatch.setattr("dhcpcore.interchange.reader.OCTETS_MAX", 1024 * 1024)
    with pytest.raises(InvalidDocument, match="larger than 1 MB"):
        read(b"[" * (1024 * 1024 + 1))


def test_as_deep_as_the_limit_is_read():
    text = "[" * DEPTH_MAX + "]" * DEPTH_MAX
    assert read(text) == read(f"# YAML\n{text}")


@pytest.mark.parametrize("text", ["'[' * 1_000_000", "'- ' * 1_000_000", "'a: ' + '[' * 1_000_000", "'{a: ' * 300_000"])
def test_no_depth_of_nesting_ends_the_process(text):
    code = (
        "from dhcpcore.interchange import read\nfrom dhcpcore.errors import InvalidDocument\n"
        f"try:\n    read({text})\nexcept InvalidDocument as error:\n    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr


def test_a_file_is_named_in_its_faults(tmp_path):
    path = tmp_path / "definitions.yaml"
    path.write_text("a: 1\na: 2\n")
    with pytest.raises(InvalidDocument, match=r"definitions\.yaml, line 2"):
        read_file(path)
    with pytest.raises(InvalidDocument, match=r"missing\.yaml: cannot be read"):
        read_file(tmp_path / "missing.yaml")


@given(st.one_of(st.text(), st.binary()))
def test_any_text_is_a_value_or_a_fault(text):
    with contextlib.suppress(InvalidDocument):
        read(text)


def test_of_very_many_keys_the_one_that_is_there_twice_is_found_in_one_look():
    class Counted(str):
        __slots__ = ()
        compared = 0

        def __eq__(self, other):
            Counted.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    with pytest.raises(_KeyTwiceError, match="'2999' twice"):
        _unique([*((Counted(number), 0) for number in range(3000)), (Counted(2999), 0)])
    assert Counted.compared < 30_000
