import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyFromEnvironment } from '../../../src/client/kubeconfig/proxy-from-environment.ts';

const proxy = 'http://proxy.example:3128/';
const via = (server: string, noProxy = ''): boolean =>
  proxyFromEnvironment(new URL(server), { HTTPS_PROXY: 'proxy.example:3128', NO_PROXY: noProxy }) === proxy;

for (const [noProxy, server, isProxied] of [
  ['', 'https://api.example:6443', true],
  ['*', 'https://api.example:6443', false],
  ['api.example', 'https://api.example:6443', false],
  ['API.example', 'https://api.EXAMPLE', false],
  ['example', 'https://api.example', false],
  ['ample', 'https://api.example', true],
  ['.example', 'https://api.example', false],
  ['*.example', 'https://api.example', false],
  ['.api.example', 'https://api.example', true],
  ['api.example:6443', 'https://api.example:6443', false],
  ['api.example:443', 'https://api.example', false],
  ['api.example:8443', 'https://api.example:6443', true],
  [' a.example , 10.1.0.0/16 ', 'https://10.1.2.3:6443', false],
  ['10.1.0.0/16', 'https://10.2.2.3:6443', true],
  ['10.1.2.3', 'https://10.1.2.3:6443', false],
  ['10.1.2.3:443', 'https://10.1.2.3:6443', true],
  ['10.1.2', 'https://10.1.2.3:6443', true],
  ['10.0.0.0/33,10.0.0.0/x,/', 'https://10.1.2.3', true],
  ['fd00::/8', 'https://[fd00::1]:6443', false],
  ['fd00::1', 'https://[fd00:0::1]', false],
  ['[fd00::1]:6443', 'https://[fd00::1]:6443', false],
  ['fd00::/8', 'https://10.1.2.3', true],
  ['', 'https://localhost:6443', false],
  ['', 'https://127.0.0.1:6443', false],
  ['', 'https://127.8.0.1:6443', false],
  ['', 'https://[::1]:6443', false],
] as const)
  test(`NO_PROXY=${JSON.stringify(noProxy)}: ${server} is ${isProxied ? '' : 'not '}proxied`, () =>
    assert.equal(via(server, noProxy), isProxied));

test('each protocol has its variable, in upper or lower case', () => {
  const of = (server: string, env: Record<string, string>) => proxyFromEnvironment(new URL(server), env);
  assert.equal(of('https://a.example', { https_proxy: 'socks5://p:1080' }), 'socks5://p:1080');
  assert.equal(of('https://a.example', { HTTP_PROXY: 'http://p' }), undefined);
  assert.equal(of('http://a.example', { HTTP_PROXY: 'http://p' }), 'http://p/');
  assert.equal(of('http://a.example', { HTTPS_PROXY: 'http://p' }), undefined);
  assert.equal(
    of('https://a.example', { HTTPS_PROXY: '', https_proxy: 'http://p', no_proxy: '' }),
    'http://p/',
  );
});

test('a value that is not a URL is reported without the value, which may contain a password', () => {
  assert.throws(
    () => proxyFromEnvironment(new URL('https://a.example'), { HTTPS_PROXY: 'http://u:secret@[' }),
    {
      message: 'HTTPS_PROXY is not a URL. Set it to a URL such as http://proxy.example.com:3128',
    },
  );
});
