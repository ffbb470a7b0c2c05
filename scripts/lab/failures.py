"""What goes wrong outside of us: each has to end in one clear line, and the next run has to go on."""

import os
import re
import signal
import subprocess
import time

from . import corpus, fill, verify
from .dovecot import QUOTA_USER
from .migrate import COULD_NOT_RUN, MOVED, NOT_FINISHED, SOME_FAILED
from .proxy import Proxy

USER = 'user1'


class Failures:
    """The cases, on one source and one destination."""

    def __init__(self, checks, lab, migrate, source, destination):
        self.checks, self.lab, self.migrate = checks, lab, migrate
        self.source, self.destination = source, destination
        self.ledgers = 0

    def run(self):
        """All of them."""
        fill.maildir(self.source, USER, corpus.ordinary(5, 400))
        fill.maildir(self.source, QUOTA_USER, corpus.ordinary(6, 200))
        self.wrong_password()
        self.unknown_host()
        self.refused_connection()
        self.unknown_authority()
        self.login_disabled()
        self.plain_without_consent()
        self.server_gone('source')
        self.server_gone('destination')
        self.over_quota()
        self.ledger_in_use()
        self.ledger_damaged()
        self.ledger_disk_full()

    def ledger(self):
        """A fresh ledger's path."""
        self.ledgers += 1
        return self.lab.path(f'failures-{self.ledgers}.ledger')

    def expect(self, what, run, statuses, *words):
        """The exit status, and one line on stderr with all of these words (regular expressions)."""
        lines = [line for line in run.err.splitlines() if line.strip()]
        missing = [w for w in words if not lines or not re.search(w, lines[-1], re.I)]
        ok = run.status in statuses and len(lines) == 1 and not missing
        self.checks.check(
            f'{what}: exit status {run.status}: {lines[-1] if lines else "(silence)"}',
            ok,
            f'wanted status {statuses}, one line with {missing or words}\n{run}',
        )

    def goes_on(self, what, ledger, user=USER, again=False):
        """The next run finishes, and the destination is equal."""
        run = self.migrate.run(self.source.plain_url(user), self.destination.plain_url(user), ledger)
        with self.source.imap(user) as a, self.destination.imap(user) as b:
            found = verify.compare(verify.read(a), verify.read(b))
        bad = verify.unforetold(found, {'order': None})  # what is written after an interruption comes later
        self.checks.check(
            f'{what}: the next run goes on and nothing is lost or doubled: {verify.summary(found)}',
            run.status == MOVED and not bad,
            f'{verify.summary(found)}\n{run}',
        )
        self.destination.wipe(user)

    def wrong_password(self):
        urls = self.source.plain_url(USER), self.destination.plain_url(USER)
        ledger = self.ledger()
        run = self.migrate.run(*urls, ledger, source_password='wrong')
        self.expect('wrong password at the source', run, {COULD_NOT_RUN, NOT_FINISHED}, 'source', 'password|credential')
        run = self.migrate.run(*urls, ledger, destination_password='wrong')
        self.expect(
            'wrong password at the destination',
            run,
            {COULD_NOT_RUN, NOT_FINISHED},
            'destination',
            'password|credential',
        )
        self.goes_on('wrong password', ledger)

    def unknown_host(self):
        run = self.migrate.run('imaps://alice@no-such-host.invalid', self.destination.plain_url(USER), self.ledger())
        self.expect('unknown host', run, {COULD_NOT_RUN}, 'source', r'no-such-host\.invalid')

    def refused_connection(self):
        with Proxy(1) as proxy:
            port = proxy.port
        run = self.migrate.run(self.source.plain_url(USER), self.destination.plain_url(USER, port), self.ledger())
        self.expect('nobody listens', run, {COULD_NOT_RUN, NOT_FINISHED}, 'destination', str(port))

    def unknown_authority(self):
        ledger = self.ledger()
        tls = self.source.tls_url(USER), self.destination.starttls_url(USER)
        run = self.migrate.run(*tls, ledger)
        self.expect(
            'certificate of an unknown authority', run, {COULD_NOT_RUN}, 'source|destination', 'certificate', '--ca'
        )
        run = self.migrate.run(*tls, ledger, '--ca', self.lab.ca)
        self.checks.check('TLS from the start and STARTTLS with --ca', run.status == MOVED, run)
        self.destination.wipe(USER)

    def login_disabled(self):
        locked = self.lab.dovecot('locked', refuse_plaintext=True)
        run = self.migrate.run(locked.plain_url(USER), self.destination.plain_url(USER), self.ledger())
        self.expect('sign-in disabled without TLS', run, {COULD_NOT_RUN}, 'source', 'TLS|encrypt')
        locked.stop()

    def plain_without_consent(self):
        command = [
            self.migrate.program,
            '--from',
            self.source.plain_url(USER),
            '--to',
            self.destination.plain_url(USER),
            '--ledger',
            self.ledger(),
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=dict(os.environ, MAILMOVE_SOURCE_PASSWORD='x', MAILMOVE_DESTINATION_PASSWORD='x'),
        )
        lines = done.stderr.strip().splitlines()
        self.checks.check(
            f'plain text without consent: {lines[-1] if lines else "(silence)"}',
            done.returncode == COULD_NOT_RUN and lines and '--allow-plaintext' in lines[-1],
            done.stderr,
        )

    def server_gone(self, side):
        """All connections of one side break in the middle, and nobody answers any more."""
        ledger = self.ledger()
        server = self.source if side == 'source' else self.destination
        with Proxy(server.port) as proxy:
            urls = [self.source.plain_url(USER), self.destination.plain_url(USER)]
            urls[side == 'destination'] = server.plain_url(USER, proxy.port)
            started = self.migrate.start(*urls, ledger)
            while started.alive() and max(proxy.bytes_up, proxy.bytes_down) < 1_000_000:
                time.sleep(0.002)
            proxy.gone = True
            proxy.cut()
            run = started.wait(300)
        self.expect(f'{side} gone in the middle', run, {SOME_FAILED, NOT_FINISHED, COULD_NOT_RUN}, side)
        self.goes_on(f'{side} gone in the middle', ledger)

    def over_quota(self):
        ledger = self.ledger()
        urls = self.source.plain_url(QUOTA_USER), self.destination.plain_url(QUOTA_USER)
        self.destination.quota(1_000_000)
        run = self.migrate.run(*urls, ledger)
        self.expect('destination over quota', run, {SOME_FAILED, NOT_FINISHED}, 'destination', 'quota|full')
        self.destination.quota(None)
        self.goes_on('destination over quota', ledger, QUOTA_USER)

    def ledger_in_use(self):
        ledger = self.ledger()
        urls = self.source.plain_url(USER), self.destination.plain_url(USER)
        first = self.migrate.start(*urls, ledger)
        while first.alive() and not (os.path.exists(ledger) and os.path.getsize(ledger)):
            time.sleep(0.001)
        time.sleep(0.05)
        first.signal(signal.SIGSTOP)
        second = type(self.migrate)(self.migrate.program, f'{self.migrate.folder}/second')
        run = second.run(*urls, ledger, timeout=120)
        self.expect('ledger in use', run, {COULD_NOT_RUN, NOT_FINISHED}, 'ledger', 'another|in use')
        first.signal(signal.SIGCONT)
        run = first.wait()
        self.checks.check('ledger in use: the first run is not disturbed', run.status == MOVED, run)
        self.goes_on('ledger in use', ledger)

    def ledger_damaged(self):
        ledger = self.ledger()
        with open(ledger, 'wb') as f:
            f.write(b'this is no ledger\n' * 1000)
        run = self.migrate.run(self.source.plain_url(USER), self.destination.plain_url(USER), ledger)
        self.expect('ledger damaged', run, {COULD_NOT_RUN}, 'ledger')
        with open(ledger, 'rb') as f:
            self.checks.check('ledger damaged: it is not overwritten', f.read(17) == b'this is no ledger')

    def ledger_disk_full(self):
        """A small disk of our own, filled up so far that the run can begin and not end."""
        disk = self.lab.path('disk')
        os.makedirs(disk)
        mounted = subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk], capture_output=True, text=True
        )
        if not self.checks.check('a small disk can be mounted', mounted.returncode == 0, mounted.stderr):
            return
        try:
            ledger = f'{disk}/ledger'
            urls = self.source.plain_url(USER), self.destination.plain_url(USER)
            run = self.migrate.run(*urls, ledger, '--plan')
            space = os.statvfs(disk)
            with open(f'{disk}/other', 'wb') as f:
                f.write(b'x' * max(0, space.f_bavail * space.f_bsize - 120_000))
            run = self.migrate.run(*urls, ledger)
            self.expect('ledger on a full disk', run, {COULD_NOT_RUN, NOT_FINISHED}, 'ledger', 'full|space')
            os.unlink(f'{disk}/other')
            self.goes_on('ledger on a full disk', ledger)
        finally:
            subprocess.run(['umount', disk], check=True)
