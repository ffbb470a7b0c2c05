"""The laboratory: a private folder, the servers in it, and the promise that both are gone at the end."""

import os
import shutil
import signal
import sys
import tempfile

from . import courier, cyrus, packages, server
from .courier import Courier
from .cyrus import Cyrus
from .dovecot import Dovecot


class Lab:
    """Starts servers on demand; use it in a `with`."""

    def __init__(self, keep=False):
        packages.need_root()
        packages.install('dovecot-imapd', 'openssl')
        self.keep = keep
        self.folder = tempfile.mkdtemp(prefix='mailmove-lab-')
        os.chmod(self.folder, 0o755)
        self.ca = server.certificate(self.folder)
        self.servers = []
        self.cyrus_programs = self.courier_programs = None

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, kind, *_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end is not to be interrupted
        for one in self.servers:
            if kind and kind is not SystemExit and kind is not KeyboardInterrupt:
                print(f'--- last words of {one.kind} in {one.folder}:\n{one.log()}', file=sys.stderr)
            one.stop()
        if self.keep:
            print(f'kept: {self.folder}')
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def dovecot(self, name, **options):
        """A started Dovecot; see there for the options."""
        return self._started(Dovecot(self.path(name), options.pop('certificates', self.folder), **options))

    def cyrus(self, name, **options):
        """A started Cyrus; see there for the options."""
        if not self.cyrus_programs:
            self.cyrus_programs = cyrus.unpack(self.path('cyrus-programs'))
        certificates = options.pop('certificates', self.folder)
        return self._started(Cyrus(self.path(name), certificates, self.cyrus_programs, **options))

    def courier(self, name, **options):
        """A started Courier; see there for the options."""
        if not self.courier_programs:
            self.courier_programs = courier.unpack(self.path('courier-programs'))
        return self._started(Courier(self.path(name), self.folder, self.courier_programs, **options))

    def path(self, name):
        """A path in the private folder."""
        return os.path.join(self.folder, name)

    def _started(self, one):
        self.servers.append(one)
        return one
