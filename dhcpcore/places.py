"""Where the data folders are: beside the packages in a checkout, inside the core in an installed wheel."""

from pathlib import Path

_CORE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """The folder `migrations`, `templates`, `static` or `docs`, wherever this copy of Lessor keeps it."""
    installed = _CORE / "_data" / name
    return installed if installed.is_dir() else _CORE.parent / name
