"""The judge between client and server."""

import json
import subprocess

from .simulator import HERE, Simulator


class Guard:
    """The judge between client and server; without a schema, nobody stands there."""

    def __init__(self, python, schema, port):
        self.python, self.schema, self.upstream = python, schema, port

    def __enter__(self):
        self.port, self.process = self.upstream, None
        if self.schema:
            command = [self.python, HERE / 'guard.py', self.schema, f'127.0.0.1:{self.upstream}']
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self.port = json.loads(self.process.stdout.readline())['port']
        return self

    def __exit__(self, *_):
        self.seen = []
        if self.process:
            self.process.terminate()
            self.seen = [json.loads(line) for line in self.process.communicate()[0].splitlines()]

    def wrong(self, direction):
        """What was wrong with the requests, or with the answers."""
        return [one for one in self.seen if one['direction'] == direction and one['wrong']]


class Guarded(Simulator):
    """A simulator behind a judge, for clients that are told its URL."""

    def __init__(self, python, schema, *arguments, **more):
        super().__init__(*arguments, **more)
        self.python, self.schema = python, schema

    def __enter__(self):
        super().__enter__()
        self.guard = Guard(self.python, self.schema, self.port).__enter__()
        self.port = self.guard.port
        return self

    def __exit__(self, *_):
        super().__exit__()
        self.guard.__exit__()

    def judge(self, checks, what):
        """Check that nobody said anything that the schema does not know."""
        for direction in ('request', 'answer'):
            wrong = self.guard.wrong(direction)
            seen = sum(one['direction'] == direction for one in self.guard.seen)
            checks.check(f'{what}: {seen} {direction}s seen, none is wrong', seen and not wrong, wrong)
