"""A private Dovecot."""

import os
import pwd
import shutil
import time

from .server import MAIL_USER, PASSWORD, Server

MASTER, MASTER_PASSWORD = 'master', 'master-secret-pw'
QUOTA_USER = 'small'

# What it offers when some of it is to be left away.
CAPABILITIES = '''IMAP4rev1 SASL-IR ID ENABLE IDLE MULTIAPPEND UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED
    CONDSTORE QRESYNC ESEARCH SEARCHRES WITHIN LIST-STATUS BINARY MOVE STATUS=SIZE LITERAL+ SPECIAL-USE QUOTA'''

# How mail is stored; `dots` is Maildir++ whose delimiter is `.` and whose names may hold a `/`.
STORES = {
    'maildir': ('maildir:~/mail:LAYOUT=fs', '/', ''),
    'dots': ('maildir:~/mail', '.', 'listescape'),
    'sdbox': ('sdbox:~/mail', '/', ''),
}

CONFIG = '''
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/server.log
protocols = imap
listen = {host}
ssl = {tls}
ssl_cert = <{certificates}/server.pem
ssl_key = <{certificates}/server.key
disable_plaintext_auth = {refuse_plaintext}
auth_mechanisms = plain login
auth_master_user_separator = *
auth_failure_delay = 0
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
mail_location = {location}
mail_plugins = quota {acl} {plugins}
mailbox_list_index = yes
mail_fsync = {fsync}
mail_max_userip_connections = 1000
default_process_limit = 1200
default_client_limit = 5000
default_vsz_limit = 2G
imap_capability = {capability}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/masters
  master = yes
  result_success = continue
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
  default_fields = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = {delimiter}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
  mailbox Junk {{
    special_use = \\Junk
  }}
}}
plugin {{
  acl = vfile
  quota = count:User quota
  quota_vsizes = yes
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_quota {imap_acl}
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = {tls}
  }}
}}
'''


class Dovecot(Server):
    """A Dovecot with the users user1, user2, … and one named `small` who has a quota."""

    kind = 'Dovecot'
    prefix = ''

    def __init__(
        self,
        folder,
        certificates,
        store='sdbox',
        users=4,
        refuse_plaintext=False,
        without=(),
        fsync=True,
        tls=True,
        acl=False,
    ):
        """`refuse_plaintext`: no password without TLS (LOGINDISABLED). `without`: capabilities not to offer.
        `fsync`: whether it waits for the disk, as it does by default. `tls`: whether it knows any. `acl`: whether
        there are rights to folders."""
        super().__init__(folder, certificates)
        # Dovecot takes a connection for safe when both ends have the same address.
        self.host = '127.0.0.2' if refuse_plaintext else '127.0.0.1'
        location, self.delimiter, plugins = STORES[store]
        self.store, self.users = store, users
        account = pwd.getpwnam(MAIL_USER)
        self.owner = (account.pw_uid, account.pw_gid)
        for name in ('run', 'state', 'mail', 'kept'):
            os.makedirs(f'{folder}/{name}')
        os.chown(f'{folder}/mail', *self.owner)
        self.quota(None)
        with open(f'{folder}/masters', 'w') as f:
            f.write(f'{MASTER}:{MASTER_PASSWORD}\n')
        self.values = dict(
            folder=folder,
            certificates=certificates,
            host=self.host,
            port=self.port,
            tls_port=self.tls_port,
            location=location,
            delimiter=self.delimiter,
            plugins=plugins,
            fsync='optimized' if fsync else 'never',
            tls='yes' if tls else 'no',
            acl='acl' if acl else '',
            imap_acl='imap_acl' if acl else '',
            uid=self.owner[0],
            gid=self.owner[1],
            refuse_plaintext='yes' if refuse_plaintext else 'no',
            capability=' '.join(c for c in CAPABILITIES.split() if c not in without) if without else '',
        )
        self.start()

    def start(self):
        """Start it, again too."""
        with open(f'{self.folder}/dovecot.conf', 'w') as f:
            f.write(CONFIG.format(**self.values))
        self.spawn([shutil.which('dovecot') or '/usr/sbin/dovecot', '-F', '-c', f'{self.folder}/dovecot.conf'])

    def quota(self, bytes_allowed):
        """What the user `small` may store; `None`: without limit."""
        with open(f'{self.folder}/users', 'w') as f:
            f.writelines(f'user{i}:{PASSWORD}::::::\n' for i in range(1, self.users + 1))
            rule = f'userdb_quota_rule=*:storage={bytes_allowed}B' if bytes_allowed else ''
            f.write(f'{QUOTA_USER}:{PASSWORD}::::::{rule}\n')
        if self.process:
            time.sleep(1.1)  # the server looks at the file at most once a second

    def home(self, user):
        """The folder that holds a user's mail."""
        return f'{self.folder}/mail/{user}'

    def wipe(self, user):
        """Empty a mailbox: renamed away, since many deletions slow the file system's creations for a while after."""
        for _ in range(20):
            if not os.path.exists(self.home(user)):
                return
            os.rename(self.home(user), f'{self.folder}/kept/{user}.{time.monotonic_ns()}')
            time.sleep(0.05)
        raise SystemExit(f'{self.home(user)} comes back after being moved away: somebody still writes there')
