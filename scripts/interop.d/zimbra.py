"""The simulated Zimbra, every version, under a client that nobody here wrote; with --schema, every envelope too."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from lab.checks import Checks
from lab.migrate import MOVED, Migrate

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent / 'zimbra'
FORMS = ('xml', 'json')
VERSIONS = {
    'Zimbra6': '6.0.16',
    'Zimbra7': '7.2.7',
    'Zimbra8': '8.0.9',
    'Zimbra88': '8.8.15',
    'Zimbra9': '9.0.0',
    'Zimbra10': '10.1.0',
    'Carbonio': '24.4.0',
}


class Simulator:
    """The server, as a program of its own; use it in a `with`."""

    def __init__(self, version, mistake=''):
        self.command = [simulator(), '0', '3', version, *([mistake] if mistake else [])]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = re.findall(r'http://127\.0\.0\.1:(\d+)', self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.last = self.process.communicate()[0]


class Guard:
    """The judge between client and server; without a schema, nobody stands there."""

    def __init__(self, python, schema, ports):
        self.python, self.schema, self.upstreams = python, schema, [f'127.0.0.1:{port}' for port in ports]

    def __enter__(self):
        self.urls, self.process = [f'http://{upstream}' for upstream in self.upstreams], None
        if self.schema:
            command = [self.python, HERE / 'guard.py', self.schema, *self.upstreams]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            ports = json.loads(self.process.stdout.readline())['ports']
            self.urls = [f'http://127.0.0.1:{port}' for port in ports]
        return self

    def __exit__(self, *_):
        self.seen = []
        if self.process:
            self.process.terminate()
            self.seen = [json.loads(line) for line in self.process.communicate()[0].splitlines()]

    def wrong(self, direction):
        """What was wrong with the requests, or with the answers."""
        return [one for one in self.seen if one['direction'] == direction and one['wrong']]


def simulator():
    """The program's path."""
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    return str(pathlib.Path(ROOT, target) / 'release' / 'examples' / 'zimbra-simulator')


def build():
    """Build the simulator."""
    command = ['cargo', 'build', '-q', '--release', '-p', 'mailmove-testkit', '--all-features', '--example', 'zimbra-simulator']
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f'{" ".join(command)} failed')


def migrate_with_zimbra():
    """Build the program that moves mailboxes; its path."""
    command = ['cargo', 'build', '-q', '--release', '--all-features', '--example', 'migrate']
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f'{" ".join(command)} failed')
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    return str(pathlib.Path(ROOT, target) / 'release' / 'examples' / 'migrate')


def install(folder):
    """A Python with the client; its path."""
    python = os.path.join(folder, 'venv', 'bin', 'python')
    pip = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', HERE / 'requirements.txt']
    for command in ([sys.executable, '-m', 'venv', os.path.join(folder, 'venv')], pip):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f'{command[0]} failed:\n{done.stdout}{done.stderr}')
    return python


def visit(python, schema, version, form, mistake=''):
    """One visit of the client; how it ended, the guard with what it saw, and the server's last words."""
    with Simulator(version, mistake) as server, Guard(python, schema, server.ports) as guard:
        command = [python, HERE / 'client.py', form, *guard.urls, VERSIONS[version]]
        try:
            client = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired as late:
            client = subprocess.CompletedProcess(late.cmd, 1, '', 'it did not end')
    return client, guard, server.last


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--schema', default=os.environ.get('ZIMBRA_SCHEMA'), help='folder with zimbra*.xsd')
    parser.add_argument('--program', help='the migrate program with Zimbra in it; built when not given')
    options = parser.parse_args()
    build()
    program = options.program or migrate_with_zimbra()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix='mailmove-zimbra-') as folder:
        python = install(folder)
        for version in VERSIONS:
            for form in FORMS:
                inspect(checks, python, options.schema, version, form)
        for form, bulk in (('json', 'yes'), ('xml', 'no')):
            move(checks, python, options.schema, program, folder, form, bulk)
        if options.schema:
            mistakes(checks, python, options.schema)
        else:
            checks.note('skipped: the schema and the planted mistakes, for want of --schema')
    checks.finish()


def inspect(checks, python, schema, version, form):
    """One version in one form: the client is content, and so are server and schema."""
    client, guard, last = visit(python, schema, version, form)
    name = f'{version}, {form}'
    checks.check(f'{name}: a foreign client is content', client.returncode == 0, client.stderr)
    checks.check(f'{name}: nothing was sent and nothing unknown was asked for', clean(last), last)
    if schema:
        judged(checks, name, guard)


def clean(last):
    """Whether the server's last words say that nothing was sent, and nothing asked for that nobody knows."""
    return re.search(r'sent 0,.*findings \[\]', last)


def judged(checks, name, guard):
    """No request and no answer was wrong."""
    for direction in ('request', 'answer'):
        wrong = guard.wrong(direction)
        seen = sum(one['direction'] == direction for one in guard.seen)
        shown = '\n'.join(f'{one["operations"]}: {one["wrong"]}' for one in wrong)
        checks.check(f'{name}: no {direction} of {seen} is wrong', seen and not wrong, shown)


def move(checks, python, schema, program, folder, form, bulk):
    """What python-zimbra wrote is moved from one mailbox into another, in archives or one by one, and read there by it."""
    with Simulator('Zimbra10') as server, Guard(python, schema, server.ports) as guard:
        def foreign(what, *addresses):
            command = [python, HERE / 'compare.py', what, form, *guard.urls, *addresses]
            return subprocess.run(command, capture_output=True, text=True, timeout=300)

        filled = foreign('fill', 'ann@x.test')
        checks.check(f'{form}: a mailbox is filled', filled.returncode == 0, filled.stderr)
        runs = Migrate(program, f'{folder}/{form}')
        host = guard.urls[0].removeprefix('http://')
        urls = [f'zimbra+http://{name}%40x.test@{host}?bulk={bulk}' for name in ('ann', 'bob')]
        secrets = {'source_password': 'secret', 'destination_password': 'secret'}
        run = runs.run(*urls, f'{folder}/{form}/ledger', '--allow-plaintext', **secrets)
        checks.check(f'{form}: it is moved', run.status == MOVED, run)
        differences = foreign('compare', 'ann@x.test', 'bob@x.test')
        same = differences.returncode == 0 and not differences.stdout
        checks.check(f'{form}: both hold the same', same, differences.stdout + differences.stderr)
    checks.check(f'{form}: the move sent nothing and asked for nothing unknown', clean(server.last), server.last)
    if schema:
        judged(checks, f'{form}, moved', guard)


def mistakes(checks, python, schema):
    """Each mistake planted in the answers has to be noticed, by the client or by the schema, in each form."""
    listed = subprocess.run([simulator(), '0', '0', 'Zimbra10', 'list'], capture_output=True, text=True)
    names = listed.stdout.split()
    checks.check(f'{len(names)} mistakes can be planted', len(names) == 10, names)
    for name in names:
        for form in FORMS:
            client, guard, _ = visit(python, schema, 'Zimbra10', form, name)
            found = (('the client', client.returncode), ('the schema', guard.wrong('answer')))
            by = [who for who, noticed in found if noticed]
            checks.check(f'{name}, {form}: noticed by {" and ".join(by) or "nobody"}', by)


if __name__ == '__main__':
    main()
