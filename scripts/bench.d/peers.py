"""How each program is told to copy one mailbox into another: `command(job)` returns (arguments, environment).

A job has the ports of both sides, the user, the password, and a folder that is kept from the first run to the last.
"""

import os
import shutil
from dataclasses import dataclass

from lab import packages
from lab.server import PASSWORD


@dataclass
class Job:
    """One mailbox to copy."""

    source_port: int
    destination_port: int
    user: str
    folder: str
    destination_config: str
    program: str
    limit: str
    connections: int = 1
    mode: str = 'multi'
    tls: tuple = None  # the TLS ports of both sides and the file of the authority, instead of plain text

    def file(self, name, text):
        """Write a file of the peer's configuration; returns its path."""
        path = f'{self.folder}/{name}'
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)
        return path


def own(job):
    if job.tls:
        source, destination = (f'imaps://{job.user}@127.0.0.1:{port}' for port in job.tls[:2])
        more = ['--ca', job.tls[2]]
    else:
        source, destination = (
            f'imap://{job.user}@127.0.0.1:{port}?tls=none' for port in (job.source_port, job.destination_port)
        )
        more = ['--allow-plaintext']
    return (
        [job.program, '--from', source, '--to', destination, '--ledger', f'{job.folder}/ledger', *more],
        {'MAILMOVE_SOURCE_PASSWORD': PASSWORD, 'MAILMOVE_DESTINATION_PASSWORD': PASSWORD},
    )


def limit(job):
    return [
        job.limit,
        str(job.source_port),
        str(job.destination_port),
        job.user,
        PASSWORD,
        str(job.connections),
        job.mode,
    ], {}


def dsync(job):
    """Pulls over IMAP and writes the destination's files itself, without IMAP on that side."""
    options = {
        'imapc_host': '127.0.0.1',
        'imapc_port': job.source_port,
        'imapc_user': job.user,
        'imapc_password': PASSWORD,
        'imapc_features': 'rfc822.size fetch-headers fetch-bodystructure',
        'mail_prefetch_count': 50,
    }
    settings = [word for name, value in options.items() for word in ('-o', f'{name}={value}')]
    return ['doveadm', '-c', job.destination_config, *settings, 'backup', '-R', '-u', job.user, 'imapc:'], {}


def interimap(job):
    sides = ''.join(
        f'\n[{name}]\ntype = imap\nhost = 127.0.0.1\nport = {port}\nSTARTTLS = NO\nusername = {job.user}\n'
        f'password = {PASSWORD}\ncompress = NO\n'
        for name, port in (('local', job.destination_port), ('remote', job.source_port))
    )
    config = job.file('config', f'database = {job.folder}/database\n{sides}')
    return ['interimap', '--quiet', f'--config={config}'], {'HOME': job.folder}


def mbsync(job):
    stores = ''.join(
        f'IMAPAccount {name}\nHost 127.0.0.1\nPort {port}\nUser {job.user}\nPass {PASSWORD}\nSSLType None\n'
        f'AuthMechs LOGIN\n\nIMAPStore {name}\nAccount {name}\n\n'
        for name, port in (('far', job.source_port), ('near', job.destination_port))
    )
    os.makedirs(f'{job.folder}/state', exist_ok=True)
    config = job.file(
        'config',
        f'{stores}Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSync Pull\n'
        f'CopyArrivalDate yes\nSyncState {job.folder}/state/\n',
    )
    return ['mbsync', '-q', '-c', config, 'all'], {'HOME': job.folder}


def imapsync(job):
    words = []
    for side, port in ((1, job.source_port), (2, job.destination_port)):
        words += [
            f'--host{side}',
            '127.0.0.1',
            f'--port{side}',
            str(port),
            f'--user{side}',
            job.user,
            f'--password{side}',
            PASSWORD,
            f'--nossl{side}',
            f'--notls{side}',
        ]
    script = os.environ.get('IMAPSYNC') or shutil.which('imapsync')
    return [
        'perl',
        script,
        *words,
        '--nolog',
        '--noreleasecheck',
        '--nomodulesversion',
        '--tmpdir',
        job.folder,
        '--pidfile',
        f'{job.folder}/pid',
    ], {}


PEERS = {'dsync': dsync, 'interimap': interimap, 'mbsync': mbsync, 'imapsync': imapsync}


def installed():
    """Install the peers that are packaged; returns the names of those that are there, and notes on the others."""
    packages.install('isync', 'interimap', 'dovecot-imapd')
    names = [name for name in PEERS if name != 'imapsync' or os.environ.get('IMAPSYNC') or shutil.which('imapsync')]
    notes = (
        []
        if 'imapsync' in names
        else ['imapsync is not packaged here: its rows are left out (IMAPSYNC=path of the script)']
    )
    return names, notes
