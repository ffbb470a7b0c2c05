"""A web server that signs connections in by NTLM with an acceptor that is not ours, and passes on what they send.

    acceptor.py PORT plain|tls|other [CERTIFICATE]

PORT is that of the simulator. With `tls` it shows a certificate of its own, which it writes to the file CERTIFICATE,
and takes only who is bound to it; with `other` it asks for a binding to another one, as the end of a tunnel would that
somebody opened in between. Accounts are in the file that NTLM_USER_FILE names. It prints its port, and for each sign-in
how it went.
"""

import base64
import datetime
import hashlib
import http.client
import ipaddress
import ssl
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import spnego
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from spnego.channel_bindings import GssChannelBindings

BASIC = 'Basic ' + base64.b64encode(b'ann@x.test:secret').decode()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = 'HTTP/1.1'

    def setup(self):
        super().setup()
        self.context, self.signed_in = None, False
        self.upstream = http.client.HTTPConnection('127.0.0.1', self.server.upstream)

    def do_POST(self):
        """Sign in, or pass on."""
        content = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        scheme, _, token = self.headers.get('Authorization', '').partition(' ')
        if scheme.lower() in ('ntlm', 'negotiate'):
            self.accept(scheme, base64.b64decode(token))
            if self.answer is not None:
                return self.refuse(f'{scheme} {base64.b64encode(self.answer).decode()}')
        if not self.signed_in:
            return self.refuse('NTLM')
        headers = {name: value for name, value in self.headers.items() if name.lower() != 'authorization'}
        self.upstream.request('POST', self.path, content, {**headers, 'Authorization': BASIC})
        response = self.upstream.getresponse()
        body = response.read()
        self.send_response(response.status)
        self.send_header('Content-Type', response.getheader('Content-Type', 'text/plain'))
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def accept(self, scheme, token):
        """One step of the sign-in; `answer` is what goes back, if the client has to say more."""
        self.answer = None
        if token[8:9] == b'\x01':
            self.context = spnego.server(
                hostname='mail.x.test', service='HTTP', protocol='ntlm', channel_bindings=self.server.bindings
            )
        try:
            answer = self.context.step(token)
        except Exception as error:
            print(f'refused {type(error).__name__}', flush=True)
            return
        if self.context.complete:
            self.signed_in = True
            print(f'accepted {self.context.client_principal}', flush=True)
        else:
            self.answer = answer

    def refuse(self, challenge):
        self.send_response(401)
        self.send_header('WWW-Authenticate', challenge)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        """Nothing: what is worth telling is printed."""


def certificate():
    """A key and a certificate for localhost, both in PEM, and the certificate in DER."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'localhost')])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName('localhost'), x509.IPAddress(ipaddress.ip_address('127.0.0.1'))]
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
    signed = builder.add_extension(x509.SubjectAlternativeName(names), False).sign(key, hashes.SHA384())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret, signed.public_bytes(pem), signed.public_bytes(serialization.Encoding.DER)


def bindings(der):
    """What ties a sign-in to a certificate that was signed with SHA-384."""
    return GssChannelBindings(application_data=b'tls-server-end-point:' + hashlib.sha384(der).digest())


def main():
    port, mode, *rest = sys.argv[1:]
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    server.upstream, server.bindings = int(port), None
    if mode != 'plain':
        key, pem, der = certificate()
        with open(rest[0], 'wb') as file:
            file.write(pem)
        with tempfile.NamedTemporaryFile() as both:
            both.write(key + pem)
            both.flush()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(both.name)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.bindings = bindings(der if mode == 'tls' else certificate()[2])
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
