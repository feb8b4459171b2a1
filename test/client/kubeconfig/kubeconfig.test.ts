import assert from 'node:assert/strict';
import { chmod, rm } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { test } from 'node:test';
import { createNodeTransport } from '../../../src/client/http/node-transport.ts';
import { startByteServer } from '../byte-server.ts';
import { selfSigned } from '../certificate.ts';
import { base64, config, withFiles } from './kubeconfig-fixture.ts';

test('server, authority, client certificate, token and namespace come from the current context', () =>
  withFiles(
    {
      'certs/ca.pem': 'authority',
      'config.yaml': config({
        cluster: { 'certificate-authority': 'certs/ca.pem', 'tls-server-name': 'kubernetes' },
        user: { 'client-certificate-data': base64('certificate'), 'client-key-data': base64('key') },
        context: { namespace: 'here' },
      }),
    },
    async ({ load, path }) => {
      const connection = await load({ file: path('config.yaml') });
      assert.equal(connection.server, 'https://example.test:6443');
      // The path is relative to the file.
      assert.equal(String(connection.ca), 'authority');
      assert.equal(String(connection.cert), 'certificate');
      assert.equal(String(connection.key), 'key');
      assert.equal(connection.servername, 'kubernetes');
      assert.equal(connection.namespace, 'here');
      assert.equal(connection.insecure, undefined);
      assert.deepEqual(await connection.headers?.(), { authorization: 'Bearer secret' });
    },
  ));

test('authority and client certificate are read again from their files, which other programs replace', () =>
  withFiles(
    {
      ...{ 'ca.pem': 'old authority', 'cert.pem': 'old certificate', 'key.pem': 'old key' },
      'config.yaml': config({
        cluster: { 'certificate-authority': 'ca.pem' },
        user: { 'client-certificate': 'cert.pem', 'client-key': 'key.pem' },
      }),
    },
    async ({ load, path, write }) => {
      const connection = await load({ file: path('config.yaml') });
      const read = async () => {
        const { ca, cert, key } = (await connection.readTls?.()) ?? {};
        return [ca, cert, key].map(String);
      };
      assert.deepEqual(await read(), ['old authority', 'old certificate', 'old key']);
      await write('ca.pem', 'new authority');
      await write('cert.pem', 'new certificate');
      await write('key.pem', 'new key');
      const latest = ['new authority', 'new certificate', 'new key'];
      assert.deepEqual(await read(), latest);
      await rm(path('cert.pem'));
      assert.deepEqual(await read(), latest, 'while a file is missing');
    },
  ));

test('--kubeconfig takes precedence over KUBECONFIG, and both over the home directory', () =>
  withFiles(
    {
      flag: config({ cluster: { server: 'https://flag' } }),
      variable: config({ cluster: { server: 'https://variable' } }),
      '.kube/config': config({ cluster: { server: 'https://home' } }),
    },
    async ({ load, path }) => {
      const env = { KUBECONFIG: path('variable') };
      assert.equal((await load({ file: path('flag'), env })).server, 'https://flag');
      assert.equal((await load({ env })).server, 'https://variable');
      assert.equal((await load()).server, 'https://home');
    },
  ));

test('the first file in KUBECONFIG that defines a name wins, and missing files are ignored', () =>
  withFiles(
    {
      one: config({ name: 'a', cluster: { server: 'https://one' }, current: '' }),
      two: config({ name: 'a', cluster: { server: 'https://two' } }),
    },
    async ({ load, path }) => {
      const env = { KUBECONFIG: [path('none'), path('one'), path('two')].join(delimiter) };
      assert.equal((await load({ env })).server, 'https://one');
    },
  ));

test('no credentials are sent over plain HTTP, as to kubectl proxy', () =>
  withFiles({ c: config({ cluster: { server: 'http://127.0.0.1:8001' } }) }, async ({ load, path }) => {
    assert.deepEqual(await load({ file: path('c') }), { server: 'http://127.0.0.1:8001' });
  }));

test('user and password become basic authentication, and impersonation becomes its header', () =>
  withFiles(
    { c: config({ user: { token: undefined, username: 'u', password: 'p', as: 'someone' } }) },
    async ({ load, path }) => {
      assert.deepEqual(await (await load({ file: path('c') })).headers?.(), {
        authorization: `Basic ${base64('u:p')}`,
        'impersonate-user': 'someone',
      });
    },
  ));

test('groups, UID, and extra fields are impersonated, also over plain HTTP', () => {
  const user = {
    as: 'ann',
    'as-groups': ['dev', 'ops'],
    'as-uid': '7',
    'as-user-extra': { 'a.io/B': ['x', 'y'] },
  };
  const headers = {
    'impersonate-user': 'ann',
    'impersonate-group': ['dev', 'ops'],
    'impersonate-uid': '7',
    'impersonate-extra-a.io%2fb': ['x', 'y'],
  };
  return withFiles(
    { tls: config({ user }), plain: config({ user, cluster: { server: 'http://127.0.0.1:8001' } }) },
    async ({ load, path }) => {
      const tls = await load({ file: path('tls') });
      assert.deepEqual(await tls.headers?.(), { authorization: 'Bearer secret', ...headers });
      assert.deepEqual(await (await load({ file: path('plain') })).headers?.(), headers);
    },
  );
});

test('a header with several values is sent once for each', async (t) => {
  const server = await startByteServer();
  t.after(() => server.close());
  server.script((e) => e.respond(200, {}));
  const headers = async () => ({ 'impersonate-user': 'ann', 'impersonate-group': ['dev', 'ops'] });
  const transport = createNodeTransport({ server: server.url, headers });
  await transport({ method: 'GET', path: '/', headers: {} }, new AbortController().signal);
  transport.close();
  assert.deepEqual(
    server.requests[0]?.lines.filter((line) => line.startsWith('impersonate')),
    ['impersonate-user: ann', 'impersonate-group: dev', 'impersonate-group: ops'],
  );
});

test('paths of a token and of an exec plugin are relative to the file', () => {
  const plugin = `#!/bin/sh\necho '{"status": {"token": "from the plugin"}}'\n`;
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/plugin' };
  return withFiles(
    {
      'folder/token': 'from the file',
      'folder/bin/plugin': plugin,
      'folder/file': config({ user: { token: undefined, tokenFile: 'token' } }),
      'folder/exec': config({ user: { token: undefined, exec } }),
    },
    async ({ load, path }) => {
      await chmod(path('folder/bin/plugin'), 0o755);
      const tokenIn = async (name: string) =>
        (await (await load({ file: path(name) })).headers?.())?.authorization;
      assert.equal(await tokenIn('folder/file'), 'Bearer from the file');
      assert.equal(await tokenIn('folder/exec'), 'Bearer from the plugin');
    },
  );
});

test('an exec plugin receives the cluster, if it asks for it', () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-p', 'JSON.stringify({ status: { token: process.env.KUBERNETES_EXEC_INFO } })'],
  };
  const user = (more: object) => ({ token: undefined, exec: { ...exec, ...more } });
  const cluster = { 'certificate-authority': 'ca.pem' };
  return withFiles(
    {
      'ca.pem': 'authority',
      with: config({ cluster, user: user({ provideClusterInfo: true }) }),
      without: config({ user: user({}) }),
    },
    async ({ load, path }) => {
      const info = async (name: string) => {
        const headers = await (await load({ file: path(name) })).headers?.();
        return JSON.parse(String(headers?.authorization).replace('Bearer ', ''));
      };
      const { apiVersion } = exec;
      const kind = 'ExecCredential';
      assert.deepEqual(await info('without'), { kind, apiVersion, spec: { interactive: false } });
      const server = 'https://example.test:6443';
      const expected = { server, 'certificate-authority-data': base64('authority') };
      assert.deepEqual(await info('with'), {
        kind,
        apiVersion,
        spec: { interactive: false, cluster: expected },
      });
    },
  );
});

test('a context without a user still has the authority', () =>
  withFiles(
    {
      c: config({
        cluster: { 'certificate-authority-data': base64('authority') },
        context: { user: undefined },
      }),
    },
    async ({ load, path }) => {
      const connection = await load({ file: path('c') });
      assert.equal(String(connection.ca), 'authority');
      assert.deepEqual(await connection.headers?.(), {});
    },
  ));

test('an exec plugin supplies a token, and another one after a 401', () =>
  withFiles({}, async ({ load, path, write }) => {
    const answer = (token: string): Promise<void> =>
      write('answer', JSON.stringify({ kind: 'ExecCredential', status: { token } }));
    const text = config({
      user: {
        token: undefined,
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: process.execPath,
          args: ['-e', 'console.log(require("fs").readFileSync(process.env.ANSWER, "utf8"))'],
          env: [{ name: 'ANSWER', value: path('answer') }],
        },
      },
    });
    await write('c', text);
    await answer('first');
    const connection = await load({ file: path('c') });
    assert.deepEqual(await connection.headers?.(), { authorization: 'Bearer first' });
    await answer('second');
    assert.deepEqual(await connection.headers?.(), { authorization: 'Bearer first' });
    connection.unauthorized?.();
    assert.deepEqual(await connection.headers?.(), { authorization: 'Bearer second' });
  }));

test('over real TLS, the given authority is trusted and the token is sent', (t) => {
  const tls = selfSigned('127.0.0.1');
  return withFiles({}, async ({ load, path, write }) => {
    const server = await startByteServer(tls);
    t.after(() => server.close());
    await write(
      'c',
      config({ cluster: { server: server.url, 'certificate-authority-data': base64(tls.cert) } }),
    );
    server.script((e) => e.respond(200, {}));
    const transport = createNodeTransport(await load({ file: path('c') }));
    const response = await transport(
      { method: 'GET', path: '/version', headers: {} },
      new AbortController().signal,
    );
    assert.equal(response.status, 200);
    assert.equal(server.requests[0]?.headers.authorization, 'Bearer secret');
    transport.close();
  });
});

test('over real TLS, an unknown certificate is rejected, unless the file skips verification', (t) => {
  const tls = selfSigned('127.0.0.1');
  return withFiles({}, async ({ load, path, write }) => {
    const server = await startByteServer(tls);
    t.after(() => server.close());
    const { signal } = new AbortController();
    await write('c', config({ cluster: { server: server.url } }));
    const strict = createNodeTransport(await load({ file: path('c') }));
    await assert.rejects(
      strict({ method: 'GET', path: '/', headers: {} }, signal),
      /self-signed certificate/,
    );
    assert.equal(server.requests.length, 0, 'the token was not sent');

    server.script((e) => e.respond(200, {}));
    await write('c', config({ cluster: { server: server.url, 'insecure-skip-tls-verify': true } }));
    const loose = createNodeTransport(await load({ file: path('c') }));
    assert.equal((await loose({ method: 'GET', path: '/', headers: {} }, signal)).status, 200);
    strict.close();
    loose.close();
  });
});

for (const [what, text, message] of [
  ['an empty file', '', /has no current-context/],
  ['a file that is a list', '[]', /cannot be parsed: it is not a mapping/],
  ['a file of one word', 'word', /cannot be parsed: it is not a mapping/],
  ['broken YAML', 'a: [', /cannot be parsed: /],
  [
    'no current-context',
    config({ current: '' }),
    /has no current-context\. To choose one, run: kubectl config use-context NAME$/,
  ],
  [
    'a current-context that is missing',
    config({ current: 'x' }),
    /the current-context "x" does not exist\. To list the contexts, run: kubectl config get-contexts$/,
  ],
  [
    'a cluster that is missing',
    config({ context: { cluster: 'x' } }),
    /refers to the cluster "x", which does not exist/,
  ],
  [
    'a user that is missing',
    config({ context: { user: 'x' } }),
    /refers to the user "x", which does not exist/,
  ],
  [
    'a server that is a number',
    config({ cluster: { server: 6443 } }),
    /cannot be parsed: a field has the wrong type/,
  ],
  [
    'groups without a user to impersonate',
    config({ user: { 'as-groups': ['admins'] } }),
    /groups are impersonated without a user\. Add --as USER/,
  ],
  [
    'an authority that is missing',
    config({ cluster: { 'certificate-authority': '/none/ca.pem' } }),
    /cannot get credentials for the context "main": .*\/none\/ca\.pem/,
  ],
  [
    'an exec plugin that is missing',
    config({ user: { exec: { command: '/none/plugin', apiVersion: 'v1' } } }),
    /cannot get credentials for the context "main": .*\/none\/plugin/,
  ],
] as const) {
  test(`${what} is reported`, () =>
    withFiles({ c: text }, ({ load, path }) => assert.rejects(load({ file: path('c') }), { message })));
}

test('YAML that cannot be parsed is reported with its place, but without its text', () =>
  withFiles({ c: 'users:\n  - token: "secret\n' }, ({ load, path }) =>
    assert.rejects(load({ file: path('c') }), ({ message }: Error) => {
      assert.match(message, /cannot be parsed: Missing closing "quote at line 3, column 1$/);
      return true;
    }),
  ));

test('a missing file is named, with the origin of its name', () =>
  withFiles({}, async ({ load, path }) => {
    await assert.rejects(load({ file: path('none') }), {
      message: `kubeconfig ${path('none')} does not exist`,
    });
    await assert.rejects(load({ env: { KUBECONFIG: path('none') } }), {
      message: `no kubeconfig found: ${path('none')} (KUBECONFIG) does not exist`,
    });
    await assert.rejects(load(), {
      message: `no kubeconfig found: ${path('.kube/config')} (neither --kubeconfig nor KUBECONFIG is set) does not exist`,
    });
  }));

test('a directory, or a file that cannot be read, is named', () =>
  withFiles({ c: config({}) }, async ({ load, path, folder }) => {
    await assert.rejects(load({ file: folder }), /cannot read kubeconfig .*EISDIR/);
    await chmod(path('c'), 0);
    // Root can read everything.
    if (process.getuid?.() !== 0)
      await assert.rejects(load({ file: path('c') }), /cannot read kubeconfig .*EACCES/);
  }));
