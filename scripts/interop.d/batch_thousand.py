"""A thousand mailboxes from one sheet, killed on the way: memory, losses, doubles, and what a second pass costs."""

import argparse
import functools
import json
import multiprocessing
import os
import random
import re
import sqlite3
import time

from lab import corpus, fill, migrate, verify
from lab.checks import Checks
from lab.lab import Lab
from lab.migrate import Process
from lab.proxy import Proxy
from lab.server import PASSWORD

HEADER = 'Source Email,Source Login Name,Source Password,Destination Email,Destination Login Name,Destination Password,Flags\n'
MEMORY = 256 << 20
SAMPLE = 50  # mailboxes that are moved through counting proxies
_both = []  # source and destination, for the processes that are forked from this one


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--mailboxes', type=int, default=1000)
    parser.add_argument('--messages', type=int, default=200, help='of each mailbox, in 22 folders (200)')
    parser.add_argument('--size', type=int, default=1500, help='bytes of a message (1500)')
    parser.add_argument('--kills', type=int, default=2, help='how often to kill with SIGKILL (2)')
    parser.add_argument('--at-once', type=int, default=16, help='mailboxes at once (16)')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--program', help='the batch program; built when not given')
    options = parser.parse_args()
    program = options.program or migrate.build('batch')
    checks = Checks()
    with Lab() as lab:
        count = options.mailboxes + SAMPLE
        source = lab.dovecot('source', store='maildir', users=count)
        destination = lab.dovecot('destination', users=count)
        _both.extend((source, destination))
        with multiprocessing.get_context('fork').Pool() as pool:
            work = functools.partial(write, options.messages, options.size)
            written = sum(pool.imap_unordered(work, range(1, count + 1), 8))
        checks.note(f'{written} messages of {options.size} bytes written into {count} mailboxes')
        Thousand(checks, lab, program, source, destination, options).run()
    checks.finish()


def write(messages, size, number):
    """One mailbox, straight into its folder."""
    return fill.maildir(_both[0], f'user{number}', corpus.ordinary(number, messages, size=size))


def differences(number):
    """What is different between the two mailboxes, as (kind, text)."""
    user = f'user{number}'
    source, destination = _both
    with source.imap(user) as a, destination.imap(user) as b:
        wanted, found = verify.read(a, forms=False), verify.read(b, forms=False)
    messages = sum(len(folder) for folder in found.folders.values())
    bad = verify.unforetold(verify.compare(wanted, found), {'order': None})
    return messages, [(one.kind, f'{user}: {one}') for one in bad]


class Thousand:
    """One sheet, one ledger, one program that is killed and started again."""

    def __init__(self, checks, lab, program, source, destination, options):
        self.checks, self.lab, self.program, self.options = checks, lab, program, options
        self.source, self.destination = source, destination
        self.rng = random.Random(options.seed)
        self.peak, self.runs = 0, 0

    def run(self):
        """First pass with kills, audit, second pass, and both again where somebody counts."""
        all_of_them = range(1, self.options.mailboxes + 1)
        sheet = self.sheet('mailboxes', all_of_them)
        self.first(sheet)
        self.audit(all_of_them)
        second = self.go(sheet, 'ledger').wait(3600)
        self.remember(second)
        self.checks.check(
            f'a second pass over {len(all_of_them)} unchanged mailboxes: {second.seconds:.1f} s, {second.cpu:.1f} s of CPU',
            second.status == 0 and ', 0 items copied' in second.out,
            tail(second),
        )
        self.checks.check(f'memory: {self.peak >> 20} MiB at most, in {self.runs} runs', self.peak < MEMORY)
        self.count(sheet, all_of_them)

    def first(self, sheet):
        """Killed whenever another part is done."""
        began = time.monotonic()
        # Each at another moment of the whole.
        marks = [
            int(self.options.mailboxes * (n + self.rng.uniform(0.6, 1)) / (self.options.kills + 1))
            for n in range(self.options.kills)
        ]
        for mark in marks:
            program = self.go(sheet, 'ledger')
            while program.alive() and self.completed(program) < mark:
                time.sleep(self.rng.uniform(0.05, 0.3))
            killed = program.alive()
            program.kill()
            run = program.wait()
            self.remember(run)
            states = self.states()
            self.checks.check(f'killed after {run.seconds:.1f} s with mailboxes {states}', killed, tail(run))
        run = self.go(sheet, 'ledger').wait(3600)
        self.remember(run)
        seconds = time.monotonic() - began
        self.checks.check(
            f'first pass with {len(marks)} kills: {seconds:.1f} s, the last run {run.seconds:.1f} s', run.status == 0, tail(run)
        )
        states = self.states()
        self.checks.check(f'mailboxes: {states}', states == {'completed': self.options.mailboxes}, states)

    def audit(self, numbers):
        """Every mailbox on both sides, read by what shares no code with the library."""
        messages, found = 0, []
        with multiprocessing.get_context('fork').Pool() as pool:
            for here, bad in pool.imap_unordered(differences, numbers, 8):
                messages += here
                found += bad
        lost = sum(kind in ('message-missing', 'copy-missing', 'folder-missing') for kind, _ in found)
        doubled = sum(kind in ('message-doubled', 'message-extra', 'folder-extra') for kind, _ in found)
        self.checks.check(
            f'{messages} messages in {len(numbers)} mailboxes: {lost} lost, {doubled} doubled, {len(found)} differences',
            not found and messages == len(numbers) * self.options.messages,
            '\n'.join(text for _, text in found),
        )

    def count(self, sheet, numbers):
        """Round trips: of a first pass over some other mailboxes, and of a pass over all that finds nothing to do."""
        others = range(self.options.mailboxes + 1, self.options.mailboxes + SAMPLE + 1)
        with Proxy(self.source.port) as left, Proxy(self.destination.port) as right:
            first = self.go(self.sheet('sample', others), 'sample-ledger', left.port, right.port).wait(3600)
            self.told('first', first, len(others), left, right)
            left.forget()
            right.forget()
            again = self.go(sheet, 'ledger', left.port, right.port).wait(3600)
            self.told('second', again, len(numbers), left, right)

    def told(self, what, run, mailboxes, left, right):
        turns = [sum(c.turns for c in proxy.connections) / mailboxes for proxy in (left, right)]
        commands = [sum(proxy.counts.values()) / mailboxes for proxy in (left, right)]
        connections = [len(proxy.connections) / mailboxes for proxy in (left, right)]
        self.checks.check(
            f'{what} pass through counting proxies, {mailboxes} mailboxes: {run.seconds:.1f} s; for each mailbox, '
            f'source and destination: {turns[0]:.1f} and {turns[1]:.1f} round trips, {commands[0]:.1f} and '
            f'{commands[1]:.1f} commands, {connections[0]:.1f} and {connections[1]:.1f} connections',
            run.status == 0,
            tail(run),
        )

    def sheet(self, name, numbers):
        """A sheet with every cell filled."""
        path = self.lab.path(f'{name}.csv')
        with open(path, 'w') as f:
            f.write(HEADER)
            f.writelines(f'user{n},user{n},{PASSWORD},user{n},user{n},{PASSWORD},0\n' for n in numbers)
        os.chmod(path, 0o600)
        return path

    def go(self, sheet, ledger, source_port=None, destination_port=None):
        """Start the program."""
        ends = (source_port or self.source.port, destination_port or self.destination.port)
        urls = [f'imap://127.0.0.1:{port}?tls=none' for port in ends]
        command = [self.program, '--csv', sheet, '--from', urls[0], '--to', urls[1], '--allow-plaintext']
        command += ['--ledger', self.lab.path(ledger), '--mailboxes', str(self.options.at_once)]
        self.runs += 1
        return Process(command, self.lab.path(f'output{self.runs}'))

    def completed(self, program):
        """How many mailboxes this run has completed, as it tells; those of earlier runs come first, and go by fast."""
        with open(program.files[0], errors='replace') as f:
            return len(re.findall(r'^\[\d+/\d+\].*: completed', f.read(), re.M))

    def states(self):
        """Where the mailboxes stand, from the ledger; nobody may be at work."""
        ledger = sqlite3.connect(self.lab.path('ledger'))
        counts = {}
        for (record,) in ledger.execute('SELECT record FROM mailbox'):
            state = json.loads(record)['state']
            counts[state] = counts.get(state, 0) + 1
        ledger.close()
        return counts

    def remember(self, run):
        self.peak = max(self.peak, run.peak)


def tail(run):
    """The end of what it said."""
    return '\n'.join((run.out + run.err).splitlines()[-20:])


if __name__ == '__main__':
    main()
