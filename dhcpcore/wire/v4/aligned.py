"""An answer whose options begin at multiples of some octets: for clients that read words.  RFC 2132 3.1 and 3.2."""

from __future__ import annotations

#: Octets of the longest word.
WORD_MAX = 64
#: Where options begin, and the length to which BOOTP fills up.  RFC 2131 2, RFC 1542 2.1.
_OPTIONS, _SHORTEST = 240, 300
_PAD, _END = 0, 255


def aligned(payload: bytes, word: int, tail: int, limit: int) -> bytes:
    """The message with pads between its options (``word`` not 0) and at its end (``tail`` not 0).

    Where the client has no room for pads, beyond ``limit`` octets, it stays as it is.
    """
    made = bytearray(payload[:_OPTIONS])
    at = _OPTIONS
    while at < len(payload) and payload[at] != _END:
        if payload[at] == _PAD:
            at += 1
            continue
        end = at + 2 + payload[at + 1]
        made += payload[at:end]
        if word:
            made += bytes(-len(made) % word)
        at = end
    made.append(_END)
    made += bytes(max(0, min(len(payload), _SHORTEST) - len(made)))
    if tail:
        made += bytes(-len(made) % tail)
    return payload if len(made) > limit else bytes(made)
