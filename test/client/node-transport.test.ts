import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from './byte-server.ts';
import { forever, get, ok, withTransport } from './transport-fixture.ts';

// What both transports do is in transport.test.ts.

test('at most `sockets` connections are opened, and every request is sent', () =>
  withTransport({ sockets: 2 }, async (transport, server) => {
    server.script(...Array.from({ length: 10 }, () => ok));
    await Promise.all(Array.from({ length: 10 }, () => get(transport)));
    assert.equal(server.requests.length, 10);
    assert.equal(server.connections(), 2);
  }));

test('watches do not use the connections of short requests', () =>
  withTransport({ sockets: 1 }, async (transport, server) => {
    const open = (e: Exchange): void => e.begin();
    server.script(open, open, ok);
    await transport({ method: 'GET', path: '/?watch=true', headers: {} }, forever);
    await transport({ method: 'GET', path: '/?a=b&watch=1', headers: {} }, forever);
    assert.equal(await get(transport), '{}');
    assert.equal(server.connections(), 3);
  }));
