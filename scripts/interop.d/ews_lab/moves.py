"""`migrate` and `verify` between simulated servers, and what a foreign client finds afterwards."""

import os
import subprocess

from lab.migrate import MOVED, Migrate

from .guard import Guarded
from .simulator import ANN, BOB, PASSWORD, SERVICE, Imap, Simulator, ask

# What a move between Exchange and something else may lose, by name.
NAMED = {
    'attachments', 'calendar-properties', 'categories', 'draft-flag', 'flags', 'journal-fields', 'junk-flag', 'keyword',
    'organizer', 'recurrence', 'rendered-anew', 'state', 'unknown-properties', 'vcard-properties',
}


class Moves:
    """The program below one folder, and checks about what it does."""

    def __init__(self, checks, programs, python, folder):
        self.checks, self.programs, self.python = checks, programs, python
        self.folder = folder
        self.run = Migrate(str(programs / 'migrate'), os.path.join(folder, 'moves'))

    def move(self, what, source, destination, *more, left=PASSWORD, right=PASSWORD, level='streams', audit='content'):
        """Plan, move, move again, audit, and have it compared at this level."""
        ledger = os.path.join(self.folder, f'{what.replace(" ", "-")}.ledger')
        secrets = {'source_password': left, 'destination_password': right}
        # For URLs of IMAP the lab adds it by itself.
        options = more if 'tls=none' in source.url() + destination.url() else ('--allow-plaintext', *more)
        plan = self.run.run(source.url(), destination.url(), ledger, *options, '--plan', **secrets)
        self.checks.check(f'{what}: it can be planned', plan.status == MOVED, plan)
        done, report = self.run.report(source.url(), destination.url(), ledger, *options, **secrets)
        peak = done.peak / 2**20
        self.checks.check(f'{what}: moved in {done.seconds:.1f} s, {peak:.0f} MiB', done.status == MOVED, done)
        losses = set((report or {}).get('losses', {}))
        self.checks.check(f'{what}: lost {", ".join(sorted(losses)) or "nothing"}', losses <= NAMED, done)
        again, report = self.run.report(source.url(), destination.url(), ledger, *options, **secrets)
        copied = (report or {}).get('this_run', {}).get('copied')
        self.checks.check(f'{what}: the second run copies nothing', (again.status, copied) == (MOVED, 0), again)
        audited = self.run.run(source.url(), destination.url(), ledger, *options, f'--audit={audit}', **secrets)
        self.checks.check(f'{what}: the audit of {audit} is clean', audited.status == MOVED, audited)
        if level is None:
            return done
        compared = ask(self.python, 'compare.py', level, source.url(), destination.url())
        said, same = compared.stdout.strip(), compared.returncode == 0
        self.checks.check(f'{what}: a foreign client finds both the same: {said}', same, compared.stderr)
        return done

    def verify(self, what, url, *more, password=PASSWORD, good=True):
        """Look at the doors of one mailbox."""
        command = [self.programs / 'verify', '--from', url, '--allow-plaintext', *more]
        secret = {'MAILMOVE_SOURCE_PASSWORD': password}
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, **secret}, timeout=60
        )
        text = done.stdout + done.stderr
        self.checks.check(f'verify, {what}', (done.returncode == 0) == good and password not in text, text)
        return text


def run(checks, programs, python, folder, schema=None):
    """All pairs; with a schema, a judge stands before some of them."""
    moves = Moves(checks, programs, python, folder)
    if schema:
        guarded(moves, schema)
    for old, new in (('Exchange2010_SP1', 'Exchange2016'), ('Exchange2016', 'Online')):
        with Simulator(old, '--rich') as source, Simulator(new, messages=0) as destination:
            moves.verify(f'{old} by its owner', source.url())
            moves.move(f'{old} to {new}', source, destination)
        for server in (source, destination):
            checks.check(f'{old} to {new}: nothing was sent', 'sent 0,' in server.last, server.last)
    with Simulator('Exchange2016', messages=300) as source, Imap(0) as destination:
        moves.move('Exchange to IMAP', source, destination, level='mail')
    for version in ('Exchange2007_SP1', 'Exchange2016'):
        with Imap(300) as source, Simulator(version, messages=0) as destination:
            moves.move(f'IMAP to {version}', source, destination, level='mail')
        checks.check(f'IMAP to {version}: nothing was sent', 'sent 0,' in destination.last, destination.last)
    with Simulator('Exchange2016', '--rich', '--busy=5', messages=200) as source:
        with Simulator('Exchange2016', '--busy=6', messages=0) as destination:
            # The foreign client gives up where ours waits: the audit has to do.
            moves.move('throttled to throttled', source, destination, level=None)
    for server in (source, destination):
        checks.check('throttled to throttled: nobody was impatient', 'impatient 0\n' in server.last, server.last)
    access(moves)


def guarded(moves, schema):
    """What our requests say, in every format, held against the schema."""
    def server(version, *options, **more):
        return Guarded(moves.python, schema, version, *options, **more)

    pairs = (
        ('Exchange2010_SP1', 'Exchange2016'),
        ('Exchange2007_SP1', 'Exchange2016'),
        ('Exchange2016', 'Exchange2007_SP1'),
    )
    for old, new in pairs:
        with server(old, '--rich') as source, server(new, messages=0) as destination:
            # What is rendered anew has other bytes by name; the foreign client would be judged too.
            audit = 'content' if old == 'Exchange2010_SP1' else 'metadata'
            moves.move(f'{old} to {new}, judged', source, destination, level=None, audit=audit)
        source.judge(moves.checks, f'{old} to {new}, source')
        destination.judge(moves.checks, f'{old} to {new}, destination')


def access(moves):
    """Other ways in."""
    with Simulator('Exchange2016', '--rich') as server:
        text = moves.verify('impersonation', server.url(SERVICE, mailbox=ANN, access='impersonate'))
        moves.checks.check('verify, impersonation: it says what it speaks', 'Exchange2016' in text, text)
        moves.verify('the archive', server.url(root='archive'))
        moves.verify('a wrong password', server.url(), password='Nope-17', good=False)
        text = moves.verify('delegation without the right', server.url(ANN, mailbox=BOB, access='delegate'), good=False)
        moves.checks.check('verify, delegation without the right: it says what to grant', 'full access' in text, text)
    with Simulator('Exchange2016', '--rich') as source, Simulator('Exchange2016', messages=0) as destination:
        archive = Rooted(source, 'archive'), Rooted(destination, 'archive')
        moves.move('archive to archive', *archive)


class Rooted:
    """A server with another tree of its mailbox."""

    def __init__(self, server, root):
        self.server, self.root = server, root

    def url(self):
        return self.server.url(root=self.root)
