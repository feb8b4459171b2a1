import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionFlags } from '../../../src/client/kubeconfig/kubeconfig-flags.ts';
import { selfSigned } from '../certificate.ts';
import { base64, withFiles } from './kubeconfig-fixture.ts';

const kubeconfig = JSON.stringify({
  clusters: [
    {
      name: 'one',
      cluster: {
        server: 'https://one',
        'certificate-authority-data': base64('authority one'),
        'tls-server-name': 'name-one',
        'proxy-url': 'http://proxy:3128',
      },
    },
    { name: 'two', cluster: { server: 'https://two' } },
  ],
  users: [
    { name: 'ann', user: { token: 'token of ann' } },
    { name: 'bob', user: { username: 'bob', password: 'p' } },
    { name: 'exec', user: { exec: { apiVersion: 'v1', command: '/none/plugin' } } },
  ],
  contexts: [
    { name: 'main', context: { cluster: 'one', user: 'ann', namespace: 'shop' } },
    { name: 'other', context: { cluster: 'two', user: 'bob' } },
    { name: 'broken', context: { cluster: 'none', user: 'ann' } },
  ],
  'current-context': 'main',
});

async function connectionWith(flags: ConnectionFlags, files: Record<string, string> = {}) {
  let result: object = {};
  await withFiles({ '.kube/config': kubeconfig, ...files }, async ({ load, path }) => {
    const absolute = Object.fromEntries(
      Object.entries(flags).map(([name, value]) => [
        name,
        typeof value === 'string' && value in files ? path(value) : value,
      ]),
    );
    const { readTls, unauthorized, headers, ca, cert, key, ...rest } = await load({ flags: absolute });
    const pems = Object.entries({ ca, cert, key }).filter(([, value]) => value !== undefined);
    result = {
      ...rest,
      ...Object.fromEntries(pems.map(([name, value]) => [name, String(value)])),
      headers: await headers?.(),
    };
  });
  return result;
}

const main = {
  server: 'https://one',
  ca: 'authority one',
  servername: 'name-one',
  proxyUrl: 'http://proxy:3128',
  namespace: 'shop',
  headers: { authorization: 'Bearer token of ann' },
};
const bob = { authorization: `Basic ${base64('bob:p')}` };
const { servername: _, ...withoutServerName } = main;
const { ca: __, ...withoutAuthority } = main;

for (const [what, flags, expected] of [
  ['no flag', {}, main],
  ['--context', { context: 'other' }, { server: 'https://two', headers: bob }],
  ['--cluster', { cluster: 'two' }, { server: 'https://two', namespace: 'shop', headers: main.headers }],
  ['--user', { user: 'bob' }, { ...main, headers: bob }],
  [
    '--server, whose name is not the cluster’s',
    { server: 'https://x' },
    { ...withoutServerName, server: 'https://x' },
  ],
  [
    '--server and --tls-server-name',
    { server: 'https://x', tlsServerName: 'y' },
    { ...main, server: 'https://x', servername: 'y' },
  ],
  ['--tls-server-name', { tlsServerName: 'y' }, { ...main, servername: 'y' }],
  [
    '--server replaces a cluster that is missing',
    { context: 'broken', server: 'https://x' },
    { server: 'https://x', headers: main.headers },
  ],
  ['--insecure-skip-tls-verify', { insecure: true }, { ...withoutAuthority, insecure: true }],
  ['--insecure-skip-tls-verify=false', { insecure: false }, main],
  ['--token', { token: 't' }, { ...main, headers: { authorization: 'Bearer t' } }],
  [
    '--token instead of a password',
    { token: 't', user: 'bob' },
    { ...main, headers: { authorization: 'Bearer t' } },
  ],
  [
    '--token instead of an exec plugin',
    { token: 't', user: 'exec' },
    { ...main, headers: { authorization: 'Bearer t' } },
  ],
  [
    '--as and --as-group',
    { as: 'eve', asGroups: ['a', 'b'] },
    { ...main, headers: { ...main.headers, 'impersonate-user': 'eve', 'impersonate-group': ['a', 'b'] } },
  ],
] as const)
  test(what, async () => assert.deepEqual(await connectionWith(flags), expected));

test('--certificate-authority, --client-certificate, and --client-key', async () => {
  const { cert, key } = selfSigned('client');
  const flags = { certificateAuthority: 'ca.pem', clientCertificate: 'cert.pem', clientKey: 'key.pem' };
  const files = { 'ca.pem': 'another authority', 'cert.pem': cert, 'key.pem': key };
  assert.deepEqual(await connectionWith(flags, files), { ...main, ca: 'another authority', cert, key });
});

test('with --server, no kubeconfig is necessary', () =>
  withFiles({}, async ({ load }) => {
    const connection = await load({ flags: { server: 'https://x', token: 't' } });
    assert.equal(connection.server, 'https://x');
    assert.deepEqual(await connection.headers?.(), { authorization: 'Bearer t' });
    await assert.rejects(load({ flags: { token: 't' } }), /no kubeconfig found/);
  }));

for (const [flags, message] of [
  [
    { context: 'none' },
    'kubeconfig: the context "none" does not exist. To list the contexts, run: kubectl config get-contexts',
  ],
  [{ cluster: 'none' }, 'kubeconfig: the cluster "none" of --cluster does not exist'],
  [{ cluster: 'none', server: 'https://x' }, 'kubeconfig: the cluster "none" of --cluster does not exist'],
  [{ user: 'none' }, 'kubeconfig: the user "none" of --user does not exist'],
] as const)
  test(`${JSON.stringify(flags)} is reported`, () =>
    withFiles({ '.kube/config': kubeconfig }, ({ load }) => assert.rejects(load({ flags }), { message })));
