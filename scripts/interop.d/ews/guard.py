"""Stands between an Exchange client and its server, and holds every envelope against the schema of Exchange.

The schema is an argument: a folder with messages.xsd and types.xsd, as every Exchange serves them under /EWS/. What
does not fit goes to standard output, one JSON object a line.
"""

import base64
import http.client
import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
TYPES = 'http://schemas.microsoft.com/exchange/services/2006/types'
MESSAGES = 'http://schemas.microsoft.com/exchange/services/2006/messages'
XS = 'http://www.w3.org/2001/XMLSchema'
XML = 'http://www.w3.org/XML/1998/namespace'

# The parts of an envelope that Exchange defines, wherever they stand.
FRAME = f"""<xs:schema xmlns:xs="{XS}" targetNamespace="{SOAP}" elementFormDefault="qualified">
<xs:import namespace="{MESSAGES}" schemaLocation="messages.xsd"/>
<xs:import namespace="{TYPES}" schemaLocation="types.xsd"/>
<xs:complexType name="Headers"><xs:sequence>
<xs:any namespace="{TYPES}" processContents="strict" minOccurs="0" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType>
<xs:complexType name="Content"><xs:sequence>
<xs:any namespace="{MESSAGES}" processContents="strict"/>
</xs:sequence></xs:complexType>
<xs:element name="Envelope"><xs:complexType><xs:sequence>
<xs:element name="Header" type="s:Headers" minOccurs="0" xmlns:s="{SOAP}"/>
<xs:element name="Body" type="s:Content" xmlns:s="{SOAP}"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""

# The schema takes dates without a zone; nobody can tell when they are.
ZONELESS = re.compile(r'\d{4}-\d\d-\d\dT[\d:.]+')

# What the schema leaves open and no client can do without.
NEEDED = {
    'SyncFolderItems': ('SyncState', 'IncludesLastItemInRange', 'Changes'),
    'SyncFolderHierarchy': ('SyncState', 'IncludesLastFolderInRange', 'Changes'),
    'FindItem': ('RootFolder@TotalItemsInView', 'RootFolder@IncludesLastItemInRange'),
    'FindFolder': ('RootFolder@TotalItemsInView', 'RootFolder@IncludesLastItemInRange'),
    'ExportItems': ('ItemId', 'Data'),
    'UploadItems': ('ItemId',),
}

# The list in a request that has one answer for every entry.
BATCHES = {
    'ItemIds': ('GetItem', 'DeleteItem', 'MoveItem', 'CopyItem', 'ExportItems'),
    'FolderIds': ('GetFolder', 'DeleteFolder', 'MoveFolder', 'CopyFolder'),
    'ParentFolderIds': ('FindItem', 'FindFolder'),
    'Items': ('CreateItem', 'UploadItems'),
    'Folders': ('CreateFolder',),
    'ItemChanges': ('UpdateItem',),
    'FolderChanges': ('UpdateFolder',),
    'Attachments': ('CreateAttachment',),
    'AttachmentIds': ('GetAttachment', 'DeleteAttachment'),
}


def load(folder):
    """The schema, with the one import that Microsoft left without a place."""
    lang = '<xs:attribute name="lang" type="xs:string"/>'
    texts = {'xml.xsd': f'<xs:schema xmlns:xs="{XS}" targetNamespace="{XML}">{lang}</xs:schema>'.encode()}
    places = {XML: 'xml.xsd', TYPES: 'types.xsd', MESSAGES: 'messages.xsd'}
    for name in ('types.xsd', 'messages.xsd'):
        root = etree.parse(os.path.join(folder, name)).getroot()
        for wanted in root.iter(f'{{{XS}}}import'):
            wanted.set('schemaLocation', places[wanted.get('namespace')])
        texts[name] = etree.tostring(root)

    class Places(etree.Resolver):
        def resolve(self, url, _id, context):
            name = os.path.basename(url)
            return self.resolve_string(texts[name], context, base_url=name) if name in texts else None

    parser = etree.XMLParser()
    parser.resolvers.add(Places())
    return etree.XMLSchema(etree.fromstring(FRAME, parser, base_url='frame.xsd'))


def say(line):
    """One line, in one write: several threads speak."""
    sys.stdout.write(json.dumps(line) + '\n')
    sys.stdout.flush()


class Judge:
    """Says what is wrong with an envelope."""

    def __init__(self, folder):
        self.schema = load(folder)

    def envelope(self, octets):
        """The root, the operation, and what does not fit the schema."""
        try:
            root = etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        except etree.XMLSyntaxError as error:
            return None, None, [f'no XML: {error}']
        body = root.find(f'{{{SOAP}}}Body')
        operation = body[0] if body is not None and len(body) else None
        if operation is not None and operation.tag == f'{{{SOAP}}}Fault':
            return root, operation, []
        wrong = [] if self.schema.validate(root) else [error.message[:500] for error in self.schema.error_log]
        for element in root.iter(f'{{{TYPES}}}MimeContent', f'{{{MESSAGES}}}Data'):
            try:
                base64.b64decode(''.join((element.text or '').split()), validate=True)
            except ValueError:
                wrong.append(f'{etree.QName(element).localname} is not base64')
        return root, operation, wrong

    def answer(self, asked, octets, status):
        """What is wrong with the answer to an operation."""
        root, given, wrong = self.envelope(octets)
        if root is None:
            return wrong
        if root.find(f'{{{SOAP}}}Header/{{{TYPES}}}ServerVersionInfo') is None:
            wrong.append('no ServerVersionInfo')
        if given is None or given.tag == f'{{{SOAP}}}Fault':
            return wrong + ([] if given is not None and status == 500 else [f'a fault with status {status}'])
        if status != 200:
            wrong.append(f'an answer with status {status}')
        name = etree.QName(asked).localname
        if etree.QName(given).localname != f'{name}Response':
            wrong.append(f'{name} was answered by {etree.QName(given).localname}')
        dates = [element for element in given.iter() if ZONELESS.fullmatch(element.text or '')]
        wrong += [f'{etree.QName(element).localname} has no time zone' for element in dates]
        messages = given.findall(f'{{{MESSAGES}}}ResponseMessages/*')
        for batch, operations in BATCHES.items():
            entries = asked.find(f'{{{MESSAGES}}}{batch}')
            if name in operations and entries is not None and len(entries) != len(messages):
                wrong.append(f'{len(entries)} in {batch}, {len(messages)} answers')
        for message in messages:
            code, kind = message.findtext(f'{{{MESSAGES}}}ResponseCode'), message.get('ResponseClass')
            if (kind == 'Success') != (code == 'NoError'):
                wrong.append(f'{kind} with {code}')
            for needed in NEEDED.get(name, ()) if kind == 'Success' else ():
                element, _, attribute = needed.partition('@')
                found = message.find(f'{{{MESSAGES}}}{element}')
                if found is None or (attribute and found.get(attribute) is None):
                    wrong.append(f'no {needed}')
        return wrong


def serve(folder, upstream):
    """Pass everything on, and say what is wrong with it."""
    judge = Judge(folder)

    class Between(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def log_message(self, *_):
            pass

        def do_POST(self):
            asked = self.rfile.read(int(self.headers['Content-Length'] or 0))
            _, operation, wrong = judge.envelope(asked)
            name = None if operation is None else etree.QName(operation).localname
            self.tell('request', name, wrong)
            server = http.client.HTTPConnection(upstream, timeout=300)
            kept = {key: value for key, value in self.headers.items() if key.lower() not in ('host', 'accept-encoding')}
            server.request('POST', self.path, asked, kept)
            answer = server.getresponse()
            said = answer.read()
            if operation is not None and answer.status in (200, 500):
                self.tell('answer', name, judge.answer(operation, said, answer.status))
            self.send_response_only(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in ('content-length', 'connection', 'transfer-encoding'):
                    self.send_header(key, value)
            self.send_header('Content-Length', str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            server.close()

        def tell(self, direction, operation, wrong):
            say({'direction': direction, 'operation': operation, 'wrong': wrong})

    server = ThreadingHTTPServer(('127.0.0.1', 0), Between)
    server.daemon_threads = True
    say({'port': server.server_address[1]})
    server.serve_forever()


if __name__ == '__main__':
    serve(sys.argv[1], sys.argv[2])
