"""Exchange, simulated: whole moves, foreign clients, NTLM against a foreign acceptor; with --schema every envelope."""

import argparse
import os
import pathlib
import subprocess
import tempfile

from ews_lab import davmail, large, moves, ntlm
from ews_lab.guard import Guard
from ews_lab.simulator import Simulator, ask, build, build_mailmove, install, program
from lab.checks import Checks

PARTS = ('moves', 'ntlm', 'davmail', 'large', 'simulator')
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


def visit(python, schema, version, mutation=''):
    """One visit of the client; how it ended, the guard with what it saw, and the server's last words."""
    with Simulator(version, mutation=mutation) as server, Guard(python, schema, server.port) as guard:
        client = ask(python, 'client.py', guard.port, version)
    return client, guard, server.last


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--schema', default=os.environ.get('EWS_SCHEMA'), help='folder with messages.xsd and types.xsd')
    parser.add_argument('--only', choices=PARTS)
    parser.add_argument('--items', type=int, default=5_000, help='items of the large folder (5000)')
    parser.add_argument('--big', type=int, default=40, help='MiB of the large message (40)')
    parser.add_argument('--programs', help='folder with migrate, verify and the simulators; with it nothing is built')
    options = parser.parse_args()
    if options.programs:
        os.environ['MAILMOVE_PROGRAMS'] = options.programs
    else:
        build('ews-simulator', 'imap-simulator')
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix='mailmove-ews-') as folder:
        python = install(folder)
        wanted = [part for part in PARTS if options.only in (None, part)]
        if wanted != ['simulator']:
            programs = pathlib.Path(options.programs) if options.programs else build_mailmove()
        if 'moves' in wanted:
            moves.run(checks, programs, python, folder, options.schema)
        if 'ntlm' in wanted:
            ntlm.run(checks, programs, python, folder)
        if 'davmail' in wanted:
            davmail.run(checks, programs, python, folder)
        if 'large' in wanted:
            large.run(checks, programs, folder, options.items, options.big)
        if 'simulator' in wanted:
            simulator(checks, python, options)
    checks.finish()


def simulator(checks, python, options):
    """The simulator itself, under a client that is not ours."""
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


def mutations(checks, python, schema):
    """Each mistake planted in the answers has to be noticed, by the client or by the schema."""
    listed = subprocess.run([program('ews-simulator'), '0', '0', 'Online', 'list'], capture_output=True, text=True)
    names = listed.stdout.split()
    checks.check(f'{len(names)} mistakes can be planted', len(names) == 13, names)
    for name in names:
        client, guard, _ = visit(python, schema, 'Exchange2016', name)
        wrong = guard.wrong('answer')
        by = [who for who, noticed in (('the client', client.returncode), ('the schema', wrong)) if noticed]
        checks.check(f'{name} is noticed by {" and ".join(by) or "nobody"}', by)


if __name__ == '__main__':
    main()
