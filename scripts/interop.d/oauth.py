"""Signing in at a sign-in service that nobody here wrote, and the assertion beside the one of another client."""

import argparse
import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from lab.checks import Checks

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent / 'oauth'
KEYS = ROOT / 'mailmove-core/tests/keys'
SECONDS = 5
MSAL_TOKEN = 'https://login.example.org/tenant/token'  # msal takes nothing but https and a path


class Service:
    """The sign-in service; use it in a `with`."""

    def __init__(self, folder):
        for name in ('package.json', 'package-lock.json', 'provider.mjs'):
            shutil.copy(HERE / name, folder)
        run(['npm', 'ci', '--no-audit', '--no-fund', '--silent'], folder)
        self.folder = folder
        with socket.create_server(('127.0.0.1', 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f'http://127.0.0.1:{self.port}'

    def __enter__(self):
        key = os.path.join(self.folder, 'public.pem')
        run(['openssl', 'pkey', '-in', KEYS / 'a.pem', '-pubout', '-out', key], self.folder)
        self.log = open(os.path.join(self.folder, 'log'), 'w+')
        command = ['node', 'provider.mjs', str(self.port), key, str(SECONDS)]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=self.log, stderr=subprocess.DEVNULL)
        for _ in range(200):
            if self.events():
                return self
            time.sleep(0.1)
        sys.exit('the sign-in service does not start')

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def events(self):
        """Everything that happened so far."""
        with open(self.log.name) as log:
            return [json.loads(line) for line in log]

    def post(self, form):
        """Send a form; returns status and answer."""
        data = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(f'{self.url}/token', data) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)


def run(command, folder, **options):
    """Run a program; end with its last words when it fails."""
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f'{command[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}')
    return done.stdout


def build():
    """The program that signs in as we do; its path."""
    run(['cargo', 'build', '-q', '-p', 'mailmove-core', '--features', 'oauth', '--example', 'oauth_provider'], ROOT)
    target = os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')
    return str(pathlib.Path(ROOT, target) / 'debug' / 'examples' / 'oauth_provider')


def ours(program, service, name):
    """Run one check of ours against the service; returns whether it holds, what it printed, and what happened there."""
    before = len(service.events())
    done = subprocess.run([program, service.url, name], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr, service.events()[before:]


def opened(jwt):
    """Header and claims."""
    return [json.loads(base64.urlsafe_b64decode(part + '==')) for part in jwt.split('.')[:2]]


def theirs(folder):
    """The assertion that msal makes with the same key."""
    run([sys.executable, '-m', 'venv', 'venv'], folder)
    pip = ['venv/bin/python', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    run([*pip, '-r', HERE / 'requirements.txt'], folder)
    return run(
        ['venv/bin/python', HERE / 'msal_assertion.py', MSAL_TOKEN, KEYS / 'a.pem', KEYS / 'a.crt'], folder
    ).strip()


def count(events, **wanted):
    """How many events have all of this."""
    return sum(all(event.get(name) == value for name, value in wanted.items()) for event in events)


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    program, checks = build(), Checks()
    with tempfile.TemporaryDirectory(prefix='mailmove-oauth-') as folder, Service(folder) as service:
        passed, said, seen = ours(program, service, 'a_secret_opens_the_door')
        checks.check('a secret opens the door', passed and count(seen, event='mail', taken=True) == 1, said)

        passed, said, seen = ours(program, service, 'a_certificate_opens_the_door')
        checks.check('a certificate opens the door', passed and count(seen, event='mail', taken=True) == 1, said)
        form = next(event['form'] for event in seen if event['event'] == 'asked')
        compare(checks, (form['client_assertion'], f'{service.url}/token'), (theirs(folder), MSAL_TOKEN))
        status, answer = service.post(form)
        refused = service.events()[-1].get('detail', '')
        checks.check(
            f'the same assertion again is refused: {refused}', status == 401 and 'used once' in refused, answer
        )

        for name, what in (
            ('a_wrong_secret_is_refused', 'a wrong secret'),
            ('the_key_of_somebody_else_is_refused', "somebody else's key"),
            ('an_assertion_for_another_audience_is_refused', 'an assertion for another audience'),
        ):
            passed, said, seen = ours(program, service, name)
            once = count(seen, event='asked') == 1 and count(seen, event='mail') == 0
            detail = next((event['detail'] for event in seen if event['event'] == 'refused'), 'not refused')
            checks.check(f'{what} is refused after one attempt: {detail}', passed and once, f'{said}\n{seen}')

        passed, said, seen = ours(program, service, 'a_long_run_with_short_tokens_goes_on')
        granted, closed = count(seen, event='granted'), count(seen, event='mail', taken=False)
        what = f'tokens of {SECONDS} s are renewed {granted} times, and no request met a closed door'
        checks.check(what, passed and granted >= 5 and closed == 0, said)
        checks.note('\n'.join(line for line in said.splitlines() if 'requests in' in line))

        passed, said, seen = ours(program, service, 'a_revoked_token_is_replaced')
        story = [event.get('taken', event['event']) for event in seen]
        expected = ['asked', 'granted', True, True, False, 'asked', 'granted', True]
        checks.check('a revoked token is replaced once', passed and story == expected, f'{story}\n{said}')
    checks.finish()


def compare(checks, ours, theirs):
    """Both say the same, each to its own token address and with its own time and id."""
    (our_header, our_claims), (their_header, their_claims) = opened(ours[0]), opened(theirs[0])
    both = [(our_header, our_claims), (their_header, their_claims)]
    # msal pads the thumbprint and breaks the certificate into lines; RFC 7515 has neither.
    their_header['x5t#S256'] = their_header['x5t#S256'].rstrip('=')
    their_header['x5c'] = [certificate.replace('\n', '') for certificate in their_header['x5c']]
    checks.check(f'the header is as msal has it: {", ".join(sorted(our_header))}', our_header == their_header, both)
    alike = our_claims.keys() == their_claims.keys() and [our_claims['aud'], their_claims['aud']] == [
        ours[1],
        theirs[1],
    ]
    alike = alike and all(our_claims[name] == their_claims[name] for name in ('iss', 'sub'))
    lifetimes = {claims['exp'] - claims['iat'] for claims in (our_claims, their_claims)}
    ids = [claims['jti'] for claims in (our_claims, their_claims)]
    alike = alike and lifetimes == {600} and ids[0] != ids[1] and len(ids[0]) == len(ids[1])
    checks.check(f'the claims are as msal has them: {", ".join(sorted(our_claims))}', alike, both)


if __name__ == '__main__':
    main()
