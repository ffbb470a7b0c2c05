"""A private Courier, unpacked beside the installed packages because it may not be installed next to Dovecot.

Its programs know where their files are from the day they were built. So it runs in a mount namespace of its own, in
which its files lie where it looks for them; nobody else sees them there.
"""

import os
import pwd
import subprocess
import time

from . import packages
from .server import MAIL_USER, PASSWORD, Server

# What the distribution's own configuration sets, but for the trash, which would be emptied.
ENVIRONMENT = {
    'ADDRESS': '127.0.0.1',
    'IMAP_CAPABILITY': 'IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE',
    'IMAP_KEYWORDS': '1',
    'IMAP_ACL': '1',
    'IMAP_MAILBOX_SANITY_CHECK': '1',
    'IMAP_IDLE_TIMEOUT': '60',
    'IMAP_CHECK_ALL_FOLDERS': '0',
    'IMAP_OBSOLETE_CLIENT': '0',
    'IMAP_USELOCKS': '1',
    'IMAP_ENHANCEDIDLE': '0',
    'IMAP_TRASHFOLDERNAME': 'Trash',
    'IMAP_EMPTYTRASH': '',
    'IMAP_MOVE_EXPUNGE_TO_TRASH': '0',
    'IMAP_UMASK': '022',
    'IMAP_ULIMITD': '131072',
    'IMAP_TLS_REQUIRED': '0',
    'IMAP_STARTTLS': 'NO',
    'MAILDIRPATH': 'Maildir',
    'PROTOCOL': 'IMAP',
    'authmodulelist': 'authuserdb',
    'authmodulelistorig': 'authuserdb',
    'daemons': '5',
    'authdaemonvar': '/run/courier/authdaemon',
}

SCRIPT = '''
set -e
mount -t overlay overlay -o lowerdir={programs}/usr:/usr /usr
/usr/sbin/makeuserdb -f {folder}/etc/courier/userdb
mount -t overlay overlay -o lowerdir={folder}/etc:/etc /etc
mount -t tmpfs tmpfs /run
mkdir -p /run/courier/authdaemon
/usr/lib/courier/courier-authlib/authdaemond &
exec /usr/sbin/couriertcpd -address=127.0.0.1 -nodnslookup -noidentlookup -maxprocs=200 -maxperip=200 \\
    {port} /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir
'''


class Courier(Server):
    """A Courier with the users user1, user2, …: names below `INBOX.`, delimiter `.`, no TLS."""

    kind = 'Courier'
    delimiter, prefix = '.', 'INBOX.'

    def __init__(self, folder, certificates, programs, users=4):
        super().__init__(folder, certificates)
        self.programs, self.users = programs, users
        account = pwd.getpwnam(MAIL_USER)
        self.owner = (account.pw_uid, account.pw_gid)
        for name in ('etc/courier', 'mail', 'kept'):
            os.makedirs(f'{folder}/{name}')
        os.chown(f'{folder}/mail', *self.owner)
        # Only the value of authmodulelist counts; the rest comes from the environment.
        with open(f'{folder}/etc/courier/authdaemonrc', 'w') as f:
            f.writelines(f'{name}="{value}"\n' for name, value in ENVIRONMENT.items() if name.islower())
        hashed = subprocess.run(['openssl', 'passwd', '-6', PASSWORD], check=True, capture_output=True, text=True)
        uid, gid = self.owner
        with open(os.open(f'{folder}/etc/courier/userdb', os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
            for user in (f'user{number}' for number in range(1, users + 1)):
                home = self.home(user)
                fields = (f'home={home}', f'mail={home}/Maildir', f'uid={uid}', f'gid={gid}')
                f.write(f'{user}\t{"|".join((*fields, f"imappw={hashed.stdout.strip()}"))}\n')
                self.make(user)
        self.start()

    def start(self):
        """Start it, again too."""
        script = SCRIPT.format(programs=self.programs, folder=self.folder, port=self.port)
        self.spawn(['unshare', '--mount', 'sh', '-c', script], ENVIRONMENT)

    def imap(self, user, password=PASSWORD, port=None):
        """A signed-in connection that knows UTF-8: without it, this server does not tell all of its folders."""
        imap = super().imap(user, password, port)
        imap.run(b'ENABLE', b'UTF8=ACCEPT')
        imap.utf8 = True
        return imap

    def home(self, user):
        """The folder that holds a user's mail."""
        return f'{self.folder}/mail/{user}'

    def make(self, user):
        """An empty mailbox."""
        maildir = f'{self.home(user)}/Maildir'
        for name in ('cur', 'new', 'tmp'):
            os.makedirs(f'{maildir}/{name}')
        for path, _, _ in os.walk(self.home(user)):
            os.chown(path, *self.owner)

    def wipe(self, user):
        """Empty a mailbox: renamed away, as with the other servers."""
        os.rename(self.home(user), f'{self.folder}/kept/{user}.{time.monotonic_ns()}')
        self.make(user)


def unpack(folder):
    """Fetch and unpack the programs; returns their folder."""
    names = ('courier-imap', 'courier-base', 'courier-authdaemon', 'courier-authlib', 'courier-authlib-userdb')
    packages.install('libgamin0')  # one of two, so that it is no plain dependency
    packages.unpack(folder, *names)
    return folder
