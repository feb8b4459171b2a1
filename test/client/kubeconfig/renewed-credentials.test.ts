/** Credentials that a program or an identity provider renews while the plugin runs. */

import assert from 'node:assert/strict';
import { lstat, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../src/client/clock.ts';
import { createHttpsTransport } from '../../../src/client/kubeconfig/https-transport.ts';
import { selfSigned } from '../certificate.ts';
import { get } from '../transport-fixture.ts';
import { base64, config, withFiles } from './kubeconfig-fixture.ts';
import { startTlsApi } from './tls-api.ts';

test('certificates of an exec plugin are renewed when they expire', async (t) => {
  const api = await startTlsApi();
  t.after(() => api.close());
  await withFiles({}, async ({ load, path, write }) => {
    const issue = (name: string, expirationTimestamp: string): Promise<void> => {
      const { cert, key } = selfSigned(name);
      const status = { clientCertificateData: cert, clientKeyData: key, expirationTimestamp };
      return write('answer', JSON.stringify({ kind: 'ExecCredential', status }));
    };
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-p', 'require("fs").readFileSync(process.env.ANSWER, "utf8")'],
      env: [{ name: 'ANSWER', value: path('answer') }],
    };
    const cluster = { server: api.url, 'certificate-authority-data': base64(api.ca) };
    await write('c', config({ cluster, user: { token: undefined, exec } }));
    await issue('first.example', '2020-01-01T00:00:00Z');
    const connection = await load({ file: path('c') });
    const transport = createHttpsTransport(connection, systemClock);
    t.after(() => transport.close());
    await get(transport);
    await issue('second.example', '2099-01-01T00:00:00Z');
    await get(transport);
    await issue('third.example', '2099-01-01T00:00:00Z');
    await get(transport);
    assert.deepEqual(api.clients, ['first.example', 'second.example', 'second.example']);
  });
});

test('requests at the same time run an exec plugin once', async () => {
  await withFiles({}, async ({ load, path, write }) => {
    const status = { token: 't', expirationTimestamp: '2020-01-01T00:00:00Z' };
    const script = `fs.appendFileSync(process.env.RUNS, 'x'); console.log(${JSON.stringify(JSON.stringify({ status }))})`;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script],
      env: [{ name: 'RUNS', value: path('runs') }],
    };
    await write('c', config({ user: { token: undefined, exec } }));
    const connection = await load({ file: path('c') });
    const before = await readFile(path('runs'), 'utf8');
    await Promise.all(Array.from({ length: 5 }, () => connection.readTls?.()));
    assert.equal(await readFile(path('runs'), 'utf8'), `${before}x`);
  });
});

interface TokenRequest {
  readonly authorization: string | undefined;
  readonly form: Record<string, string>;
}

/** An OpenID provider that accepts each refresh token once. */
async function startIdentityProvider(t: TestContext, acceptsHeader = true) {
  const tls = selfSigned('127.0.0.1');
  const requests: TokenRequest[] = [];
  let refreshToken = 'refresh 0';
  const server = createServer(tls, (request, response) => {
    const answer = (status: number, value: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (request.url === '/realm/.well-known/openid-configuration') {
      answer(200, { issuer: `${url}/realm`, token_endpoint: `${url}/token` });
      return;
    }
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(body));
      const { authorization } = request.headers;
      requests.push({ authorization, form });
      if (authorization !== undefined && !acceptsHeader) answer(401, { error: 'invalid_client' });
      else if (form.refresh_token !== refreshToken)
        answer(400, { error: 'invalid_grant', error_description: 'The token was used' });
      else {
        refreshToken = `refresh ${requests.length}`;
        answer(200, { id_token: jwt(4_000_000_000 + requests.length), refresh_token: refreshToken });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = (more: Record<string, string> = {}) => ({
    name: 'oidc',
    config: {
      'idp-issuer-url': `${url}/realm`,
      'idp-certificate-authority-data': base64(tls.cert),
      'client-id': 'kubernetes',
      'client-secret': 's&cret',
      'id-token': jwt(1_000),
      'refresh-token': 'refresh 0',
      ...more,
    },
  });
  return { requests, provider };
}

function jwt(exp: number): string {
  return ['{"alg":"none"}', JSON.stringify({ exp }), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
}

const fresh = (count: number): string => jwt(4_000_000_000 + count);

test('an expired OIDC token is refreshed once, and the new tokens are stored in the kubeconfig', async (t) => {
  const { requests, provider } = await startIdentityProvider(t);
  await withFiles({}, async ({ load, path, write }) => {
    const user = JSON.stringify({ token: undefined, 'auth-provider': provider() });
    const yaml = [
      '# Mine',
      'clusters: [{name: c, cluster: {server: "https://example.test"}}]',
      `users: [{name: other, user: {token: x}}, {name: u, user: ${user}}]`,
      'contexts: [{name: main, context: {cluster: c, user: u}}] # the only one',
      'current-context: main',
      '',
    ].join('\n');
    await write('real', yaml);
    await symlink(path('real'), path('c'));
    const connection = await load({ file: path('c') });
    const both = await Promise.all([connection.headers?.(), connection.readTls?.()]);
    assert.deepEqual(both[0], { authorization: `Bearer ${fresh(1)}` });
    assert.deepEqual(requests, [
      {
        authorization: `Basic ${base64('kubernetes:s%26cret')}`,
        form: { grant_type: 'refresh_token', refresh_token: 'refresh 0' },
      },
    ]);
    assert.ok((await lstat(path('c'))).isSymbolicLink());
    const stored = await readFile(path('real'), 'utf8');
    assert.ok(stored.startsWith('# Mine\n') && stored.includes('# the only one'), stored);
    assert.ok(stored.includes(fresh(1)) && stored.includes('refresh 1') && !stored.includes('refresh 0'));
    // The next program starts with the stored tokens.
    assert.deepEqual(await (await load({ file: path('c') })).headers?.(), both[0]);
    assert.equal(requests.length, 1);
    // Rejected although it has not expired: the token of the file is used again.
    connection.unauthorized?.();
    assert.deepEqual(await connection.headers?.(), both[0]);
  });
});

test('the client secret is sent in the form to a provider that rejects it in the header', async (t) => {
  const { requests, provider } = await startIdentityProvider(t, false);
  const user = { token: undefined, 'auth-provider': provider() };
  await withFiles({ c: config({ user }) }, async ({ load, path }) => {
    const connection = await load({ file: path('c') });
    assert.deepEqual(await connection.headers?.(), { authorization: `Bearer ${fresh(2)}` });
    assert.deepEqual(requests[1]?.form, {
      grant_type: 'refresh_token',
      refresh_token: 'refresh 0',
      client_id: 'kubernetes',
      client_secret: 's&cret',
    });
  });
});

test('a valid OIDC token is used as it is', () => {
  const provider = { name: 'oidc', config: { 'id-token': fresh(7) } };
  return withFiles(
    { c: config({ user: { token: undefined, 'auth-provider': provider } }) },
    async ({ load, path }) => {
      const connection = await load({ file: path('c') });
      assert.deepEqual(await connection.headers?.(), { authorization: `Bearer ${fresh(7)}` });
    },
  );
});

test('a failed refresh says why, without a token', async (t) => {
  const { provider } = await startIdentityProvider(t);
  const reported = (oidc: object, message: RegExp) =>
    withFiles(
      { c: config({ user: { token: undefined, 'auth-provider': oidc } }) },
      async ({ load, path }) => {
        await assert.rejects(load({ file: path('c') }), ({ message: text }: Error) => {
          assert.match(text, message);
          assert.doesNotMatch(text, /refresh \d|s&cret/);
          return true;
        });
      },
    );
  await reported(
    provider({ 'refresh-token': 'refresh used' }),
    /cannot get credentials for the context "main": https:.*\/token answered 400 \(invalid_grant: The token was used\)\. Log in again$/,
  );
  await reported(
    provider({ 'refresh-token': '' }),
    /its ID token has expired, and it has no refresh-token and idp-issuer-url\. Log in again$/,
  );
});

test('tokens that cannot be stored are an error, because the next refresh would fail', async (t) => {
  const { provider } = await startIdentityProvider(t);
  const user = { token: undefined, 'auth-provider': provider() };
  await withFiles({ c: config({ user }) }, async ({ load, path }) => {
    await writeFile(path('c.lock'), '');
    await assert.rejects(
      load({ file: path('c') }),
      /cannot store its new OIDC tokens in .*: EEXIST.*Log in again$/,
    );
  });
});
