"""One mailbox moved for real: plan, first run, second run, audit, and a delta after the source changed."""

from . import fill, verify
from .corpus import FLAGGED, SEEN, Message, crlf
from .migrate import MOVED, SOME_FAILED

# What a kind of loss or alteration, named by plan or report, explains in the comparison.
EXPLAINS = {
    'header-8bit': {'altered-header-8bit'},
    'nul-removed': {'altered-nul'},
    'bare-line-end': {'altered-line-ends'},
    'final-line-end': {'altered-line-ends'},
    'mbox-line-removed': {'altered-mbox-line'},
    'blank-line-added': {'altered-blank-line', 'altered-line-ends'},
    'keyword': {'keyword-lost'},
    'system-flag': {'flag-lost'},
}
# What the audit calls a difference, and the beginning of the names that the comparison gives to it.
AUDITED = {'rewritten': 'altered-', 'content': 'altered-', 'date': 'date', 'flags': 'flag-', 'categories': 'keyword-'}


class Move:
    """A pair of mailboxes, the ledger between them, and what the plan foretold."""

    def __init__(self, checks, migrate, ledger, source, destination, user, allow=()):
        """`allow`: kinds of difference that are the servers' nature, whoever moves the mail."""
        self.checks, self.migrate, self.ledger = checks, migrate, ledger
        self.source, self.destination, self.user = source, destination, user
        self.title = f'{source.kind} ({source.delimiter}) to {destination.kind} ({destination.delimiter})'
        self.allow = set(allow)
        self.names = {}
        self.problems, self.status = [], MOVED

    def urls(self):
        """The two endpoints."""
        return self.source.plain_url(self.user), self.destination.plain_url(self.user)

    def read(self, side):
        """A mailbox as it is now."""
        with side.imap(self.user) as imap:
            return verify.read(imap)

    def check(self, what, ok, detail=''):
        """A check of this move."""
        return self.checks.check(f'{self.title}: {what}', ok, detail)

    def plan(self):
        """Ask for the plan; nothing may be written."""
        before = self.read(self.destination)
        run, plan = self.migrate.report(*self.urls(), self.ledger, '--plan')
        self.check('the plan says what would happen', run.status == MOVED and plan, run)
        after = self.read(self.destination)
        self.check(
            'and writes nothing', not verify.compare(before, after), verify.summary(verify.compare(before, after))
        )
        self.learn(plan)

    def learn(self, plan):
        """Keep the folder names and kinds of loss that a plan foretells."""
        if plan:
            self.names = {tuple(f['from']): tuple(f['to']) for f in plan['folders'] if f['from'] != f['to']}
            self.foretold(loss['code'] for route in plan['routes'] for loss in route['losses'])

    def foretold(self, codes):
        """Kinds of difference that were named."""
        for code in codes:
            self.allow |= EXPLAINS.get(code, {code})
        if sum(kind.startswith('altered-') for kind in self.allow) > 1:
            self.allow.add('altered-several')

    def first(self):
        """The first run and its audit: everything arrives but what they name, and the source is as before."""
        before = self.read(self.source)
        run, report = self.migrate.report(*self.urls(), self.ledger)
        report = report or {}
        self.problems = report.get('problems', [])
        altered = report.get('altered', {})
        self.foretold([*report.get('losses', ()), *altered])
        self.status = SOME_FAILED if self.problems else MOVED
        self.check(f'the first run moves everything but {len(self.problems)} messages', run.status == self.status, run)
        for problem in self.problems:
            self.checks.note(f'{problem["state"]}: {"/".join(problem["folder"])}: {problem["why"]}')
        self.checks.note(f'{before.count()} messages in {run.seconds:.1f} s, peak {run.peak / 1e6:.0f} MB; {altered}')
        changed = verify.compare(before, self.read(self.source))
        self.check('the source is untouched', not changed, '\n'.join(map(str, changed)))
        self.audit(verify.compare(before, self.read(self.destination), self.names), altered)
        self.equal('the destination has everything else', before)

    def audit(self, found, altered):
        """The library reads back and compares by itself: it has to name as much as the comparison finds."""
        run, audit = self.migrate.report(*self.urls(), self.ledger, '--audit')
        named = (audit or {}).get('differences', {})
        clean = not set(named) - {'rewritten'}
        self.check(f'the audit runs: {named}', audit and run.status == (MOVED if clean else SOME_FAILED), run)
        for kind in set(AUDITED.values()):
            there = sum(d.kind.startswith(kind) for d in found)
            said = sum(n for code, n in named.items() if AUDITED.get(code) == kind)
            said += sum(altered.values()) if kind == 'altered-' else 0
            if there:
                self.check(f'{there} differences "{kind}" are named by report and audit ({said})', there <= said, audit)
            if said:
                self.allow |= {d.kind for d in found if d.kind.startswith(kind) and kind != 'altered-'}

    def again(self):
        """The second run: nothing to do."""
        run, report = self.migrate.report(*self.urls(), self.ledger)
        self.check('the second run has nothing to do', run.status == self.status, run)
        self.equal('and leaves everything as it was', self.read(self.source))
        return report

    def delta(self):
        """Change the source in every way, run again, and compare with what then must be there."""
        before = self.read(self.source)
        with self.source.imap(self.user) as imap:
            gone, renamed = change(self.source, imap)
        wanted = self.read(self.source)
        run, report = self.migrate.report(*self.urls(), self.ledger)
        self.check('the delta run moves what changed', run.status == self.status, run)
        old = self.names
        self.learn((report or {}).get('plan'))
        # Removals are not carried over: what was deleted at the source stays, and so does a renamed folder, empty.
        for path, uids in gone.items():
            wanted.folders[path] += [m for m in before.folders[path] if m.uid in uids]
        wanted.folders[renamed] = []
        self.names[renamed] = old.get(renamed, renamed)
        if renamed in before.subscribed:
            wanted.subscribed.add(renamed)
        self.equal('the destination has the changes', wanted, {'order'})
        run, _ = self.migrate.report(*self.urls(), self.ledger)
        self.check('the run after the delta has nothing to do', run.status == self.status, run)
        self.equal('and leaves everything as it was', wanted, {'order'})

    def equal(self, what, wanted, more=()):
        """Compare the destination with what it must hold."""
        found = verify.compare(wanted, self.read(self.destination), self.names)
        allow = dict.fromkeys(self.allow | set(more)) | {'message-missing': len(self.problems)}
        bad = verify.unforetold(found, allow)
        self.check(f'{what}: {verify.summary(found)}', not bad, '\n'.join(map(str, bad)))


def change(server, imap):
    """All that can change. Returns {path: deleted uids}, old name."""

    def name(*path):
        return fill.wire_name(server, path)

    twin = Message(crlf('Subject: new twin', '', 'twice'), 1_650_000_000, frozenset({SEEN}))
    for message in (twin, twin, Message(crlf('Subject: new', '', 'alone'), 1_650_000_001)):
        fill.append(imap, name('INBOX'), message)
    imap.run(b'CREATE', name('New folder'))
    fill.append(imap, name('New folder'), Message(crlf('Subject: in the new folder', '', 'x'), 1_650_000_002))

    imap.run(b'SELECT', name('INBOX'))
    imap.run(b'STORE 1:5 +FLAGS', f'({FLAGGED})')
    imap.run(b'STORE 6:10 -FLAGS', f'({SEEN})')
    imap.run(b'STORE 11:15 +FLAGS (new-keyword)')
    imap.run(b'MOVE 16:20', name('Sent'))

    imap.run(b'SELECT', name('Dates'))
    uids = [verify.wire.parse(a)[3][1] for a in imap.run(b'FETCH 1:2 (UID)')]
    imap.run(b'UID STORE', b','.join(uids), rb'+FLAGS.SILENT (\Deleted)')
    imap.run(b'UID EXPUNGE', b','.join(uids))
    imap.run(b'SELECT', name('INBOX'))
    imap.run(b'RENAME', name('R&D'), name('Renamed & moved'))
    return {('Dates',): {int(uid) for uid in uids}}, ('R&D',)
