"""Stands between a Zimbra client and its server, and holds every envelope against the schema of Zimbra.

The schema is an argument: a folder with the zimbra*.xsd that every Zimbra serves under /service/wsdl/. Zimbra takes
children in any order and does without much that its schema requires, so only names and values are looked at: is there such
an element and such a member, in XML and in JSON; is a number one, and a word one of those that can stand there; does the
answer belong to the request; is a fault one, with status 500. What does not fit goes to standard output, one JSON object a
line.
"""

import http.client
import json
import pathlib
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

XS = '{http://www.w3.org/2001/XMLSchema}'
SOAP = ('http://www.w3.org/2003/05/soap-envelope', 'http://schemas.xmlsoap.org/soap/envelope/')
NUMBERS = ('byte', 'short', 'int', 'long', 'integer', 'unsignedInt', 'unsignedLong')
NUMBER = re.compile(r'[+-]?\d+')

# What the schema leaves open and no client can do without, by operation; a path of first children.
NEEDED = {
    'AuthResponse': ('authToken',),
    'DelegateAuthResponse': ('authToken',),
    'SyncResponse': ('token', 'md'),
    'GetFolderResponse': ('folder/id', 'folder/name'),
    'CreateFolderResponse': ('folder/id',),
    'CreateTagResponse': ('tag/id',),
    'AddMsgResponse': ('m/id',),
    'CreateContactResponse': ('cn/id',),
    'GetInfoResponse': ('version', 'id', 'name'),
}


class Kind:
    """What an element or an attribute may hold: members, or text that is a number or one of some words."""

    def __init__(self):
        self.members, self.many, self.open, self.words, self.number = {}, set(), False, None, False


class Schema:
    """All elements of all namespaces, by namespace and name."""

    def __init__(self, folder):
        self.elements, self.types, self.known = {}, {}, {}
        for path in sorted(pathlib.Path(folder).glob('zimbra*.xsd')):
            root = etree.parse(str(path)).getroot()
            namespace = root.get('targetNamespace')
            for node in root:
                if node.tag == XS + 'element':
                    self.elements[namespace, node.get('name')] = (node, namespace)
                elif node.tag in (XS + 'complexType', XS + 'simpleType'):
                    self.types[namespace, node.get('name')] = (node, namespace)
        if not self.elements:
            sys.exit(f'no zimbra*.xsd in {folder}')

    def element(self, namespace, name):
        """What an element of the top may hold; None when there is none."""
        found = self.elements.get((namespace, name))
        return found and self.of(*found)

    def of(self, node, namespace):
        """What a declaration allows."""
        if node.get('ref'):
            return self.element(*self.name(node, node.get('ref'), namespace)) or Kind()
        if node.get('type'):
            return self.type(self.name(node, node.get('type'), namespace))
        for tag in ('complexType', 'simpleType'):
            inner = node.find(XS + tag)
            if inner is not None:
                return self.built(id(inner), inner, namespace)
        return Kind()

    def type(self, name):
        """A type by its name, of the schema or of XML Schema itself."""
        if name in self.types:
            return self.built(name, *self.types[name])
        kind = Kind()
        kind.number = name[1] in NUMBERS
        kind.words = {'true', 'false', '0', '1'} if name[1] == 'boolean' else None
        return kind

    def built(self, key, node, namespace):
        if key not in self.known:
            self.known[key] = Kind()
            self.fill(self.known[key], node, namespace)
        return self.known[key]

    def fill(self, kind, node, namespace):
        for child in node.iterchildren(tag=etree.Element):
            if child.tag in (XS + 'attribute', XS + 'element'):
                name = child.get('name') or child.get('ref').split(':')[-1]
                kind.members[name] = (child, namespace)
                if child.get('maxOccurs', '1') != '1':
                    kind.many.add(name)
            elif child.tag in (XS + 'any', XS + 'anyAttribute'):
                kind.open = True
            elif child.tag == XS + 'extension':
                base = self.type(self.name(child, child.get('base'), namespace))
                kind.members.update(base.members)
                kind.many |= base.many
                kind.open |= base.open
                self.fill(kind, child, namespace)
            elif child.tag == XS + 'restriction':
                words = {one.get('value') for one in child.iter(XS + 'enumeration')}
                base = self.type(self.name(child, child.get('base'), namespace))
                kind.words, kind.number = words or base.words, base.number
            else:
                self.fill(kind, child, namespace)

    @staticmethod
    def name(node, text, namespace):
        prefix, _, local = text.rpartition(':')
        return (node.nsmap.get(prefix or None) if prefix else node.nsmap.get(None, namespace), local)


class Thing:
    """An element in either form: a name, a namespace, a text, and members, each with whether it stood in a list."""

    def __init__(self, name, namespace, text, members):
        self.name, self.namespace, self.text, self.members = name, namespace, text, members

    @classmethod
    def of_xml(cls, node):
        members = [(key, cls(key, None, value, []), None) for key, value in node.attrib.items() if key[0] != '{']
        children = [one for one in node if isinstance(one.tag, str)]
        members += [(etree.QName(one).localname, cls.of_xml(one), None) for one in children]
        name = etree.QName(node)
        return cls(name.localname, name.namespace, node.text or '', members)

    @classmethod
    def of_json(cls, name, value):
        if not isinstance(value, dict):
            text = str(int(value)) if isinstance(value, bool) else value
            return cls(name, None, '' if text is None else str(text), [])
        members = []
        for key, inner in value.items():
            if key in ('_jsns', '_content', '_attrs'):
                continue
            listed = isinstance(inner, list)
            if isinstance(inner, (dict, list)):
                members += [(key, cls.of_json(key, one), listed) for one in (inner if listed else [inner])]
            else:
                members.append((key, cls.of_json(key, inner), None))
        return cls(name, value.get('_jsns'), str(value.get('_content', '')), members)

    def first(self, path):
        """The member at a path of first members."""
        found = self
        for name in path.split('/'):
            found = next((one for key, one, _ in found.members if key == name), None) if found else None
        return found


class Judge:
    """Says what is wrong with an envelope."""

    def __init__(self, folder):
        self.schema = Schema(folder)

    def read(self, octets):
        """Whether it is JSON, the context, the body's elements, and what is wrong with the envelope itself."""
        if octets.lstrip()[:1] == b'{':
            try:
                envelope = json.loads(octets)
            except ValueError as error:
                return True, None, [], [f'no JSON: {error}']
            body = Thing.of_json('Body', envelope.get('Body') or {})
            context = (envelope.get('Header') or {}).get('context')
            return True, context and Thing.of_json('context', context), [one for _, one, _ in body.members], []
        try:
            root = etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        except etree.XMLSyntaxError as error:
            return False, None, [], [f'no XML: {error}']
        wrong = [] if etree.QName(root).namespace in SOAP else [f'{root.tag} is no envelope']
        context, body = root.find('{*}Header/{*}context'), root.find('{*}Body')
        if context is not None and context.tag != '{urn:zimbra}context':
            wrong.append(f'{context.tag} is no context')
        things = [Thing.of_xml(one) for one in (() if body is None else body) if isinstance(one.tag, str)]
        return False, None if context is None else Thing.of_xml(context), things, wrong

    def request(self, octets):
        """The names of the operations, and what is wrong with them."""
        _, context, things, wrong = self.read(octets)
        names = []
        for thing in self.flat(things):
            names.append(thing.name)
            wrong += self.top(thing, 'Request')
        if names and not set(names) <= {'AuthRequest', 'ChangePasswordRequest', 'GetVersionInfoRequest'}:
            if context is None or context.first('authToken') is None:
                wrong.append('no authToken in the context')
        return names, wrong

    def answer(self, asked, octets, status):
        """What is wrong with the answer to these operations."""
        is_json, _, things, wrong = self.read(octets)
        given = []
        for thing in self.flat(things):
            given.append(thing.name)
            if thing.name == 'Fault':
                alone = len(things) == 1 and things[0].name == 'Fault'
                wrong += self.fault(thing, status if alone else 500)
                continue
            if status != 200:
                wrong.append(f'{thing.name} with status {status}')
            wrong += self.top(thing, 'Response', is_json)
            wrong += [f'{thing.name}: no {path}' for path in NEEDED.get(thing.name, ()) if self.lacks(thing, path)]
        wanted = [name.removesuffix('Request') + 'Response' for name in asked]
        # In JSON the answers of a batch come sorted by their names; there may be fewer when it stopped at a fault.
        missing = [name for name in given if name != 'Fault' and name not in wanted]
        if missing or (len(given) != len(wanted) and 'Fault' not in given):
            wrong.append(f'{given} answers {asked}')
        return wrong

    @staticmethod
    def lacks(thing, path):
        found = thing.first(path)
        return found is None or not (found.text or found.members)

    def flat(self, things):
        """Elements of the body, those in batches one by one."""
        for thing in things:
            if thing.name in ('BatchRequest', 'BatchResponse'):
                yield from (one for _, one, _ in thing.members if one.namespace or one.name == 'Fault' or one.members)
            else:
                yield thing

    def top(self, thing, suffix, listed=False):
        kind = self.schema.element(thing.namespace, thing.name)
        if kind is None:
            return [f'no {thing.name} in {thing.namespace}']
        wrong = [] if thing.name.endswith(suffix) else [f'{thing.name} in a {suffix.lower()}']
        return wrong + self.inside(kind, thing, thing.name, listed)

    def inside(self, kind, thing, place, listed):
        """What is wrong within an element; with `listed`, what may come more than once has to stand in a list."""
        wrong = []
        for name, member, in_list in thing.members:
            if name in ('requestId', 'onerror'):
                continue
            if name not in kind.members and not self.nested(place, name):
                wrong += [] if kind.open else [f'{place}: no {name} here']
                continue
            if listed and in_list is False and name in kind.many:
                wrong.append(f'{place}: {name} stands in no list')
            inner = self.nested(place, name) or self.schema.of(*kind.members[name])
            wrong += self.text(inner, member.text.strip(), f'{place}/{name}')
            wrong += self.inside(inner, member, f'{place}/{name}', listed)
        return wrong[:20]

    def nested(self, place, name):
        """What the schema leaves out of SyncResponse: folders within folders name what they hold too, and that of the
        tags has them whole (the server's own description of SyncRequest)."""
        if place.startswith('SyncResponse/folder') and name in ('folder', 'tag'):
            return self.schema.of(*self.schema.element('urn:zimbraMail', 'SyncResponse').members[name])
        return None

    @staticmethod
    def text(kind, text, place):
        if not text:
            return []
        if kind.number and not NUMBER.fullmatch(text):
            return [f'{place}: {text[:60]!r} is no number']
        if kind.words and text.lower() not in {word.lower() for word in kind.words}:
            return [f'{place}: {text[:60]!r} is none of {sorted(kind.words)[:8]}']
        return []

    @staticmethod
    def fault(thing, status):
        code = thing.first('Detail/Error/Code') or thing.first('detail/Error/Code')
        reason = thing.first('Reason/Text') or thing.first('faultstring')
        wrong = [] if code and re.fullmatch(r'[a-z]+\.[A-Z_]+', code.text) else ['a fault without a code']
        wrong += [] if reason and reason.text else ['a fault without a reason']
        return wrong + ([] if status == 500 else [f'a fault with status {status}'])


def pass_on(judge, upstream, tell):
    """A server that passes everything on."""

    class Between(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def log_message(self, *_):
            pass

        def body(self):
            if 'chunked' not in self.headers.get('Transfer-Encoding', ''):
                return self.rfile.read(int(self.headers['Content-Length'] or 0))
            octets = b''
            while size := int(self.rfile.readline().split(b';')[0], 16):
                octets += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return octets

        def handle_any(self):
            asked = self.body()
            soap = self.path.startswith(('/service/soap', '/service/admin/soap'))
            names = []
            if soap:
                names, wrong = judge.request(asked)
                tell('request', names, wrong)
            server = http.client.HTTPConnection(upstream, timeout=300)
            hop = ('host', 'accept-encoding', 'transfer-encoding', 'content-length')
            kept = {key: value for key, value in self.headers.items() if key.lower() not in hop}
            server.request(self.command, self.path, asked or None, kept)
            answer = server.getresponse()
            said = answer.read()
            if soap and answer.status in (200, 500):
                tell('answer', names, judge.answer(names, said, answer.status))
            self.send_response_only(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in ('content-length', 'connection', 'transfer-encoding'):
                    self.send_header(key, value)
            self.send_header('Content-Length', str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            server.close()

        do_GET = do_POST = do_PUT = do_HEAD = handle_any

    server = ThreadingHTTPServer(('127.0.0.1', 0), Between)
    server.daemon_threads = True
    return server


def serve(folder, *upstreams):
    """One door for each upstream; their ports come first on standard output."""
    judge = Judge(folder)

    turn = threading.Lock()

    def tell(direction, names, wrong):
        with turn:
            print(json.dumps({'direction': direction, 'operations': names, 'wrong': wrong}), flush=True)

    servers = [pass_on(judge, upstream, tell) for upstream in upstreams]
    print(json.dumps({'ports': [server.server_address[1] for server in servers]}), flush=True)
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == '__main__':
    serve(*sys.argv[1:])
