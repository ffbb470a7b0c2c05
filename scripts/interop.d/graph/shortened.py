"""JSON as it passes, with what is long in it left out: bodies of hundreds of megabytes are a few texts around one file."""

import re

# From this many characters on a text is base64, and its end is left out. A multiple of four.
LONG = 1 << 20

PLAIN = re.compile(rb'[^"\\]*')
ALPHABET = b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='


class Shortened:
    """Fed with pieces, keeps what can be judged; `wrong` says what is wrong with the rest."""

    def __init__(self):
        self.kept, self.wrong, self.octets = bytearray(), [], 0
        # How long the text is in which we are, if any; and whether the next character is escaped.
        self.length, self.escaped = None, False

    def feed(self, piece):
        """The next octets."""
        self.octets += len(piece)
        at = 0
        while at < len(piece):
            if self.length is None:
                end = piece.find(b'"', at)
                stop = len(piece) if end < 0 else end + 1
                self.kept += piece[at:stop]
                self.length, at = (None if end < 0 else 0), stop
            elif self.escaped:
                self.take(piece[at:at + 1])
                self.escaped, at = False, at + 1
            else:
                end = PLAIN.match(piece, at).end()
                self.take(piece[at:end])
                if piece[end:end + 1] == b'"':
                    self.close()
                elif end < len(piece):
                    self.take(b'\\')
                    self.escaped = True
                at = end + 1

    def take(self, text):
        room = max(LONG - self.length, 0)
        self.kept += text[:room]
        if text[room:].translate(None, ALPHABET) and not self.wrong:
            self.wrong.append('a long text is no base64')
        self.length += len(text)

    def close(self):
        if self.length > LONG and self.length % 4:
            self.wrong.append(f'{self.length} characters are no base64')
        self.kept += b'"'
        self.length = None
