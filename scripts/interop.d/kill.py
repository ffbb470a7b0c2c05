"""Kills a migration at random moments, cuts it off at others, restarts it at once: nothing may be lost or doubled."""

import argparse
import random
import time

from lab import corpus, fill, migrate, verify
from lab.checks import Checks
from lab.lab import Lab
from lab.proxy import Proxy

USER = 'user1'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kills', type=int, default=50, help='how often to kill with SIGKILL (50)')
    parser.add_argument('--cuts', type=int, default=25, help='how often to swallow answers and cut (25)')
    parser.add_argument(
        '--messages', type=int, default=1500, help='messages of the mailbox, a tenth of them twins (1500)'
    )
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--program', help='the migrate program; built when not given')
    options = parser.parse_args()
    program = options.program or migrate.build()
    checks = Checks()
    with Lab() as lab:
        source, destination = lab.dovecot('source', store='maildir'), lab.dovecot('destination')
        fill.maildir(source, USER, corpus.ordinary(options.seed, options.messages, twins=0.1))
        with source.imap(USER) as imap:
            wanted = verify.read(imap, forms=False)
        torment = Torment(
            checks, lab, migrate.Migrate(program, lab.path('run')), source, destination, wanted, options.seed
        )
        torment.measure()
        torment.kills(options.kills)
        torment.cuts(options.cuts)
    checks.finish()


class Torment:
    """Runs one migration over and over until enough went wrong; begins a new one whenever it got through."""

    def __init__(self, checks, lab, migrate_, source, destination, wanted, seed):
        self.checks, self.lab, self.migrate = checks, lab, migrate_
        self.source, self.destination, self.wanted = source, destination, wanted
        self.rng = random.Random(seed)
        self.series = self.settled = 0
        self.whole = 1.0

    def urls(self, port=None):
        return self.source.plain_url(USER), self.destination.plain_url(USER, port)

    def measure(self):
        """How long it takes when nobody disturbs it."""
        run = self.migrate.run(*self.urls(), self.ledger())
        self.checks.check('undisturbed, it finishes', run.status == migrate.MOVED, run)
        self.whole = run.seconds
        self.finished('undisturbed')

    def kills(self, wanted):
        """SIGKILL while it works, restarted at once."""
        done = 0
        while done < wanted:
            started = self.migrate.start(*self.urls(), self.ledger())
            # Short lives meet the beginning and the settling of what is left over, longer ones the writing.
            [longest] = self.rng.choices((0.3, self.whole, self.whole + 4), (4, 5, 1))
            time.sleep(self.rng.uniform(0, longest))
            alive = started.alive()
            if alive:
                started.kill()
                done += 1
            run = self.look(started.wait())
            if not alive:
                self.ended(f'{done} kills', run)
        self.to_the_end(f'{done} kills')

    def cuts(self, wanted):
        """Answers are swallowed from some moment, then the connection breaks; sometimes SIGKILL follows."""
        done = 0
        with Proxy(self.destination.port) as proxy:
            while done < wanted:
                started = self.migrate.start(*self.urls(proxy.port), self.ledger())
                while started.alive() and done < wanted:
                    time.sleep(self.rng.uniform(0.02, max(0.2, self.whole * 0.7)))
                    proxy.swallow()
                    time.sleep(self.rng.uniform(0, 0.4))
                    if not started.alive():
                        break
                    if self.rng.random() < 0.3:
                        started.kill()
                    proxy.cut()
                    done += 1
                run = self.look(started.wait(300))
                proxy.cut()
                if run.status in (migrate.MOVED, -9):
                    if run.status == migrate.MOVED:
                        self.ended(f'{done} cuts', run)
                elif run.status not in (migrate.SOME_FAILED, migrate.NOT_FINISHED, migrate.COULD_NOT_RUN):
                    self.checks.check('a cut connection ends in an exit status', False, run)
                    return
        self.to_the_end(f'{done} cuts')

    def to_the_end(self, what):
        """Nobody disturbs it any more."""
        for _ in range(5):
            run = self.look(self.migrate.run(*self.urls(), self.ledger(), timeout=300))
            if run.status == migrate.MOVED:
                break
        self.ended(what, run)

    def look(self, run):
        """Count the runs that found writes of a dead one without an answer."""
        self.settled += 'without an answer' in run.out
        return run

    def ended(self, what, run):
        """It got through: compare, and begin anew."""
        self.checks.check(f'after {what}, series {self.series}: it finishes', run.status == migrate.MOVED, run)
        self.whole = min(self.whole, run.seconds)
        self.finished(what)

    def finished(self, what):
        time.sleep(0.5)  # what dead clients had sent would have been executed by now
        with self.destination.imap(USER) as imap:
            found = verify.compare(self.wanted, verify.read(imap, forms=False))
        lost = sum(d.kind in ('message-missing', 'copy-missing', 'folder-missing') for d in found)
        doubled = sum(d.kind in ('message-doubled', 'message-extra', 'folder-extra') for d in found)
        bad = verify.unforetold(found, {'order': None})
        self.checks.check(
            f'after {what}, {self.settled} of the runs had to look for lost answers: {lost} lost, {doubled} doubled',
            not bad,
            '\n'.join(map(str, bad)),
        )
        self.destination.wipe(USER)
        self.series += 1

    def ledger(self):
        return self.lab.path(f'series-{self.series}.ledger')


if __name__ == '__main__':
    main()
