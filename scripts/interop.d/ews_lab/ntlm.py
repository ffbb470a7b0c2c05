"""Passwords by NTLM against an acceptor that is not ours: in the open, bound to a certificate, bound to a wrong one."""

import os
import subprocess

from lab.migrate import MOVED, Migrate

from .moves import Moves
from .simulator import HERE, Simulator

LOGIN, PASSWORD = 'LAB%5CAnn', 'Grüße & secret'


class Acceptor:
    """A front of a simulator that signs in; use it in a `with`."""

    def __init__(self, python, folder, server, mode):
        self.command = [python, HERE / 'acceptor.py', str(server.port), mode]
        self.ca = os.path.join(folder, 'front.pem')
        if mode != 'plain':
            self.command.append(self.ca)
        users = os.path.join(folder, 'users')
        with open(users, 'w') as file:
            file.write(f'LAB:Ann:{PASSWORD}\n')
        self.env = dict(os.environ, NTLM_USER_FILE=users)
        self.scheme, self.mode = ('ews+http' if mode == 'plain' else 'ews'), mode

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, env=self.env)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.said = self.process.communicate()[0].splitlines()

    def url(self):
        host = '127.0.0.1' if self.mode == 'plain' else 'localhost'
        return f'{self.scheme}://{LOGIN}@{host}:{self.port}?mailbox=ann%40x.test&auth=ntlm'

    def reach(self):
        """Arguments with which the programs reach it."""
        return () if self.mode == 'plain' else ('--ca', self.ca)


def run(checks, programs, python, folder):
    """Every way in, and whole moves through the front."""
    moves = Moves(checks, programs, python, folder)
    for mode in ('plain', 'tls'):
        with Simulator('Exchange2016', '--rich') as source, Simulator('Exchange2016', messages=0) as destination:
            with Acceptor(python, folder, source, mode) as front:
                moves.verify(f'NTLM, {mode}', front.url(), *front.reach(), password=PASSWORD)
                migrate = Migrate(str(programs / 'migrate'), os.path.join(folder, 'ntlm'))
                ledger = os.path.join(folder, f'ntlm-{mode}.ledger')
                done = migrate.run(
                    front.url(), destination.url(), ledger, '--allow-plaintext', *front.reach(),
                    source_password=PASSWORD, destination_password='secret',
                )
                checks.check(f'NTLM, {mode}: a mailbox moves', done.status == MOVED, done)
        said = front.said
        accepted = [line for line in said if line.startswith('accepted')]
        requests = sum(source.asked().values())
        checks.check(
            f'NTLM, {mode}: {len(accepted)} sign-ins for {requests} requests',
            len(accepted) == len(said) and 0 < len(accepted) <= requests / 3, said,
        )
        checks.check(f'NTLM, {mode}: as whom it should be', set(accepted) == {'accepted LAB\\Ann'}, set(accepted))
    with Simulator('Exchange2016') as source:
        with Acceptor(python, folder, source, 'tls') as front:
            moves.verify('NTLM with a wrong password', front.url(), *front.reach(), password='Nope-17', good=False)
        checks.check('NTLM with a wrong password: one attempt', len(front.said) == 1, front.said)
        with Acceptor(python, folder, source, 'other') as front:
            tunnel = 'NTLM over a tunnel of somebody else'
            moves.verify(tunnel, front.url(), *front.reach(), password=PASSWORD, good=False)
        bound = all(line.startswith('refused BadBinding') for line in front.said)
        checks.check(f'{tunnel}: the binding is what is refused', bound and front.said, front.said)
