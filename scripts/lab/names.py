"""Mailbox names on the wire: modified UTF-7 (RFC 3501, section 5.1.3) and quoting."""

import base64
import re


def encode(name: str) -> bytes:
    """A Unicode name as modified UTF-7."""
    parts = re.split('([^ -~]+)', name)
    plain = (p.replace('&', '&-').encode() for p in parts[::2])
    coded = [b'&' + base64.b64encode(p.encode('utf-16-be'), b'+,').rstrip(b'=') + b'-' for p in parts[1::2]]
    return b''.join(a + b for a, b in zip(plain, [*coded, b'']))


def decode(name: bytes) -> str:
    """The Unicode name, or ValueError when the bytes are not modified UTF-7."""

    def run(match):
        if not match[1]:
            return '&'
        coded = match[1] + b'=' * (-len(match[1]) % 4)
        return base64.b64decode(coded, b'+,', validate=True).decode('utf-16-be')

    out, at = '', 0
    for match in re.finditer(rb'&([^-]*)-', name):
        out += name[at : match.start()].decode('ascii') + run(match)
        at = match.end()
    return out + name[at:].decode('ascii')


def quote(name: bytes) -> bytes:
    """A name as a quoted string; it holds no CR, LF or NUL."""
    return b'"' + name.replace(b'\\', b'\\\\').replace(b'"', b'\\"') + b'"'
