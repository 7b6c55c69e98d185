"""The definitions document as text: YAML or JSON read with limits, and written in one stable form.

Nothing here knows what the document means (``topology.validate`` does) or where it is kept (``store``).  The services
behind web, API and command line call it.
"""

from dhcpcore.interchange.reader import read, read_file, read_json
from dhcpcore.interchange.writer import to_json, to_yaml

__all__ = ["read", "read_file", "read_json", "to_json", "to_yaml"]
