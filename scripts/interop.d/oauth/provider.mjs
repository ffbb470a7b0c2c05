// A sign-in service for applications, and a mail server behind it that takes its tokens.
//
//   node provider.mjs PORT PUBLIC_KEY SECONDS
//
// PUBLIC_KEY is a PEM file with the key of the application `by-certificate`; `by-secret` has the secret "correct horse".
// Tokens live for SECONDS. One line of JSON goes to standard output for everything that happens.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { Provider } from 'oidc-provider';

const [port, keyFile, seconds] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const key = createPublicKey(readFileSync(keyFile)).export({ format: 'jwk' });
const application = {
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
};
const provider = new Provider(issuer, {
  clients: [
    {
      ...application,
      client_id: 'by-secret',
      client_secret: 'correct horse',
      token_endpoint_auth_method: 'client_secret_post',
    },
    {
      ...application,
      client_id: 'by-certificate',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      jwks: { keys: [{ ...key, kid: 'application', use: 'sig', alg: 'PS256' }] },
    },
  ],
  clientAuthMethods: ['client_secret_post', 'private_key_jwt'],
  scopes: ['mail'],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  ttl: { ClientCredentials: Number(seconds) },
});
provider.on('grant.success', () => say({ event: 'granted' }));
provider.on('grant.error', (_, error) =>
  say({ event: 'refused', error: error.error, detail: error.error_detail ?? error.error_description }),
);

const tokens = provider.callback();
let revoked = 0;

async function mail(request, response) {
  const sent = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const token = sent && (await provider.ClientCredentials.find(sent));
  if (token && request.method === 'DELETE') {
    await token.destroy();
    revoked += 1;
  }
  say({ event: 'mail', taken: Boolean(token), revoked });
  response.writeHead(token ? 200 : 401, token ? {} : { 'www-authenticate': 'Bearer error="invalid_token"' });
  response.end();
}

http
  .createServer((request, response) => {
    const { pathname } = new URL(request.url, issuer);
    if (pathname === '/mail') return mail(request, response);
    if (pathname === '/token' && request.method === 'POST') {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => say({ event: 'asked', form: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())) }));
    }
    return tokens(request, response);
  })
  .listen(Number(port), '127.0.0.1', () => say({ event: 'ready' }));
