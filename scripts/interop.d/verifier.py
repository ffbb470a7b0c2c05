"""Does the comparison see every deliberate damage, and nothing where nothing is?"""

import argparse

from lab import corpus, fill, names, verify
from lab.checks import Checks
from lab.corpus import Folder, Message, crlf
from lab.lab import Lab

LETTERS = [
    Message(crlf(f'Subject: letter {n}', 'X-Umlaut: ü', '', 'text'), 1_600_000_000 + n, frozenset({r'\Seen', 'Work'}))
    for n in range(5)
]
MAILBOX = [
    Folder(('INBOX',), LETTERS),
    Folder(('Übersicht', 'R&D'), LETTERS[:2] + LETTERS[:1], True),
    Folder(('other',), LETTERS[3:]),
]


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    checks = Checks()
    with Lab() as lab:
        source = lab.dovecot('source', store='maildir')
        destination = lab.dovecot('destination', users=len(DAMAGES) + 1)
        nasty = list(corpus.nasty(big=corpus.MEGABYTE, ordinary=50))
        fill.maildir(source, 'user1', nasty)
        with source.imap('user1') as imap:
            box = verify.read(imap)
        checks.check('every message of a Maildir is shown', box.count() == sum(len(f.messages) for f in nasty))
        _, refused = fill.by_imap(destination, 'user1', nasty)
        checks.check('a second Dovecot takes every nasty message and name', not refused, '\n'.join(refused))
        found = compare(box, destination, 'user1')
        checks.check('and shows them equal', not found, '\n'.join(map(str, found)))

        fill.maildir(source, 'user2', MAILBOX)
        with source.imap('user2') as imap:
            box = verify.read(imap)
        for number, (what, kinds, damage) in enumerate(DAMAGES, 2):
            user = f'user{number}'
            fill.by_imap(destination, user, MAILBOX)
            untouched = compare(box, destination, user)
            with destination.imap(user) as imap:
                imap.run(b'SELECT INBOX')
                damage(imap)
            found = compare(box, destination, user)
            seen = sorted(d.kind for d in found)
            checks.check(
                f'{what}: {", ".join(kinds)}', not untouched and seen == sorted(kinds), '\n'.join(map(str, found))
            )
    checks.finish()


def compare(box, server, user):
    with server.imap(user) as imap:
        return verify.compare(box, verify.read(imap))


def replaced(number, change):
    """A damage that puts a changed message in the place of the last one of INBOX."""

    def damage(imap):
        expunge(imap, number)
        fill.append(imap, b'INBOX', change(LETTERS[number - 1]))

    return damage


def expunge(imap, number):
    imap.run(b'STORE', str(number), rb'+FLAGS.SILENT (\Deleted)')
    imap.run(b'EXPUNGE')


def body(old, new):
    return replaced(5, lambda m: Message(m.body.replace(old, new), m.when, m.flags))


def rename(old, new):
    return lambda imap: imap.run(b'RENAME', names.quote(names.encode(old)), names.quote(names.encode(new)))


DAMAGES = [
    ('a flag added', ['flag-added'], lambda i: i.run(rb'STORE 1 +FLAGS (\Flagged)')),
    ('a flag lost', ['flag-lost'], lambda i: i.run(rb'STORE 1 -FLAGS (\Seen)')),
    ('a keyword lost', ['keyword-lost'], lambda i: i.run(b'STORE 1 -FLAGS (Work)')),
    (
        'another keyword',
        ['keyword-added', 'keyword-lost'],
        lambda i: (i.run(b'STORE 1 -FLAGS (Work)'), i.run(b'STORE 1 +FLAGS (Worm)')),
    ),
    ('a date one second off', ['date'], replaced(5, lambda m: Message(m.body, m.when + 1, m.flags))),
    ('one byte of a body', ['message-extra', 'message-missing'], body(b'text', b'tezt')),
    ('one header line more', ['message-extra', 'message-missing'], body(b'Subject', b'X-More: 1\r\nSubject')),
    ('eight-bit bytes of a header masked', ['altered-header-8bit'], body('ü'.encode(), b'XX')),
    ('the final line end gone', ['altered-line-ends'], body(b'text\r\n', b'text')),
    ('a message gone', ['message-missing'], lambda i: expunge(i, 2)),
    ('a message twice', ['message-doubled'], lambda i: i.run(b'COPY 2 INBOX')),
    (
        'one of two twins gone',
        ['copy-missing'],
        lambda i: (i.run(b'SELECT', names.quote(names.encode('Übersicht/R&D'))), expunge(i, 3)),
    ),
    ('a message in another folder', ['message-extra', 'message-missing'], lambda i: i.run(b'MOVE 3 other')),
    ('two messages in another order', ['order'], lambda i: (i.run(b'COPY 2 INBOX'), expunge(i, 2))),
    ('a folder too many', ['folder-extra'], lambda i: i.run(b'CREATE more')),
    (
        'a folder in other letters',
        ['folder-extra', 'folder-missing', *['message-extra', 'message-missing'] * 2],
        rename('other', 'Other'),
    ),
    (
        'a folder one level up',
        ['folder-extra', 'folder-missing', 'parent-missing', *['message-extra', 'message-missing'] * 3],
        rename('Übersicht/R&D', 'R&D'),
    ),
    ('a subscription more', ['subscription-extra'], lambda i: i.run(b'SUBSCRIBE other')),
]


if __name__ == '__main__':
    main()
