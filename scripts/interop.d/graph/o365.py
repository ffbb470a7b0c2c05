"""Works on the simulated mailbox of ann with O365: reads, writes, moves. Ends with 1 when it is amazed.

    o365.py URL
"""

import datetime
import sys
import tempfile
import zoneinfo

import requests
from O365 import Account, MSGraphProtocol

URL = sys.argv[1]


class Protocol(MSGraphProtocol):
    """Microsoft Graph, elsewhere."""

    _protocol_url = f'{URL}/'


def same(what, found, wanted):
    """Be amazed when something is not what it should be."""
    if found != wanted:
        sys.exit(f'{what}: {found!r}, not {wanted!r}')


class Session(requests.Session):
    """This client writes one boolean as text, which the metadata does not allow."""

    def request(self, method, url, data=None, **options):
        if isinstance(data, str):
            data = data.replace('"isOnlineMeeting": "false"', '"isOnlineMeeting": false')
        return super().request(method, url, data=data, **options)


def signed_in():
    """An account whose connection has a token already."""
    protocol = Protocol(api_version='v1.0', timezone=zoneinfo.ZoneInfo('Europe/Berlin'))
    account = Account(('app', 'secret'), protocol=protocol, main_resource='users/ann@x.test')
    session = Session()
    session.headers['Authorization'] = 'Bearer app-token'
    account.con.session = account.con.naive_session = session
    return account


def mail(account):
    mailbox = account.mailbox()
    inbox = mailbox.inbox_folder()
    subjects = sorted(message.subject for message in inbox.get_messages(limit=10, batch=2))
    same('subjects', subjects, ['Message 1', 'Message 2', 'Message 3'])
    found = list(inbox.get_messages(query=inbox.new_query().equals('subject', 'Message 2')))
    same('found', [message.is_read for message in found], [True])
    same('unread', (found[0].mark_as_unread(), [message.is_read for message in inbox.get_messages()]), (True, [False] * 3))
    folder = inbox.create_child_folder('Neu & anders')
    same('folder', mailbox.get_folder(folder_id=folder.folder_id).name, 'Neu & anders')
    message = mailbox.new_message()
    message.subject, message.body = 'written', '<b>ä</b>'
    message.to.add('b@x.test')
    with tempfile.NamedTemporaryFile(suffix='.bin') as file:
        file.write(b'abc')
        file.flush()
        message.attachments.add(file.name)
        same('saved', message.save_draft(), True)
    same('draft', message.is_draft, True)
    mime = message.get_mime_content()
    same('mime', b'Subject: written' in mime, True)
    same('moved', message.move(folder), True)
    [again] = folder.get_messages()
    same('again', (again.subject, again.has_attachments), ('written', True))
    same('deleted', again.delete(), True)
    same('empty', list(folder.get_messages()), [])


def others(account):
    book = account.address_book()
    contact = book.new_contact()
    contact.name, contact.surname = 'Ann', 'Lee'
    contact.emails.add('a@x.test')
    same('contact', contact.save(), True)
    same('contacts', [one.main_email for one in book.get_contacts()], ['a@x.test'])
    calendar = account.schedule().get_default_calendar()
    event = calendar.new_event()
    event.subject = 'event'
    event.start = datetime.datetime(2026, 5, 1, 10, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))
    event.end = event.start + datetime.timedelta(hours=1)
    same('event', event.save(), True)
    start = datetime.datetime(2026, 4, 1, tzinfo=zoneinfo.ZoneInfo('UTC'))
    seen = list(calendar.get_events(include_recurring=False, limit=5))
    same('events', [(one.subject, one.start) for one in seen], [('event', event.start)])
    later = start + datetime.timedelta(days=90)
    seen = list(calendar.get_events(include_recurring=True, start_recurring=start, end_recurring=later))
    same('seen', [one.subject for one in seen], ['event'])
    todo = account.tasks()
    task = todo.get_default_folder().new_task('task')
    same('task', task.save(), True)
    same('tasks', [one.subject for one in todo.get_default_folder().get_tasks()], ['task'])


if __name__ == '__main__':
    account = signed_in()
    mail(account)
    others(account)
