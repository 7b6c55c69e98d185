"""Reads the layers of settings and keeps where each value came from.

Four layers, later ones win: defaults, ``lessor.toml``, ``LESSOR_*`` variables (each also as ``LESSOR_…_FILE``, a file
that holds the value), flags of the command line.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dhcpcore.errors import SettingsError
from dhcpcore.settings.model import ENV_PREFIX, Settings, described

#: Settings that are paths and depend on nothing else.
_PATHS = ("control_socket", "script", "web.certificate", "web.key", "leasequery.certificate", "leasequery.key",
          "leasequery.requestors_ca")
#: Before a hook library that runs in a process of its own.
_ISOLATED = "isolated:"

FILE_SUFFIX = "_FILE"
CONFIG_NAME = "lessor.toml"
SYSTEM_CONFIG = Path("/etc/lessor") / CONFIG_NAME
SYSTEM_STATE = Path("/var/lib/lessor")
#: Variables of the launcher, the demo and the tests, which are no settings.
OTHER_VARIABLES = frozenset({"LESSOR_COMPILED", "LESSOR_CONFIG", "LESSOR_DEMO_DIR", "LESSOR_PYTHON", "LESSOR_VENV"})
#: A configuration or secret file above this is something else.
FILE_SIZE_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, where each came from (``dhcp4.port`` → ``LESSOR_DHCP4__PORT``), and what was ignored."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]
    config: Path | None


def load(
    config: Path | None = None,
    env: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """Read all layers.  ``flags`` are by dotted name; None stands for a flag that was not given."""
    env = os.environ if env is None else env
    warnings: list[str] = []
    config = _find_config(config, env, warnings)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    known = {row.name for row in described()}

    for name, value in _toml_layer(config, known, warnings):
        values[name], origins[name] = value, str(config)
    for name, value, source in _env_layer(env, warnings):
        values[name], origins[name] = value, source
    for name, value in (flags or {}).items():
        assert name in known, name
        if value is not None:
            values[name], origins[name] = value, f"--{name.replace('.', '-').replace('_', '-')}"

    def base(name: str) -> Path:
        """Paths in the file are relative to its folder, those of variables and flags to the present one."""
        return config.parent if config and origins.get(name) == str(config) else Path()

    state_dir = _absolute(values.get("state_dir") or _default_state_dir(env), base("state_dir"))
    values["state_dir"] = state_dir
    values.setdefault("database_url", f"sqlite:///{state_dir}/lessor.db")
    values["database_url"] = _absolute_url(values["database_url"], base("database_url"))
    values.setdefault("control_socket", f"{state_dir}/control.sock")
    for name in _PATHS:
        if values.get(name):
            values[name] = _absolute(values[name], base(name))
    values["hooks"] = _libraries(values.get("hooks", ()), base("hooks"))
    return Loaded(_validated(values, origins), origins, tuple(warnings), config)


def as_environment(settings: Settings) -> dict[str, str]:
    """Variables that stand for these settings and no others: for a child that may not read the settings file."""
    variables = {"LESSOR_CONFIG": os.devnull}
    for row in described():
        value: Any = settings
        for part in row.name.split("."):
            value = getattr(value, part)
        if isinstance(value, tuple):
            value = ",".join(value)
        variables[row.variable] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return variables


def _validated(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    nested: dict[str, Any] = {}
    for name, value in values.items():
        group, _, leaf = name.rpartition(".")
        (nested.setdefault(group, {}) if group else nested)[leaf] = value
    try:
        return Settings.model_validate(nested)
    except ValidationError as error:
        rows = {row.name: row for row in described()}
        sentences = []
        for fault in error.errors():
            name = next((n for n in (".".join(map(str, fault["loc"][:k])) for k in (2, 1)) if n in rows), "")
            shown = "has a wrong value" if name == "database_url" else f"is {_plain(values.get(name))!r}"
            sentences.append(f"The setting {name} {shown} (from {origins.get(name, 'the default')}): "
                             f"{_reason(fault['msg'])}. Right is {rows[name].right}.")
        raise SettingsError("\n".join(sentences)) from None


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _reason(message: str) -> str:
    if message.startswith("Input is not a valid path"):
        return "it should be a path"
    return message.removeprefix("Value error, ").replace("Input should be", "it should be")


def _absolute(value: Any, base: Path) -> Any:
    if not isinstance(value, str | Path):
        return value
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise SettingsError(f"{value} is in the home of an account that there is not: write the whole path.") from None
    return Path(os.path.abspath(base / path))  # noqa: PTH100


def _libraries(value: Any, base: Path) -> Any:
    """Hook libraries that are files, and files of parameters, by their whole path."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        return value
    whole = []
    for one in value:
        library, mark, parameters = one.partition("=")
        alone = _ISOLATED if library.startswith(_ISOLATED) else ""
        library = library.removeprefix(alone)
        library = str(_absolute(library, base)) if library.endswith(".py") else library
        whole.append(f"{alone}{library}{mark}{_absolute(parameters, base) if parameters else ''}")
    return tuple(whole)


def _absolute_url(value: Any, base: Path) -> Any:
    """Every process of the appliance opens the same file, wherever it was started."""
    if not isinstance(value, str) or not value.startswith("sqlite:///") or value.startswith("sqlite:///:"):
        return value
    path, mark, query = value.removeprefix("sqlite:///").partition("?")
    return f"sqlite:///{_absolute(path, base)}{mark}{query}"


def _default_state_dir(env: Mapping[str, str]) -> Path:
    """The system's folder for root and wherever it exists; an ordinary user's own state folder otherwise."""
    if os.geteuid() == 0 or SYSTEM_STATE.is_dir():
        return SYSTEM_STATE
    own = env.get("XDG_STATE_HOME") or str(Path(env.get("HOME") or "~").expanduser() / ".local" / "state")
    return Path(own) / "lessor"


def _find_config(config: Path | None, env: Mapping[str, str], warnings: list[str]) -> Path | None:
    """The named file, which must exist, or the first of the usual places that does."""
    named = config or (Path(env["LESSOR_CONFIG"]) if env.get("LESSOR_CONFIG") else None)
    if named == Path(os.devnull):
        return None
    if named is not None:
        if not _is_file(named):
            source = "--config" if config else "LESSOR_CONFIG"
            raise SettingsError(f"There is no settings file {named} (from {source}). Name one that exists.")
        return Path(os.path.abspath(named))  # noqa: PTH100
    here = Path(os.path.abspath(CONFIG_NAME))  # noqa: PTH100
    if _is_file(here):
        if os.geteuid() != 0 or _written_by_root_alone(here):
            return here
        # Root must not take orders from a file that somebody else left in this folder.
        warnings.append(f"{here} is ignored: others than root can write it. Name it with --config to use it.")
    return SYSTEM_CONFIG if _is_file(SYSTEM_CONFIG) else None


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a folder that we may not enter is no answer, and settings are not passed over."""
    try:
        return path.is_file()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}. Run this as an account that may enter its "
                            "folder, or name another file with --config.") from None


def _written_by_root_alone(path: Path) -> bool:
    status = path.stat()
    return status.st_uid == 0 and status.st_mode & 0o022 == 0


def _read(path: Path, source: str) -> bytes:
    try:
        if path.stat().st_size > FILE_SIZE_MAX:
            raise SettingsError(f"{path} (from {source}) is larger than {FILE_SIZE_MAX} octets. Name the right file.")
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise SettingsError(f"{path} (from {source}) cannot be read: {reason}. Check its path and mode.") from None


def _toml_layer(config: Path | None, known: set[str], warnings: list[str]) -> Iterator[tuple[str, Any]]:
    if config is None:
        return
    try:
        document = tomllib.loads(_read(config, "the settings file").decode())
    except (ValueError, RecursionError) as error:  # Of TOML, of UTF-8, or of what Python takes.
        raise SettingsError(f"{config} is not TOML: {error}. Correct that place.") from None
    groups = {name.partition(".")[0] for name in known if "." in name}
    for key, value in document.items():
        if key in groups and not isinstance(value, dict):
            raise SettingsError(f"{key} in {config} is a group: write it as a table, [{key}].")
        for name, leaf in ([(f"{key}.{inner}", leaf) for inner, leaf in value.items()] if key in groups
                           else [(key, value)]):
            if name in known:
                yield name, leaf
            else:
                warnings.append(f"{name} in {config} is no setting of this release and is ignored.")


def _env_layer(env: Mapping[str, str], warnings: list[str]) -> Iterator[tuple[str, str, str]]:
    names = {row.variable: row.name for row in described()}
    for variable, value in sorted(env.items()):
        if not variable.startswith(ENV_PREFIX) or variable in OTHER_VARIABLES:
            continue
        direct = variable.removesuffix(FILE_SUFFIX)
        if variable in names:
            if value:  # An empty one is what compose files pass on for "not set".
                yield names[variable], value, variable
        elif direct in names:
            if env.get(direct) and value:
                raise SettingsError(f"{direct} and {variable} are both set: unset one of them.")
            if value:
                content = _read(Path(value), variable).decode(errors="replace").strip()
                yield names[direct], content, variable
        else:
            warnings.append(f"The variable {variable} is no setting of this release and is ignored.")
