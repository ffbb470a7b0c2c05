// Works on the simulated mailbox of ann with Microsoft's library for JavaScript. Ends with 1 when it is amazed.
//
//     client.mjs URL

import { deepStrictEqual as same, rejects } from 'node:assert'
import { BatchRequestContent, BatchResponseContent, Client, LargeFileUploadTask, PageIterator } from '@microsoft/microsoft-graph-client'

const url = process.argv[2]
const options = {
  baseUrl: url,
  customHosts: new Set(['127.0.0.1']),
  authProvider: { getAccessToken: async () => 'app-token' }
}
const client = Client.initWithMiddleware(options)
const ann = '/users/ann@x.test'

const subjects = []
const page = await client.api(`${ann}/mailFolders/inbox/messages`).top(2).select('subject').get()
await new PageIterator(client, page, (one) => subjects.push(one.subject)).iterate()
same(subjects.sort(), ['Message 1', 'Message 2', 'Message 3'])

const mime = Buffer.from('Subject: written\r\nX-A: 1\r\n\r\nbody\r\n')
const draft = await client.api(`${ann}/messages`).header('Content-Type', 'text/plain').post(mime.toString('base64'))
same([draft.isDraft, draft.subject], [true, 'written'])
const back = await client.api(`${ann}/messages/${draft.id}/$value`).responseType('text').get()
same(back, mime.toString())

const properties = [{ id: 'Integer 0x0E07', value: '1' }]
const body = { subject: 'kept', singleValueExtendedProperties: properties }
const kept = await client.api(`${ann}/mailFolders/archive/messages`).post(body)
same([kept.isDraft, kept.isRead], [false, true])

const octets = Buffer.alloc(4_000_000, 'large')
const item = { AttachmentItem: { attachmentType: 'file', name: 'big.bin', size: octets.length } }
const session = await LargeFileUploadTask.createUploadSession(client, `${url}/v1.0${ann}/messages/${kept.id}/attachments/createUploadSession`, item)
const file = { name: 'big.bin', size: octets.length, content: octets, sliceFile: (range) => octets.subarray(range.minValue, range.maxValue + 1) }
await new LargeFileUploadTask(client, file, session, { rangeSize: 10 * 320 * 1024 }).upload()
const attachments = await client.api(`${ann}/messages/${kept.id}/attachments`).get()
same(attachments.value.map((one) => one.size), [octets.length])

// What stands behind the host goes into the batch as it is.
const request = (path) => new Request(`${url}${ann}/${path}`)
const content = new BatchRequestContent([
  { id: 'inbox', request: request('mailFolders/inbox') },
  { id: 'nobody', request: request('messages/x'), dependsOn: [] }
])
const batch = new BatchResponseContent(await client.api('/$batch').post(await content.getContent()))
same([batch.getResponseById('inbox').status, batch.getResponseById('nobody').status], [200, 400])

const delta = await client.api(`${ann}/mailFolders/inbox/messages/delta`).get()
same(delta.value.length, 3)
await rejects(client.api(`${ann}/messages/x`).get(), { code: 'ErrorInvalidIdMalformed', statusCode: 400 })
await rejects(client.api(`${ann}/messages`).post({ subjekt: 'x' }), { code: 'RequestBodyRead' })
console.log('content')
