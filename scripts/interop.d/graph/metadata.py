"""Reads the metadata that Microsoft Graph publishes, and says what in a request or an answer does not fit it."""

import base64
import dataclasses
import json
import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import parse_qsl, unquote, urlsplit

EDM = '{http://docs.oasis-open.org/odata/ns/edm}'
MOMENT = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)')
NUMBERS = {'Edm.Byte': 2**8, 'Edm.Int16': 2**15, 'Edm.Int32': 2**31, 'Edm.Int64': 2**63}
OPTIONS = {'$select', '$expand', '$filter', '$orderby', '$top', '$skip', '$count', '$search', '$format', '$skiptoken',
           '$deltatoken'}
COMPARED = re.compile(r"(?<![\w/.:'])([A-Za-z]\w*)(?:/\w+)*\s+(?:eq|ne|gt|ge|lt|le)\s")


@dataclasses.dataclass
class Kind:
    """A type: what it builds on, and what its properties are."""

    base: str | None
    is_open: bool
    is_entity: bool
    members: dict


@dataclasses.dataclass
class Operation:
    """A bound action or function."""

    name: str
    is_action: bool
    owner: str
    parameters: dict
    returns: str | None


@dataclasses.dataclass
class Place:
    """Where a path leads: a type, many of it or one, and the operation at the end."""

    kind: str | None
    operations: list
    is_raw: bool = False


def many(kind):
    """The type of the entries, when this is a collection."""
    return kind[len('Collection('):-1] if kind and kind.startswith('Collection(') else None


class Metadata:
    """The published model."""

    def __init__(self, path):
        self.kinds, self.enums, self.operations, self.roots, self.aliases = {}, {}, {}, {}, {}
        schemas = list(ElementTree.parse(path).getroot().iter(EDM + 'Schema'))
        for schema in schemas:
            self.aliases[schema.get('Alias')] = schema.get('Namespace')
        for schema in schemas:
            for element in schema:
                self.read(schema.get('Namespace'), element)

    def full(self, name):
        """A type's name with its namespace written out."""
        if not name:
            return None
        if inner := many(name):
            return f'Collection({self.full(inner)})'
        space, _, own = name.rpartition('.')
        return f'{self.aliases.get(space, space)}.{own}'

    def read(self, space, element):
        tag, name = element.tag.removeprefix(EDM), f'{space}.{element.get("Name")}'
        if tag in ('EntityType', 'ComplexType'):
            parts = [part for part in element if part.tag in (EDM + 'Property', EDM + 'NavigationProperty')]
            members = {part.get('Name'): self.full(part.get('Type')) for part in parts}
            is_open = element.get('OpenType') == 'true'
            self.kinds[name] = Kind(self.full(element.get('BaseType')), is_open, tag == 'EntityType', members)
        elif tag == 'EnumType':
            self.enums[name] = {member.get('Name') for member in element}
        elif tag in ('Action', 'Function') and element.get('IsBound') == 'true':
            first, *rest = [(part.get('Name'), self.full(part.get('Type'))) for part in element.iter(EDM + 'Parameter')]
            returns = element.find(EDM + 'ReturnType')
            returns = None if returns is None else self.full(returns.get('Type'))
            operation = Operation(element.get('Name'), tag == 'Action', first[1], dict(rest), returns)
            self.operations.setdefault(operation.name, []).append(operation)
        elif tag == 'EntityContainer':
            for part in element:
                kind = self.full(part.get('EntityType') or part.get('Type'))
                self.roots[part.get('Name')] = f'Collection({kind})' if part.tag == EDM + 'EntitySet' else kind

    def line(self, kind):
        """A type and all it builds on."""
        while kind in self.kinds:
            yield kind
            kind = self.kinds[kind].base

    def member(self, kind, name):
        """The type of a property."""
        return next((self.kinds[one].members[name] for one in self.line(kind) if name in self.kinds[one].members), None)

    def names(self, kind):
        """All names that a type, or one that builds on it, has for its properties."""
        family = [one for one in self.kinds if kind in self.line(one)]
        return {name for one in family for above in self.line(one) for name in self.kinds[above].members}

    # Values

    def value(self, kind, value, where):
        """What is wrong with a value of a type."""
        if value is None:
            return []
        if entry := many(kind):
            if not isinstance(value, list):
                return [f'{where} is no list']
            return [wrong for at, one in enumerate(value) for wrong in self.value(entry, one, f'{where}[{at}]')]
        if kind in self.kinds:
            return self.entity(kind, value, where)
        if kind in self.enums:
            known = {name.lower() for name in self.enums[kind]}
            fits = isinstance(value, str) and all(one.lower() in known for one in value.split(','))
        else:
            fits = self.primitive(kind, value)
        return [] if fits else [f'{where} is {str(value)[:60]!r}, not {kind}']

    @staticmethod
    def primitive(kind, value):
        """Whether a value is of one of the types that every model has."""
        if kind in NUMBERS:
            return isinstance(value, int) and not isinstance(value, bool) and -NUMBERS[kind] <= value < NUMBERS[kind]
        if kind in ('Edm.Double', 'Edm.Single', 'Edm.Decimal'):
            return isinstance(value, (int, float)) and not isinstance(value, bool) or value in ('INF', '-INF', 'NaN')
        if kind == 'Edm.Boolean':
            return isinstance(value, bool)
        if kind == 'Edm.DateTimeOffset':
            return isinstance(value, str) and bool(MOMENT.fullmatch(value))
        if kind == 'Edm.Date':
            return isinstance(value, str) and bool(re.fullmatch(r'\d{4}-\d\d-\d\d', value))
        if kind == 'Edm.TimeOfDay':
            return isinstance(value, str) and bool(re.fullmatch(r'\d\d:\d\d:\d\d(\.\d+)?', value))
        if kind == 'Edm.Binary':
            return isinstance(value, str) and is_base64(value.replace('-', '+').replace('_', '/').encode())
        if kind in ('Edm.String', 'Edm.Guid', 'Edm.Duration'):
            return isinstance(value, str)
        return True

    def entity(self, kind, value, where):
        """What is wrong with an object."""
        if not isinstance(value, dict):
            return [f'{where} is no object']
        if named := value.get('@odata.type'):
            named = self.full(named.removeprefix('#'))
            if kind not in self.line(named):
                return [f'{where}: {named} is no {kind}']
            kind = named
        found = []
        for name, one in value.items():
            own, mark, _ = name.partition('@')
            known = self.member(kind, own)
            if mark:
                found += [f'{where}: nothing is called {own}'] if own and not known else []
            elif known:
                found += self.value(known, one, f'{where}.{name}')
            else:
                found.append(f'{where}: {kind} has no {name}')
        return found

    # Paths and queries

    def place(self, path):
        """Where a path leads, or what is wrong with it."""
        kind, operations, is_raw = None, [], False
        for text in (unquote(part) for part in path.strip('/').split('/')):
            name, key = re.fullmatch(r"([^(]*)(?:\('?(.*?)'?\))?", text, re.DOTALL).groups()
            bare = name.rpartition('.')[2] if name.startswith(('microsoft.graph.', 'graph.')) else name
            entry = many(kind)
            if is_raw or (operations and kind is None):
                return None, [f'nothing can stand behind {operations[0].name if operations else "$value"}']
            if kind is None:
                if name not in self.roots:
                    return None, [f'there is no root {name}']
                kind = self.roots[name]
            elif name in ('$value', '$count', '$ref'):
                is_raw = True
                continue
            elif bound := [one for one in self.operations.get(bare, []) if self.fits(one, kind)]:
                operations, kind = bound, bound[0].returns
                continue
            elif entry:
                if not self.kinds[entry].is_entity:
                    return None, [f'{entry} has no keys']
                kind, key = entry, None
            elif self.member(kind, name):
                kind = self.member(kind, name)
            else:
                return None, [f'{kind} has no {name}']
            operations = []
            if key and many(kind):
                kind = many(kind)
        return Place(kind, operations, is_raw), []

    def fits(self, operation, kind):
        """Whether an operation can be called there."""
        if bool(many(operation.owner)) != bool(many(kind)):
            return False
        return (many(operation.owner) or operation.owner) in self.line(many(kind) or kind)

    def query(self, kind, text):
        """What is wrong with the options of a query."""
        kind = many(kind) or kind
        known = self.names(kind) if kind in self.kinds else None
        found, named = [], []
        for name, value in parse_qsl(text, keep_blank_values=True):
            if name.startswith('$') and name not in OPTIONS:
                found.append(f'there is no option {name}')
            if name in ('$top', '$skip') and not value.isdigit():
                found.append(f'{name} is {value}')
            if name == '$select':
                named += value.split(',')
            if name == '$orderby':
                named += [part.strip().split(' ')[0] for part in value.split(',')]
            if name == '$expand':
                named += without_parentheses(value).split(',')
            if name == '$filter':
                bare = re.sub(r"'[^']*'", "''", value)
                variables = set(re.findall(r'\((\w+)\s*:', bare))
                named += [one for one in COMPARED.findall(bare) if one not in variables]
        for name in named:
            parts = [part for part in name.strip().split('/') if not part.lower().startswith('microsoft.graph.')]
            if known is not None and parts and parts[0] not in known and parts[0] not in ('*', ''):
                found.append(f'{kind} has no {parts[0]} to ask for')
        return found

    # Requests and answers

    def request(self, method, url, headers, body):
        """The place that is meant, and what is wrong with a request to it."""
        parts = urlsplit(url)
        path = parts.path.removeprefix('/v1.0')
        if path == '/$batch':
            return None, self.batch(body)
        place, found = self.place(path)
        if found:
            return None, found
        found = self.query(place.kind, parts.query)
        kind = next((value for name, value in headers.items() if name.lower() == 'content-type'), '').lower()
        if place.operations:
            found += self.call(place.operations, method, body)
        elif method in ('POST', 'PATCH') and not place.is_raw:
            found += self.written(place.kind, method, kind, body)
        elif method == 'DELETE' and many(place.kind):
            found.append('a collection cannot be deleted')
        return place, found

    def call(self, operations, method, body):
        wanted = 'POST' if operations[0].is_action else 'GET'
        if method != wanted:
            return [f'{operations[0].name} is called by {wanted}']
        given, wrong = parsed(body) if body.strip() else ({}, [])
        if wrong:
            return wrong
        results = []
        for operation in operations:
            known = {name.lower(): kind for name, kind in operation.parameters.items()}
            unknown = [f'{operation.name} has no parameter {name}' for name in given if name.lower() not in known]
            values = [(known[name.lower()], value, name) for name, value in given.items() if name.lower() in known]
            results.append(unknown + [wrong for one in values for wrong in self.value(*one)])
        return min(results, key=len)

    def written(self, kind, method, content, body):
        entry = many(kind)
        if (method == 'POST') != bool(entry):
            return [f'{method} to {kind}']
        if content.startswith('text/plain') and method == 'POST':
            short = entry.rpartition('.')[2]
            found = [] if short in ('message', 'event') else [f'{short} does not come as MIME']
            return found + ([] if is_base64(b''.join(body.split())) else ['the MIME is not base64'])
        if not content.startswith('application/json'):
            return [f'the content is {content!r}']
        given, wrong = parsed(body)
        return wrong or self.value(entry or kind, given, 'body')

    def batch(self, body):
        given, found = parsed(body)
        requests = given.get('requests', []) if isinstance(given, dict) else []
        if not 1 <= len(requests) <= 20:
            found.append(f'{len(requests)} requests in a batch')
        if len({one.get('id') for one in requests}) != len(requests):
            found.append('two requests have one id')
        for one in requests:
            inner, headers = one.get('body'), one.get('headers') or {}
            if inner is not None and not any(name.lower() == 'content-type' for name in headers):
                found.append(f'{one.get("id")}: no Content-Type')
            octets = b'' if inner is None else inner.encode() if isinstance(inner, str) else json.dumps(inner).encode()
            url = '/v1.0/' + one.get('url', '').lstrip('/')
            found += [f'{one.get("id")}: {wrong}' for wrong in self.request(one.get('method'), url, headers, octets)[1]]
        return found

    def answer(self, method, place, status, headers, body):
        """What is wrong with an answer."""
        if status >= 400:
            given, wrong = parsed(body)
            error = given.get('error') if isinstance(given, dict) else None
            texts = isinstance(error, dict) and all(isinstance(error.get(name), str) for name in ('code', 'message'))
            found = wrong + ([] if texts else ['an error without code and message'])
            if status in (429, 503) and not headers.get('Retry-After'):
                found.append(f'{status} does not say how long to wait')
            return found
        if status == 204:
            return ['204 with a body'] if body else []
        if not place or place.is_raw or not place.kind or 'json' not in headers.get('Content-Type', ''):
            return []
        given, wrong = parsed(body)
        if wrong:
            return wrong
        entry = many(place.kind)
        if entry and (method == 'GET' or place.operations):
            return self.page(entry, given)
        kind = entry or place.kind
        found = self.value(kind, given, 'answer')
        if kind in self.kinds and self.kinds[kind].is_entity and 'id' not in given:
            found.append('an entity without id')
        return found

    def page(self, kind, given):
        if not isinstance(given.get('value'), list):
            return ['a collection without value']
        links = {name: given[name] for name in ('@odata.nextLink', '@odata.deltaLink') if name in given}
        found = [f'{name} is not absolute' for name, link in links.items() if not re.match('https?://', link)]
        found += ['a page leads to two places'] if len(links) == 2 else []
        found += [f'beside value stands {name}' for name in given if name != 'value' and '@' not in name]
        for at, one in enumerate(given['value']):
            if isinstance(one, dict) and '@removed' in one:
                found += [] if one.get('id') and one['@removed'].get('reason') in ('deleted', 'changed') else ['@removed']
            else:
                found += self.value(kind, one, f'value[{at}]')
        return found


def parsed(body):
    """JSON, and what is wrong with it."""
    try:
        return json.loads(body), []
    except ValueError as error:
        return {}, [f'no JSON: {error}']


def is_base64(octets):
    """Whether these octets are base64 with its padding."""
    try:
        base64.b64decode(octets, validate=True)
        return True
    except ValueError:
        return False


def without_parentheses(text):
    """The text with what stands in parentheses left out, however deep."""
    while (shorter := re.sub(r'\([^()]*\)', '', text)) != text:
        text = shorter
    return text
