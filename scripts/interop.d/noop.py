"""What a second run over an unchanged mailbox asks of the servers: no message, no write, no folder opened."""

import argparse

from lab import corpus, fill, migrate, native, verify
from lab.checks import Checks
from lab.lab import Lab
from lab.proxy import Proxy

USER = 'user1'
FORBIDDEN = (
    'FETCH',
    'UID FETCH',
    'APPEND',
    'SELECT',
    'EXAMINE',
    'STORE',
    'UID STORE',
    'SEARCH',
    'UID SEARCH',
    'COPY',
    'UID COPY',
    'MOVE',
    'UID MOVE',
    'CREATE',
    'SUBSCRIBE',
    'EXPUNGE',
)
RTT = 80


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--messages', type=int, default=20_000)
    parser.add_argument('--size', type=int, default=2_000, help='bytes of a message (2000)')
    parser.add_argument('--program', help='the migrate program; built when not given')
    options = parser.parse_args()
    program = options.program or migrate.build()
    checks = Checks()
    with Lab() as lab:
        source, destination = lab.dovecot('source', store='maildir'), lab.dovecot('destination', fsync=False)
        run = migrate.Migrate(program, lab.path('run'))
        count = fill.maildir(source, USER, corpus.ordinary(1, options.messages, size=options.size))
        ledger = lab.path('ledger')

        def go(source_port=None, destination_port=None):
            return run.run(source.plain_url(USER, source_port), destination.plain_url(USER, destination_port), ledger)

        first = go()
        checks.check(
            f'the first run moves {count} messages in {first.seconds:.1f} s', first.status == migrate.MOVED, first
        )
        with Proxy(source.port) as left, Proxy(destination.port) as right:
            done = go(left.port, right.port)
            checks.check('the second run succeeds', done.status == migrate.MOVED, done)
            for side, proxy in (('source', left), ('destination', right)):
                asked = ', '.join(f'{verb} {n}' for verb, n in sorted(proxy.counts.items()))
                turns = ', '.join(str(c.turns) for c in proxy.connections)
                checks.check(
                    f'{side}: {len(proxy.connections)} connection(s), turns {turns}; {asked}',
                    not any(proxy.counts[verb] for verb in FORBIDDEN),
                )
        times = {}
        for rtt in (0, RTT):
            with native.Delay(lab, source.port, rtt) as left, native.Delay(lab, destination.port, rtt) as right:
                times[rtt] = min(go(left.port, right.port).seconds for _ in range(3))
        trips = (times[RTT] - times[0]) / RTT * 1000
        checks.note(
            f'{times[0]:.3f} s without delay, {times[RTT]:.3f} s at {RTT} ms: {trips:.1f} round trips of elapsed time'
        )
        checks.check('few round trips', trips < 8)
        with source.imap(USER) as a, destination.imap(USER) as b:
            found = verify.compare(verify.read(a), verify.read(b))
        checks.check(f'both sides: {verify.summary(found)}', not found, '\n'.join(map(str, found)))
    checks.finish()


if __name__ == '__main__':
    main()
