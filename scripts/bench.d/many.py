"""Many mailboxes by one process, beside the limit client with as many connections."""

import os
import shutil
import statistics

from lab import corpus, fill, migrate, native, verify
from lab.migrate import Process
from lab.server import PASSWORD

MESSAGES = 200


def row(checks, lab, count, options):
    """`count` mailboxes of 200 messages; first run and a run with nothing to do."""
    program = migrate.build('batch')
    limit = native.program(lab, 'limit')
    source = lab.dovecot(f'many{count}-source', store='maildir', users=count)
    destination = lab.dovecot(f'many{count}-destination', users=count)
    users = [f'user{n}' for n in range(1, count + 1)]
    wanted, size = {}, 0
    for number, user in enumerate(users):
        fill.maildir(source, user, corpus.ordinary(number, MESSAGES))
        with source.imap(user) as imap:
            wanted[user] = verify.read(imap, forms=False)
        size += sum(m.size for folder in wanted[user].folders.values() for m in folder)
    results = {}
    for _ in range(options.repeats):
        folder = lab.path('work-many')
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        sheet = f'{folder}/mailboxes.csv'
        with open(sheet, 'w') as f:
            f.write(
                'Source Email,Source Login Name,Source Password,Destination Email,Destination Login Name,'
                'Destination Password,Flags\n'
            )
            f.writelines(
                f'{u}@example.org,{u},{PASSWORD},{u}@example.org,{u},{PASSWORD},0\n' for u in users
            )
        os.chmod(sheet, 0o600)
        ours = [
            program,
            '--csv',
            sheet,
            '--from',
            f'imap://127.0.0.1:{source.port}?tls=none',
            '--to',
            f'imap://127.0.0.1:{destination.port}?tls=none',
            '--ledger',
            f'{folder}/ledger',
            '--allow-plaintext',
        ]
        theirs = [
            limit,
            str(source.port),
            str(destination.port),
            f'user1..user{count}',
            PASSWORD,
            str(options.connections),
            'multi',
        ]
        for name, command in (('limit', theirs), ('mailmove', ours), ('mailmove, nothing to do', ours)):
            if name != 'mailmove, nothing to do':
                for user in users:
                    destination.wipe(user)
            run = Process(command, f'{folder}/output').wait(3600)
            allowed = {'order', 'subscription-missing'} if name == 'limit' else ()
            bad = [d for user in users for d in _differences(destination, user, wanted[user], allowed)]
            results.setdefault(name, []).append((run.seconds, run.cpu, run.peak))
            checks.check(
                f'{count} mailboxes, {name}: {run.seconds:.1f} s, {verify.summary(bad)}',
                run.status == 0 and not bad,
                f'{run}\n' + '\n'.join(map(str, bad[:20])),
            )
    print(f'\n### {count} mailboxes of {MESSAGES} messages, {size / 1e6:.0f} MB, median of {options.repeats}\n')
    print('| program | s | of the limit | mailboxes/s | CPU s/GB | peak MB |')
    print('|---|---|---|---|---|---|')
    for name, runs in results.items():
        seconds, cpu, peak = (statistics.median(run[n] for run in runs) for n in range(3))
        best = statistics.median(run[0] for run in results['limit'])
        print(
            f'| {name} | {seconds:.2f} | {seconds / best:.2f} | {count / seconds:.1f} |'
            f' {cpu / size * 1e9:.2f} | {peak / 1e6:.0f} |'
        )


def _differences(server, user, wanted, allowed):
    with server.imap(user) as imap:
        return verify.unforetold(verify.compare(wanted, verify.read(imap, forms=False)), dict.fromkeys(allowed))
