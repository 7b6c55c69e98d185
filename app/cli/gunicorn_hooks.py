"""What gunicorn calls: at its end, the workers' counts go as well."""

from __future__ import annotations

import os
import shutil


def on_exit(_server: object) -> None:
    """Remove the folder of counts; a start after a kill empties it instead."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
