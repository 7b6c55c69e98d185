# ruff: noqa: INP001 - It is a script beside a package.
"""Builds the wheel of this package with the standard library alone, so that it can be installed with no network.

A package of your own will rather name a build system, such as hatchling or setuptools, in its pyproject.toml.
"""

import base64
import hashlib
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).parent


def build_wheel(
    wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None  # noqa: ARG001
) -> str:
    """PEP 517: write the wheel, and give its name."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    info = f"{name}-{version}.dist-info"
    points = [f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in listed.items())
              for group, listed in project["entry-points"].items()]
    files = {str(path.relative_to(HERE)): path.read_bytes() for path in sorted((HERE / name).rglob("*.py"))}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/entry_points.txt"] = "\n".join(points).encode()
    record = [f"{path},sha256={_digest(octets)},{len(octets)}" for path, octets in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / wheel, "w") as archive:
        for path, octets in files.items():
            archive.writestr(path, octets)
    return wheel


def _digest(octets: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(octets).digest()).rstrip(b"=").decode()
