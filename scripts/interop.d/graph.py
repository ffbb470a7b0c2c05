"""Exchange Online, simulated: foreign clients, whole moves, large files, what goes wrong; with --schema every request."""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from graph_lab import large, trouble
from graph_lab.simulator import HERE, ROOT, Simulator, build, migrate, program, run, secret_in, told
from lab.checks import Checks

PARTS = ('visits', 'moves', 'large', 'trouble', 'limit', 'mistakes')


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


def visits(checks, python, script, metadata, folder):
    """Clients that nobody here wrote, each at a server of its own."""
    pem = certificate(folder)
    for name, command, certificates in (
        ('msgraph-sdk', [python, HERE / 'sdk.py'], ()),
        ('O365', [python, HERE / 'o365.py'], ()),
        ('microsoft-graph-client', ['node', script], pem),
    ):
        server = Simulator(python=python, metadata=metadata, certificate=certificates)
        visit(checks, name, server, command, {'NODE_EXTRA_CA_CERTS': pem[0]})


def visit(checks, name, server, command, environment):
    """One visit of a client: whether it is content, whether mail was sent, and what the guard saw."""
    with server:
        options = {'capture_output': True, 'text': True, 'timeout': 300, 'env': {**os.environ, **environment}}
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


def moves(checks, python, metadata, folder):
    """Microsoft's library writes, the library moves in its two ways, Microsoft's library reads."""
    with Simulator('--files=4000000', python=python, metadata=metadata) as server:
        done = subprocess.run([python, HERE / 'sdk.py', server.url], capture_output=True, text=True, timeout=300)
        checks.check('a mailbox is written by msgraph-sdk', done.returncode == 0, done.stderr)
        secrets = server.secrets() | server.secrets('SOURCE')
        for address, more, how in (('bob@x.test', '', 'as streams'), ('carol@x.test', '&streams=no', 'as JSON')):
            place = os.path.join(folder, address)
            done = migrate(place, server.at('ann@x.test', more), server.at(address, more), secrets).wait()
            checks.check(f'{how}: all is moved', done.status == 0, done)
            checks.check(f'{how}: {done.peak >> 20} MiB of memory at most', done.peak < large.MEMORY)
            checks.check(f'{how}: no secret is told', not secret_in(told(done)), told(done))
            compared = [python, HERE / 'compare.py', server.url, 'ann@x.test', address]
            read = subprocess.run(compared, capture_output=True, text=True, timeout=300)
            checks.check(f'{how}: msgraph-sdk reads the same', read.returncode == 0, read.stdout + read.stderr)
    server.judge(checks, 'moves')


def limit(checks):
    """A hundred mailboxes at the provider's limit, on a clock that runs fast."""
    for what in ('written', 'read'):
        done = subprocess.run([program('hundred'), what], capture_output=True, text=True, timeout=300)
        checks.note(done.stdout)
        checks.check(f'a hundred mailboxes are {what} at the limit', done.returncode == 0, done.stderr)


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
    parser.add_argument('--only', choices=PARTS)
    parser.add_argument('--large', type=int, default=140_000_000, help='octets of the largest file (140000000)')
    parser.add_argument('--programs', help='folder with all programs; with it nothing is built')
    options = parser.parse_args()
    if options.programs:
        os.environ['MAILMOVE_PROGRAMS'] = options.programs
    else:
        build(('-p', 'mailmove-testkit'), 'graph-simulator', 'ews-simulator', 'imap-simulator')
        build(('-p', 'mailmove-graph'), 'hundred')
        build((), 'migrate', 'verify')
    # Whoever ends us ends the servers as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    checks, wanted = Checks(), [part for part in PARTS if options.only in (None, part)]
    metadata = options.schema and os.path.join(options.schema, 'v1.0-Prod.csdl')
    with tempfile.TemporaryDirectory(prefix='mailmove-graph-') as folder:
        if options.clients:
            os.makedirs(options.clients, exist_ok=True)
        python, script = install(options.clients or folder)
        if 'visits' in wanted:
            visits(checks, python, script, metadata, folder)
        if 'moves' in wanted:
            moves(checks, python, metadata, folder)
        if 'large' in wanted:
            large.run(checks, python, metadata, folder, options.large)
        if 'trouble' in wanted:
            trouble.run(checks, folder)
        if 'limit' in wanted:
            limit(checks)
        if 'mistakes' in wanted and metadata:
            mistakes(checks, python, metadata)
        if not metadata:
            checks.note('skipped: the metadata, for want of --schema')
    checks.finish()


if __name__ == '__main__':
    main()
