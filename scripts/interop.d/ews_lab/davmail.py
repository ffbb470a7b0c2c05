"""DavMail, a gateway that nobody here wrote: what it writes is moved by us, and what we wrote it reads."""

import base64
import contextlib
import html
import http.client
import imaplib
import os
import re
import signal
import socket
import subprocess
import time

from lab import packages
from lab.migrate import MOVED, Migrate

from .simulator import ANN, PASSWORD, Simulator, ask

AUTHORIZATION = 'Basic ' + base64.b64encode(f'{ANN}:{PASSWORD}'.encode()).decode()
BINARY = bytes(range(256)) * 200

MAIL = (
    b'From: Bob <bob@x.test>\r\nTo: Ann <ann@x.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n'
    b'Date: Thu, 29 Feb 2024 10:11:12 +0100\r\nMessage-ID: <dav@x.test>\r\nMIME-Version: 1.0\r\n'
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n'
    b'Content-Transfer-Encoding: 8bit\r\n\r\nh\xc3\xa4llo\r\n--b\r\nContent-Type: application/octet-stream\r\n'
    b'Content-Disposition: attachment; filename="all.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + base64.encodebytes(BINARY).replace(b'\n', b'\r\n') + b'--b--\r\n'
)

# A series of five, one of them moved and renamed, one of them left out.
SERIES = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//y//EN\r
BEGIN:VTIMEZONE\r
TZID:Europe/Berlin\r
BEGIN:STANDARD\r
DTSTART:19701025T030000\r
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
DTSTART:19700329T020000\r
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
END:DAYLIGHT\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
UID:series-1\r
DTSTAMP:20240101T000000Z\r
SUMMARY:Standup\r
LOCATION:Room 7\r
DTSTART;TZID=Europe/Berlin:20240304T093000\r
DTEND;TZID=Europe/Berlin:20240304T094500\r
RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\r
EXDATE;TZID=Europe/Berlin:20240318T093000\r
CATEGORIES:Red\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:series-1\r
DTSTAMP:20240101T000000Z\r
RECURRENCE-ID;TZID=Europe/Berlin:20240311T093000\r
SUMMARY:Standup, later\r
DTSTART;TZID=Europe/Berlin:20240311T110000\r
DTEND;TZID=Europe/Berlin:20240311T111500\r
END:VEVENT\r
END:VCALENDAR\r
"""

CARD = """BEGIN:VCARD\r
VERSION:3.0\r
UID:card-1\r
FN:Jörg Müller\r
N:Müller;Jörg;;;\r
EMAIL;TYPE=work:joerg@x.test\r
TEL;TYPE=cell:+49 170 1234567\r
ORG:Müller & Söhne\r
END:VCARD\r
"""


def free_port():
    """A port that was free a moment ago."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class DavMail:
    """The gateway before one server; use it in a `with`."""

    def __init__(self, folder, name, server):
        self.imap_port, self.dav_port = free_port(), free_port()
        self.file = os.path.join(folder, f'{name}.properties')
        settings = {
            'server': 'true', 'mode': 'EWS', 'url': f'http://127.0.0.1:{server.port}/EWS/Exchange.asmx',
            'bindAddress': '127.0.0.1', 'disableUpdateCheck': 'true', 'imapPort': self.imap_port,
            'caldavPort': self.dav_port, 'smtpPort': '', 'popPort': '', 'ldapPort': '', 'allowRemote': 'false',
            'logFilePath': os.path.join(folder, f'{name}.log'), 'enableKeepAlive': 'false',
        }
        with open(self.file, 'w') as file:
            file.writelines(f'davmail.{key}={value}\n' for key, value in settings.items())
        self.log = open(os.path.join(folder, f'{name}.out'), 'wb')

    def __enter__(self):
        env = dict(os.environ, JAVA_OPTS='-Xmx256m')
        command = ['davmail', '-server', self.file]
        self.process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True
        )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.closing(socket.socket()) as probe:
                if not probe.connect_ex(('127.0.0.1', self.imap_port)):
                    return self
            time.sleep(0.2)
        self.__exit__()
        raise RuntimeError('DavMail does not listen')

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def imap(self):
        client = imaplib.IMAP4('127.0.0.1', self.imap_port, timeout=60)
        client.login(ANN, PASSWORD)
        return client

    def dav(self, method, path, body=None, **headers):
        """A request to its CalDAV and CardDAV door: status and text."""
        client = http.client.HTTPConnection('127.0.0.1', self.dav_port, timeout=60)
        headers = {'Authorization': AUTHORIZATION, **{name.replace('_', '-'): text for name, text in headers.items()}}
        client.request(method, f'/users/{ANN}/{path}', body and body.encode(), headers)
        response = client.getresponse()
        text = response.read().decode(errors='replace')
        client.close()
        return response.status, text

    def texts(self, collection):
        """Everything in a collection, as a report on it says."""
        space, query, data = {
            'calendar': ('urn:ietf:params:xml:ns:caldav', 'calendar-query', 'calendar-data'),
            'contacts': ('urn:ietf:params:xml:ns:carddav', 'addressbook-query', 'address-data'),
        }[collection]
        body = (
            f'<?xml version="1.0"?><C:{query} xmlns:D="DAV:" xmlns:C="{space}">'
            f'<D:prop><D:getetag/><C:{data}/></D:prop></C:{query}>'
        )
        _, answer = self.dav('REPORT', f'{collection}/', body, Depth='1', Content_Type='text/xml')
        found = re.findall(rf'<\w+:{data}[^>]*>(.*?)</\w+:{data}>', answer, re.S)
        return [html.unescape(text) for text in found] or [answer]


def messages(door, folder='INBOX'):
    """Bytes and flags of everything in a folder, as the IMAP door shows them."""
    client = door.imap()
    client.select(folder, readonly=True)
    _, data = client.uid('FETCH', '1:*', '(FLAGS BODY.PEEK[])')
    found = []
    for part in data:
        if isinstance(part, tuple):
            flags = {flag.lower() for flag in re.findall(rb'\\?[\w$]+', part[0].split(b'FLAGS (')[1].split(b')')[0])}
            found.append((part[1], frozenset(flags & {b'\\seen', b'\\flagged', b'\\answered', b'\\draft'})))
    client.logout()
    return sorted(found, key=lambda one: (one[0], sorted(one[1])))


def unfolded(text):
    """iCalendar or vCard without folding."""
    return re.sub(r'\r?\n[ \t]', '', text)


def run(checks, programs, python, folder):
    """In by its doors at an old server, over by us, out by its doors at a new one."""
    packages.install('davmail')
    with Simulator('Exchange2007_SP1') as old, Simulator('Exchange2016', messages=0) as new:
        with DavMail(folder, 'old', old) as door:
            client = door.imap()
            status, _ = client.append('INBOX', r'(\Seen \Flagged)', '"29-Feb-2024 10:11:12 +0100"', MAIL)
            checks.check('DavMail, IMAP: a message is put in', status == 'OK')
            client.logout()
            status, text = door.dav('PUT', 'calendar/series-1.ics', SERIES, Content_Type='text/calendar')
            put = status in (200, 201)
            checks.check('DavMail, CalDAV: a series with exceptions is put in', put, f'{status} {text}')
            status, text = door.dav('PUT', 'contacts/card-1.vcf', CARD, Content_Type='text/vcard')
            checks.check('DavMail, CardDAV: a card is put in', status in (200, 201), f'{status} {text}')
            before = messages(door)
        migrate = Migrate(str(programs / 'migrate'), os.path.join(folder, 'davmail'))
        done = migrate.run(
            old.url(), new.url(), os.path.join(folder, 'davmail.ledger'), '--allow-plaintext',
            source_password=PASSWORD, destination_password=PASSWORD,
        )
        checks.check('DavMail: what it wrote is moved', done.status == MOVED, done)
        with DavMail(folder, 'new', new) as door:
            after = messages(door)
            same = before == after
            checks.check(f'DavMail, IMAP: {len(after)} messages are what they were', same, differing(before, after))
            flags = [flags for text, flags in after if b'<dav@x.test>' in text]
            checks.check('DavMail, IMAP: with their flags', flags == [{b'\\seen', b'\\flagged'}], flags)
            check_series(checks, [unfolded(text) for text in door.texts('calendar')])
            check_card(checks, [unfolded(text) for text in door.texts('contacts')])
        found = ask(python, 'found.py', new.port)
        checks.check('exchangelib finds the same', found.returncode == 0, found.stderr)
    checks.check('DavMail: nothing was sent', 'sent 0,' in old.last and 'sent 0,' in new.last, old.last + new.last)


def differing(left, right):
    """What stands on one side only."""
    return '\n'.join(f'{flags} {text[:300]!r}' for text, flags in set(left) ^ set(right))


def check_series(checks, texts):
    text = next((text for text in texts if 'Standup' in text), '')
    count = sum('Standup' in one for one in texts)
    checks.check('DavMail, CalDAV: the series is there once', count == 1, texts)
    for what, wanted in (
        ('its rule', r'RRULE:.*FREQ=WEEKLY'),
        ('how often', r'COUNT=5'),
        ('its place', r'LOCATION.*:Room 7'),
        ('what is left out', r'EXDATE.*20240318'),
        ('what is moved', r'RECURRENCE-ID.*20240311'),
        ('its other name', r'SUMMARY.*:Standup\\?, later'),
        ('its other time', r'DTSTART.*:20240311T1[01]0000'),
    ):
        checks.check(f'DavMail, CalDAV: the series has {what}', re.search(wanted, text), text)


def check_card(checks, texts):
    text = next((text for text in texts if 'Jörg' in text), '')
    for wanted in ('Jörg Müller', 'joerg@x.test', '+49 170 1234567', 'Müller & Söhne'):
        checks.check(f'DavMail, CardDAV: the card has {wanted}', wanted in text, texts)
