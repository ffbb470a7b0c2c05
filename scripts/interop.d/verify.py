"""Looks at the doors of real servers: five different answers, each the right one, and nothing written anywhere."""

import argparse
import os
import subprocess

from lab import migrate, names, server
from lab.checks import Checks
from lab.cyrus import ADMIN
from lab.lab import Lab
from lab.proxy import Proxy
from lab.server import PASSWORD

USER, POOR = 'user1', 'user2'

# What may be asked for without changing anything. EXAMINE is here, SELECT is not.
HARMLESS = {
    'AUTHENTICATE',
    'CAPABILITY',
    'ENABLE',
    'EXAMINE',
    'GETQUOTAROOT',
    'ID',
    'LIST',
    'LOGIN',
    'LOGOUT',
    'LSUB',
    'MYRIGHTS',
    'NAMESPACE',
    'NOOP',
    'STARTTLS',
    'STATUS',
    'UID FETCH',
    'UID SEARCH',
    'UNSELECT',
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--keep', action='store_true', help='leave the private folder behind')
    parser.add_argument('--program', help='the verify program; built when not given')
    options = parser.parse_args()
    program = options.program or migrate.build('verify', 'dev')
    checks = Checks()
    with Lab(options.keep) as lab:
        alone = server.self_signed(lab.path('self-signed'))
        dovecot = lab.dovecot('dovecot', store='maildir', acl=True)
        look(
            checks,
            program,
            dovecot,
            deny_dovecot,
            lab.dovecot('dovecot-alone', certificates=alone),
            lab.dovecot('dovecot-plain', tls=False),
        )
        look(
            checks,
            program,
            lab.cyrus('cyrus'),
            deny_cyrus,
            lab.cyrus('cyrus-alone', certificates=alone),
            lab.cyrus('cyrus-plain', tls=False),
        )
    checks.finish()


def look(checks, program, good, deny, alone, plain):
    """All five answers of one kind of server."""
    answers = set()

    def door(what, target, url, password, status, *words, side='to'):
        """Goes through the doors; `url` makes a URL of a port."""
        with Proxy(target.tls_port if 'imaps' in url(0) else target.port) as proxy:
            env = dict(os.environ, MAILMOVE_SOURCE_PASSWORD=password, MAILMOVE_DESTINATION_PASSWORD=password)
            command = [program, f'--{side}', url(proxy.port), '--allow-plaintext']
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=env)
            asked = set(proxy.counts)
        told = done.stdout + done.stderr
        shut = [line.strip() for line in told.splitlines() if ' SHUT ' in line]
        answers.add(shut[0].split('SHUT')[1].strip() if shut else 'open')
        missing = [word for word in words if word.lower() not in told.lower()]
        title = f'{good.kind}, {what}: {shut[0] if shut else "every door is open"}'
        checks.check(title, done.returncode == status and not missing and PASSWORD not in told, f'{missing}\n{told}')
        if 'imaps' not in url(0):
            extra = asked - HARMLESS
            checks.check(f'{good.kind}, {what}: nothing written, by {", ".join(sorted(asked))}', not extra, extra)
        else:
            # Nobody reads what is encrypted; but behind a certificate that is not trusted there is nothing to read.
            checks.check(f'{good.kind}, {what}: nothing said', b'AUTH' not in str(asked).encode(), asked)

    def at(user, parameters='?tls=none', scheme='imap'):
        return lambda port: f'{scheme}://{user}@127.0.0.1:{port}{parameters}'

    door('a good mailbox to read', good, at(USER), PASSWORD, 0, 'sign-in', 'folders', side='from')
    door('a good mailbox to write', good, at(USER), PASSWORD, 0, 'write', 'rights')
    door('a wrong password', good, at(USER), 'wrong', 1, 'SHUT', 'sign-in', 'password is wrong')
    deny(good)
    before = state(good)
    door('no right to the mailbox', good, at(POOR), PASSWORD, 1, 'no right to put messages into INBOX', 'grant')
    door('a certificate of its own', alone, at(USER, '', 'imaps'), PASSWORD, 1, 'tls', 'self-signed', '--ca')
    door('no encryption', plain, at(USER, ''), PASSWORD, 1, 'tls', 'refused STARTTLS', 'nothing was sent unprotected')
    checks.check(f'{good.kind}: five different answers', len(answers) == 5, answers)
    checks.check(f'{good.kind}: the mailboxes are as they were', state(good) == before, before)


def state(target):
    """What STATUS tells of both inboxes; UIDNEXT moves with every message that is put there."""
    seen = []
    for user in (USER, POOR):
        with target.imap(user) as imap:
            seen += imap.run(b'STATUS', b'INBOX', b'(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)')
            seen += sorted(imap.run(b'LIST', b'""', b'"*"'))
    return seen


def deny_dovecot(target):
    """The owner may read, and no more."""
    with target.imap(POOR) as imap:
        imap.run(b'SETACL', b'INBOX', names.quote(POOR.encode()), b'lrs')


def deny_cyrus(target):
    """The same, by the administrator."""
    with target.imap(ADMIN) as admin:
        admin.run(b'SETACL', target.root(POOR), POOR, b'lrs')


if __name__ == '__main__':
    main()
