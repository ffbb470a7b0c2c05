"""The simulated Exchange Online under clients that nobody here wrote; with --schema, every request and answer too."""

import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading

from lab.checks import Checks
from lab.migrate import Process

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent / 'graph'

# Octets that a run may need, however large a message is.
MEMORY = 150 << 20


class Simulator:
    """The server, as a program of its own, behind the guard; use it in a `with`."""

    def __init__(self, python, metadata, certificate=(), large=0):
        self.python, self.metadata, self.certificate, self.large = python, metadata, certificate, large

    def __enter__(self):
        port = free_port()
        command = [self.python, HERE / 'guard.py', self.metadata or '', f'127.0.0.1:{port}', *self.certificate]
        self.guard = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        scheme = 'https' if self.certificate else 'http'
        self.url = f'{scheme}://127.0.0.1:{json.loads(self.guard.stdout.readline())["port"]}'
        # Read as it comes: nobody waits for whom nobody listens to.
        self.lines = []
        self.listener = threading.Thread(target=lambda: self.lines.extend(self.guard.stdout))
        self.listener.start()
        command = [example('graph-simulator'), str(port), '3', self.url, str(self.large)]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        listening = re.search(r'tenant (\S+)', self.server.stdout.readline())
        if not listening:
            sys.exit('the simulator does not listen')
        self.tenant = listening[1]
        return self

    def __exit__(self, *_):
        self.last = self.server.communicate()[0]
        self.guard.terminate()
        self.listener.join()
        self.guard.wait()
        self.seen = [json.loads(line) for line in self.lines]

    def wrong(self, direction):
        """What was wrong with the requests, or with the answers."""
        found = [one for one in self.seen if one['direction'] == direction and one['wrong']]
        return '\n'.join(f'{one["what"][:100]}: {"; ".join(one["wrong"])[:300]}' for one in found)


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def example(name):
    """The path of a program that was built."""
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    return str(pathlib.Path(ROOT, target) / 'release' / 'examples' / name)


def run(command, **options):
    """Run a command that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f'{command[0]} failed:\n{done.stdout}{done.stderr}')


def install(folder):
    """The clients, and the commands that run them."""
    venv, modules = pathlib.Path(folder, 'venv'), pathlib.Path(folder, 'modules')
    python = str(venv / 'bin' / 'python')
    if not venv.exists():
        run([sys.executable, '-m', 'venv', venv])
        run([python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', HERE / 'requirements.txt'])
    modules.mkdir(exist_ok=True)
    for name in ('package.json', 'client.mjs'):
        (modules / name).write_text((HERE / name).read_text())
    if not (modules / 'node_modules').exists():
        run(['npm', 'install', '--silent', '--no-audit', '--no-fund'], cwd=modules)
    return python, str(modules / 'client.mjs')


def certificate(folder):
    """A certificate for this machine, which the client for JavaScript does not go without."""
    paths = [os.path.join(folder, name) for name in ('cert.pem', 'key.pem')]
    run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
         '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', paths[0], '-keyout', paths[1]])
    return paths


def visit(checks, name, server, command, environment=None):
    """One visit of a client: whether it is content, whether mail was sent, and what the guard saw."""
    with server:
        options = {'capture_output': True, 'text': True, 'timeout': 300, 'env': {**os.environ, **(environment or {})}}
        try:
            client = subprocess.run([*command, server.url], **options)
        except subprocess.TimeoutExpired as late:
            client = subprocess.CompletedProcess(late.cmd, 1, '', 'it did not end')
    checks.check(f'{name} is content', client.returncode == 0, client.stdout + client.stderr)
    checks.check(f'{name}: nothing was sent', 'sent 0,' in server.last, server.last)
    if server.metadata:
        answers = sum(one['direction'] == 'answer' for one in server.seen)
        checks.check(f'{name}: {answers} answers fit the metadata', answers and not server.wrong('answer'), server.wrong('answer'))
        if server.wrong('request'):
            checks.note(f'requests of {name} that do not fit the metadata:\n{server.wrong("request")}')


def moves(checks, python, metadata, program, folder, large):
    """Microsoft's library writes, the library moves in its two ways, Microsoft's library reads."""
    with Simulator(python, metadata, large=large) as server:
        done = subprocess.run([python, HERE / 'sdk.py', server.url], capture_output=True, text=True, timeout=300)
        checks.check('a mailbox is written by msgraph-sdk', done.returncode == 0, done.stderr)
        for number, (address, more, how) in enumerate((
            ('bob@x.test', '', 'as streams'),
            ('carol@x.test', '&streams=no', 'as JSON'),
        )):
            move(checks, server, program, os.path.join(folder, str(number)), address, more, how)
            compared = [python, HERE / 'compare.py', server.url, 'ann@x.test', address]
            read = subprocess.run(compared, capture_output=True, text=True, timeout=300)
            checks.check(f'{how}: msgraph-sdk reads the same', read.returncode == 0, read.stdout + read.stderr)
    checks.check('moves: nothing was sent', 'sent 0,' in server.last, server.last)
    if metadata:
        for direction in ('request', 'answer'):
            count = sum(one['direction'] == direction for one in server.seen)
            wrong = server.wrong(direction)
            checks.check(f'moves: {count} {direction}s fit the metadata', count and not wrong, wrong)


def move(checks, server, program, folder, address, more, how):
    """One run of the example `migrate` from the mailbox of ann."""
    def url(mailbox):
        place = f'endpoint={server.url}/v1.0&authority={server.url}'
        return f'graph://{server.tenant}?mailbox={mailbox}&{place}{more}'

    secrets = {}
    for side in ('SOURCE', 'DESTINATION'):
        known = {'TENANT': server.tenant, 'CLIENT_ID': 'app', 'CLIENT_SECRET': 'secret'}
        secrets |= {f'MAILMOVE_{side}_{name}': value for name, value in known.items()}
    command = [program, '--allow-plaintext', '--from', url('ann@x.test'), '--to', url(address), '--ledger', f'{folder}.ledger']
    done = Process(command, folder, secrets).wait()
    said = done.out + done.err
    checks.check(f'{how}: all is moved', done.status == 0, done)
    checks.check(f'{how}: {done.peak >> 20} MiB of memory at most', done.peak < MEMORY)
    checks.check(f'{how}: no secret is told', 'authtoken' not in said and 'eyJ' not in said, said)


def mistakes(checks, python, metadata):
    """The guard notices requests and answers that are wrong."""
    cases = pathlib.Path(HERE, 'mistakes.json').read_text()
    done = subprocess.run([python, HERE / 'mistakes.py', metadata], input=cases, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        what, _, found = line.partition('\t')
        checks.check(f'noticed: {what}', found != 'nothing', found)
    checks.check('the mistakes were tried', done.returncode == 0 and done.stdout, done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--schema', default=os.environ.get('GRAPH_SCHEMA'), help='folder with v1.0-Prod.csdl')
    parser.add_argument('--clients', help='folder in which the clients stay from run to run')
    parser.add_argument('--large', type=int, default=40_000_000, help='octets of the largest file that is moved')
    options = parser.parse_args()
    build = ['cargo', 'build', '-q', '--release', '--all-features']
    run([*build, '-p', 'mailmove-testkit', '--example', 'graph-simulator'], cwd=ROOT)
    run([*build, '--example', 'migrate'], cwd=ROOT)
    checks = Checks()
    metadata = options.schema and os.path.join(options.schema, 'v1.0-Prod.csdl')
    with tempfile.TemporaryDirectory(prefix='mailmove-graph-') as folder:
        if options.clients:
            os.makedirs(options.clients, exist_ok=True)
        python, script = install(options.clients or folder)
        pem = certificate(folder)
        visit(checks, 'msgraph-sdk', Simulator(python, metadata), [python, HERE / 'sdk.py'])
        visit(checks, 'O365', Simulator(python, metadata), [python, HERE / 'o365.py'])
        script = ['node', script]
        visit(checks, 'microsoft-graph-client', Simulator(python, metadata, pem), script, {'NODE_EXTRA_CA_CERTS': pem[0]})
        moves(checks, python, metadata, example('migrate'), folder, options.large)
        if metadata:
            mistakes(checks, python, metadata)
        else:
            checks.note('skipped: the metadata, for want of --schema')
    checks.finish()


if __name__ == '__main__':
    main()
