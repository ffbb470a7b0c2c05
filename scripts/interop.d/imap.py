"""Moves a nasty mailbox between Dovecots, Cyruses and Couriers, compares everything, and breaks what can break."""

import argparse
import os
import subprocess

from lab import corpus, fill, migrate, signin
from lab.checks import Checks
from lab.failures import Failures
from lab.lab import Lab
from lab.moves import Move

# What a Cyrus does to what it stores, by its own rules: it knows no folder that cannot hold messages.
CYRUS = ('parent-holds-messages',)
# What a Courier does: every line ends with CRLF, the last one too, and parents are subscribed with their children.
COURIER = ('altered-line-ends', 'altered-blank-line', 'subscription-extra')

# Of what a Courier keeps as it is: a Dovecot shows NUL as 0x80; and a parent that is no folder is on the list of
# subscriptions all the same.
FROM_COURIER = ('altered-masked-nul', 'subscription-missing')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--only', choices=('moves', 'courier', 'failures', 'patience'))
    parser.add_argument('--ordinary', type=int, default=300, help='ordinary letters beside the nasty ones (300)')
    parser.add_argument('--big', type=int, default=30, help='megabytes of the large message (30)')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--keep', action='store_true', help='leave the private folder behind')
    parser.add_argument('--program', help='the migrate program; built when not given')
    options = parser.parse_args()
    program = options.program or migrate.build()
    checks = Checks()
    with Lab(options.keep) as lab:
        run = migrate.Migrate(program, lab.path('run'))
        source, destination = lab.dovecot('source', store='maildir', users=6), lab.dovecot('destination', users=6)
        if options.only in (None, 'moves'):
            moves(checks, lab, run, source, destination, options)
        if options.only in (None, 'courier'):
            courier(checks, lab, run, source, destination, options)
        if options.only in (None, 'failures'):
            signin.run(checks, lab, run, source, destination)
            Failures(checks, lab, run, source, destination).run()
    if options.only in (None, 'patience'):
        patience(checks)
    checks.finish()


def moves(checks, lab, run, source, destination, options):
    """Every pair of servers, each with a user of its own."""
    nasty, move = mover(checks, lab, run, options)

    fill.maildir(source, 'user1', nasty(source))
    move(source, destination, 'user1')

    cyrus = lab.cyrus('cyrus')
    fill.maildir(source, 'user2', nasty(source, harsh=True))
    move(source, cyrus, 'user2', CYRUS)

    fill.by_imap(cyrus, 'user3', nasty(cyrus))
    move(cyrus, destination, 'user3')

    dots = lab.dovecot('dots', store='dots')
    fill.by_imap(dots, 'user4', nasty(dots))
    move(dots, destination, 'user4')


def courier(checks, lab, run, source, destination, options):
    """To a Courier and from it: no CONDSTORE, no LIST-STATUS, no literals without an invitation."""
    nasty, move = mover(checks, lab, run, options)
    server = lab.courier('courier', users=6)
    fill.maildir(source, 'user5', nasty(source))
    move(source, server, 'user5', COURIER)
    fill.by_imap(server, 'user6', nasty(server))
    # What a user does between two passes needs MOVE, which this server has not.
    move(server, destination, 'user6', FROM_COURIER, delta=False)


def patience(checks):
    """A server asks for half a minute of peace; the tests themselves make do with a few seconds."""
    command = ['cargo', 'test', '-q', '-p', 'mailmove-imap', '--test', 'patience', 'everybody_holds_still']
    env = dict(os.environ, MAILMOVE_TEST_PAUSE='30')
    done = subprocess.run(command, cwd=migrate.ROOT, env=env, capture_output=True, text=True)
    held = done.returncode == 0 and '2 passed' in done.stdout
    checks.check('everybody holds still for half a minute', held, done.stdout + done.stderr)


def mover(checks, lab, run, options):
    """Makes a nasty mailbox for a server, and moves one."""

    def nasty(server, harsh=False):
        return corpus.nasty(options.seed, options.big * corpus.MEGABYTE, options.ordinary, server.delimiter, harsh)

    def move(left, right, user, allow=(), delta=True):
        move = Move(checks, run, lab.path(f'{user}.ledger'), left, right, user, allow)
        move.plan()
        move.first()
        move.again()
        if delta:
            move.delta()

    return nasty, move


if __name__ == '__main__':
    main()
