"""Moves a nasty mailbox between Dovecots and Cyruses, compares everything, and breaks what can break."""

import argparse

from lab import corpus, fill, migrate, signin
from lab.checks import Checks
from lab.failures import Failures
from lab.lab import Lab
from lab.moves import Move

# What a Cyrus does to what it stores, by its own rules: it knows no folder that cannot hold messages.
CYRUS = ('parent-holds-messages',)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--only', choices=('moves', 'failures'))
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
        source, destination = lab.dovecot('source', store='maildir'), lab.dovecot('destination')
        if options.only != 'failures':
            moves(checks, lab, run, source, destination, options)
        if options.only != 'moves':
            signin.run(checks, lab, run, source, destination)
            Failures(checks, lab, run, source, destination).run()
    checks.finish()


def moves(checks, lab, run, source, destination, options):
    """Every pair of servers, each with a user of its own."""

    def nasty(server, harsh=False):
        return corpus.nasty(options.seed, options.big * corpus.MEGABYTE, options.ordinary, server.delimiter, harsh)

    def move(left, right, user, allow=()):
        whole(Move(checks, run, lab.path(f'{user}.ledger'), left, right, user, allow))

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


def whole(move):
    """All passes of one pair."""
    move.plan()
    move.first()
    move.again()
    move.delta()


if __name__ == '__main__':
    main()
