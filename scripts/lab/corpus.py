"""Mailboxes to move: a nasty one with everything that went wrong somewhere, and ordinary ones of any size.

All are deterministic: the same seed gives the same bytes, flags and dates.
"""

import base64
import random
import time
from dataclasses import dataclass, field, replace

SEEN, ANSWERED, FLAGGED, DRAFT, DELETED = r'\Seen', r'\Answered', r'\Flagged', r'\Draft', r'\Deleted'
KEYWORDS = (
    '$Forwarded',
    '$MDNSent',
    'NonJunk',
    '$label1',
    '$label2',
    'Work',
    'proj-x',
    'a+b',
    'caf&AOk-',
    'k:v/w',
    'L' * 50,
)
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Message:
    """A message as the server shall give it back; `when` is its INTERNALDATE in seconds since 1970."""

    body: bytes
    when: int
    flags: frozenset = frozenset()


@dataclass
class Folder:
    """A folder by the names from the top down; `messages` is None for a parent that can hold none."""

    path: tuple
    messages: object = field(default_factory=list)
    subscribed: bool = False


def crlf(*lines):
    """Lines joined and ended by CRLF; text is written as UTF-8."""
    return b''.join((line if isinstance(line, bytes) else line.encode()) + b'\r\n' for line in lines)


def nasty_bodies(big):
    """Every kind of message body that breaks somebody's mail program; `big`: the bytes of the large one."""
    head = ('From: a@example.org', 'Subject: test')
    yield crlf(*head, 'Message-ID: <plain@x>', '', 'plain')
    yield crlf(*head, '', 'no message id')
    yield crlf(*head, '', 'no message id either')
    yield crlf(*head, 'Message-ID: <again@x>', '', 'first text of this id')
    yield crlf(*head, 'Message-ID: <again@x>', '', 'second text of this id')
    yield crlf(*head, 'Message-ID: <again@x>', '', 'a third text with the same id')
    yield crlf(*head, 'Message-ID:', ' <folded@x>', '', 'folded message id')
    yield crlf(*head, 'MESSAGE-ID: <two@x>', 'Message-Id: <ids@x>', '', 'two message ids')
    yield crlf(*head, 'Message-ID: ', '', 'empty message id')
    yield crlf(
        'From: Jürgen <j@example.org>', 'Subject: Grüße ohne Kodierung', 'Message-ID: <eight@x>', '', 'utf-8 header'
    )
    yield crlf(b'Subject: Gr\xfc\xdfe', 'Message-ID: <latin@x>', '', 'latin-1 header')
    yield crlf(*head, 'Content-Transfer-Encoding: 8bit', '', bytes(range(14, 256)))
    yield crlf(*head, 'Message-ID: <nul@x>', '', b'a NUL \0 in the body')
    yield crlf(b'Subject: a NUL \0 in the header', 'Message-ID: <nulhead@x>', '', 'text')
    yield b'Subject: bare LF\nMessage-ID: <lf@x>\n\nfirst\nsecond\n'
    yield b'Subject: mixed\r\nMessage-ID: <mixed@x>\r\n\r\nCRLF\r\nLF\nCRLF\r\n'
    yield b'Subject: bare CR\r\nMessage-ID: <cr@x>\r\n\r\none\rtwo\r\nthree\r\n'
    yield crlf(*head, 'Message-ID: <long@x>', '', b'0123456789' * 200_000)
    yield crlf(*head, 'X-Long: ' + 'h' * 12_000, '', 'long header line')
    yield crlf(*head, *(f'X-Many-{i}: {i}' for i in range(2000)), '', 'many headers')
    yield b'x'
    yield b'\r\n'
    yield b'\r\n\r\n'
    yield crlf(*head, '')
    yield crlf(*head)
    yield b'Subject: header without any line end'
    yield crlf('', 'a body without a header')
    yield crlf('not a header line', '', 'body')
    yield crlf(*head, 'broken header line', 'X-After: yes', '', 'body')
    yield crlf('From mbox@example.org Mon Jan  1 00:00:00 2024', *head, '', 'From here', '>From there')
    yield crlf(*head, '', 'no final line end')[:-2]
    yield crlf(*head, '', 'ends with blanks', ' ', '', '', '')
    yield crlf(*head, '', '.', '..', '.end', ')', '* 1 EXISTS', 'x1 OK done', '{10}', '{10+}', '+ go ahead')
    yield crlf(*head, b'X-Raw: \x01\x02\x7f\x80\xff', '', 'control characters')
    yield crlf(b'\xef\xbb\xbfSubject: byte order mark', '', 'text')
    yield crlf(*head, 'Date: nonsense', '', 'bad date')
    yield crlf(*head, *(f'Received: by relay{i}' for i in range(60)), '', 'many hops')
    yield crlf(*head, 'Content-Type: multipart/mixed; boundary="never closed', '', '--never closed', 'x')
    yield crlf(*head, '', *([''] * 5000))
    yield _large(big)


def nasty(seed=1, big=30 * MEGABYTE, ordinary=300, delimiter='/', harsh=False):
    """The nasty mailbox, for this delimiter; `harsh`: also what a second Dovecot or Cyrus does not store unchanged."""
    rng = random.Random(seed)
    bodies = list(nasty_bodies(big))
    letters = Letters(seed)
    yield Folder(('INBOX',), [letters.message() for _ in range(ordinary)] + _flagged())
    yield Folder(('Nasty',), [Message(b, letters.date()) for b in bodies] + _twins(bodies[0]), True)
    yield Folder(('Sent',), [letters.message() for _ in range(20)] + _twins(bodies[0]), True)
    yield Folder(('Dates',), [Message(crlf(f'Subject: date {n}', '', str(when)), when) for n, when in enumerate(DATES)])
    yield Folder(('Empty',), [], True)
    yield Folder(('Trash',), [letters.message() for _ in range(3)])
    small = [b for b in bodies if b and len(b) < 20_000]
    for path in NAMES + [p for p in DELIMITERS if not any(delimiter in name for name in p)]:
        here = [Message(rng.choice(small), letters.date(), letters.flags()) for _ in range(rng.randrange(1, 4))]
        yield Folder(path, here, rng.random() < 0.5)
    if harsh:
        yield Folder(('Harsh',), [*HARSH])


# 1970, 2000, a leap day, both ends of a year.
DATES = (1, 86_400, 946_684_800, 951_782_400, 1_704_067_199, 1_704_067_200)

NAMES = [
    ('Deep',) + tuple(f'level {i}' for i in range(14)),
    ('only a parent', 'child'),
    ('only a parent', 'other child', 'grandchild'),
    ('R&D',),
    ('&',),
    ('a&b-c',),
    ('&AMA-',),
    ('He said "hi"',),
    ('back\\slash',),
    ("it's",),
    ('100% *',),
    ('[brackets] (parens) {braces}',),
    ('#hash',),
    ('blank at the end ',),
    (' blank at the front',),
    ('two  blanks',),
    ('case',),
    ('CASE',),
    ('Case', 'in the middle'),
    ('Übergrößen',),
    ('u\u0308ber zerlegt',),
    ('日本語', '受信箱'),
    ('Входящие',),
    ('📁 Invoices 🎉',),
    ('עברית',),
    ('x' * 100,),
    ('INBOX', 'below the inbox'),
    ('1',),
    ('-dash',),
    ('semi;colon,comma',),
    ('<angle>|pipe`tick^$!?=+@',),
]
# Names that hold what is a delimiter elsewhere.
DELIMITERS = [('v1.2.release',), ('.hidden',), ('either/or',), ('a/b', 'c/d')]


# No bytes at all; a line end that Dovecot shortens when it stores it; a keyword that it refuses; the first second of
# 1970, which Cyrus takes for no date; dates to come, which Dovecot takes for a wrong clock.
HARSH = (
    Message(b'', 1_600_000_000),
    Message(b'Subject: CR CR LF\r\n\r\none\r\r\ntwo\r\n', 1_600_000_001),
    Message(crlf('Subject: long keyword', '', 'x'), 1_600_000_002, frozenset({SEEN, 'W' * 60})),
    Message(crlf('Subject: in 1970', '', 'x'), 0),
    Message(crlf('Subject: in 2038', '', 'x'), 2**31 + 12_345),
    Message(crlf('Subject: in 2100', '', 'x'), 4_102_444_800),
)


class Letters:
    """Ordinary mail."""

    WORDS = (
        'the of and to in is that for it as was with be by on not he his but at are this have from or had an they '
        'which one you were all her she there would their we him been has when who will no more if out so up said what'
    ).split()
    FOREIGN = ('Grüße', 'naïve', 'señor', 'Ελληνικά', 'русский', '日本語', 'עברית', '한국어', '中文')

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.count = 0
        self.seed = seed
        noise = random.Random(4711)
        self.text = crlf(*(' '.join(noise.choices(self.WORDS, k=11)) for _ in range(40_000)))
        raw = base64.encodebytes(noise.randbytes(6 * MEGABYTE))
        self.attachment = raw.replace(b'\n', b'\r\n')

    def date(self):
        """Some second of 1999 to 2024."""
        return self.rng.randrange(915_148_800, 1_735_689_600)

    def flags(self):
        """Seen mostly, some of the others, keywords on every eighth."""
        chance = ((SEEN, 0.8), (ANSWERED, 0.15), (FLAGGED, 0.05), (DRAFT, 0.01), (DELETED, 0.004))
        flags = {flag for flag, p in chance if self.rng.random() < p}
        if self.rng.random() < 0.12:
            flags.update(self.rng.choices(KEYWORDS, k=self.rng.randrange(1, 4)))
        return frozenset(flags)

    def message(self, size=None):
        """A letter of about `size` bytes; without it, half are below 12 KB and few are large."""
        rng = self.rng
        self.count += 1
        when = self.date()
        if size is None:
            size = min(900_000, int(rng.lognormvariate(9.4, 1.25)))
            if rng.random() < 0.006:
                size = int(10 ** rng.uniform(6, 7))
        words = ' '.join(rng.choices(self.WORDS, k=6))
        subject = (
            f'=?utf-8?B?{base64.b64encode(rng.choice(self.FOREIGN).encode()).decode()}?='
            if rng.random() < 0.1
            else words
        )
        head = [
            f'Received: from mx{i}.example (192.0.2.{i}) by relay{i}.example; {_date(when)}'
            for i in range(rng.randrange(4))
        ]
        head += [
            f'From: {rng.choice(self.WORDS)} <{rng.choice(self.WORDS)}@example.net>',
            'To: user@example.org',
            f'Subject: {subject}',
            f'Date: {_date(when)}',
            f'Message-ID: <{self.seed}.{self.count}@letters.example>',
        ]
        if size > 60_000:
            head += ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="=_b"']
            body = crlf('--=_b', '', f'letter {self.count}') + self._cut(self.text, 2000)
            body += crlf('--=_b', 'Content-Type: application/octet-stream', 'Content-Transfer-Encoding: base64', '')
            body += self._cut(self.attachment, size) + crlf('--=_b--')
        else:
            body = crlf(f'letter {self.count}') + self._cut(self.text, max(size - 400, 80))
        return Message(crlf(*head, '') + body, when, self.flags())

    def _cut(self, pool, size):
        start = pool.index(b'\r\n', self.rng.randrange(max(1, len(pool) - size - 200))) + 2
        end = pool.find(b'\r\n', start + size)
        return pool[start : end + 2] if end > 0 else pool[start:]


def ordinary(seed, count, twins=0.02, size=None):
    """A mailbox as people have them: most mail in few of 22 folders, some of it twice; `size`: of each message."""
    letters = Letters(seed)
    rng = letters.rng
    shares = [
        (('INBOX',), 30),
        (('Sent',), 14),
        (('Drafts',), 1),
        (('Trash',), 4),
        (('Junk',), 3),
        (('Lists', 'rust'), 5),
        (('Lists', 'debian'), 4),
        (('Projekte',), 1),
        (('Projekte', 'Übersicht'), 2),
        (('Projekte', 'Köln & Bonn'), 3),
        (('日本語', '受信箱'), 2),
        (('Family and friends',), 2),
        (('📁 Invoices',), 1),
        (('A', 'B', 'C', 'deep'), 1),
        (('Nothing here',), 0),
    ]
    shares += [(('Archive', str(year)), 4) for year in range(2018, 2025)]
    total = sum(share for _, share in shares)
    left = count
    for number, (path, share) in enumerate(shares):
        here = left if number == len(shares) - 1 else count * share // total
        left -= here
        yield Folder(path, _letters(letters, rng, here, twins, size), path != ('Junk',) and path != ('INBOX',))


def _letters(letters, rng, count, twins, size):
    earlier = []
    for _ in range(count):
        if earlier and rng.random() < twins:
            yield replace(rng.choice(earlier), flags=letters.flags())
            continue
        message = letters.message(size)
        if len(message.body) < 50_000 and len(earlier) < 100:
            earlier.append(message)
        yield message


def _twins(body):
    """The same bytes four times: alike in everything twice, then with another date, then with another flag."""
    return [
        Message(body, 1_600_000_000),
        Message(body, 1_600_000_000),
        Message(body, 1_600_000_001),
        Message(body, 1_600_000_000, frozenset({FLAGGED})),
    ]


def _flagged():
    """Every system flag and every keyword alone, and all of them together."""
    sets = [{f} for f in (SEEN, ANSWERED, FLAGGED, DRAFT, DELETED, *KEYWORDS)]
    sets += [set(), {SEEN, ANSWERED, FLAGGED, DRAFT, DELETED}, set(KEYWORDS)]
    return [Message(crlf(f'Subject: flags {n}', '', 'x'), 1_500_000_000 + n, frozenset(s)) for n, s in enumerate(sets)]


def _large(size):
    raw = base64.encodebytes(random.Random(7).randbytes(size * 3 // 4)).replace(b'\n', b'\r\n')
    return crlf('Subject: large', 'Content-Transfer-Encoding: base64', '') + raw


def _date(when):
    return time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(when))
