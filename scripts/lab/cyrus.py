"""A private Cyrus, unpacked beside the installed packages because it may not be installed next to Dovecot."""

import glob
import os
import subprocess

from . import names, packages, wire
from .server import MAIL_USER, PASSWORD, Server

ADMIN = 'cyrus'

IMAPD = '''
configdirectory: {folder}/lib
partition-default: {folder}/spool
admins: {admin}
cyrus_user: {user}
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/passwords
sasl_mech_list: PLAIN LOGIN
unixhierarchysep: {unix}
altnamespace: {alternative}
autocreate_quota: -1
{tls}
servername: localhost
maxlogins_per_user: 0
sync_log: no
'''

TLS = '''
tls_server_cert: {certificates}/server.pem
tls_server_key: {certificates}/server.key
'''

SERVICES = '''
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {folder}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {folder}/imapd.conf -U 100" listen="127.0.0.1:{port}" prefork=2 maxchild=200
  imaps cmd="{bin}/imapd -C {folder}/imapd.conf -s -U 100" listen="127.0.0.1:{tls_port}" prefork=0 maxchild=200
}}
EVENTS {{
}}
'''


class Cyrus(Server):
    """A Cyrus with the users user1, user2, …

    Its defaults: names below `INBOX.`, delimiter `.`; with `modern` names beside INBOX and delimiter `/`.
    """

    kind = 'Cyrus'

    def __init__(self, folder, certificates, programs, users=4, modern=False, tls=True):
        super().__init__(folder, certificates)
        self.users = users
        self.delimiter, self.prefix = ('/', '') if modern else ('.', 'INBOX.')
        libraries = glob.glob(f'{programs}/usr/lib/*-linux-gnu')[0]
        self.env = {'LD_LIBRARY_PATH': libraries}
        self.bin = f'{programs}/usr/lib/cyrus/bin'
        for name in ('lib/proc', 'lib/db', 'lib/socket', 'lib/user', 'spool'):
            os.makedirs(f'{folder}/{name}')
        yes = 'yes' if modern else 'no'
        values = dict(
            folder=folder,
            tls=TLS.format(certificates=certificates) if tls else '',
            admin=ADMIN,
            user=MAIL_USER,
            unix=yes,
            alternative=yes,
            bin=self.bin,
            port=self.port,
            tls_port=self.tls_port,
        )
        for name, text in (('imapd.conf', IMAPD), ('cyrus.conf', SERVICES)):
            with open(f'{folder}/{name}', 'w') as f:
                f.write(text.format(**values))
        accounts = [f'user{i}' for i in range(1, users + 1)]
        for account in [ADMIN, *accounts]:
            subprocess.run(
                [
                    f'{programs}/usr/sbin/saslpasswd2',
                    '-p',
                    '-c',
                    '-f',
                    f'{folder}/passwords',
                    '-u',
                    'localhost',
                    account,
                ],
                input=PASSWORD.encode(),
                check=True,
            )
        subprocess.run(['chown', '-R', f'{MAIL_USER}:', folder], check=True)
        self.start()
        with self.imap(ADMIN) as admin:
            for account in accounts:
                admin.run(b'CREATE', self.root(account))

    def start(self):
        """Start it, again too."""
        self.spawn(
            [
                f'{self.bin}/master',
                '-D',
                '-C',
                f'{self.folder}/imapd.conf',
                '-M',
                f'{self.folder}/cyrus.conf',
                '-p',
                f'{self.folder}/master.pid',
            ],
            self.env,
        )

    def root(self, user):
        """A user's INBOX as the administrator names it."""
        return f'user{self.delimiter}{user}'.encode()

    def wipe(self, user):
        """Delete and create a mailbox."""
        with self.imap(ADMIN) as admin:
            root = self.root(user)
            below = root + self.delimiter.encode()
            own = [name for name, _, _ in wire.tree(admin) if name == root or name.startswith(below)]
            for name in sorted(own, reverse=True):
                admin.run(b'SETACL', names.quote(name), ADMIN, b'lrswipkxtecdan')
                admin.run(b'DELETE', names.quote(name))
            admin.run(b'CREATE', root)


def unpack(folder):
    """Fetch and unpack the programs; returns their folder."""
    packages.unpack(folder, 'cyrus-imapd', 'cyrus-common', 'sasl2-bin')
    return folder
