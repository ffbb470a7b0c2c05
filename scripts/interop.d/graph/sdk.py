"""Works on the simulated mailbox of ann with Microsoft's own library: reads, writes, uploads. Ends with 1 when amazed.

    sdk.py URL [MESSAGE_COUNT]
"""

import asyncio
import sys

from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.attachment_item import AttachmentItem
from msgraph.generated.models.attachment_type import AttachmentType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.contact import Contact
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.models.todo_task import TodoTask
from msgraph.generated.users.item.mail_folders.item.messages.item.move.move_post_request_body import MovePostRequestBody
from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.messages.item.attachments.create_upload_session.create_upload_session_post_request_body import (  # noqa: E501
    CreateUploadSessionPostRequestBody,
)
from msgraph_core.tasks.page_iterator import PageIterator

OCTETS = bytes(range(256)) * 16_000


class Token(AuthenticationProvider):
    """A token that is known beforehand."""

    async def authenticate_request(self, request, additional_authentication_context=None):
        request.headers.add('Authorization', 'Bearer app-token')


def same(what, found, wanted):
    """Be amazed when something is not what it should be."""
    if found != wanted:
        sys.exit(f'{what}: {found!r}, not {wanted!r}')


def prop(name, value):
    return SingleValueLegacyExtendedProperty(id=name, value=value)


async def mail(ann, adapter):
    """Pages, a message that is no draft, a move, changes, large files."""
    inbox = ann.mail_folders.by_mail_folder_id('inbox')
    query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(top=2, select=['subject', 'isRead'])
    page = await inbox.messages.get(RequestConfiguration(query_parameters=query))
    subjects = []
    await PageIterator(page, adapter).iterate(lambda one: subjects.append(one.subject) or True)
    same('subjects', sorted(subjects), ['Message 1', 'Message 2', 'Message 3'])
    folder = await inbox.child_folders.post(MailFolder(display_name='Neu & anders'))
    message = Message(
        subject='written',
        body=ItemBody(content='<b>ä</b>', content_type=BodyType.Html),
        to_recipients=[Recipient(email_address=EmailAddress(address='b@x.test', name='B'))],
        attachments=[FileAttachment(odata_type='#microsoft.graph.fileAttachment', name='a.bin', content_bytes=b'abc')],
        single_value_extended_properties=[
            prop('Integer 0x0E07', '1'), prop('SystemTime 0x0E06', '2020-01-02T03:04:05Z'),
            prop('SystemTime 0x0039', '2020-01-02T03:04:04Z'),
        ],
    )
    there = ann.mail_folders.by_mail_folder_id(folder.id)
    made = await there.messages.post(message)
    same('state', (made.is_draft, made.is_read, made.received_date_time.isoformat()), (False, True, '2020-01-02T03:04:05+00:00'))
    files = await ann.messages.by_message_id(made.id).attachments.get()
    same('file', files.value[0].content_bytes, b'abc')
    await upload(ann, made.id)
    mime = await ann.messages.by_message_id(made.id).content.get()
    same('mime', b'Subject: written' in mime, True)
    await changes(inbox, there, made.id)


async def upload(ann, message):
    """A file that comes in two pieces; the library's own uploader cannot read documented ranges."""
    import httpx

    wanted = CreateUploadSessionPostRequestBody(
        attachment_item=AttachmentItem(attachment_type=AttachmentType.File, name='big.bin', size=len(OCTETS))
    )
    session = await ann.messages.by_message_id(message).attachments.create_upload_session.post(wanted)
    same('expected', session.next_expected_ranges, ['0-'])
    async with httpx.AsyncClient() as client:
        for first in range(0, len(OCTETS), 3_000_000):
            piece = OCTETS[first:first + 3_000_000]
            headers = {'Content-Range': f'bytes {first}-{first + len(piece) - 1}/{len(OCTETS)}'}
            answer = await client.put(session.upload_url, content=piece, headers=headers)
    same('uploaded', answer.status_code, 201)
    files = await ann.messages.by_message_id(message).attachments.get()
    same('sizes', sorted(file.size for file in files.value), [3, len(OCTETS)])


async def changes(inbox, there, written):
    """What a second round tells."""
    first = await inbox.messages.delta.get()
    same('first', len(first.value), 3)
    moved = await inbox.messages.by_message_id(first.value[0].id).move.post(MovePostRequestBody(destination_id='archive'))
    same('another id', moved.id != first.value[0].id, True)
    second = await inbox.messages.delta.with_url(first.odata_delta_link).get()
    removed = [one.additional_data.get('@removed') for one in second.value]
    same('second', removed, [{'reason': 'deleted'}])
    await there.messages.by_message_id(written).patch(Message(is_read=False))
    again = await there.messages.by_message_id(written).get()
    same('patched', (again.is_read, again.subject), (False, 'written'))


async def calendar(ann):
    """A series with a changed occurrence."""
    at = lambda hour: DateTimeTimeZone(date_time=f'2026-05-01T{hour}:00:00', time_zone='W. Europe Standard Time')
    import datetime

    rule = PatternedRecurrence(
        pattern=RecurrencePattern(type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Friday]),
        range=RecurrenceRange(
            type=RecurrenceRangeType.Numbered, number_of_occurrences=3, start_date=datetime.date(2026, 5, 1)
        ),
    )
    event = Event(subject='series', start=at('10'), end=at('11'), recurrence=rule, transaction_id='t')
    made = await ann.events.post(event)
    same('again', (await ann.events.post(event)).id, made.id)
    from msgraph.generated.users.item.events.item.instances.instances_request_builder import InstancesRequestBuilder

    span = InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters(
        start_date_time='2026-04-01T00:00:00Z', end_date_time='2026-07-01T00:00:00Z'
    )
    instances = ann.events.by_event_id(made.id).instances
    all_of_them = await instances.get(RequestConfiguration(query_parameters=span))
    same('instances', len(all_of_them.value), 3)
    changed = await ann.events.by_event_id(all_of_them.value[1].id).patch(Event(subject='changed'))
    same('exception', (changed.type.value, changed.subject), ('exception', 'changed'))


async def others(ann):
    """Contacts, tasks, settings, and the import and export API."""
    made = await ann.contacts.post(Contact(given_name='Ann', surname='Lee', email_addresses=[EmailAddress(address='a@x.test')]))
    same('contact', (await ann.contacts.by_contact_id(made.id).get()).email_addresses[0].address, 'a@x.test')
    lists = await ann.todo.lists.get()
    task = await ann.todo.lists.by_todo_task_list_id(lists.value[0].id).tasks.post(TodoTask(title='task'))
    same('task', task.title, 'task')
    settings = await ann.mailbox_settings.get()
    same('settings', settings.time_zone, 'UTC')
    folders = await ann.mail_folders.delta.get()
    same('tree', 'Neu & anders' in [folder.display_name for folder in folders.value], True)


async def streams(client, ann):
    """An item leaves as a stream."""
    from msgraph.generated.admin.exchange.mailboxes.item.export_items.export_items_post_request_body import (
        ExportItemsPostRequestBody,
    )

    exchange = await ann.settings.exchange.get()
    mailbox = client.admin.exchange.mailboxes.by_mailbox_id(exchange.primary_mailbox_id)
    listed = await mailbox.folders.get()
    inbox = next(folder for folder in listed.value if folder.display_name == 'Inbox')
    items = await mailbox.folders.by_mailbox_folder_id(inbox.id).items.get()
    same('items', [item.type for item in items.value], ['IPM.Note'] * 2)
    exported = await mailbox.export_items.post(ExportItemsPostRequestBody(item_ids=[items.value[0].id, 'x']))
    same('errors', [entry.error is not None for entry in exported.value], [False, True])
    session = await mailbox.create_import_session.post()
    same('session', 'importItem?authtoken=' in session.import_url, True)


async def main():
    adapter = GraphRequestAdapter(Token())
    adapter.base_url = f'{sys.argv[1]}/v1.0'
    client = GraphServiceClient(request_adapter=adapter)
    ann = client.users.by_user_id('ann@x.test')
    await mail(ann, adapter)
    await calendar(ann)
    await others(ann)
    await streams(client, ann)


if __name__ == '__main__':
    asyncio.run(main())
