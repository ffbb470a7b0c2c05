"""A mail server that keeps what it gets: sink.py CERTIFICATE KEY NAME PASSWORD FOLDER. Prints its port.

STARTTLS is required, and signing in after it. Each mail becomes a file in the folder, in the order of arrival.
"""

import asyncio
import logging
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Keep:
    """Writes each mail to the folder."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    async def handle_DATA(self, _server, _session, envelope):
        """Keep it, whole or not at all."""
        self.count += 1
        with open(f'{self.folder}/{self.count:04}.new', 'wb') as f:
            f.write(f'X-To: {",".join(envelope.rcpt_tos)}\r\nX-From: {envelope.mail_from}\r\n'.encode())
            f.write(envelope.content)
        os.rename(f'{self.folder}/{self.count:04}.new', f'{self.folder}/{self.count:04}.eml')
        return '250 kept'


async def main():
    logging.getLogger('mail.log').setLevel(logging.ERROR)  # it warns of itself
    certificate, key, name, password, folder = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    keep = Keep(folder)

    def sign_in(_server, _session, _envelope, _mechanism, data):
        right = data.login == name.encode() and data.password == password.encode()
        return AuthResult(success=right)

    def connection():
        return SMTP(
            keep,
            hostname='sink.example',
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=sign_in,
        )

    server = await asyncio.get_running_loop().create_server(connection, '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
