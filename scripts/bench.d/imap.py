"""IMAP to IMAP beside the programs that people use for it, and beside the limit of the servers."""

import argparse
import os
import random
import shutil
import statistics
import time
from dataclasses import dataclass

import many
import peers
from lab import corpus, fill, migrate, native, verify
from lab.checks import Checks
from lab.lab import Lab
from lab.migrate import Process
from lab.states import States

USER = 'user1'
PHASES = ('first', 'nothing', 'change')


@dataclass
class Row:
    """One situation: the round trip in ms, what the destination does not offer, how the limit client writes."""

    what: str
    rtt: int = 0
    without: tuple = ()
    mode: str = 'multi'
    tls: bool = False
    goal: float = None  # how often the best limit's time we may take


ROWS = {
    'lan': Row('no delay', goal=1.10),
    'wan20': Row('20 ms', 20, goal=0.8),
    'wan80': Row('80 ms', 80, goal=0.8),
    'single': Row('no MULTIAPPEND', without=('MULTIAPPEND',), mode='single', goal=1.25),
    'plain': Row('neither MULTIAPPEND nor LITERAL+', without=('MULTIAPPEND', 'LITERAL+'), mode='single', goal=1.25),
    'tls': Row('TLS on both sides (the limit without)', tls=True),
}
# What is not held against a program: the limit shares folders among connections and knows no subscriptions.
ALLOWED = {'limit': {'order', 'subscription-missing'}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--rows', default='lan,wan20,wan80', help=f'of {",".join(ROWS)} and manyN, N mailboxes (lan,wan20,wan80)'
    )
    parser.add_argument('--messages', type=int, default=20_000, help='messages of the rows without delay (20000)')
    parser.add_argument('--far-messages', type=int, default=400, help='messages of the rows with delay (400)')
    parser.add_argument('--repeats', type=int, default=5, help='(5)')
    parser.add_argument('--tools', help='mailmove and peers, by commas; all that can be installed')
    parser.add_argument('--limits', default='1,2,4', help='connections of the limit client (1,2,4)')
    parser.add_argument('--connections', type=int, default=4, help='of the limit client in the rows manyN (4)')
    parser.add_argument('--program', help='the migrate program; built when not given')
    options = parser.parse_args()
    rows = options.rows.split(',')
    single = [row for row in rows if not row.startswith('many')]
    program = options.program or (migrate.build() if single else '')
    there, notes = peers.installed()
    for note in notes:
        print(note)
    tools = options.tools.split(',') if options.tools else ['mailmove', *there]
    checks = Checks()
    with Lab() as lab:
        bench = single and Bench(lab, program, tools, [int(n) for n in options.limits.split(',') if n], options)
        for row in rows:
            if row.startswith('many'):
                many.row(checks, lab, int(row.removeprefix('many')), options)
            else:
                bench.row(checks, row)
    checks.finish()


class Bench:
    """Servers, mailboxes and results."""

    def __init__(self, lab, program, tools, limits, options):
        self.lab, self.program, self.options = lab, program, options
        self.limit = native.program(lab, 'limit')
        self.tools = [f'limit{n}' for n in limits] + tools
        self.source = lab.dovecot('source', store='maildir')
        self.destinations = {}
        self.mailboxes = {}
        # Old mailboxes are moved away and not deleted while there is something to measure.
        need = 60_000 * (options.messages * 1.2 + options.far_messages * 2) * len(self.tools) * options.repeats
        free = shutil.disk_usage(lab.folder).free
        if need > free:
            raise SystemExit(
                f'needs {need / 1e9:.0f} GB in {lab.folder}, {free / 1e9:.0f} GB are free; '
                'take fewer --messages, --repeats or --tools, or another TMPDIR'
            )

    def mailbox(self, count):
        """The source mailbox of this size in two states: whole, and with 1 % new messages and 1 % changed flags."""
        if count not in self.mailboxes:
            user = f'user{len(self.mailboxes) + 1}'
            fill.maildir(self.source, user, corpus.ordinary(1, count))
            states = States(self.source, user)
            wanted = {}
            for name in ('whole', 'changed'):
                states.save(name) if name == 'whole' else states.branch(name)
                with self.source.imap(user) as imap:
                    if name == 'changed':
                        change(imap, count)
                    wanted[name] = verify.read(imap, forms=False)
            self.mailboxes[count] = user, states, wanted
        return self.mailboxes[count]

    def destination(self, without):
        """The destination with all capabilities but these."""
        if without not in self.destinations:
            name = 'destination' + ''.join(f'-{c.strip("+")}' for c in without)
            self.destinations[without] = self.lab.dovecot(name, without=without)
        return self.destinations[without]

    def row(self, checks, name):
        """All tools through all phases, alternating within each repeat; then the table."""
        row = ROWS[name]
        rtt = row.rtt
        user, states, wanted = self.mailbox(self.options.far_messages if rtt else self.options.messages)
        destination = self.destination(row.without)
        tools = [tool for tool in self.tools if not row.tls or tool == 'mailmove' or tool.startswith('limit')]
        results = {}
        with native.Delay(self.lab, self.source.port, rtt) as near, native.Delay(
            self.lab, destination.port, rtt
        ) as far:
            ports = (near.port, far.port) if rtt else (self.source.port, destination.port)
            tls = (self.source.tls_port, destination.tls_port, self.lab.ca) if row.tls else None
            for repeat in range(self.options.repeats):
                for tool in tools if repeat % 2 == 0 else tools[::-1]:
                    folder = self.lab.path(f'work-{tool}')
                    shutil.rmtree(folder, ignore_errors=True)
                    os.makedirs(folder)
                    destination.wipe(user)
                    job = peers.Job(
                        *ports,
                        user,
                        folder,
                        f'{destination.folder}/dovecot.conf',
                        self.program,
                        self.limit,
                        mode=row.mode,
                        tls=tls,
                    )
                    for phase in PHASES if not tool.startswith('limit') else PHASES[:1]:
                        state = 'changed' if phase == 'change' else 'whole'
                        states.use(state)
                        result = self.measure(tool, job, destination, user, wanted[state])
                        results.setdefault((tool, phase), []).append(result)
        table(checks, row, wanted['whole'], tools, results)

    def measure(self, tool, job, destination, user, wanted):
        """One run and its comparison: (seconds, CPU seconds, peak bytes, summary of differences)."""
        if tool.startswith('limit'):
            job.connections = int(tool.removeprefix('limit'))
            command, environment = peers.limit(job)
        else:
            command, environment = (peers.own if tool == 'mailmove' else peers.PEERS[tool])(job)
        run = Process(command, f'{job.folder}/output', environment).wait(1800)
        time.sleep(0.2)
        with destination.imap(user) as imap:
            found = verify.compare(wanted, verify.read(imap, forms=False))
        bad = verify.unforetold(found, dict.fromkeys(ALLOWED.get(tool.rstrip('0123456789'), ())))
        says = verify.summary(bad) + (f', exit status {run.status}' if run.status else '')
        return run.seconds, run.cpu, run.peak, says


def change(imap, count):
    """Give one percent of all messages other flags, and add one percent."""
    rng = random.Random(7)
    letters = corpus.Letters(8)
    for path in ((b'INBOX', 0.6), (b'Sent', 0.4)):
        name, share = path
        imap.run(b'SELECT', name)
        messages = int(imap.run(b'STATUS', name, b'(MESSAGES)')[-1][0].rsplit(b' ', 1)[1].strip(b')\r\n'))
        some = max(1, round(count * share / 100))
        for number in rng.sample(range(1, messages + 1), min(some, messages)):
            sign, flag = rng.choice(((b'+', rb'\Flagged'), (b'-', rb'\Seen'), (b'+', b'$label1')))
            imap.run(b'STORE', str(number), sign + b'FLAGS.SILENT', b'(' + flag + b')')
        for _ in range(some):
            fill.append(imap, name, letters.message())


def table(checks, row, wanted, tools, results):
    """Medians, and their ratio to the best limit."""
    count, size = wanted.count(), sum(m.size for folder in wanted.folders.values() for m in folder)

    def median(tool, phase, which=0):
        return statistics.median(r[which] for r in results[tool, phase])

    limits = [median(tool, 'first') for tool in tools if tool.startswith('limit')]
    best = min(limits, default=None)
    repeats = max(map(len, results.values()))
    print(f'\n### {row.what}: {count} messages, {size / 1e6:.0f} MB, median of {repeats}\n')
    print('| program | first, s | of the limit | nothing to do, s | 1 % changed, s | CPU s/GB | peak MB | comparison |')
    print('|---|---|---|---|---|---|---|---|')
    for tool in tools:
        phases = [phase for phase in PHASES if (tool, phase) in results]
        cells = [f'{median(tool, phase):.2f}' if phase in phases else '' for phase in PHASES]
        ratio = f'{median(tool, "first") / best:.2f}' if best else ''
        says = sorted({r[3] for phase in phases for r in results[tool, phase]})
        cpu = median(tool, 'first', 1) / size * 1e9
        peak = max(r[2] for phase in phases for r in results[tool, phase]) / 1e6
        print(
            f'| {tool} | {cells[0]} | {ratio} | {cells[1]} | {cells[2]} | {cpu:.2f} | {peak:.0f} | {"; ".join(says)} |'
        )
    for phase in PHASES:
        single = [
            f'{tool} ' + ' '.join(f'{r[0]:.2f}' for r in results[tool, phase])
            for tool in tools
            if (tool, phase) in results
        ]
        print(f'{phase}: ' + '; '.join(single))
    if 'mailmove' not in tools:
        return
    says = sorted({r[3] for phase in PHASES for r in results['mailmove', phase]})
    checks.check(f'{row.what}: equal after every run', says == ['equal'], '; '.join(says))
    if row.goal and best:
        judge('first', median('mailmove', 'first'), row.goal * best, f'{row.goal:.2f} of the limit')
    for phase in PHASES:
        for peer in (tool for tool in tools if tool in peers.PEERS):
            judge(phase, median('mailmove', phase), median(peer, phase), peer)
    peak = max(r[2] for phase in PHASES for r in results['mailmove', phase])
    judge('peak MiB', peak / 2**20, 64, 'the bound')
    if not row.rtt and not row.tls:
        judge('CPU s/GB', median('mailmove', 'first', 1) / size * 1e9, 1, 'the bound')


def judge(what, ours, bound, whose):
    """Say whether a goal is reached; a bench measures and does not fail."""
    print(f'goal, {what}: {ours:.2f}, at most {bound:.2f} ({whose}): {"reached" if ours <= bound else "NOT REACHED"}')


if __name__ == '__main__':
    main()
