"""Counts what passed and what failed, and says so."""

import sys
import time


class Checks:
    """One line per check; `finish` prints the sum and ends the program with it."""

    def __init__(self):
        self.passed, self.failed = 0, []
        self.began = time.monotonic()

    def check(self, what, ok, detail=''):
        """Note one check: its name, whether it holds, and what to show when it does not. Returns `ok`."""
        at = f'[{time.monotonic() - self.began:6.1f} s]'
        if ok:
            self.passed += 1
            print(f'{at} ok      {what}', flush=True)
        else:
            self.failed.append(what)
            print(f'{at} FAILED: {what}', flush=True)
            for line in str(detail).splitlines()[:40]:
                print(f'              {line}', flush=True)
        return bool(ok)

    def note(self, text):
        """Something worth reading that is no check."""
        for line in text.splitlines():
            print(f'              {line}', flush=True)

    def finish(self):
        """The sum; exit status 1 when anything failed or nothing was checked."""
        for what in self.failed:
            print(f'FAILED: {what}')
        print(f'{self.passed} passed, {len(self.failed)} failed')
        sys.exit(1 if self.failed or not self.passed else 0)
