"""Users are asked for passwords: mail, link, page and migration, with a mail server, a browser and mailboxes that are real."""

import argparse
import email
import email.policy
import glob
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time

from lab import corpus, fill, migrate, packages, verify
from lab.checks import Checks
from lab.lab import Lab
from lab.migrate import Process
from lab.server import PASSWORD, free_port

HERE = pathlib.Path(__file__).resolve().parent / 'batch'
SMTP_PASSWORD, KEY = 'sink-secret-pw', 'ab' * 32
WRONG = 'mistyped-secret-pw'
HEADER = 'Source Email,Source Login Name,Source Password,Destination Email,Destination Login Name,Destination Password,Flags\n'
SUBJECT = 'ACTION REQUIRED: Information required for your migration'
NOTHING = 'This link does not work'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--program', help='the batch program; built when not given')
    parser.add_argument('--shots', help='keep pictures of the pages in this folder')
    options = parser.parse_args()
    packages.need_root()
    packages.install('chromium', 'chromium-driver', 'fonts-dejavu-core', 'dovecot-imapd', 'openssl')
    program = options.program or migrate.build('batch')
    checks = Checks()
    with Lab() as lab:
        python = environment(lab)
        with Sink(lab, python) as sink, Browser(python) as browser:
            checks.note(f'Chromium {browser.version}, scripts are off')
            Flow(checks, lab, program, sink, browser, options.shots).run()
    checks.finish()


def environment(lab):
    """A Python with aiosmtpd and selenium."""
    folder = lab.path('venv')
    run(sys.executable, '-m', 'venv', folder)
    pip = (f'{folder}/bin/python', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check')
    run(*pip, '-r', str(HERE / 'requirements.txt'))
    return f'{folder}/bin/python'


def run(*command):
    """Run a program; end with its last words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}')


class Sink:
    """aiosmtpd, with STARTTLS and a password; use it in a `with`."""

    def __init__(self, lab, python):
        self.folder = lab.path('mails')
        os.makedirs(self.folder)
        certificate = [f'{lab.folder}/server.{end}' for end in ('pem', 'key')]
        self.command = [python, str(HERE / 'sink.py'), *certificate, 'mover', SMTP_PASSWORD, self.folder]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def mails(self):
        """Everything that came, in order."""
        found = []
        for name in sorted(glob.glob(f'{self.folder}/*.eml')):
            with open(name, 'rb') as f:
                found.append(email.message_from_binary_file(f, policy=email.policy.default))
        return found

    def to(self, address, count, seconds=30):
        """The mails to one address, as soon as there are so many."""
        end = time.monotonic() + seconds
        while True:
            found = [m for m in self.mails() if m['X-To'] == address]
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.1)


class Browser:
    """Chromium without scripts; use it in a `with`."""

    def __init__(self, python):
        chromium, driver = (shutil.which(name) for name in ('chromium', 'chromedriver'))
        self.command = [python, str(HERE / 'browser.py'), chromium, driver, 'off']

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self._answer()['version']
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def do(self, **order):
        """One order; what is on the page then."""
        self.process.stdin.write(json.dumps(order) + '\n')
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit('the browser ended')
        return json.loads(line)


class Tls:
    """What stands before the page: it adds TLS and changes nothing."""

    def __init__(self, lab, target):
        self.target = target
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(f'{lab.folder}/server.pem', f'{lab.folder}/server.key')
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            plain, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        try:
            client = self.context.wrap_socket(plain, server_side=True)
            server = socket.create_connection(('127.0.0.1', self.target))
        except OSError:
            plain.close()
            return
        threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
        _pass_on(client, server)


def _pass_on(source, destination):
    try:
        while data := source.recv(65536):
            destination.sendall(data)
    except OSError:
        pass
    for end in (source, destination):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Flow:
    """The whole way of a question, with what goes wrong on it."""

    def __init__(self, checks, lab, program, sink, browser, shots):
        self.checks, self.lab, self.program = checks, lab, program
        self.sink, self.browser, self.shots = sink, browser, shots
        self.source = lab.dovecot('source', store='maildir')
        self.destination = lab.dovecot('destination')
        self.portal = free_port()
        self.tls = Tls(lab, self.portal)
        self.home = lab.path('run')
        os.makedirs(self.home)
        self.wanted, self.outputs = {}, []
        for number, user in enumerate(('user1', 'user2', 'user3'), 1):
            fill.maildir(self.source, user, corpus.ordinary(number, 60))
            with self.source.imap(user) as imap:
                self.wanted[user] = verify.read(imap, forms=False)

    def run(self):
        """From the first mail to the last."""
        self.write_sheet()
        self.look_first()
        program = self.start()
        first, second = self.mails_arrive()
        self.page_is_readable(first)
        self.stranger_learns_nothing()
        self.wrong_password(first, program)
        # It dies while the other user is still waited for.
        program.kill()
        self.outputs.append(program.wait())
        program = self.start()
        again = self.new_link(first, second)
        self.right_password(second, 'user2', 'the link from before the kill', keyboard=True)
        self.right_password(again, None, 'the new link')
        done = program.wait(120)
        self.outputs.append(done)
        self.checks.check('the program ends when nobody is waited for any more: all moved', done.status == 0, done)
        self.everything_moved()
        self.notices()
        self.nothing_leaked()

    def write_sheet(self):
        """The first is asked for the source, the second for the destination; the third is asked nothing."""
        with open(f'{self.home}/mailboxes.csv', 'w') as f:
            f.write(HEADER)
            f.write(f'user1@old.example,user1,,user1@new.example,user1,{PASSWORD},{192 + 1 + 2 + 8}\n')
            f.write(f'user2@old.example,user2,{PASSWORD},user2@new.example,,,{768 + 16}\n')
            f.write(f'user3@old.example,user3,{PASSWORD},user3@new.example,user3,{PASSWORD},0\n')
        os.chmod(f.name, 0o600)

    def look_first(self):
        """Before anything moves: who can be opened, and what is in there."""
        look = self.start('--preflight').wait(60)
        self.outputs.append(look)
        shut = [line for line in look.out.splitlines() if 'nobody gave a credential' in line]
        fine = look.status == 1 and len(shut) == 2 and '3 mailboxes: 60 items to look at' in look.out
        self.checks.check('a look before tells that two have no password, and what is in the third', fine, look)
        self.checks.check('it moves nothing and asks nobody', not self.sink.mails() and not self.arrived())

    def arrived(self):
        """How many messages the third user has at the destination."""
        with self.destination.imap('user3') as imap:
            return sum(len(folder) for folder in verify.read(imap, forms=False).folders.values())

    def start(self, *more):
        """The program, with mail and page."""
        ends = [f'imaps://127.0.0.1:{server.tls_port}' for server in (self.source, self.destination)]
        command = [self.program, '--csv', f'{self.home}/mailboxes.csv', '--from', ends[0], '--to', ends[1]]
        command += ['--ledger', f'{self.home}/ledger', '--ca', self.lab.ca, '-vvv', '--report', f'{self.home}/report.html']
        command += ['--smtp', f'localhost:{self.sink.port}', '--smtp-security', 'starttls', '--smtp-login', 'mover']
        command += ['--smtp-from', 'Migration <move@host.example>', '--admin', 'admin@host.example']
        command += ['--portal', f'127.0.0.1:{self.portal}', '--secrets', f'{self.home}/secrets']
        command += ['--public-url', f'https://localhost:{self.tls.port}/answer/']
        secrets = {'MAILMOVE_SMTP_PASSWORD': SMTP_PASSWORD, 'MAILMOVE_SECRETS_KEY': KEY}
        return Process([*command, *more], f'{self.home}/output{len(self.outputs)}', secrets)

    def mails_arrive(self):
        """Each user gets one mail with one link; nobody else gets any."""
        [first], [second] = (self.sink.to(address, 1) for address in ('user1@old.example', 'user2@new.example'))
        for mail, side in ((first, 'present'), (second, 'new')):
            text = mail.get_content()
            fine = mail['Subject'] == SUBJECT and side in text and mail['Auto-Submitted'] == 'auto-generated'
            self.checks.check(f'the mail to {mail["X-To"]} arrives with the subject that people know', fine, text)
        links = [link(mail) for mail in (first, second)]
        self.checks.check('each has a link of its own', links[0] != links[1] and len(self.sink.mails()) == 2, links)
        return links

    def page_is_readable(self, first):
        """Looking uses nothing up."""
        for _ in range(2):
            page = self.browser.do(open=first)
        names = (page['names'] == {'login': 'User name', 'password': 'Password'}, page['types']['password'] == 'password')
        self.checks.check('the page works without scripts, and its fields have names', all(names), page)
        self.checks.check('the user name is filled in', page['fields']['login'] == 'user1', page)
        self.shot('page')

    def stranger_learns_nothing(self):
        """Every key that opens nothing gets the same page."""
        texts = [
            self.browser.do(open=f'https://localhost:{self.tls.port}/answer/{key}')['text']
            for key in ('0' * 64, 'x', '', '../..')
        ]
        self.checks.check('a stranger learns nothing', len(set(texts)) == 1 and NOTHING in texts[0], texts)

    def wrong_password(self, first, program):
        """It fails, names the side, and the link is used up."""
        self.browser.do(open=first)
        page = self.browser.do(fill={'login': 'user1', 'password': WRONG}, press='button')
        self.checks.check('a wrong password is told', page['heading'] == 'That did not open your mailbox', page)
        self.shot('wrong')
        self.checks.check('the link is used up', self.browser.do(open=first)['heading'] == NOTHING)
        end = time.monotonic() + 10
        while 'failed: source:' not in output(program) and time.monotonic() < end:
            time.sleep(0.1)
        told = [line for line in output(program).splitlines() if 'user1' in line and 'failed: source:' in line]
        self.checks.check('the mailbox is failed and the side is named', told, output(program))
        self.checks.note('\n'.join(told))

    def new_link(self, first, second):
        """Started again: the one that failed is asked anew, the one that waits is not."""
        mails = [m for m in self.sink.to('user1@old.example', 3) if m['Subject'] == SUBJECT]
        again = link(mails[-1])
        self.checks.check('the one that failed gets a new link', len(mails) == 2 and again != first, mails)
        self.checks.check('the old link stays dead', self.browser.do(open=first)['heading'] == NOTHING)
        waits = [m for m in self.sink.to('user2@new.example', 1) if m['Subject'] == SUBJECT]
        self.checks.check('the one that waits is not asked twice', len(waits) == 1 and link(waits[0]) == second)
        return again

    def right_password(self, url, login, what, keyboard=False):
        """It is thanked for; with another user name than the one that stood there, and by keyboard alone."""
        page = self.browser.do(open=url)
        login = login or page['fields']['login']
        if keyboard:
            page = self.browser.do(tab=[login, PASSWORD])
        else:
            page = self.browser.do(fill={'login': login, 'password': PASSWORD}, press='button')
        by = ', by keyboard' if keyboard else ''
        self.checks.check(f'the right password behind {what}{by}: thanks', page['heading'] == 'Thank you', page)

    def everything_moved(self):
        """Compared by what shares no code with the library; the states stand in the ledger."""
        for user, wanted in self.wanted.items():
            with self.destination.imap(user) as imap:
                bad = verify.unforetold(verify.compare(wanted, verify.read(imap, forms=False)), {'order': None})
            self.checks.check(f'{user}: {verify.summary(bad)}', not bad, '\n'.join(map(str, bad)))
        records = sqlite3.connect(f'{self.home}/ledger').execute('SELECT record FROM mailbox').fetchall()
        states = sorted(json.loads(record)['state'] for (record,) in records)
        self.checks.check('every mailbox is completed, in the ledger too', states == ['completed'] * 3, states)
        page = self.browser.do(open=f'file://{self.home}/report.html')
        self.checks.check('the report says so', 'completed: 3' in page['text'].lower(), page['text'])
        self.shot('report')

    def notices(self):
        """Failure to administrator and user, success to administrator and the other user."""
        subjects = {
            address: [m['Subject'] for m in self.sink.to(address, count) if m['Subject'] != SUBJECT]
            for address, count in (('admin@host.example', 2), ('user1@old.example', 3), ('user2@new.example', 2))
        }
        failed, moved = 'The mailbox user1@old.example was not moved completely', 'The mailbox {} was moved'
        wanted = {
            'admin@host.example': [failed, moved.format('user1@old.example')],
            'user1@old.example': [failed],
            'user2@new.example': [moved.format('user2@old.example')],
        }
        self.checks.check('everybody is told what the flags say, and nothing else', subjects == wanted, subjects)

    def nothing_leaked(self):
        """No password and no key of a link in anything that was written but the sheet and the mails."""
        keys = [link(m).rsplit('/', 1)[1] for m in self.sink.mails() if m['Subject'] == SUBJECT]
        secrets = [PASSWORD, WRONG, SMTP_PASSWORD, KEY, *keys]
        files = [name for name in glob.glob(f'{self.home}/**', recursive=True) if os.path.isfile(name)]
        files = [name for name in files if not name.endswith('mailboxes.csv')]
        found = []
        for name in files:
            with open(name, 'rb') as f:
                content = f.read()
            for secret in secrets:
                forms = {secret.encode(), secret.encode().hex().encode()}
                found += [f'{name}: {secret}' for form in forms if form in content]
        for mail in self.sink.mails():
            found += [f'mail to {mail["X-To"]}: {s}' for s in secrets[:4] if s in mail.as_string()]
        names = sorted({os.path.relpath(name, self.home) for name in files})
        wanted = {'ledger', 'secrets', 'report.html', 'output1/stderr', 'output2/stderr'}
        size = sum(map(os.path.getsize, files))
        what = f'{len(secrets)} secrets are in none of {len(files)} files of {size / 1e6:.1f} MB, nor in a mail'
        self.checks.check(what, not found and wanted <= set(names), found or names)

    def shot(self, name):
        if self.shots:
            os.makedirs(self.shots, exist_ok=True)
            self.browser.do(shot=os.path.abspath(f'{self.shots}/{name}.png'))


def link(mail):
    """The link in a mail."""
    return re.search(r'https://\S+', mail.get_content())[0]


def output(program):
    """What the program has said so far."""
    with open(program.files[0], errors='replace') as f:
        return f.read()


if __name__ == '__main__':
    main()
