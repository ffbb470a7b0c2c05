"""Stands between a client of Microsoft Graph and its server, and holds what is said against the metadata.

    guard.py METADATA UPSTREAM [CERTIFICATE KEY]

UPSTREAM is host:port. With a certificate it speaks TLS to the client. What does not fit goes to standard output, one
JSON object a line; the first line tells the port.
"""

import http.client
import json
import re
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from metadata import Metadata

HOP = {'connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding'}
PAGE_RANGE = re.compile(r'bytes (\d+)-(\d+)/(\d+)')


def uploaded(headers, body):
    """What is wrong with a piece of an upload."""
    found = PAGE_RANGE.fullmatch(headers.get('Content-Range') or '')
    if not found:
        return ['a piece without its range']
    first, last, whole = map(int, found.groups())
    return [] if last - first + 1 == len(body) and last < whole else [f'{found[0]} with {len(body)} octets']


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


def serve(metadata, upstream, certificate):
    """Pass everything on, and say what is wrong with it."""
    model = Metadata(metadata) if metadata else None
    writing = threading.Lock()

    class Between(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def log_message(self, *_):
            pass

        def body(self):
            if 'chunked' not in (self.headers.get('Transfer-Encoding') or ''):
                return self.rfile.read(int(self.headers.get('Content-Length') or 0))
            pieces = []
            while length := int(self.rfile.readline().split(b';')[0], 16):
                pieces.append(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
            return b''.join(pieces)

        def forward(self):
            asked, place, known = self.body(), None, model and self.path.startswith('/v1.0/')
            if known:
                place, wrong = model.request(self.command, self.path, self.headers, asked)
                self.tell('request', wrong)
            elif self.path.startswith('/api/uploads/') and self.command == 'PUT':
                self.tell('request', uploaded(self.headers, asked))
            elif '/importItem' in self.path:
                self.tell('request', imported(self.headers, asked))
            server = http.client.HTTPConnection(upstream, timeout=300)
            kept = {name: value for name, value in self.headers.items() if name.lower() not in HOP | {'accept-encoding'}}
            server.request(self.command, self.path, asked, kept)
            answer = server.getresponse()
            said = answer.read()
            if known:
                self.tell('answer', model.answer(self.command, place, answer.status, answer.headers, said))
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            if answer.status != 204:
                self.send_header('Content-Length', str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            server.close()

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
