"""The release, in one place: the package's metadata, `--version` and the pages read it here."""

__version__ = "0.1.0"
