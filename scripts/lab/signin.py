"""Every way to sign in, at the most talkative log level: it works, and no secret is written anywhere."""

import base64
import os

from . import corpus, fill
from .dovecot import MASTER, MASTER_PASSWORD
from .migrate import MOVED
from .server import PASSWORD

USER = 'user1'


def run(checks, lab, migrate, source, destination):
    """Move a small mailbox once for each way, and search everything written for the passwords."""
    fill.maildir(source, USER, corpus.ordinary(9, 20))
    master = source.tls_url(MASTER) + f'?mailbox={USER}'
    ways = {
        'plain text': (source.plain_url(USER), PASSWORD),
        'TLS from the start': (source.tls_url(USER), PASSWORD),
        'STARTTLS': (source.starttls_url(USER), PASSWORD),
        'as a master user': (master + '&access=master', MASTER_PASSWORD),
        'as somebody who may act for others': (master + '&access=authzid', MASTER_PASSWORD),
    }
    for number, (what, (url, password)) in enumerate(ways.items()):
        folder = lab.path(f'signin-{number}')
        os.makedirs(folder)
        more = ('--report', f'{folder}/report.json', '--ca', lab.ca)
        to = destination.plain_url(USER)
        done = migrate.run(url, to, f'{folder}/ledger', *more, source_password=password, env={'RUST_LOG': 'trace'})
        checks.check(f'sign-in, {what}', done.status == MOVED, done)
        written = [done.out.encode(), done.err.encode()]
        for name in os.listdir(folder):
            with open(f'{folder}/{name}', 'rb') as f:
                written.append(f.read())
        found = [form for form in forms(password, PASSWORD) if any(form in text for text in written)]
        checks.check(f'sign-in, {what}: no secret in the {sum(map(len, written))} bytes that were written', not found)
        destination.wipe(USER)


def forms(*secrets):
    """The secrets as they are, and the part of their base64 that does not depend on what stands beside them."""
    for secret in map(str.encode, secrets):
        yield secret
        for shift in range(3):
            yield base64.b64encode(b'\0' * shift + secret)[4 if shift else 0 : -4]
