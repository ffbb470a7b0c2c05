"""Works on the simulated mailbox of ann with exchangelib: reads, writes, moves, exports. Ends with 1 when it is amazed.

    client.py PORT VERSION
"""

import logging
import sys
from decimal import Decimal

from exchangelib import (
    IMPERSONATION,
    Account,
    CalendarItem,
    Configuration,
    Contact,
    Credentials,
    EWSDate,
    EWSDateTime,
    EWSTimeZone,
    ExtendedProperty,
    FileAttachment,
    ItemAttachment,
    Message,
    Task,
)
from exchangelib.folders import Messages
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.recurrence import DailyPattern, Recurrence

MIME = b'From: Bob <bob@x.test>\r\nSubject: written\r\nMessage-ID: <w@x.test>\r\n\r\nbody \xc3\xa4\r\n'
OCTETS = bytes(range(256)) * 300


class Flags(ExtendedProperty):
    """PidTagMessageFlags: 1 is read, and no draft."""

    property_tag = 0x0E07
    property_type = 'Integer'


def same(what, found, wanted):
    """Be amazed when something is not what it should be."""
    if found != wanted:
        sys.exit(f'{what}: {found!r}, not {wanted!r}')


def messages(account):
    """Mail in MIME: what is read is what was written."""
    inbox = account.inbox
    same('subjects', sorted(item.subject for item in inbox.all()), ['Message 1', 'Message 2', 'Message 3'])
    same('read', [item.subject for item in inbox.filter(is_read=True)], ['Message 2'])
    same('searched in vain', inbox.filter(subject='nowhere').count(), 0)
    folder = Messages(parent=inbox, name='Neu & anders')
    folder.save()
    Message(account=account, folder=folder, mime_content=MIME, flags=1, is_read=True, categories=['blue']).save()
    item = folder.get(subject='written')
    same('mime', item.mime_content, MIME)
    same('state', (item.is_read, item.is_draft, item.categories), (True, False, ['blue']))
    item.subject = 'changed'
    item.save(update_fields=['subject'])
    same('changed', folder.get(subject='changed').message_id, '<w@x.test>')
    return folder


def streams(account, folder):
    """What is exported and uploaded again is the same, octet for octet."""
    exported = list(account.export(folder.all()))
    uploaded = account.upload([(folder, data) for data in exported])
    same('streams', list(account.export(uploaded)), exported)
    same('items', folder.all().count(), 2 * len(exported))


def attachments(account, folder):
    """Files and items that hang on a message."""
    item = Message(account=account, folder=folder, subject='with files', body='text', to_recipients=['bob@x.test'])
    item.attach(FileAttachment(name='ä.bin', content=OCTETS))
    item.save()
    item.attach(ItemAttachment(name='inner', item=Message(subject='inner subject', body='inner body')))
    item = folder.get(subject='with files')
    files = [each.content for each in item.attachments if isinstance(each, FileAttachment)]
    items = [each.item.subject for each in item.attachments if isinstance(each, ItemAttachment)]
    same('attachments', (files, items), ([OCTETS], ['inner subject']))


def appointments(account):
    """A meeting and a series."""
    zone = EWSTimeZone('Europe/Berlin')
    start, end = EWSDateTime(2026, 5, 1, 10, tzinfo=zone), EWSDateTime(2026, 5, 1, 11, tzinfo=zone)
    CalendarItem(
        account=account, folder=account.calendar, subject='meeting', start=start, end=end, location='room',
        required_attendees=['bob@x.test'], reminder_is_set=True, reminder_minutes_before_start=15,
    ).save(send_meeting_invitations='SendToNone')
    item = account.calendar.get(subject='meeting')
    same('meeting', (item.start, item.end, item.location, len(item.required_attendees)), (start, end, 'room', 1))
    rule = Recurrence(pattern=DailyPattern(interval=2), start=EWSDate(2026, 5, 1), number=5)
    series = CalendarItem(account=account, folder=account.calendar, subject='series', start=start, end=end)
    series.recurrence = rule
    series.save(send_meeting_invitations='SendToNone')
    item = account.calendar.get(subject='series')
    same('series', (item.type, item.recurrence.boundary.number), ('RecurringMaster', 5))


def others(account):
    """Contacts and tasks."""
    Contact(
        account=account, folder=account.contacts, display_name='Ann Lee', given_name='Ann', surname='Lee',
        email_addresses=[EmailAddress(label='EmailAddress1', email='a@x.test')],
        phone_numbers=[PhoneNumber(label='MobilePhone', phone_number='1')],
        physical_addresses=[PhysicalAddress(label='Home', street='s', city='c')],
    ).save()
    item = account.contacts.get(display_name='Ann Lee')
    same('addresses', (item.email_addresses[0].email, item.physical_addresses[0].city), ('a@x.test', 'c'))
    item.surname = 'Li'
    item.save()
    same('contact', account.contacts.get(display_name='Ann Lee').surname, 'Li')
    due = EWSDate(2026, 6, 1)
    Task(account=account, folder=account.tasks, subject='task', due_date=due, percent_complete=Decimal(50)).save()
    same('task', account.tasks.get(subject='task').due_date, due)


def changes(account, folder):
    """What synchronizations tell, and what moving and deleting does."""
    inbox = account.inbox
    same('first', [kind for kind, _ in inbox.sync_items()], ['create'] * 3)
    state = inbox.item_sync_state
    item = inbox.get(subject='Message 1')
    item.is_read = True
    item.save(update_fields=['is_read'])
    same('then', [kind for kind, _ in inbox.sync_items(sync_state=state)], ['read_flag_change'])
    if not list(account.root.sync_hierarchy()):
        sys.exit('the hierarchy is empty')
    item.move(folder)
    same('moved', inbox.all().count(), 2)
    folder.get(subject='Message 1').move_to_trash()
    same('deleted', account.trash.all().count(), 1)
    folder.name = 'Renamed'
    folder.save(update_fields=['name'])
    folder.delete()


def main():
    logging.disable(logging.CRITICAL)
    port, version = sys.argv[1:]
    Message.register('flags', Flags)
    configuration = Configuration(
        service_endpoint=f'http://127.0.0.1:{port}/EWS/Exchange.asmx',
        auth_type='basic',
        credentials=Credentials('service@x.test', 'secret'),
    )
    account = Account('ann@x.test', config=configuration, autodiscover=False, access_type=IMPERSONATION)
    folder = messages(account)
    if version not in ('Exchange2007_SP1', 'Exchange2010'):
        streams(account, folder)
    attachments(account, folder)
    # What this client sends 2007 as a time zone is not in the schema.
    if version != 'Exchange2007_SP1':
        appointments(account)
    others(account)
    changes(account, folder)


if __name__ == '__main__':
    main()
