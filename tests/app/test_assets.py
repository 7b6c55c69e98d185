"""What others wrote is here whole and unchanged, and no page asks anybody else for anything."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
VENDOR = ROOT / "static/vendor"
#: Names that look like addresses and that nobody asks: the name of a notation, and what comments and messages say.
NEVER_ASKED = re.compile(r"https?://(?:www\.w3\.org/2000/svg|github\.com/|tabler\.io|alpinejs\.dev/plugins/)")


def manifest():
    return json.loads((VENDOR / "manifest.json").read_text())


def test_every_vendored_file_is_the_one_that_was_copied():
    told = manifest()["files"]
    there = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()} - {"manifest.json"}
    assert there == set(told)
    for name, digest in told.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_every_vendored_package_has_its_licence_and_the_version_that_is_locked():
    locked = json.loads((ROOT / "assets/package-lock.json").read_text())["packages"]
    for folder in (path for path in VENDOR.iterdir() if path.is_dir()):
        assert (folder / "LICENSE").stat().st_size > 500
        name, _, version = folder.name.rpartition("-")
        assert any(path.removeprefix("node_modules/").replace("@", "").replace("/", "-") == name
                   and package["version"] == version for path, package in locked.items())


@pytest.mark.parametrize(("folder", "whose"), [
    ("alpinejs-csp-3.17.4", ["Caleb Porzio", "@vue/reactivity", "@vue/shared", "Yuxi (Evan) You"]),
    ("htmx.org-4.0.1", ["Zero-Clause BSD"]),
    ("tabler-core-1.6.1", ["The Tabler Authors", "Paweł Kuna", "The Bootstrap Authors"]),
    ("tabler-icons-3.51.0", ["Paweł Kuna"]),
    ("uplot-1.6.32", ["Leon Sorokin"]),
])
def test_the_licence_is_that_of_all_that_is_in_the_file(folder, whose):
    text = (VENDOR / folder / "LICENSE").read_text()
    assert [one for one in whose if one not in text] == []


def test_a_copyright_that_the_file_itself_states_is_the_licences_too():
    for path in VENDOR.rglob("*.css"):
        banner = path.read_text()[:1000]
        text = (path.parent / "LICENSE").read_text()
        for year, whose in re.findall(r"\* Copyright ([\d-]+) ([^\n*]+)", banner):
            assert f"{year} {whose.strip()}" in text


def test_the_lock_names_no_place_to_download_from():
    lock = json.loads((ROOT / "assets/package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in package for path, package in lock["packages"].items() if path)


def test_templates_and_static_files_name_no_foreign_host():
    said = []
    for path in [*(ROOT / "templates").rglob("*"), *(ROOT / "static").rglob("*")]:
        if not path.is_file() or path.name == "LICENSE":
            continue
        text = NEVER_ASKED.sub("", path.read_text())
        said += [f"{path.relative_to(ROOT)}: {found}" for found in re.findall(r"(?:https?:|[\"'(])//[\w.-]+", text)]
    assert said == []


def test_every_icon_that_is_named_is_in_the_sprite_and_no_other():
    sprite = (VENDOR / manifest()["assets"]["icons"]).read_text()
    there = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = set((ROOT / "assets/icons.txt").read_text().split())
    written = "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    used = set(re.findall(r"(?:icon|call empty)\('([a-z0-9-]+)'", written))
    used |= set(re.findall(r"nav_item\('[a-z_]+', '[A-Za-z ]+', '([a-z0-9-]+)'\)", written))
    assert there == named == used
