import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { type HealthSource, serveHealth } from '../../src/cmd/controller/health-server.ts';
import { selfSigned } from '../client/certificate.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';

const local = { host: '127.0.0.1', port: 0, tls: undefined };

function healthSource(
  problems: { lists?: string; loop?: string } = {},
  metrics = () => 'up 1\n',
): HealthSource {
  const health = {
    ready: () => [{ name: 'lists', problem: problems.lists }],
    live: () => [{ name: 'loop', problem: problems.loop }],
  };
  return { health, metrics };
}

async function request(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  return `${response.status} ${await response.text()}`;
}

test('each path reports the current state and the name of a failing check', async () => {
  const problems: { lists?: string; loop?: string } = { lists: 'not read yet' };
  const { url, close } = await serveHealth(healthSource(problems), local);
  try {
    assert.equal(await request(`${url}/livez`), '200 ok');
    assert.equal(await request(`${url}/readyz`), '503 [-]lists failed: not read yet\n');
    assert.equal(await request(`${url}/healthz`), '503 [+]loop ok\n[-]lists failed: not read yet\n');
    delete problems.lists;
    assert.equal(await request(`${url}/readyz`), '200 ok');
    assert.equal(await request(`${url}/healthz?verbose`), '200 [+]loop ok\n[+]lists ok\n');
    problems.loop = 'nothing has moved for 600 s';
    assert.equal(await request(`${url}/livez`), '503 [-]loop failed: nothing has moved for 600 s\n');
    assert.equal(await request(`${url}/readyz`), '200 ok');
  } finally {
    close();
  }
});

test('other paths and methods are rejected', async () => {
  const { url, close } = await serveHealth(healthSource(), local);
  try {
    assert.match(
      await request(`${url}/`),
      /^404 Not found\. Available paths: \/livez, \/readyz, \/healthz, \/metrics/,
    );
    assert.equal(await request(`${url}/livez`, { method: 'POST', body: 'x' }), '405 Only GET is allowed.\n');
    assert.equal(await request(`${url}/livez`, { method: 'HEAD' }), '200 ');
  } finally {
    close();
  }
});

test('0.0.0.0 and :: listen on all addresses of both families, as in Go', async () => {
  for (const host of ['0.0.0.0', '::']) {
    const { url, close } = await serveHealth(healthSource(), { ...local, host });
    try {
      const { port } = new URL(url);
      assert.equal(await request(`http://127.0.0.1:${port}/livez`), '200 ok');
      assert.equal(await request(`http://[::1]:${port}/livez`), '200 ok');
    } finally {
      close();
    }
  }
});

test('metrics have the Prometheus content type, and an error in them does not stop the server', async () => {
  let metrics = (): string => 'up 1\n';
  const { url, close } = await serveHealth(
    healthSource({}, () => metrics()),
    local,
  );
  try {
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await response.text(), 'up 1\n');
    metrics = () => {
      throw new Error('a bug');
    };
    assert.equal(await request(`${url}/metrics`), '500 a bug\n');
    assert.equal(await request(`${url}/livez`), '200 ok');
  } finally {
    close();
  }
});

test('with a certificate, the server uses HTTPS', async () => {
  const folder = temporaryFolder('kvcp-health-');
  const { cert, key } = selfSigned();
  const files = { certFile: join(folder.path, 'tls.crt'), keyFile: join(folder.path, 'tls.key') };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  const { url, close } = await serveHealth(healthSource(), { ...local, tls: files });
  try {
    assert.match(url, /^https:/);
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    get(`${url}/livez`, { ca: cert, checkServerIdentity: () => undefined }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
    assert.equal(await promise, 200);
  } finally {
    close();
    folder.remove();
  }
});

test('errors name the port in use or the missing certificate', async () => {
  const { url, close } = await serveHealth(healthSource(), local);
  try {
    const port = Number(new URL(url).port);
    await assert.rejects(serveHealth(healthSource(), { ...local, port }), {
      message: new RegExp(`^cannot listen on 127.0.0.1:${port}: .*EADDRINUSE`),
    });
    const tls = { certFile: 'no-such.crt', keyFile: 'no-such.key' };
    await assert.rejects(serveHealth(healthSource(), { ...local, tls }), {
      message: /^cannot read no-such\.crt: ENOENT/,
    });
  } finally {
    close();
  }
});
