"""Fills a mailbox with python-zimbra, or says how two mailboxes differ, as python-zimbra sees them.

    compare.py fill FORM USER_URL ADMIN_URL ADDRESS
    compare.py compare FORM USER_URL ADMIN_URL ADDRESS OTHER

Differences go to standard output, one a line.
"""

import hashlib
import re
import sys

from client import Client, listed, text
from pythonzimbra.tools import auth


def opened(form, users, administrators, address):
    """A client in somebody's mailbox."""
    one = Client(form, users, administrators)
    token = auth.authenticate(one.soap, address, 'secret', request_type=form, use_password=True, raise_on_error=True)
    one.token = text(token)
    return one


def fill(one):
    """Something of every kind, in folders below folders."""
    made = one.ask('CreateFolder', {'folder': {'name': 'Projekte', 'l': '1', 'view': 'message', 'color': '4'}})['folder']
    deep = one.ask('CreateFolder', {'folder': {'name': 'Älter & mehr', 'l': made['id'], 'view': 'message'}})['folder']
    tags = [one.ask('CreateTag', {'tag': {'name': name, 'color': '2'}})['tag']['id'] for name in ('rot', 'a, b')]
    for number, (folder, flags) in enumerate(((made['id'], 'u'), (deep['id'], 'fr'), (deep['id'], 'w'), ('5', 's'))):
        octets = f'Subject: {number}\r\nMessage-ID: <fill{number}@y>\r\n\r\n'.encode() + bytes(range(256)) * (number + 1)
        message = {'l': folder, 'f': flags, 'd': str(1_600_000_000_000 + number * 1000), 'aid': one.upload(octets)}
        one.ask('AddMsg', {'m': dict(message, noICal='1', t=','.join(tags[:number]))})
    fields = {'firstName': 'Änn', 'lastName': 'O', 'email': 'a@y', 'email2': 'b@y', 'mobilePhone': '1', 'workCity': 'X'}
    fields = [{'n': name, '_content': value} for name, value in fields.items()]
    person = one.ask('CreateContact', {'cn': {'l': '7', 'a': fields}})['cn']['id']
    group = [{'n': 'type', '_content': 'group'}, {'n': 'nickname', '_content': 'Freunde'}]
    members = [{'type': 'C', 'value': person}, {'type': 'I', 'value': 'z@y'}]
    one.ask('CreateContact', {'cn': {'l': '7', 'a': group, 'm': members}})
    one.calendar()


def content(one):
    """What a mailbox holds, without what names it there: ids, changes, times of changes."""
    found = set()
    tags = {tag['id']: tag['name'] for tag in listed(one.ask('GetTag', {}).get('tag'))}
    folders = dict(walk(one.ask('GetFolder', {})['folder'], ''))
    for folder, path in folders.items():
        query = {'types': 'message', 'limit': '1000', 'sortBy': 'idAsc', 'query': {'_content': f'inid:"{folder}"'}}
        for message in listed(one.ask('Search', query).get('m')):
            headers, octets = one.http(f'/home/~/?id={message["id"]}&fmt=sync&nohdr=1')
            names = sorted(tags[tag] for tag in (headers['X-Zimbra-Tags'] or '').split(',') if tag)
            flags = ''.join(sorted(headers['X-Zimbra-Flags'] or ''))
            digest = hashlib.sha256(octets).hexdigest()[:16]
            found.add(('message', path, digest, flags, tuple(names), int(headers['X-Zimbra-Received']) // 1000))
    for contact in listed(one.ask('GetContacts', {}).get('cn')):
        found.add(('contact', folders[contact['l']], fields(contact), members(one, contact)))
    for path in ('Calendar', 'Tasks'):
        for component in re.findall(r'BEGIN:VEVENT.*?END:VEVENT', ics(one, path), re.S):
            lines = [line for line in component.splitlines() if not re.match('DTSTAMP|LAST-MODIFIED|CREATED', line)]
            found.add(('event', path, tuple(sorted(lines))))
    return found


def ics(one, path):
    _, octets = one.http(f'/home/~/{path}?fmt=ics')
    return re.sub('\r?\n[ \t]', '', octets.decode())


def walk(folder, path):
    """Ids and paths of folders, those of the trash left out."""
    for child in listed(folder.get('folder')):
        below = f'{path}/{child["name"]}'.lstrip('/')
        if below != 'Trash':
            yield child['id'], below
            yield from walk(child, below)


def fields(contact):
    """The fields of a contact, without those that are made of others and those by which a move knows its own again."""
    shown = contact.get('_attrs') or {one['n']: one['_content'] for one in listed(contact.get('a'))}
    own = ('fullName', 'fileAs', 'vCardUID', 'mailmoveMark')
    return tuple(sorted((name, value) for name, value in shown.items() if name not in own))


def members(one, contact):
    """The members of a group by their addresses: a reference to a contact stands for the first one of that contact."""
    if not contact.get('m'):
        return ()
    shown = listed(one.ask('GetContacts', {'derefGroupMember': '1', 'cn': {'id': contact['id']}})['cn'])[0]
    return tuple(sorted(dict(fields(listed(member['cn'])[0]))['email'] if member.get('cn') else member['value']
                        for member in listed(shown['m'])))


def main(what, form, users, administrators, *addresses):
    boxes = [opened(form, users, administrators, address) for address in addresses]
    if what == 'fill':
        return fill(boxes[0])
    first, second = (content(box) for box in boxes)
    print(f'{len(first)} and {len(second)}', file=sys.stderr)
    for name, lost in (('missing', first - second), ('more', second - first)):
        for one in sorted(lost, key=repr):
            print(name, one)


if __name__ == '__main__':
    main(*sys.argv[1:])
