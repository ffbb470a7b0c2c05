"""What the servers of the laboratory have in common: ports, a certificate, processes that end when told to."""

import os
import signal
import socket
import subprocess
import time

from .wire import Imap

PASSWORD = 'user-secret-pw'
MAIL_USER = 'mail'


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def certificate(folder):
    """An authority of our own, and a certificate by it for 127.0.0.1 and localhost; returns the authority's file."""

    def openssl(*arguments):
        subprocess.run(['openssl', *arguments], cwd=folder, check=True, capture_output=True)

    key = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes')
    openssl(
        'req',
        '-x509',
        *key,
        '-days',
        '30',
        '-subj',
        '/CN=laboratory',
        '-keyout',
        'ca.key',
        '-out',
        'ca.pem',
        '-addext',
        'keyUsage=critical,keyCertSign',
    )
    openssl('req', *key, '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr')
    with open(f'{folder}/server.ext', 'w') as f:
        f.write('subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n')
    openssl(
        'x509',
        '-req',
        '-in',
        'server.csr',
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        '30',
        '-extfile',
        'server.ext',
        '-out',
        'server.pem',
    )
    os.chmod(
        f'{folder}/server.key', 0o644
    )  # the servers read it as different users; it lives as long as the laboratory
    return f'{folder}/ca.pem'


def self_signed(folder):
    """A certificate that nobody but itself signed, in a folder of its own; returns the folder."""
    os.makedirs(folder)
    os.chmod(folder, 0o755)
    command = ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    command += ['-days', '30', '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.pem']
    command += ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    os.chmod(f'{folder}/server.key', 0o644)
    return folder


class Server:
    """A mail server process: `port` speaks plain text and STARTTLS, `tls_port` speaks TLS from the start."""

    kind = ''
    host = '127.0.0.1'
    process = None

    def __init__(self, folder, certificates):
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        self.folder = folder
        self.certificates = certificates
        self.port, self.tls_port = free_port(), free_port()

    def imap(self, user, password=PASSWORD, port=None):
        """A signed-in connection."""
        return Imap(port or self.port, self.host).login(user, password)

    def plain_url(self, user, port=None):
        """The endpoint's URL without encryption; `port` is that of a proxy before it."""
        return f'imap://{user}@{self.host}:{port or self.port}?tls=none'

    def tls_url(self, user):
        """The endpoint's URL with TLS from the start."""
        return f'imaps://{user}@{self.host}:{self.tls_port}'

    def starttls_url(self, user):
        """The endpoint's URL with STARTTLS."""
        return f'imap://{user}@{self.host}:{self.port}'

    def spawn(self, command, env=None):
        """Start the server in the foreground, in a process group of its own, and wait until it greets."""
        with open(f'{self.folder}/out.log', 'ab') as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(os.environ, **(env or {})),
                start_new_session=True,
            )
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection((self.host, self.port), 2) as s:
                    if s.recv(4):
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit(f'{self.kind} did not start:\n{self.log()}')

    def stop(self):
        """End it, and wait until it has ended."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def log(self):
        """The last lines of what it wrote."""
        out = ''
        for name in ('out.log', 'server.log'):
            if os.path.exists(f'{self.folder}/{name}'):
                with open(f'{self.folder}/{name}', errors='replace') as f:
                    out += ''.join(f.readlines()[-15:])
        return out
