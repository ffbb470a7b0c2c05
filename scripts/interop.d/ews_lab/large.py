"""A large message and a large folder: how much memory they take, and how many requests."""

import os

from lab.migrate import MOVED, Migrate

from .simulator import PASSWORD, Imap, Simulator

LIMIT_MIB, POOL_MIB = 150, 32


def run(checks, programs, folder, items, big):
    """Between two Exchanges as streams, and from Exchange to IMAP and back as MIME."""
    migrate = Migrate(str(programs / 'migrate'), os.path.join(folder, 'large'))
    secrets = {'source_password': PASSWORD, 'destination_password': PASSWORD}

    def go(what, source, destination):
        ledger = os.path.join(folder, f'large-{what.replace(" ", "-")}.ledger')
        # For URLs of IMAP the lab adds it by itself.
        plain = () if 'tls=none' in destination.url() else ('--allow-plaintext',)
        pool = ('--pool', str(POOL_MIB))
        done = migrate.run(source.url(), destination.url(), ledger, *plain, *pool, timeout=3000, **secrets)
        peak = done.peak / 2**20
        checks.check(f'{what}: {done.seconds:.1f} s, {peak:.0f} MiB, pool {POOL_MIB} MiB', done.status == MOVED, done)
        checks.check(f'{what}: less than {LIMIT_MIB} MiB', peak < LIMIT_MIB, done)

    # The simulator of the cloud takes what the servers of 2016 would refuse.
    with Simulator('Online', f'--huge={big}', messages=1) as source, Simulator('Online', messages=0) as destination:
        go(f'a message of {big} MiB as a stream', source, destination)
    with Simulator('Online', f'--huge={big}', messages=1) as source, Imap(0) as destination:
        go(f'a message of {big} MiB to IMAP', source, destination)
    with Simulator('Online', f'--many={items}', messages=1) as source:
        with Simulator('Online', messages=0) as destination:
            what = f'{items} items'
            go(what, source, destination)
            first = counts(source, destination)
            ledgers = os.path.join(folder, f'large-{what.replace(" ", "-")}.ledger')
            again = migrate.run(source.url(), destination.url(), ledgers, '--allow-plaintext', **secrets)
            peak = again.peak / 2**20
            checks.check(f'{what}, once more: {again.seconds:.1f} s, {peak:.0f} MiB', again.status == MOVED, again)
    for name, server, before in (('source', source, first[0]), ('destination', destination, first[1])):
        all_of_it = server.asked()
        told(checks, f'{what}, {name}, first pass', before, items)
        later = {key: count - before.get(key, 0) for key, count in all_of_it.items()}
        told(checks, f'{what}, {name}, second pass', later, items)


def counts(*servers):
    """What was asked up to now."""
    return [server.so_far() for server in servers]


def told(checks, what, asked, items):
    """Print the requests, per thousand items."""
    asked = {name: count for name, count in asked.items() if count}
    each = ', '.join(f'{name} {count}' for name, count in sorted(asked.items()))
    sum_of_all = sum(asked.values())
    checks.note(f'{what}: {sum_of_all} requests, {sum_of_all * 1000 / items:.1f} per 1,000 items: {each or "none"}')
