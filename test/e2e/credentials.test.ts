import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SERVICE_ACCOUNT_FOLDER } from '../../src/client/in-cluster.ts';
import { Client } from '../contract/http.ts';
import { type Child, startChild } from '../controlplane/process.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { quickElection } from './controller.ts';
import { eventually } from './eventually.ts';
import { assigned, loadBalancer } from './objects.ts';
import { scenarios } from './scenario.ts';
import { ServiceAccountFiles } from './service-account-files.ts';
import { TlsProxy } from './tls-proxy.ts';

/** The credentials of a Pod are replaced while it runs. */

const scenario = scenarios('credentials');
const account = 'kube-vip-cloud-controller';
const inKubeSystem = '/api/v1/namespaces/kube-system';

/** A token that is valid until `revoke` is called, which has the same effect as its expiry. */
async function newToken(cluster: Cluster, name: string) {
  const { client } = cluster;
  const secret = await client.post(`${inKubeSystem}/secrets`, { metadata: { name } });
  assert.equal(secret.status, 201);
  const { uid } = secret.body.metadata;
  const spec = { expirationSeconds: 600, boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid } };
  const answer = await client.post(`${inKubeSystem}/serviceaccounts/${account}/token`, { spec });
  assert.equal(answer.status, 201, answer.body.message ?? '');
  const { token = '' } = answer.body.status as { token?: string };
  const { url, ca } = cluster.server;
  return {
    token,
    async revoke(): Promise<void> {
      await client.delete(`${inKubeSystem}/secrets/${name}`);
      const own = new Client({ url, ca, token, needsNamespaces: false, close: async () => {} });
      // The API server remembers a valid token for ten seconds.
      await eventually(async () => assert.equal((await own.get('/api/v1/services')).status, 401));
      own.close();
    },
  };
}

interface Pod {
  readonly files: ServiceAccountFiles;
  readonly child: Child;
}

/** Runs the controller as in a Pod: its bundle reads another folder instead of the kubelet's. */
async function inPod(
  port: string,
  files: { readonly token: string; readonly 'ca.crt': string },
  body: (pod: Pod) => Promise<void>,
): Promise<void> {
  const folder = temporaryFolder('kvcp-credentials-');
  const bundle = await sharedBundle();
  const program = join(folder.path, 'dist');
  cpSync(dirname(bundle.entry), program, { recursive: true });
  const entry = join(program, basename(bundle.entry));
  const mount = join(folder.path, 'serviceaccount');
  const text = readFileSync(entry, 'utf8');
  assert.ok(text.includes(SERVICE_ACCOUNT_FOLDER));
  writeFileSync(entry, text.replaceAll(SERVICE_ACCOUNT_FOLDER, mount));
  const pod = {
    files: new ServiceAccountFiles(mount, files),
    child: startChild(process.execPath, [entry, '--secure-port=0', '--web-port=0', ...quickElection], {
      env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port },
    }),
  };
  try {
    await body(pod);
    assert.ok(pod.child.running(), 'the same process');
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${pod.child.output()}`, {
      cause: error,
    });
  } finally {
    await pod.child.stop('TERM');
    bundle.remove();
    folder.remove();
  }
}

/** Creates a Service, and waits until it has its address. */
async function isServed(cluster: Cluster, name: string, address: string): Promise<void> {
  await cluster.create(loadBalancer(`default/${name}`));
  await cluster.becomes(`default/${name}`, assigned(address, 'range-default'));
}

const pools = { 'range-default': '10.1.0.1-10.1.0.9' };

scenario(
  'a token that is replaced before its end, and one that ends before it is replaced',
  async ({ cluster }) => {
    await cluster.pools(pools);
    const first = await newToken(cluster, 'first');
    const { url, ca } = cluster.server;
    await inPod(new URL(url).port, { token: first.token, 'ca.crt': ca }, async ({ files }) => {
      await isServed(cluster, 'a', '10.1.0.1');
      const second = await newToken(cluster, 'second');
      files.replace({ token: second.token });
      await first.revoke();
      await isServed(cluster, 'b', '10.1.0.2');
      await second.revoke();
      await cluster.create(loadBalancer('default/c'));
      const third = await newToken(cluster, 'third');
      files.replace({ token: third.token });
      await isServed(cluster, 'd', '10.1.0.4');
      await cluster.becomes('default/c', assigned('10.1.0.3', 'range-default'));
    });
  },
);

scenario(
  'a certificate authority that is replaced, before the certificate of the API server and after it',
  async ({ cluster }) => {
    await cluster.pools(pools);
    const proxy = await TlsProxy.start(cluster.server);
    const { token } = await newToken(cluster, 'authority');
    try {
      await inPod(String(proxy.port), { token, 'ca.crt': proxy.authority }, async ({ files }) => {
        await isServed(cluster, 'a', '10.1.0.1');
        proxy.replaceCertificate();
        files.replace({ 'ca.crt': proxy.authority });
        await isServed(cluster, 'b', '10.1.0.2');
        const old = proxy.authority;
        proxy.replaceCertificate();
        await cluster.create(loadBalancer('default/c'));
        files.replace({ 'ca.crt': `${old}${proxy.authority}` });
        await isServed(cluster, 'd', '10.1.0.4');
        await cluster.becomes('default/c', assigned('10.1.0.3', 'range-default'));
      });
    } finally {
      proxy.stop();
    }
  },
);
