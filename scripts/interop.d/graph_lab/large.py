"""Files of a kilobyte up to 140 MB by every way into Exchange Online: octet for octet, and in little memory."""

import contextlib
import hashlib
import json
import os

from lab.migrate import MOVED

from .simulator import Other, Simulator, migrate, secret_in, told

# Octets that a run may need, however large a message is.
MEMORY = 150 << 20

# The boundary between files that travel whole and those that travel in ranges is among them.
FILES = (1_000, 3_000_000, 3_145_000, 3_145_728, 40_000_000)


def run(checks, python, metadata, folder, largest):
    """Every way, first with files of many sizes, then with one that is as large as files may be."""
    sizes = ','.join(map(str, (*FILES, largest)))
    wanted = {size: digest(size) for size in (*FILES, largest)}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Simulator(f'--files={sizes}', python=python, metadata=metadata))
        imap = stack.enter_context(Other('imap-simulator', '1', sizes))
        ews = stack.enter_context(Other('ews-simulator', '1', 'Online', '', f'--files={sizes}'))
        mail = f'imap://alice@127.0.0.1:{imap.port}?tls=none'
        exchange = f'ews+http://ann%40x.test@127.0.0.1:{ews.port}'
        for number, (what, source, more, via) in enumerate((
            ('IMAP to Graph as JSON', mail, '', 'create-message'),
            ('IMAP to Graph as streams made here', mail, '&streams=foreign', 'import-session-foreign'),
            ('Graph to Graph as streams', server.at('ann@x.test'), '', 'import-session'),
            ('Exchange to Graph as streams', exchange, '', 'import-session'),
        ), 1):
            address = f'user{number}@x.test'
            for name, files in (('Files', FILES), ('Huge', (largest,))):
                place = os.path.join(folder, f'large-{number}-{name}')
                move(checks, server, place, source, server.at(address, more), f'{what}, {name}', name, via)
                arrived(checks, server, address, name, {size: wanted[size] for size in files}, f'{what}, {name}')
    server.judge(checks, 'large files')


def move(checks, server, folder, source, destination, what, name, via):
    """One run, measured."""
    known = server.secrets('SOURCE') if source.startswith('graph') else {'MAILMOVE_SOURCE_PASSWORD': 'secret'}
    report = os.path.join(folder, 'report.json')
    done = migrate(folder, source, destination, server.secrets() | known, '--include', name, '--report', report, '-vvv').wait(300)
    rate = f'{done.seconds:.1f} s, {done.cpu:.1f} s of CPU, {done.peak / 2**20:.0f} MiB of memory at most'
    log = told(done)
    done.err = done.err[-4000:]
    checks.check(f'{what}: {rate}', done.status == MOVED, done)
    checks.check(f'{what}: less than {MEMORY >> 20} MiB', done.peak < MEMORY)
    checks.check(f'{what}: no secret is told', not secret_in(log), secret_in(log))
    with contextlib.suppress(OSError), open(report) as file:
        ways = json.load(file).get('vias')
        checks.check(f'{what}: by {via}', ways is None or set(ways) == {via}, ways)


def arrived(checks, server, address, name, wanted, what):
    """What is in the mailbox, read at its server."""
    messages = server.messages_of(address, 'id,subject,isDraft,sentDateTime').get(name, [])
    found = {}
    for message in messages:
        path = f'/users/{address}/messages/{message["id"]}/attachments'
        for one in server.ask(f'{path}?$select=id,name,size')['value']:
            found[one['name']] = digest_of(server, f'{path}/{one["id"]}/$value')
    expected = {f'{size}.bin': one for size, one in wanted.items()}
    checks.check(f'{what}: {len(found)} files are what they were, octet for octet', found == expected, found)
    states = {(one['isDraft'], one['sentDateTime']) for one in messages}
    checks.check(f'{what}: no drafts, and sent when they were', states == {(False, '2026-11-20T10:00:00Z')}, states)


def digest_of(server, path):
    """The digest of a file there."""
    found = hashlib.sha256()
    with server.open(path) as answer:
        while piece := answer.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def digest(octets):
    """The digest of a file as the simulators make it."""
    round_ = bytes(range(251))
    found = hashlib.sha256(round_ * (octets // 251))
    found.update(round_[:octets % 251])
    return found.hexdigest()
