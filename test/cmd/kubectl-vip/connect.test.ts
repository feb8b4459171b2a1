import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConnectionFlags } from '../../../src/client/kubeconfig/kubeconfig-flags.ts';
import { connect } from '../../../src/cmd/kubectl-vip/connect.ts';
import type { IOStreams } from '../../../src/cmd/kubectl-vip/io-streams.ts';
import { startByteServer } from '../../client/byte-server.ts';
import { selfSigned } from '../../client/certificate.ts';
import { createFakeClock, type FakeClock, until } from '../../client/fake-clock.ts';
import { startHttpProxy } from '../../client/kubeconfig/proxies.ts';

const { signal } = new AbortController();

function streamsWith(env: Record<string, string>, clock: FakeClock = createFakeClock()) {
  const warnings: string[] = [];
  const streams: IOStreams = {
    env,
    home: () => '/none',
    clock,
    random: Math.random,
    version: '1.2.3',
    signal,
    writeStderr: (lines) => warnings.push(lines),
    lookup: async () => [],
    openFile: () => Promise.reject(new Error('not used')),
    readText: () => Promise.reject(new Error('not used')),
  };
  return { streams, warnings };
}

const target = (flags: ConnectionFlags, requestTimeoutMs?: number) => ({
  kubeconfig: undefined,
  flags,
  requestTimeoutMs,
});

test('HTTPS_PROXY is used, and a server that is not verified is reported', async (t) => {
  const tls = selfSigned('api.example');
  const server = await startByteServer(tls);
  t.after(() => server.close());
  server.onRequest((e) => e.respond(200, {}));
  const proxy = await startHttpProxy();
  t.after(() => proxy.close());
  const url = server.url.replace('127.0.0.1', 'api.example');
  const { streams, warnings } = streamsWith({ HTTPS_PROXY: `http://${proxy.address}` });
  const flags = { server: url, insecure: true, token: 't' };
  const { api, close } = await connect(target(flags), streams);
  await api.get('/version', signal);
  close();
  assert.deepEqual(proxy.targets, [url.replace('https://', '')]);
  assert.equal(server.requests[0]?.headers.authorization, 'Bearer t');
  assert.deepEqual(warnings, [
    'Warning: the identity of the API server is not verified, because insecure-skip-tls-verify is set.',
  ]);
});

test('a server address without a scheme is reported', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connect-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const kubeconfig = join(folder, 'config');
  const clusters = [{ name: 'c', cluster: { server: '10.0.0.1:6443' } }];
  writeFileSync(kubeconfig, JSON.stringify({ clusters }));
  await assert.rejects(
    connect({ ...target({ cluster: 'c' }), kubeconfig }, streamsWith({}).streams),
    /^Error: the API server address must be an http or https URL: 10\.0\.0\.1:6443$/,
  );
});

test('--request-timeout ends a request without a response', async (t) => {
  const server = await startByteServer();
  t.after(() => server.close());
  const clock = createFakeClock();
  const { api, close } = await connect(target({ server: server.url }, 2_000), streamsWith({}, clock).streams);
  t.after(close);
  const rejected = assert.rejects(api.get('/version', signal), /no response within 2 s/);
  await until(() => server.requests.length === 1);
  clock.advance(2_000);
  await rejected;
});
