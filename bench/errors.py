"""What can go wrong in a benchmark, as one tree.

BenchError
├── CannotRun: the machine lacks something that every measurement needs (root, a program, a second core).
├── ServerFailed: one server did not start, died or never answered; the others are still measured.
└── BadOutput: a tool printed something that is not its report.
"""


class BenchError(Exception):
    """The base of all of them."""


class CannotRun(BenchError):
    """The machine lacks something that every measurement needs."""


class ServerFailed(BenchError):
    """One server did not start, died or never answered."""


class BadOutput(BenchError):
    """A tool printed something that is not its report."""
