"""Looks with exchangelib at what was moved into the mailbox of ann; ends with 1 when it is amazed.

    found.py PORT
"""

import logging
import sys

from exchangelib import DELEGATE, Account, Configuration, Credentials, ExtendedProperty, FileAttachment, Message


class FlagStatus(ExtendedProperty):
    """PidTagFlagStatus: 2 is flagged."""

    property_tag = 0x1090
    property_type = 'Integer'


Message.register('flag_status', FlagStatus)


def same(what, found, wanted):
    """Be amazed when something is not what it should be."""
    if found != wanted:
        sys.exit(f'{what}: {found!r}, not {wanted!r}')


def main():
    logging.disable(logging.CRITICAL)
    configuration = Configuration(
        service_endpoint=f'http://127.0.0.1:{sys.argv[1]}/EWS/Exchange.asmx',
        auth_type='basic',
        credentials=Credentials('ann@x.test', 'secret'),
    )
    account = Account('ann@x.test', config=configuration, autodiscover=False, access_type=DELEGATE)
    item = account.inbox.get(message_id='<dav@x.test>')
    same('subject', item.subject, 'Grüße')
    same('state', (item.is_read, item.is_draft, item.flag_status), (True, False, 2))
    same('received', item.datetime_received.isoformat(), '2024-02-29T09:11:12+00:00')
    files = [(each.name, each.content) for each in item.attachments if isinstance(each, FileAttachment)]
    same('attachments', files, [('all.bin', bytes(range(256)) * 200)])
    others = account.inbox.exclude(message_id='<dav@x.test>')
    same('categories', {tuple(one.categories) for one in others}, {('red',)})
    same('read', sorted(one.subject for one in others if one.is_read), ['Message 2'])
    series = account.calendar.get(subject='Standup')
    # The simulator keeps the text of an appointment and knows no zones: its time is compared at the CalDAV door.
    same('series', (series.location, series.start.date().isoformat()), ('Room 7', '2024-03-04'))
    card = account.contacts.get(display_name='Jörg Müller')
    same('card', (card.surname, card.given_name, card.email_addresses[0].email), ('Müller', 'Jörg', 'joerg@x.test'))
    same('phone', [one.phone_number for one in card.phone_numbers if one.phone_number], ['+49 170 1234567'])


if __name__ == '__main__':
    main()
