"""Compares two mailboxes over IMAP, strictly, and names every difference by its kind.

A message is the SHA-256 of its bytes as FETCH BODY.PEEK[] gives them, its flags without \\Recent, and its INTERNALDATE
as an instant. Folders are compared by decoded names, as multisets of messages.

  python3 -m lab.verify --source PORT:USER --destination PORT:USER [--password PW] [--allow FILE.json]
"""

import argparse
import calendar
import collections
import hashlib
import json
import re
import sys
from dataclasses import dataclass, field

from . import names, wire
from .server import PASSWORD

SYSTEM = {r'\seen', r'\answered', r'\flagged', r'\deleted', r'\draft'}
_MONTHS = {m: n for n, m in enumerate('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(), 1)}


@dataclass(frozen=True)
class Seen:
    """One message as a server shows it."""

    digest: bytes
    flags: frozenset
    when: int
    size: int
    uid: int
    forms: tuple  # digests of the bytes after each of REPAIRS


@dataclass
class Mailbox:
    """Everything that is compared."""

    folders: dict = field(default_factory=dict)  # path: [Seen]
    parents: set = field(default_factory=set)  # paths of folders that hold no messages
    subscribed: set = field(default_factory=set)

    def count(self):
        """How many messages it holds."""
        return sum(map(len, self.folders.values()))


@dataclass
class Difference:
    """One difference: what kind, where, and in words."""

    kind: str
    path: tuple
    text: str

    def __str__(self):
        return f'{self.kind}: {"/".join(self.path)!r}: {self.text}'


def split_head(body):
    """The header with the blank line, and the rest."""
    end = body.find(b'\r\n\r\n')
    return (body, b'') if end < 0 else (body[: end + 4], body[end + 4 :])


def _masked(text):
    return re.sub(rb'[\x80-\xff?]', b'X', text)


def _masked_head(body):
    head, rest = split_head(body)
    return _masked(head) + rest


def _without_mbox_line(body):
    return re.sub(rb'\AFrom [^\n]*\n', b'', body)


def _joined(body):
    return re.sub(rb'[\r\n]', b'', body)


# What servers, or the mover on their refusal, are known to change. Each brings both versions to one form, so that a
# difference is named only when the change explains it completely.
REPAIRS = {
    'header-8bit': _masked_head,
    'line-ends': lambda body: re.sub(rb'\r*\n|\r', b'\n', body).rstrip(b'\n'),
    'mbox-line': _without_mbox_line,
    'blank-line': _joined,
    'masked-nul': lambda body: body.replace(b'\0', b'\x80'),
    'nul': lambda body: body.replace(b'\0', b''),
    'several': lambda body: _masked(_joined(_without_mbox_line(body).replace(b'\0', b''))),
}
# Larger messages are compared by their bytes alone.
FORMS_UP_TO = 4_000_000


def read(imap, forms=True):
    """Read a whole mailbox. Without `forms` it is faster, and changed messages are merely missing and extra."""
    prefix, delimiter = wire.namespace(imap)

    def path_of(raw):
        text = raw.decode('utf-8', 'surrogateescape')
        if text.upper() == 'INBOX':
            return ('INBOX',)
        if prefix and text.startswith(prefix):
            raw = raw[len(prefix.encode()) :]
        try:
            path = tuple(names.decode(part) for part in raw.split(delimiter.encode()))
        except ValueError:
            return (f'undecodable {raw!r}',)
        return ('INBOX',) + path[1:] if path[0].upper() == 'INBOX' else path

    box = Mailbox()
    for raw, _, attributes in wire.tree(imap):
        path = path_of(raw)
        if {r'\noselect', r'\nonexistent'} & attributes:
            box.parents.add(path)
        else:
            imap.run(b'EXAMINE', names.quote(raw))
            box.folders[path] = list(_messages(imap, forms))
    box.subscribed = {path_of(raw) for raw, _, _ in wire.tree(imap, b'LSUB')}
    return box


def _messages(imap, with_forms):
    for answer in imap.stream(b'UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])'):
        words = wire.parse(answer)
        if words[2:3] != [b'FETCH']:
            continue
        pairs = words[3]
        data = {bytes(k).upper(): v for k, v in zip(pairs[::2], pairs[1::2])}
        if b'BODY[]' not in data:
            continue
        body = data[b'BODY[]'] if isinstance(data[b'BODY[]'], wire.Text) else b''
        flags = (flag.decode() for flag in data[b'FLAGS'])
        flags = frozenset(f.lower() if f.lower() in SYSTEM else f for f in flags if f.lower() != r'\recent')
        forms = (
            tuple(hashlib.sha256(repair(body)).digest() for repair in REPAIRS.values())
            if with_forms and len(body) <= FORMS_UP_TO
            else ()
        )
        yield Seen(
            hashlib.sha256(body).digest(), flags, instant(data[b'INTERNALDATE']), len(body), int(data[b'UID']), forms
        )


def instant(text):
    """An INTERNALDATE as seconds since 1970."""
    m = re.fullmatch(rb' ?(\d+)-(\w+)-(\d+) (\d+):(\d+):(\d+) ([+-])(\d\d)(\d\d)', text)
    day, year, hour, minute, second = (int(m[i]) for i in (1, 3, 4, 5, 6))
    offset = (int(m[8]) * 60 + int(m[9])) * 60 * (-1 if m[7] == b'-' else 1)
    return calendar.timegm((year, _MONTHS[m[2].decode()], day, hour, minute, second)) - offset


def compare(source, destination, names_map=None):
    """Every difference. `names_map`: source paths that were foretold to arrive under another path."""
    names_map = names_map or {}
    found = []

    def report(kind, path, text):
        found.append(Difference(kind, path, text))

    arrived = {names_map.get(path, path): path for path in source.folders}
    for path in sorted(arrived.keys() - destination.folders.keys()):
        report('folder-missing', arrived[path], f'{len(source.folders[arrived[path]])} messages')
        for message in source.folders[arrived[path]]:
            report('message-missing', arrived[path], f'uid {message.uid}')
    for path in sorted(destination.folders.keys() - arrived.keys()):
        here = destination.folders[path]
        if path in source.parents and not here:
            report('parent-holds-messages', path, 'a parent folder became a folder for messages')
            continue
        report('folder-extra', path, f'{len(here)} messages')
        for message in here:
            report('message-extra', path, f'uid {message.uid}')
    for path in sorted(source.parents):
        if _arrived(path, names_map) not in destination.parents | destination.folders.keys():
            report('parent-missing', path, 'a folder without messages')
    for path in sorted(destination.parents - source.parents - arrived.keys()):
        if not any(p[: len(path)] == path for p in arrived):
            report('parent-extra', path, 'a folder without messages')
    for path in sorted(arrived.keys() & destination.folders.keys()):
        _compare_folder(path, source.folders[arrived[path]], destination.folders[path], report)
    wanted = {names_map.get(path, path) for path in source.subscribed}
    for path in sorted(wanted - destination.subscribed):
        report('subscription-missing', path, '')
    for path in sorted(destination.subscribed - wanted):
        report('subscription-extra', path, '')
    return found


def _arrived(parent, names_map):
    """Where a parent stands: a plan names folders with messages, and their paths name their parents."""
    below = (to for path, to in names_map.items() if path[: len(parent)] == parent and len(to) == len(path))
    return next((to[: len(parent)] for to in below), parent)


def _compare_folder(path, source, destination, report):
    left, right = list(source), list(destination)
    # Pair the equal ones first, then those of equal bytes, then those whose change has a name.
    _pair(left, right, lambda m: (m.digest, m.flags, m.when), lambda a, b: None)
    for key in (lambda m: (m.digest, m.flags), lambda m: (m.digest, m.when), lambda m: m.digest):
        _pair(left, right, key, lambda a, b: _labels(path, a, b, report))
    for number, repair in enumerate(REPAIRS):

        def form(m, number=number):
            return m.forms[number] if m.forms else (m.digest, m.uid)

        def altered(a, b, repair=repair):
            report(f'altered-{repair}', path, f'uid {a.uid}, {a.size} bytes, arrived with {b.size} bytes')
            _labels(path, a, b, report)

        _pair(left, right, lambda m: (form(m), m.flags, m.when), altered)
        _pair(left, right, form, altered)
    known = {m.digest for m in destination}
    for m in left:
        kind = 'copy-missing' if m.digest in known else 'message-missing'
        report(kind, path, f'uid {m.uid}, {m.size} bytes')
    known = {m.digest for m in source}
    for m in right:
        kind = 'message-doubled' if m.digest in known else 'message-extra'
        report(kind, path, f'uid {m.uid} of the destination, {m.size} bytes')
    if not left and not right and [m.digest for m in source] != [m.digest for m in destination]:
        if sorted(m.digest for m in source) == sorted(m.digest for m in destination):
            report('order', path, 'the messages are in another order')


def _pair(left, right, key, on_pair):
    """Take pairs with equal keys out of both lists, in order."""
    waiting = collections.defaultdict(collections.deque)
    for m in right:
        waiting[key(m)].append(m)
    rest, used = [], set()
    for m in left:
        queue = waiting.get(key(m))
        if queue:
            partner = queue.popleft()
            used.add(partner.uid)
            on_pair(m, partner)
        else:
            rest.append(m)
    left[:] = rest
    right[:] = [m for m in right if m.uid not in used]


def _labels(path, a, b, report):
    for flag in sorted(a.flags - b.flags):
        report('flag-lost' if flag in SYSTEM else 'keyword-lost', path, f'uid {a.uid}: {flag}')
    for flag in sorted(b.flags - a.flags):
        report('flag-added' if flag in SYSTEM else 'keyword-added', path, f'uid {a.uid}: {flag}')
    if a.when != b.when:
        report('date', path, f'uid {a.uid}: {a.when} became {b.when}')


def unforetold(differences, allow):
    """The differences of kinds that are not allowed. `allow`: kinds, each with how often it may occur, or None."""
    counts = collections.Counter(d.kind for d in differences)
    bad = {kind for kind, n in counts.items() if kind not in allow or (allow[kind] is not None and n > allow[kind])}
    return [d for d in differences if d.kind in bad]


def summary(differences):
    """Kinds and how often, in one line."""
    counts = collections.Counter(d.kind for d in differences)
    return ', '.join(f'{kind} {n}' for kind, n in sorted(counts.items())) or 'equal'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--source', required=True)
    parser.add_argument('--destination', required=True)
    parser.add_argument('--password', default=PASSWORD)
    parser.add_argument('--allow', help='JSON: {"kinds": {"altered-header-8bit": null}, "names": [[["a/b"], ["a_b"]]]}')
    options = parser.parse_args()
    allow = {}
    if options.allow:
        with open(options.allow) as f:
            allow = json.load(f)
    sides = []
    for where in (options.source, options.destination):
        port, user = where.split(':', 1)
        with wire.Imap(int(port)) as imap:
            sides.append(read(imap.login(user, options.password)))
    found = compare(*sides, {tuple(a): tuple(b) for a, b in allow.get('names', [])})
    for difference in found:
        print(difference)
    print(summary(found))
    sys.exit(1 if unforetold(found, allow.get('kinds', {})) else 0)


if __name__ == '__main__':
    main()
