"""Reads two mailboxes with foreign clients and compares them; ends with 1 at the first difference.

    compare.py streams|mail URL URL

`streams` compares every item of two Exchanges by the stream in which it is exported; `mail` compares messages by their
bytes and by whether they are read and flagged, wherever they are.
"""

import hashlib
import imaplib
import logging
import re
import sys
import urllib.parse
from collections import Counter

from exchangelib import DELEGATE, Account, Configuration, Credentials, ExtendedProperty, FaultTolerance, Message


class FlagStatus(ExtendedProperty):
    """PidTagFlagStatus: 2 is flagged."""

    property_tag = 0x1090
    property_type = 'Integer'


Message.register('flag_status', FlagStatus)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def exchange(url, what):
    """Items by folder at an Exchange."""
    name = urllib.parse.unquote(url.username)
    configuration = Configuration(
        service_endpoint=f'http://127.0.0.1:{url.port}/EWS/Exchange.asmx',
        auth_type='basic',
        credentials=Credentials(name, 'secret'),
        retry_policy=FaultTolerance(max_wait=600),
    )
    account = Account(name, config=configuration, autodiscover=False, access_type=DELEGATE)
    archive = 'root=archive' in url.query
    root = account.archive_msg_folder_root if archive else account.msg_folder_root
    found, inbox = {}, (account.archive_inbox if archive else account.inbox).absolute
    for folder in root.walk():
        items = list(folder.all().only('id', 'changekey', 'item_class'))
        whole = folder.absolute
        path = 'INBOX' + whole[len(inbox) :] if whole.startswith(inbox) else whole[len(root.absolute) + 1 :]
        if what == 'streams':
            found[path] = Counter(sha(data.encode()) for data in account.export(items)) if items else Counter()
            continue
        items = [item for item in items if (item.item_class or '').startswith('IPM.Note')]
        fetched = account.fetch(items) if items else []
        found[path] = Counter((sha(one.mime_content), one.is_read, one.flag_status == 2) for one in fetched)
    return found


def imap(url):
    """Messages by folder at an IMAP server."""
    client = imaplib.IMAP4('127.0.0.1', url.port)
    client.login(url.username, 'secret')
    found = {}
    for line in client.list()[1]:
        if isinstance(line, tuple):
            raw = line[1].decode()
        else:
            raw = re.search(rb'(?:NIL|"/") (.*)$', line)[1].decode().strip('"')
        if client.select(f'"{raw}"', readonly=True)[0] != 'OK':
            continue
        data = client.uid('FETCH', '1:*', '(FLAGS BODY.PEEK[])')[1]
        seen = Counter()
        for part in data:
            if isinstance(part, tuple):
                flags = part[0].lower()
                seen[sha(part[1]), b'\\seen' in flags, b'\\flagged' in flags] += 1
        found[decoded(raw)] = seen
    client.logout()
    return found


def decoded(name):
    """A folder name out of the UTF-7 of IMAP."""
    def word(match):
        return '&' if not match[1] else ('+' + match[1].replace(',', '/') + '-').encode().decode('utf-7')

    return re.sub('&([^-]*)-', word, name)


def main():
    logging.disable(logging.CRITICAL)
    what, *urls = sys.argv[1:]
    sides = []
    for text in urls:
        url = urllib.parse.urlsplit(text)
        sides.append(imap(url) if url.scheme == 'imap' else exchange(url, what))
    # Folders that every mailbox has may have another name elsewhere.
    known = {'Sent Items': 'Sent', 'Deleted Items': 'Trash', 'Junk Email': 'Junk'}
    left, right = ({known.get(path, path): seen for path, seen in side.items() if seen} for side in sides)
    for path in sorted(left.keys() | right.keys()):
        if left.get(path) != right.get(path):
            missing = (left.get(path) or Counter()) - (right.get(path) or Counter())
            extra = (right.get(path) or Counter()) - (left.get(path) or Counter())
            sys.exit(f'{path}: {sum(missing.values())} missing, {sum(extra.values())} extra\n{missing}\n{extra}')
    if not left:
        sys.exit('both are empty')
    print(f'{sum(map(len, left.values()))} items in {len(left)} folders')


if __name__ == '__main__':
    main()
