"""The two programs that have to be fast: the delaying proxy and the limit client."""

import pathlib
import subprocess
import sys
import time

from .server import free_port

SOURCES = pathlib.Path(__file__).resolve().parents[1] / 'bench.d'


def program(lab, name):
    """Compile one of them once; returns its path."""
    path = pathlib.Path(lab.path(name))
    if not path.exists():
        command = ['rustc', '--edition', '2024', '-O', '-o', str(path), str(SOURCES / f'{name}.rs')]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f'{" ".join(command)} failed:\n{done.stderr}')
    return str(path)


class Delay:
    """A delaying proxy before a port, as long as the `with` lasts."""

    def __init__(self, lab, target, rtt):
        self.port = free_port()
        self.process = subprocess.Popen(
            [program(lab, 'delay'), str(self.port), str(target), str(rtt)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
