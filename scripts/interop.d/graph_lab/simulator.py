"""The simulated servers as programs of their own, with a judge before Exchange Online or without, and our programs."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

from lab.migrate import Process
from lab.proxy import Proxy
from lab.server import free_port

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / 'scripts' / 'interop.d' / 'graph'
SECRET = 'secret'


class Simulator:
    """Exchange Online; use it in a `with`. With a Python that has the clients, the guard stands before it."""

    def __init__(self, *options, python=None, metadata=None, certificate=(), messages=3, proxied=False):
        self.options, self.python, self.metadata = options, python, metadata
        self.certificate, self.messages, self.proxied = certificate, messages, proxied

    def __enter__(self):
        # A port of our own choice may be taken until the server has it; only the guard has to know it before.
        self.port, self.lines, self.guard, self.url = 0, [], None, ''
        if self.python:
            self.watch()
        elif self.proxied:
            self.proxy = Proxy(0)
            self.url = f'http://127.0.0.1:{self.proxy.port}'
        self.start()
        self.direct = f'http://127.0.0.1:{self.port}'
        self.url = self.url or self.direct
        if self.proxied:
            self.proxy.target = self.port
        return self

    def watch(self):
        """Start the guard."""
        self.port = free_port()
        command = [self.python, HERE / 'guard.py', self.metadata or '', f'127.0.0.1:{self.port}', *self.certificate]
        self.guard = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        scheme = 'https' if self.certificate else 'http'
        self.url = f'{scheme}://127.0.0.1:{json.loads(self.guard.stdout.readline())["port"]}'
        # Read as it comes: nobody waits for whom nobody listens to.
        self.listener = threading.Thread(target=lambda: self.lines.extend(self.guard.stdout))
        self.listener.start()

    def start(self):
        """Start the server."""
        command = [program('graph-simulator'), str(self.port), str(self.messages), self.url, *self.options]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        listening = re.search(r':(\d+), tenant (\S+)', self.server.stdout.readline())
        if not listening:
            sys.exit('the simulator does not listen')
        self.port, self.tenant = int(listening[1]), listening[2]

    def kill(self):
        """The server is gone from one moment to the next."""
        self.server.send_signal(signal.SIGKILL)
        self.server.communicate()

    def __exit__(self, *_):
        self.last = self.server.communicate()[0] if self.server.poll() is None else ''
        if self.guard:
            self.guard.terminate()
            self.listener.join()
            self.guard.wait()
        self.seen = [json.loads(line) for line in self.lines]

    def ask(self, path):
        """What the server itself answers."""
        with self.open(path) as answer:
            return json.load(answer)

    def open(self, path):
        """The same as a file."""
        path = urllib.parse.quote(path, safe='/?&=$,@')
        request = urllib.request.Request(f'{self.direct}/v1.0{path}', headers={'Authorization': 'Bearer app-token'})
        return urllib.request.urlopen(request, timeout=120)

    def messages_of(self, address, select):
        """All messages of a mailbox, below the name of their folder; what is hidden as well."""
        user, found = f'/users/{address}', {}
        for folder in self.ask(f'{user}/mailFolders?includeHiddenFolders=true&$top=100')['value']:
            page = f'{user}/mailFolders/{folder["id"]}/messages?$select={select}&$top=1000'
            if messages := self.ask(page)['value']:
                found[folder['displayName']] = messages
        return found

    def wrong(self, direction):
        """What was wrong with the requests, or with the answers."""
        found = [one for one in self.seen if one['direction'] == direction and one['wrong']]
        return '\n'.join(f'{one["what"][:100]}: {"; ".join(one["wrong"])[:300]}' for one in found)

    def judge(self, checks, what):
        """What the guard saw, once the server has ended."""
        checks.check(f'{what}: nothing was sent', 'sent 0,' in self.last, self.last)
        for direction in ('request', 'answer') if self.metadata else ():
            count, wrong = sum(one['direction'] == direction for one in self.seen), self.wrong(direction)
            checks.check(f'{what}: {count} {direction}s fit the metadata', count and not wrong, wrong)

    def at(self, mailbox, more='', tenant=None):
        """The URL of a mailbox, for our programs."""
        place = f'endpoint={self.url}/v1.0&authority={self.url}'
        return f'graph://{tenant or self.tenant}?mailbox={mailbox}&{place}{more}'

    def secrets(self, side='DESTINATION', application='app', secret=SECRET):
        """What our programs need to know, in their environment."""
        known = {'TENANT': self.tenant, 'CLIENT_ID': application, 'CLIENT_SECRET': secret}
        return {f'MAILMOVE_{side}_{name}': value for name, value in known.items()}


class Other:
    """The IMAP server of alice or the Exchange of ann, until the `with` ends."""

    def __init__(self, name, *arguments):
        self.name, self.arguments = name, arguments

    def __enter__(self):
        command = [program(self.name), '0', *self.arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r'127\.0\.0\.1:(\d+)', self.process.stdout.readline())[1])
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def program(name):
    """The path of a program that was built."""
    folder = os.environ.get('MAILMOVE_PROGRAMS')
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    return str(pathlib.Path(folder) if folder else pathlib.Path(ROOT, target) / 'release' / 'examples') + f'/{name}'


def build(package, *names):
    """Build examples. Without optimization large things would take minutes."""
    command = ['cargo', 'build', '-q', '--release', '--all-features', *package]
    run([*command, *(word for name in names for word in ('--example', name))], cwd=ROOT)


def migrate(folder, source, destination, secrets, *more, ledger=None):
    """Start the example `migrate` between two URLs; what it says and keeps is below the folder."""
    os.makedirs(folder, exist_ok=True)
    ledger = ledger or os.path.join(folder, 'ledger')
    ends = ['--from', source, '--to', destination, '--ledger', ledger]
    return Process([program('migrate'), '--allow-plaintext', *ends, *more], folder, secrets)


def told(done):
    """All that a run said."""
    return done.out + done.err


def secret_in(text):
    """What of our secrets is in a text."""
    known = ('authtoken', 'eyJ', 's3cr3t', 'app-token', 'CLIENT_SECRET=', f'"{SECRET}"', f'={SECRET}&')
    return [one for one in known if one in text]


def run(command, **options):
    """Run a command that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f'{command[0]} failed:\n{done.stdout}{done.stderr}')
