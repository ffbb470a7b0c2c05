"""What goes wrong outside of us: each has to end in one clear line, and the next run has to go on."""

import collections
import concurrent.futures
import contextlib
import itertools
import os
import re
import subprocess
import time

from lab.migrate import COULD_NOT_RUN, MOVED, NOT_FINISHED, SOME_FAILED, Process
from lab.server import free_port

from .simulator import Simulator, migrate, program, secret_in, told

MESSAGES = 300
FROM, TO = 'ann@x.test', 'bob@x.test'
# How many seconds the mailbox stays over its limit.
PAUSE = 60


BAD_ANSWERS = (
    ('garbage for a listing', '--garbage=GET mailFolders/{id}/messages/delta', ''),
    ('half a listing', '--cut=GET mailFolders/{id}/messages/delta', ''),
    ('garbage for a token', '--garbage=POST token', ''),
    ('half an export', '--cut=POST exportItems', ''),
    ('garbage for a batch', '--garbage=POST $batch', '&streams=no'),
    ('half a batch', '--cut=POST $batch', '&streams=no'),
    ('half the answer to an import', '--cut=POST importItem', ''),
    ('half an import session', '--cut=POST createImportSession', ''),
    ('a second and a half of peace in an import', '--busy=POST importItem', ''),
    ('a second and a half of peace in a batch', '--busy=POST $batch', '&streams=no'),
)


def run(checks, folder):
    """All cases, side by side: whoever lost an answer waits for a minute before it is looked for."""
    trouble = Trouble(checks, folder)
    cases = [(trouble.at_the_door,), (trouble.server_killed,), (trouble.throttled,), (trouble.disk_full,)]
    for more in ('', '&streams=no'):
        cases += [(trouble.server_gone, side, more) for side in ('source', 'destination')]
        cases.append((trouble.killed, more))
    cases += [(trouble.bad_answer, *case) for case in BAD_ANSWERS]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        for done in [pool.submit(*case) for case in cases]:
            done.result()


class Trouble:
    """The cases, each at a server of its own."""

    def __init__(self, checks, folder):
        self.checks, self.folder, self.cases = checks, folder, itertools.count(1)

    def place(self):
        """A folder for the next case."""
        return os.path.join(self.folder, f'trouble-{next(self.cases)}')

    def start(self, place, server, more='', options=(), left=None, right=None, env=None):
        """Start to move from one mailbox to another; everything about a side can be said otherwise."""
        source, secrets = left or (server.at(FROM, more), server.secrets('SOURCE'))
        destination, others = right or (server.at(TO, more), server.secrets())
        return migrate(place, source, destination, secrets | others | (env or {}), *options)

    def expect(self, what, done, statuses, *words):
        """The exit status, and one line on stderr with all of these words (regular expressions), and no secret."""
        lines = [line for line in done.err.splitlines() if line.strip()]
        missing = [word for word in words if not lines or not re.search(word, lines[-1], re.I)]
        good = done.status in statuses and len(lines) == 1 and not missing and not secret_in(told(done))
        said = lines[-1] if lines else '(silence)'
        wanted = f'wanted status {statuses}, one line with {missing or words}, and not {secret_in(told(done))}'
        self.checks.check(f'{what}: exit status {done.status}: {said}', good, f'{wanted}\n{done}')

    def goes_on(self, what, server, place, more=''):
        """The next run finishes, and everything is there once."""
        done = self.start(place, server, more).wait()
        self.complete(what, done, contents(server, FROM), contents(server, TO))

    def complete(self, what, done, wanted, found):
        """A run finished, and everything is there once."""
        count = sum(found.values())
        self.checks.check(
            f'{what}: the next run goes on, {count} messages, nothing lost or doubled',
            done.status == MOVED and wanted == found and count >= MESSAGES,
            f'{done}\nwanted but not found {wanted - found}\nfound but not wanted {found - wanted}',
        )

    def at_the_door(self):
        """Who cannot come in, and what is not there."""
        with Simulator(messages=MESSAGES) as server:
            dead = server.at(TO).replace(str(server.port), str(free_port()))
            cases = (
                ('a wrong secret', (server.at(TO), server.secrets(secret='nobody-knows')), ('secret|credential',)),
                ('an unknown application', (server.at(TO), server.secrets(application='nobody')), ('application|client',)),
                ('a wrong tenant', elsewhere(server), ('tenant',)),
                ('missing rights', (server.at(TO), server.secrets(application='reader')), (r'Mail\.ReadWrite',)),
                ('an unknown mailbox', (server.at('nobody@x.test'), server.secrets()), ('mailbox', r'nobody@x\.test')),
                ('a dead host', (dead, server.secrets()), ('127.0.0.1', 'check|reach')),
            )
            for what, right, words in cases:
                place = self.place()
                done = self.start(place, server, right=right).wait()
                self.expect(what, done, {COULD_NOT_RUN, NOT_FINISHED}, 'destination', *words)
                done = verify(place, right)
                self.expect(f'verify, {what}', done, {SOME_FAILED, COULD_NOT_RUN, NOT_FINISHED}, *words)
            self.goes_on('at the door', server, place)

    def server_gone(self, side, more):
        """All connections of one side break in the middle, and nobody answers any more."""
        what = f'{side} gone in the middle, {"as JSON" if more else "as streams"}'
        with (
            Simulator(messages=MESSAGES, proxied=side == 'source') as old,
            Simulator(messages=0, proxied=side == 'destination') as new,
        ):
            place, proxy = self.place(), (old if side == 'source' else new).proxy
            started = self.between(place, old, new, more)
            while started.alive() and proxy.bytes_up + proxy.bytes_down < 200_000:
                time.sleep(0.002)
            # What is under way is still carried out, and its answer is lost.
            proxy.swallow()
            time.sleep(0.2)
            proxy.gone = True
            proxy.cut()
            done = started.wait(300)
            self.expect(f'{what}, {done.seconds:.0f} s', done, {SOME_FAILED, NOT_FINISHED, COULD_NOT_RUN}, side)
            proxy.gone = False
            done = self.between(place, old, new, more).wait(300)
            self.complete(what, done, contents(old, FROM), contents(new, TO))

    def between(self, place, old, new, more):
        """Start to move from one server to another one."""
        right = new.at(TO, more), new.secrets()
        return self.start(place, old, more, right=right)

    def server_killed(self):
        """The server is gone with all it knew."""
        with Simulator(messages=MESSAGES) as server:
            place = self.place()
            started = self.start(place, server, '&streams=no')
            until(started, lambda: len(contents(server, TO)) > MESSAGES // 4)
            server.kill()
            done = started.wait(300)
            self.expect('server killed', done, {SOME_FAILED, NOT_FINISHED, COULD_NOT_RUN}, 'source|destination')

    def killed(self, more):
        """We are killed in the middle of it, with something large under way as well."""
        what = f'killed, {"as JSON" if more else "as streams"}'
        with Simulator('--files=5000000,9000000,7000000,8000000', messages=MESSAGES) as server:
            place = self.place()
            started = self.start(place, server, more)
            until(started, lambda: sum(contents(server, TO).values()) >= MESSAGES // 2)
            alive = started.alive()
            started.kill()
            started.wait()
            count = sum(contents(server, TO).values())
            self.checks.check(f'{what}: at {count} messages', alive and count < MESSAGES)
            self.goes_on(what, server, place, more)

    def bad_answer(self, what, fault, more):
        """An answer that is none, or not whole, or asks for a moment: it is asked for again."""
        with Simulator(fault, messages=MESSAGES) as server:
            place = self.place()
            done = self.start(place, server, more).wait(300)
            good = done.status != -9 and not done.err.count('panicked') and not secret_in(told(done))
            self.checks.check(f'{what}: exit status {done.status}, {done.seconds:.1f} s', good, done)
            self.goes_on(what, server, place, more)

    def throttled(self):
        """The mailbox is over its limit: it is waited for, and said so."""
        with Simulator(f'--throttled={PAUSE}', messages=MESSAGES) as server:
            place = self.place()
            done = self.start(place, server, options=('-vvv',)).wait(300)
            self.checks.check(f'throttled for {PAUSE} s: done in {done.seconds:.1f} s', done.status == MOVED, done)
            waits = [line for line in told(done).splitlines() if 'waiting for the provider' in line]
            self.checks.check(f'throttled: it is told: {waits[0] if waits else "(silence)"}', waits, done)
            self.checks.check('throttled: no secret is told', not secret_in(told(done)), secret_in(told(done)))
            self.goes_on('throttled', server, place)

    def disk_full(self):
        """Messages go through temporary files, and there is no room for them."""
        place = self.place()
        with small_disk(f'{place}-disk', 12) as disk:
            if not self.checks.check('a small disk can be mounted', disk):
                return
            with Simulator('--files=1000000,60000000', messages=MESSAGES) as server:
                for more in ('', '&streams=no'):
                    what = f'no room for temporary files, {"as JSON" if more else "as streams"}'
                    options = ('--pool', '1')
                    done = self.start(place, server, more, options, env={'TMPDIR': disk}).wait(300)
                    self.expect(what, done, {SOME_FAILED, NOT_FINISHED, COULD_NOT_RUN}, disk, 'room|space|full')
                self.goes_on('no room for temporary files', server, place)


def elsewhere(server):
    """The mailbox in a tenant that is not there."""
    tenant = '00000000-0000-4000-8000-000000000000'
    return server.at(TO, tenant=tenant), server.secrets() | {'MAILMOVE_DESTINATION_TENANT': tenant}


def verify(place, right):
    """The example `verify` at a destination."""
    url, secrets = right
    return Process([program('verify'), '--allow-plaintext', '--to', url], f'{place}-verify', secrets).wait(120)


def contents(server, address):
    """How often each message is in each folder."""
    messages = server.messages_of(address, 'subject,internetMessageId,isDraft,isRead')
    return collections.Counter(
        (folder, one['subject'], one['internetMessageId'], one['isDraft'], one['isRead'])
        for folder, all_of_them in messages.items()
        for one in all_of_them
    )


def until(process, done):
    """Wait while a process works, until something is the case."""
    while process.alive() and not done():
        time.sleep(0.01)


@contextlib.contextmanager
def small_disk(folder, mebibytes):
    """A small disk of our own; none where it cannot be mounted."""
    os.makedirs(folder, exist_ok=True)
    command = ['mount', '-t', 'tmpfs', '-o', f'size={mebibytes}m', 'tmpfs', folder]
    if subprocess.run(command, capture_output=True).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(['umount', folder], check=True)
