"""Stands between a client of Microsoft Graph and its server, and holds what is said against the metadata.

    guard.py METADATA UPSTREAM [CERTIFICATE KEY]

UPSTREAM is host:port. With a certificate it speaks TLS to the client. What does not fit goes to standard output, one
JSON object a line; the first line tells the port.

Bodies pass as they come. Of JSON all is judged but the end of very long texts, of which no more is asked than that they
are base64; of the pieces of an upload, their range and their length. Other content is nobody's business.
"""

import http.client
import json
import re
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from metadata import Metadata
from shortened import Shortened

HOP = {'connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding'}
PAGE_RANGE = re.compile(r'bytes (\d+)-(\d+)/(\d+)')
# Octets that are passed on at once.
PIECE = 1 << 20


def uploaded(headers, octets):
    """What is wrong with a piece of an upload."""
    found = PAGE_RANGE.fullmatch(headers.get('Content-Range') or '')
    if not found:
        return ['a piece without its range']
    first, last, whole = map(int, found.groups())
    return [] if last - first + 1 == octets and last < whole else [f'{found[0]} with {octets} octets']


def imported(headers, body):
    """What is wrong with an import: documented, but not in the metadata."""
    if headers.get('Authorization'):
        return ['an import with an Authorization header']
    try:
        given = {name.lower(): value for name, value in json.loads(body).items()}
    except ValueError as error:
        return [f'no JSON: {error}']
    wanted = {'folderid', 'mode', 'data'} | ({'itemid', 'changekey'} if given.get('mode') == 'update' else set())
    return [] if set(given) == wanted else [f'an import of {sorted(given)}']


class Plain:
    """Content that is not JSON, kept as far as it is not long."""

    def __init__(self):
        self.kept, self.wrong, self.octets = bytearray(), [], 0

    def feed(self, piece):
        """The next octets."""
        self.octets += len(piece)
        if self.octets <= 8 * PIECE:
            self.kept += piece


def serve(metadata, upstream, certificate):
    """Pass everything on, and say what is wrong with it."""
    model = Metadata(metadata) if metadata else None
    writing = threading.Lock()

    class Between(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def log_message(self, *_):
            pass

        def pieces(self, seen):
            """The content of the request, shown to somebody while it passes."""
            for piece in self.chunks() if self.chunked() else self.counted():
                seen.feed(piece)
                yield piece

        def chunked(self):
            return 'chunked' in (self.headers.get('Transfer-Encoding') or '')

        def counted(self):
            left = int(self.headers.get('Content-Length') or 0)
            while left and (piece := self.rfile.read(min(left, PIECE))):
                left -= len(piece)
                yield piece

        def chunks(self):
            while length := int(self.rfile.readline().split(b';')[0], 16):
                yield self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()

        def forward(self):
            asked = Shortened() if self.speaks_json() else Plain()
            server = http.client.HTTPConnection(upstream, timeout=300)
            kept = {name: value for name, value in self.headers.items() if name.lower() not in HOP | {'accept-encoding'}}
            framing = {name: self.headers[name] for name in ('Content-Length', 'Transfer-Encoding') if self.headers[name]}
            content = self.pieces(asked) if framing else b''
            server.request(self.command, self.path, content, kept | framing, encode_chunked=self.chunked())
            answer = server.getresponse()
            place, known = self.judge(asked)
            said = Shortened() if 'json' in (answer.getheader('Content-Type') or '') else Plain()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            whole = b'' if answer.length is not None or answer.status == 204 else answer.read()
            if answer.status != 204:
                self.send_header('Content-Length', str(len(whole) if answer.length is None else answer.length))
            self.end_headers()
            said.feed(whole)
            self.wfile.write(whole)
            while piece := answer.read(PIECE):
                said.feed(piece)
                self.wfile.write(piece)
            if known:
                wrong = model.answer(self.command, place, answer.status, answer.headers, bytes(said.kept))
                self.tell('answer', wrong + said.wrong)
            server.close()

        def speaks_json(self):
            """Whether what is asked is JSON."""
            return 'json' in (self.headers.get('Content-Type') or '')

        def judge(self, asked):
            """The place that is meant, and whether its answer can be judged."""
            place, known, body = None, model and self.path.startswith('/v1.0/'), bytes(asked.kept)
            if known:
                place, wrong = model.request(self.command, self.path, self.headers, body)
                self.tell('request', wrong + asked.wrong)
            elif self.path.startswith('/api/uploads/') and self.command == 'PUT':
                self.tell('request', uploaded(self.headers, asked.octets))
            elif '/importItem' in self.path:
                self.tell('request', imported(self.headers, body) + asked.wrong)
            return place, known

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

        def tell(self, direction, wrong):
            path = self.path.split('?')[0] if '/api/' in self.path else self.path
            with writing:
                print(json.dumps({'direction': direction, 'what': f'{self.command} {path}', 'wrong': wrong}), flush=True)

    server = ThreadingHTTPServer(('127.0.0.1', 0), Between)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(json.dumps({'port': server.server_address[1]}), flush=True)
    server.serve_forever()


if __name__ == '__main__':
    serve(sys.argv[1], sys.argv[2], sys.argv[3:5])
