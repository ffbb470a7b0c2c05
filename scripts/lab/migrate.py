"""Runs the `migrate` example as a user would, and measures it."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from .server import PASSWORD

ROOT = pathlib.Path(__file__).resolve().parents[2]

MOVED, SOME_FAILED, COULD_NOT_RUN, NOT_FINISHED = 0, 1, 2, 3


def build(example='migrate', profile='release'):
    """Build an example; returns the program's path."""
    # With all features, so that every program is built from the same crates.
    command = ['cargo', 'build', '--profile', profile, '--all-features', '--example', example]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f'{" ".join(command)} failed')
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    return str(pathlib.Path(ROOT, target) / {'dev': 'debug'}.get(profile, profile) / 'examples' / example)


@dataclass
class Run:
    """How a run ended."""

    status: int
    out: str
    err: str
    seconds: float
    cpu: float
    peak: int  # bytes of resident memory

    def __str__(self):
        return f'exit status {self.status} after {self.seconds:.1f} s\n--- stdout\n{self.out}--- stderr\n{self.err}'


class Process:
    """A running program with its output in files, so that it never waits for us."""

    def __init__(self, command, folder, env=None):
        os.makedirs(folder, exist_ok=True)
        self.files = [f'{folder}/stdout', f'{folder}/stderr']
        out, err = (open(name, 'wb') for name in self.files)
        self.began = time.monotonic()
        with out, err:
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=dict(os.environ, **(env or {})),
                start_new_session=True,
            )
        self.peak = 0
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def alive(self):
        """Whether it still runs."""
        return self.popen.returncode is None and not _ended(self.popen.pid)

    def kill(self):
        """SIGKILL to it and its children, at once."""
        os.killpg(self.popen.pid, signal.SIGKILL)

    def signal(self, number):
        """Any other signal."""
        os.killpg(self.popen.pid, number)

    def wait(self, timeout=600):
        """Wait for the end; a run that takes longer is killed and has the status -9."""
        timer = threading.Timer(timeout, self.kill)
        timer.daemon = True
        timer.start()
        try:
            _, status, usage = os.wait4(self.popen.pid, 0)
        except BaseException:
            self.kill()
            raise
        finally:
            timer.cancel()
        seconds = time.monotonic() - self.began
        self.popen.returncode = os.waitstatus_to_exitcode(status)
        self.watcher.join()
        texts = []
        for name in self.files:
            with open(name, errors='replace') as f:
                texts.append(f.read())
        return Run(self.popen.returncode, *texts, seconds, usage.ru_utime + usage.ru_stime, self.peak)

    def _watch(self):
        # The kernel keeps the high-water mark, so that only growth in the last moment can be missed. The mark that
        # wait4 reports is of no use: it begins with that of the process that forked.
        while self.popen.returncode is None:
            try:
                with open(f'/proc/{self.popen.pid}/status') as f:
                    mark = next((line.split()[1] for line in f if line.startswith('VmHWM')), None)
            except OSError:
                return
            if mark is None:
                return
            self.peak = max(self.peak, int(mark) * 1024)
            time.sleep(0.005)


def _ended(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except OSError:
        return True


class Migrate:
    """The example with its ledger and reports below one folder."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        os.makedirs(folder, exist_ok=True)

    def start(
        self, source, destination, ledger, *more, source_password=PASSWORD, destination_password=PASSWORD, env=None
    ):
        """Start a run between two URLs."""
        command = [self.program, '--from', source, '--to', destination, '--ledger', ledger, *more]
        if 'tls=none' in source + destination:
            command.append('--allow-plaintext')
        secrets = {'MAILMOVE_SOURCE_PASSWORD': source_password, 'MAILMOVE_DESTINATION_PASSWORD': destination_password}
        return Process(command, self.folder, secrets | (env or {}))

    def run(self, *arguments, timeout=600, **more):
        """A whole run."""
        return self.start(*arguments, **more).wait(timeout)

    def report(self, *arguments, **more):
        """A whole run with a report in JSON: (run, report or None)."""
        path = f'{self.folder}/report.json'
        if os.path.exists(path):
            os.unlink(path)
        done = self.run(*arguments, '--report', path, **more)
        if not os.path.exists(path):
            return done, None
        with open(path) as f:
            return done, json.load(f)
