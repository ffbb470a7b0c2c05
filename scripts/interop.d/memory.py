"""How much memory a migration takes: one huge message, and a folder of very many small ones."""

import argparse
import os

from lab import corpus, fill, migrate, verify
from lab.checks import Checks
from lab.corpus import Folder, Message, crlf
from lab.lab import Lab

LIMIT_MIB, POOL_MIB = 150, 32


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--big', type=int, default=300, help='megabytes of the huge message (300)')
    parser.add_argument('--messages', type=int, default=200_000, help='messages of the large folder (200000)')
    parser.add_argument('--program', help='the migrate program; built when not given')
    options = parser.parse_args()
    program = options.program or migrate.build()
    checks = Checks()
    with Lab() as lab:
        source, destination = lab.dovecot('source', store='maildir'), lab.dovecot('destination', fsync=False)
        run = migrate.Migrate(program, lab.path('run'))
        case(checks, lab, run, source, destination, 'user1', f'a message of {options.big} MB', huge(options.big))
        case(
            checks,
            lab,
            run,
            source,
            destination,
            'user2',
            f'a folder of {options.messages} messages',
            many(options.messages),
        )
    checks.finish()


def huge(megabytes):
    """One message, with two small ones beside it."""
    line = os.urandom(4).hex().encode() * 9 + b'\r\n'
    body = crlf('Subject: huge', '') + line * (megabytes * corpus.MEGABYTE // len(line))
    small = Message(crlf('Subject: small', '', 'x'), 1_600_000_000)
    yield Folder(('INBOX',), [small, Message(body, 1_600_000_001), small])


def many(count):
    """Small messages, a thousand of them twins of another."""
    yield Folder(
        ('INBOX',),
        (
            Message(
                crlf(f'Subject: letter {n}', f'Message-ID: <{n % (count - 1000)}@x>', '', 'text ' * 20),
                1_600_000_000 + n,
            )
            for n in range(count)
        ),
    )


def case(checks, lab, run, source, destination, user, what, folders):
    """Move it, then run again."""
    count = fill.maildir(source, user, folders)
    ledger = lab.path(f'{user}.ledger')
    for which in ('the first run', 'the second run'):
        done = run.run(
            source.plain_url(user), destination.plain_url(user), ledger, '--pool', str(POOL_MIB), timeout=1800
        )
        checks.check(f'{what}: {which} succeeds', done.status == migrate.MOVED, done)
        peak = done.peak / 2**20
        checks.check(
            f'{what}: {which} took {peak:.0f} MiB at most, {done.seconds:.1f} s, {done.cpu:.1f} s of CPU; '
            f'pool {POOL_MIB} MiB',
            peak < LIMIT_MIB,
        )
    with source.imap(user) as a, destination.imap(user) as b:
        found = verify.compare(verify.read(a, forms=False), verify.read(b, forms=False))
    checks.check(f'{what}: {count} messages, {verify.summary(found)}', not found, '\n'.join(map(str, found[:20])))


if __name__ == '__main__':
    main()
