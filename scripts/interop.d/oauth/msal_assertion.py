"""Prints the assertion that msal sends: msal_assertion.py TOKEN_ADDRESS KEY CERTIFICATE"""

import json
import sys

import msal


class Answer:
    """What msal wants of an answer."""

    def __init__(self, content):
        self.status_code, self.text, self.headers = 200, json.dumps(content), {}

    def raise_for_status(self):
        """It went well."""


class Wire:
    """Answers msal's questions without a network, and keeps what it sent."""

    def __init__(self, address):
        self.address, self.sent = address, None

    def get(self, url, **_):
        """The description of the service."""
        issuer = url.removesuffix('/.well-known/openid-configuration')
        authorization = self.address.replace('/token', '/auth')
        return Answer({'issuer': issuer, 'token_endpoint': self.address, 'authorization_endpoint': authorization})

    def post(self, url, data=None, **_):
        """The question for a token."""
        self.sent = data
        return Answer({'access_token': 'token', 'token_type': 'Bearer', 'expires_in': 60})

    def close(self):
        """Nothing is open."""


address, key, certificate = sys.argv[1:]
wire = Wire(address)
application = msal.ConfidentialClientApplication(
    'by-certificate',
    client_credential={'private_key': open(key).read(), 'public_certificate': open(certificate).read()},
    oidc_authority='https://login.example.org/tenant',
    http_client=wire,
)
application.acquire_token_for_client(['mail'])
assertion = wire.sent['client_assertion']
print(assertion.decode() if isinstance(assertion, bytes) else assertion)
