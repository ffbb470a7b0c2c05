"""The simulated Exchange and IMAP servers as programs of their own, and a Python with foreign clients."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / 'scripts' / 'interop.d' / 'ews'
ANN, BOB, SERVICE, PASSWORD = 'ann@x.test', 'bob@x.test', 'service@x.test', 'secret'


class Simulator:
    """An Exchange; use it in a `with`."""

    name = 'ews-simulator'

    def __init__(self, version='Exchange2016', *options, messages=3, mutation=''):
        self.command = [program(self.name), '0', str(messages), version, mutation, *options]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.search(r'127\.0\.0\.1:(\d+)', line)[1])
        return self

    def __exit__(self, *_):
        self.last = self.process.communicate()[0]

    def url(self, login=ANN, **more):
        """The URL of a mailbox, opened by its owner unless more is said."""
        parameters = '&'.join(f'{name}={value}'.replace('@', '%40') for name, value in more.items())
        return f'ews+http://{login.replace("@", "%40")}@127.0.0.1:{self.port}' + (f'?{parameters}' if more else '')

    def asked(self):
        """How often each operation was asked for, once it has ended."""
        return counted(self.last)

    def so_far(self):
        """The same of a server that runs."""
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        lines = iter(self.process.stdout.readline, 'end\n')
        return counted(''.join(lines))


def counted(text):
    """The counts of operations in what a server said."""
    return {name: int(count) for name, count in re.findall(r'^asked (\S+) (\d+)$', text, re.M)}


class Imap(Simulator):
    """An IMAP server with the users alice and bob."""

    name = 'imap-simulator'

    def __init__(self, messages=3):
        self.command = [program(self.name), '0', str(messages)]

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def url(self, login='alice', **_):
        return f'imap://{login}@127.0.0.1:{self.port}?tls=none'


def program(name):
    """The path of an example."""
    folder = os.environ.get('MAILMOVE_PROGRAMS')
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    return str(pathlib.Path(folder) if folder else pathlib.Path(ROOT, target) / 'release' / 'examples') + f'/{name}'


def build(*names):
    """Build examples of the testkit. Without optimization large things would take minutes."""
    examples = [word for name in names for word in ('--example', name)]
    command = ['cargo', 'build', '-q', '--release', '-p', 'mailmove-testkit', '--all-features', *examples]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f'{" ".join(command)} failed')


def build_mailmove():
    """Build what moves and verifies, with Exchange in it; the folder of the programs."""
    examples = ['--example', 'migrate', '--example', 'verify']
    command = ['cargo', 'build', '-q', '--release', '--all-features', *examples]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f'{" ".join(command)} failed')
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    return pathlib.Path(ROOT, target) / 'release' / 'examples'


def install(folder):
    """A Python with the clients; its path."""
    python = os.path.join(folder, 'venv', 'bin', 'python')
    pip = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', HERE / 'requirements.txt']
    for command in ([sys.executable, '-m', 'venv', os.path.join(folder, 'venv')], pip):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f'{command[0]} failed:\n{done.stdout}{done.stderr}')
    return python


def ask(python, script, *arguments, timeout=180):
    """Run one of our scripts with the clients; how it ended."""
    command = [python, HERE / script, *map(str, arguments)]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired as late:
        return subprocess.CompletedProcess(late.cmd, 1, '', 'it did not end')
