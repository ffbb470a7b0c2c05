"""The simulated Exchange, every version, under a client that nobody here wrote; with --schema, every envelope too."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from lab.checks import Checks

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent / 'ews'
VERSIONS = (
    'Exchange2007_SP1',
    'Exchange2010',
    'Exchange2010_SP1',
    'Exchange2010_SP2',
    'Exchange2013',
    'Exchange2013_SP1',
    'Exchange2016',
    'Online',
)


class Simulator:
    """The server, as a program of its own; use it in a `with`."""

    def __init__(self, version, mutation=''):
        self.command = [simulator(), '0', '3', version, *([mutation] if mutation else [])]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r':(\d+)/', self.process.stdout.readline())[1])
        return self

    def __exit__(self, *_):
        self.last = self.process.communicate()[0]


class Guard:
    """The judge between client and server; without a schema, nobody stands there."""

    def __init__(self, python, schema, port):
        self.python, self.schema, self.upstream = python, schema, port

    def __enter__(self):
        self.port, self.process = self.upstream, None
        if self.schema:
            command = [self.python, HERE / 'guard.py', self.schema, f'127.0.0.1:{self.upstream}']
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self.port = json.loads(self.process.stdout.readline())['port']
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
    return str(pathlib.Path(ROOT, target) / 'debug' / 'examples' / 'ews-simulator')


def build():
    """Build the simulator."""
    command = ['cargo', 'build', '-q', '-p', 'mailmove-testkit', '--features', 'ews', '--example', 'ews-simulator']
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f'{" ".join(command)} failed')


def install(folder):
    """A Python with the client; its path."""
    python = os.path.join(folder, 'venv', 'bin', 'python')
    pip = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', HERE / 'requirements.txt']
    for command in ([sys.executable, '-m', 'venv', os.path.join(folder, 'venv')], pip):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f'{command[0]} failed:\n{done.stdout}{done.stderr}')
    return python


def visit(python, schema, version, mutation=''):
    """One visit of the client; how it ended, the guard with what it saw, and the server's last words."""
    with Simulator(version, mutation) as server, Guard(python, schema, server.port) as guard:
        command = [python, HERE / 'client.py', str(guard.port), version]
        try:
            client = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired as late:
            client = subprocess.CompletedProcess(late.cmd, 1, '', 'it did not end')
    return client, guard, server.last


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--schema', default=os.environ.get('EWS_SCHEMA'), help='folder with messages.xsd and types.xsd')
    options = parser.parse_args()
    build()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix='mailmove-ews-') as folder:
        python = install(folder)
        for version in VERSIONS:
            client, guard, last = visit(python, options.schema, version)
            checks.check(f'{version}: a foreign client is content', client.returncode == 0, client.stderr)
            checks.check(f'{version}: nothing was sent', 'sent 0,' in last, last)
            if options.schema:
                wrong = guard.wrong('answer')
                checks.check(f'{version}: {len(guard.seen)} envelopes seen, no answer is wrong', not wrong, wrong)
        if options.schema:
            mutations(checks, python, options.schema)
        else:
            checks.note('skipped: the schema and the planted mistakes, for want of --schema')
    checks.finish()


def mutations(checks, python, schema):
    """Each mistake planted in the answers has to be noticed, by the client or by the schema."""
    listed = subprocess.run([simulator(), '0', '0', 'Online', 'list'], capture_output=True, text=True)
    names = listed.stdout.split()
    checks.check(f'{len(names)} mistakes can be planted', len(names) == 13, names)
    for name in names:
        client, guard, _ = visit(python, schema, 'Exchange2016', name)
        wrong = guard.wrong('answer')
        by = [who for who, noticed in (('the client', client.returncode), ('the schema', wrong)) if noticed]
        checks.check(f'{name} is noticed by {" and ".join(by) or "nobody"}', by)


if __name__ == '__main__':
    main()
