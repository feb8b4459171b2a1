import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveHealth, type Told } from '../../src/cmd/controller/health-server.ts';
import { selfSigned } from '../client/certificate.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';

const local = { host: '127.0.0.1', port: 0, tls: undefined };

function told(problems: { lists?: string; loop?: string } = {}, metrics = () => 'up 1\n'): Told {
  const health = {
    ready: () => [{ name: 'lists', problem: problems.lists }],
    live: () => [{ name: 'loop', problem: problems.loop }],
  };
  return { health, metrics };
}

async function ask(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  return `${response.status} ${await response.text()}`;
}

test('each path tells the truth of the moment, and the failing check by its name', async () => {
  const problems: { lists?: string; loop?: string } = { lists: 'not read yet' };
  const { url, close } = await serveHealth(told(problems), local);
  try {
    assert.equal(await ask(`${url}/livez`), '200 ok');
    assert.equal(await ask(`${url}/readyz`), '503 [-]lists failed: not read yet\n');
    assert.equal(await ask(`${url}/healthz`), '503 [+]loop ok\n[-]lists failed: not read yet\n');
    delete problems.lists;
    assert.equal(await ask(`${url}/readyz`), '200 ok');
    assert.equal(await ask(`${url}/healthz?verbose`), '200 [+]loop ok\n[+]lists ok\n');
    problems.loop = 'nothing has moved for 600 s';
    assert.equal(await ask(`${url}/livez`), '503 [-]loop failed: nothing has moved for 600 s\n');
    assert.equal(await ask(`${url}/readyz`), '200 ok');
  } finally {
    close();
  }
});

test('other paths and methods are refused', async () => {
  const { url, close } = await serveHealth(told(), local);
  try {
    assert.match(await ask(`${url}/`), /^404 There is \/livez, \/readyz, \/healthz, \/metrics/);
    assert.equal(await ask(`${url}/livez`, { method: 'POST', body: 'x' }), '405 Only GET.\n');
    assert.equal(await ask(`${url}/livez`, { method: 'HEAD' }), '200 ');
  } finally {
    close();
  }
});

test('0.0.0.0 and :: are all addresses of both families, as in Go', async () => {
  for (const host of ['0.0.0.0', '::']) {
    const { url, close } = await serveHealth(told(), { ...local, host });
    try {
      const { port } = new URL(url);
      assert.equal(await ask(`http://127.0.0.1:${port}/livez`), '200 ok');
      assert.equal(await ask(`http://[::1]:${port}/livez`), '200 ok');
    } finally {
      close();
    }
  }
});

test('metrics are told as Prometheus wants them; a bug in them is an answer, not the end', async () => {
  let metrics = (): string => 'up 1\n';
  const { url, close } = await serveHealth(
    told({}, () => metrics()),
    local,
  );
  try {
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await response.text(), 'up 1\n');
    metrics = () => {
      throw new Error('a bug');
    };
    assert.equal(await ask(`${url}/metrics`), '500 a bug\n');
    assert.equal(await ask(`${url}/livez`), '200 ok');
  } finally {
    close();
  }
});

test('with a certificate it is HTTPS', async () => {
  const folder = temporaryFolder('kvcp-health-');
  const { cert, key } = selfSigned();
  const files = { certFile: join(folder.path, 'tls.crt'), keyFile: join(folder.path, 'tls.key') };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  const { url, close } = await serveHealth(told(), { ...local, tls: files });
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

test('a port that is taken, and a certificate that is not there, are said with their names', async () => {
  const { url, close } = await serveHealth(told(), local);
  try {
    const port = Number(new URL(url).port);
    await assert.rejects(serveHealth(told(), { ...local, port }), {
      message: new RegExp(`^cannot listen on 127.0.0.1:${port}: .*EADDRINUSE`),
    });
    const tls = { certFile: 'no-such.crt', keyFile: 'no-such.key' };
    await assert.rejects(serveHealth(told(), { ...local, tls }), {
      message: /^cannot read no-such\.crt: ENOENT/,
    });
  } finally {
    close();
  }
});
