"""A small IMAP client: enough to fill a mailbox and to read one back, byte for byte."""

import re
import socket
import ssl

from . import names

_TOKEN = re.compile(rb'[()]|"(?:[^"\\]|\\.)*"|[^\s()"]+', re.S)
_LITERAL = re.compile(rb'~?\{(\d+)\}\r\n\Z')


# Commands whose first argument is the name of a mailbox.
_NAMED = {b'APPEND', b'CREATE', b'DELETE', b'EXAMINE', b'SELECT', b'STATUS', b'SUBSCRIBE', b'UNSUBSCRIBE'}


class Refused(Exception):
    """The server answered NO or BAD."""


class Text(bytes):
    """A string or a literal, as opposed to an atom: `"NIL"` is not NIL."""


class Imap:
    """One connection. Commands run one at a time; answers can be read while they arrive."""

    def __init__(self, port, host='127.0.0.1', ca=None, timeout=120):
        self.sock = socket.create_connection((host, port), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ca:
            self.sock = ssl.create_default_context(cafile=ca).wrap_socket(self.sock, server_hostname=host)
        self.file = self.sock.makefile('rb', 1 << 20)
        self.tag = 0
        self.done = b''
        self.utf8 = False  # names are UTF-8 on the wire, and modified UTF-7 here all the same
        self.plus = None  # whether literals may go without an invitation; asked when the first one goes
        self.greeting = self._line()
        if not self.greeting.startswith((b'* OK', b'* PREAUTH')):
            raise Refused(self.greeting.decode(errors='replace').strip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Sign out if the server still listens, and close."""
        try:
            self.run(b'LOGOUT')
        except (OSError, Refused):
            pass
        self.file.close()
        self.sock.close()

    def login(self, user, password):
        """Sign in with LOGIN."""
        self.run(b'LOGIN', names.quote(user.encode()), names.quote(password.encode()))
        return self

    def run(self, *parts):
        """Send a command and return its untagged answers. A part of type Text goes as a literal."""
        return list(self.stream(*parts))

    def stream(self, *parts):
        """Send a command and yield its untagged answers while they come; the status is checked at the end."""
        if self.plus is None and any(isinstance(part, Text) for part in parts):
            self.plus = any(b' LITERAL+' in bytes(answer[0]).upper() for answer in self.run(b'CAPABILITY'))
        if self.utf8 and parts[0].upper() in _NAMED:
            name = parts[1].encode() if isinstance(parts[1], str) else parts[1]
            parts = (parts[0], names.decode(name).encode(), *parts[2:])
        self.tag += 1
        tag = b'x%d' % self.tag
        out = [tag]
        for part in parts:
            if isinstance(part, Text):
                out += [b' ', b'{%d%s}\r\n' % (len(part), b'+' if self.plus else b'')]
                if not self.plus:
                    self.sock.sendall(b''.join(out))
                    out = []
                    line = self._line()
                    if not line.startswith(b'+'):
                        self.done = line.split(b' ', 1)[-1]
                        raise Refused(self.done.decode(errors='replace').strip())
                out.append(part)
            else:
                out += [b' ', part.encode() if isinstance(part, str) else part]
        self.sock.sendall(b''.join(out) + b'\r\n')
        while True:
            answer = self._answer()
            head = bytes(answer[0])
            if head.startswith(tag + b' '):
                self.done = head[len(tag) + 1 :]
                if not self.done.upper().startswith(b'OK'):
                    raise Refused(self.done.decode(errors='replace').strip())
                return
            if head.startswith(b'* BYE') and parts[0].upper() != b'LOGOUT':
                raise ConnectionError(head.decode(errors='replace').strip())
            yield answer

    def _line(self):
        line = self.file.readline()
        if not line.endswith(b'\n'):
            raise ConnectionError('the server closed the connection')
        return line

    def _answer(self):
        """One answer as pieces: lines, and between them the literals as Text."""
        pieces = []
        while True:
            line = self._line()
            pieces.append(line)
            literal = _LITERAL.search(line)
            if not literal:
                return pieces
            pieces[-1] = line[: literal.start()]
            size = int(literal[1])
            body = self.file.read(size)
            if len(body) < size:
                raise ConnectionError('the server closed the connection inside a literal')
            pieces.append(Text(body))


def parse(pieces):
    """The pieces of an answer as nested lists of atoms (bytes) and strings (Text)."""
    stack = [[]]
    for piece in pieces:
        if isinstance(piece, Text):
            stack[-1].append(piece)
            continue
        for token in _TOKEN.findall(piece):
            if token == b'(':
                stack.append([])
            elif token == b')':
                if len(stack) > 1:
                    done = stack.pop()
                    stack[-1].append(done)
            elif token.startswith(b'"'):
                stack[-1].append(Text(re.sub(rb'\\(.)', rb'\1', token[1:-1], flags=re.S)))
            else:
                stack[-1].append(token)
    return stack[0]


def tree(imap, command=b'LIST', pattern=b'"*"'):
    """What LIST or LSUB says: (raw name, delimiter or None, attributes in lower case)."""
    out = []
    for answer in imap.run(command, b'""', pattern):
        words = parse(answer)
        if words[1:2] == [command]:
            delimiter = words[3].decode() if isinstance(words[3], Text) else None
            name = names.encode(bytes(words[4]).decode()) if imap.utf8 else bytes(words[4])
            out.append((name, delimiter, {a.decode().lower() for a in words[2]}))
    return out


def namespace(imap):
    """The personal namespace: prefix and delimiter."""
    for answer in imap.run(b'NAMESPACE'):
        words = parse(answer)
        if words[1:2] == [b'NAMESPACE'] and isinstance(words[2], list):
            prefix, delimiter = words[2][0][:2]
            return prefix.decode(), delimiter.decode()
    raise Refused('the server names no personal namespace')
