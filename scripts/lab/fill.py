"""Puts a mailbox on a server: straight into a Maildir, with what IMAP would refuse, or by IMAP."""

import os
import time

from . import names
from .wire import Refused, Text

_LETTERS = {r'\Draft': 'D', r'\Flagged': 'F', r'\Answered': 'R', r'\Seen': 'S', r'\Deleted': 'T'}


def maildir(server, user, folders):
    """Write folders as the user's Maildir, on a Dovecot that keeps them as such; returns the message count."""
    assert server.store == 'maildir', 'only this layout is written here'
    server.wipe(user)
    top = f'{server.home(user)}/mail'
    written, subscribed = 0, []
    for folder in folders:
        encoded = [names.encode(name).decode() for name in folder.path]
        place = top if folder.path == ('INBOX',) else os.path.join(top, *encoded)
        for sub in ('cur', 'new', 'tmp'):
            os.makedirs(f'{place}/{sub}')
        keywords = []
        for message in folder.messages:
            written += 1
            letters = ''.join(sorted(_LETTERS[f] for f in message.flags if f in _LETTERS))
            for flag in sorted(f for f in message.flags if f not in _LETTERS):
                if flag not in keywords:
                    keywords.append(flag)
                letters += chr(97 + keywords.index(flag))
            path = f'{place}/cur/{1_000_000_000 + written}.M0P0.lab:2,{letters}'
            with open(path, 'wb') as f:
                f.write(message.body)
            os.utime(path, (message.when, message.when))
        if keywords:
            with open(f'{place}/dovecot-keywords', 'w') as f:
                f.writelines(f'{n} {keyword}\n' for n, keyword in enumerate(keywords))
        if folder.subscribed:
            subscribed.append('\t'.join(encoded))
    with open(f'{top}/subscriptions', 'w') as f:
        f.write('V\t2\n\n' + ''.join(line + '\n' for line in subscribed))
    for place, _, files in os.walk(server.home(user)):
        os.chown(place, *server.owner)
        for name in files:
            os.chown(os.path.join(place, name), *server.owner)
    return written


def by_imap(server, user, folders):
    """Create folders and append messages; returns (messages written, what the server refused, as texts)."""
    written, refused = 0, []
    with server.imap(user) as imap:
        for folder in folders:
            name = wire_name(server, folder.path)
            if folder.path != ('INBOX',):
                try:
                    imap.run(b'CREATE', name)
                except Refused as error:
                    refused.append(f'folder {"/".join(folder.path)!r}: {error}')
                    continue
            if folder.subscribed:
                imap.run(b'SUBSCRIBE', name)
            for message in folder.messages:
                try:
                    append(imap, name, message)
                    written += 1
                except Refused as error:
                    refused.append(f'message {message.body[:60]!r}: {error}')
    return written, refused


def append(imap, name, message, zone=0):
    """Append one message; `zone` in minutes says in which time zone its date is written, not which instant it is."""
    sign = '-' if zone < 0 else '+'
    date = time.strftime('%d-%b-%Y %H:%M:%S', time.gmtime(message.when + zone * 60))
    imap.run(
        b'APPEND',
        name,
        f'({" ".join(sorted(message.flags))})',
        f'"{date} {sign}{abs(zone) // 60:02}{abs(zone) % 60:02}"',
        Text(message.body),
    )


def wire_name(server, path):
    """A folder's name as this server wants it on the wire."""
    if path == ('INBOX',):
        return b'INBOX'
    if server.prefix and path[0] == 'INBOX':
        path = path[1:]
    return names.quote(server.prefix.encode() + server.delimiter.encode().join(map(names.encode, path)))
