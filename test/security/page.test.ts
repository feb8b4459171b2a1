import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { after, before, test } from 'node:test';
import type { KubeObject } from '../../src/core/model/objects.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { type ServedPage, servePage } from '../web/served-page.ts';
import { acting, hostileText } from './hostile-text.ts';

/** The claims that SECURITY.md makes about the web page. */

let served: ServedPage;
before(async () => {
  const objects: (KubeObject & Record<string, unknown>)[] = [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kubevip', namespace: 'kube-system' },
      data: { 'cidr-global': '10.0.0.0/24', [`cidr-${'x'.repeat(70)}`]: hostileText },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'a', name: 'hostile', annotations: { [annotations.addresses]: hostileText } },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    },
  ];
  served = await servePage(objects);
});
after(async () => {
  await served.close();
});

interface PageResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function send(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<PageResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<PageResponse>();
  request(new URL(path, served.url), { method, headers }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
  })
    .on('error', reject)
    .end();
  return promise;
}

const paths = ['/', '/main.ts', '/page.css', '/api/overview', '/api/address/x', '/nothing', '/api/pool/%zz'];

test('every response has the security headers, including rejections', async () => {
  const { port } = new URL(served.url);
  const responses = await Promise.all([
    ...paths.map((path) => send(path)),
    send('/', { host: 'evil.example' }),
    send('/', {}, 'POST'),
    send('/api/overview', { 'sec-fetch-site': 'cross-site' }),
  ]);
  assert.deepEqual(
    responses.map(({ status }) => status),
    [200, 200, 200, 200, 400, 404, 400, 421, 405, 403],
  );
  for (const { headers } of responses) {
    const policy = String(headers['content-security-policy']);
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"])
      assert.ok(policy.includes(rule), rule);
    for (const rule of [
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "trusted-types 'none'",
    ])
      assert.ok(policy.includes(rule), rule);
    assert.doesNotMatch(policy, /unsafe|\*|http/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cache-control'], 'no-store');
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control')),
      [],
    );
  }
  assert.ok(Number(port) > 0);
});

test('only loopback host names are accepted, which prevents DNS rebinding', async () => {
  const { port } = new URL(served.url);
  for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, '[::1]:8089', 'LOCALHOST:1'])
    assert.equal((await send('/api/overview', { host })).status, 200, host);
  const foreign = [
    'evil.example',
    `evil.example:${port}`,
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'localhost:x',
  ];
  for (const host of foreign) {
    const { status, text } = await send('/api/overview', { host });
    assert.equal(status, 421, host);
    assert.match(text, /^This page accepts only the host names localhost/);
  }
});

test('only GET and HEAD are accepted, and HEAD has no body', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])
    for (const path of ['/', '/api/overview', '/api/updates'])
      assert.equal((await send(path, {}, method)).status, 405, `${method} ${path}`);
  for (const path of ['/', '/api/overview', '/api/updates'])
    assert.deepEqual(
      [(await send(path, {}, 'HEAD')).status, (await send(path, {}, 'HEAD')).text],
      [200, ''],
      path,
    );
});

test('another site may link to the page, but cannot use its API', async () => {
  assert.equal((await send('/', { 'sec-fetch-site': 'cross-site' })).status, 200);
  for (const site of ['cross-site', 'same-site'])
    for (const path of ['/api/overview', '/api/updates'])
      assert.equal((await send(path, { 'sec-fetch-site': site })).status, 403, `${site} ${path}`);
  for (const site of ['same-origin', 'none'])
    assert.equal((await send('/api/overview', { 'sec-fetch-site': site })).status, 200, site);
});

test('no path leads to other files or into objects', async () => {
  const outside = [
    '/../package.json',
    '/%2e%2e/package.json',
    '//etc/passwd',
    '/site.ts',
    '/tsconfig.json',
    '/constructor',
    '/__proto__',
    '/api/',
    '/api/constructor',
  ];
  for (const path of outside) {
    const { promise, resolve } = Promise.withResolvers<number>();
    request({ host: '127.0.0.1', port: new URL(served.url).port, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).end();
    assert.equal(await promise, 404, path);
  }
});

test('hostile text from Services is escaped, and long text is cut', async () => {
  for (const path of ['/api/overview', '/api/service/a/hostile', '/api/services?q=hostile']) {
    const { text } = await send(path);
    assert.match(text, /hostile/);
    const texts: string[] = [];
    JSON.parse(text, (_, part: unknown) => typeof part === 'string' && texts.push(part));
    assert.ok(texts.length > 3);
    for (const one of texts) assert.doesNotMatch(one, acting, path);
  }
  const { status, text } = await send(`/api/services?q=${'x'.repeat(5_000)}`);
  assert.equal(status, 200);
  assert.ok(text.length < 3_000, `${text.length}`);
});

test('listeners above the limit are rejected, and other requests still succeed', async () => {
  const cancels: (() => void)[] = [];
  const listen = (): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const stream = request(new URL('/api/updates', served.url), (response) => {
      response.on('error', () => {});
      response.once('data', () => {});
      resolve(response.statusCode ?? 0);
    });
    stream.on('error', () => {}).end();
    cancels.push(() => stream.destroy());
    return promise;
  };
  try {
    const statuses = await Promise.all(Array.from({ length: 32 }, listen));
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal(await listen(), 503);
    assert.equal((await send('/api/overview')).status, 200);
  } finally {
    for (const cancel of cancels) cancel();
  }
});
