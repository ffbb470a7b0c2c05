"""Reads two mailboxes with Microsoft's own library and says in what the second differs. Ends with 1 when it does.

    compare.py URL ONE OTHER
"""

import asyncio
import hashlib
import sys

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.users.item.events.item.event_item_request_builder import EventItemRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator
from sdk import Token


async def whole(page, adapter):
    """All entries, of this page and those behind it."""
    found = []
    await PageIterator(page, adapter).iterate(lambda one: found.append(one) or True)
    return found


def addresses(recipients):
    return sorted(one.email_address.address for one in recipients or ())


async def message(user, one):
    """What makes a message what it is."""
    files = await user.messages.by_message_id(one.id).attachments.get() if one.has_attachments else None
    sums = []
    for file in files.value if files else ():
        octets = file.content_bytes if isinstance(file, FileAttachment) else b''
        if octets is None:
            octets = await user.messages.by_message_id(one.id).attachments.by_attachment_id(file.id).get()
            octets = octets.content_bytes
        sums.append((file.name, len(octets), hashlib.sha256(octets).hexdigest()[:12]))
    return {
        'subject': one.subject, 'read': one.is_read, 'draft': one.is_draft, 'categories': one.categories,
        'sent': one.sent_date_time, 'received': one.received_date_time, 'id': one.internet_message_id,
        'to': addresses(one.to_recipients), 'from': one.from_ and one.from_.email_address.address,
        'body': one.body.content.strip(), 'files': sorted(sums),
    }


async def mail(user, adapter):
    """Folders with their messages."""
    folders = await whole(await user.mail_folders.delta.get(), adapter)
    names = {folder.id: folder for folder in folders}
    found = {}
    for folder in folders:
        above = names.get(folder.parent_folder_id)
        path = f'{above.display_name}/{folder.display_name}' if above else folder.display_name
        page = await user.mail_folders.by_mail_folder_id(folder.id).messages.get()
        shown = [await message(user, one) for one in await whole(page, adapter)]
        if shown:
            found[path] = sorted(shown, key=lambda one: one['subject'])
    return found


async def events(user, adapter):
    """Events; series with what differs in them."""
    found = []
    for one in await whole(await user.events.get(), adapter):
        query = EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(expand=['exceptionOccurrences'])
        series = await user.events.by_event_id(one.id).get(RequestConfiguration(query_parameters=query))
        rule = series.recurrence
        found.append({
            'subject': one.subject, 'start': one.start.date_time, 'end': one.end.date_time, 'type': one.type.value,
            'rule': rule and (rule.pattern.type.value, rule.pattern.interval, rule.range.number_of_occurrences),
            'exceptions': [(each.subject, each.start.date_time) for each in series.exception_occurrences or ()],
        })
    return sorted(found, key=lambda one: one['subject'])


async def others(user, adapter):
    """Contacts and tasks."""
    contacts = await whole(await user.contacts.get(), adapter)
    lists = await whole(await user.todo.lists.get(), adapter)
    tasks = [
        (lists_.display_name, task.title, task.status.value)
        for lists_ in lists
        for task in await whole(await user.todo.lists.by_todo_task_list_id(lists_.id).tasks.get(), adapter)
    ]
    people = [(one.given_name, one.surname, [each.address for each in one.email_addresses]) for one in contacts]
    return {'contacts': sorted(people), 'tasks': sorted(tasks)}


async def main():
    adapter = GraphRequestAdapter(Token())
    adapter.base_url = f'{sys.argv[1]}/v1.0'
    users = GraphServiceClient(request_adapter=adapter).users
    one, other = (users.by_user_id(address) for address in sys.argv[2:])
    differences = 0
    for read in (mail, events, others):
        wanted, found = await read(one, adapter), await read(other, adapter)
        if wanted != found:
            differences += 1
            print(f'{read.__name__}:\n  wanted {wanted}\n  found  {found}')
    sys.exit(1 if differences else 0)


if __name__ == '__main__':
    asyncio.run(main())
