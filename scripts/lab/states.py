"""Keeps states of a mailbox on a Maildir server and puts them back, with the same ids."""

import os
import shutil

from .server import Server


class States:
    """Saved homes of one user; exactly one of them is in use."""

    def __init__(self, server: Server, user):
        self.server, self.user = server, user
        self.current = None

    def save(self, name):
        """Name the state that is in use now."""
        self.current = name

    def branch(self, name):
        """Go on from a copy of the current state, under another name."""
        copy = self.path(name)
        shutil.copytree(self.server.home(self.user), copy, copy_function=_link_messages)
        for place, _, files in os.walk(copy):
            os.chown(place, *self.server.owner)
            for file in files:
                os.chown(os.path.join(place, file), *self.server.owner)
        self.use(name)

    def use(self, name):
        """Put a state in place of the current one."""
        if name != self.current:
            os.rename(self.server.home(self.user), self.path(self.current))
            os.rename(self.path(name), self.server.home(self.user))
            self.current = name

    def path(self, name):
        """Where a state lies while it is not in use."""
        return f'{self.server.folder}/kept/{self.user}.state.{name}'


def _link_messages(source, copy):
    # A message file never changes; everything else is an index that the server writes.
    if os.path.basename(os.path.dirname(source)) in ('cur', 'new'):
        os.link(source, copy)
    else:
        shutil.copy2(source, copy)
