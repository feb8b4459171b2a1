import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startByteServer } from '../client/byte-server.ts';
import { selfSigned } from '../client/certificate.ts';
import { implementations } from '../client/transport-fixture.ts';

// Other TLS cases are in test/client/transport.test.ts. This file changes the environment of its process.

for (const [name, create] of implementations) {
  test(`${name}: no environment variable disables the verification of certificates`, async () => {
    const server = await startByteServer(selfSigned('127.0.0.1'));
    server.script((exchange) => exchange.respond(200, {}));
    const transport = create({ server: server.url });
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    // Node.js prints a warning.
    process.removeAllListeners('warning');
    try {
      const request = { method: 'GET', path: '/', headers: {} } as const;
      await assert.rejects(transport(request, new AbortController().signal), /self-signed certificate/);
      assert.equal(server.requests.length, 0);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      transport.close();
      await server.close();
    }
  });
}
