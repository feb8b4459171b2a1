import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../src/client/clock.ts';
import { createHttpsTransport } from '../../../src/client/kubeconfig/https-transport.ts';
import { startByteServer } from '../byte-server.ts';
import { selfSigned } from '../certificate.ts';
import { get, ok } from '../transport-fixture.ts';

// This file changes the environment of its process. Node reads the authorities of the system once.

const skip = process.platform === 'linux' ? {} : { skip: 'only on Linux, a variable sets them' };

test(
  'without an authority in the kubeconfig, those of the system are trusted, and only they',
  skip,
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'authorities-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const tls = selfSigned('127.0.0.1');
    const server = await startByteServer(tls);
    t.after(() => server.close());
    server.onRequest(ok);
    process.env.SSL_CERT_FILE = join(folder, 'authorities.pem');
    writeFileSync(process.env.SSL_CERT_FILE, tls.cert);
    const trusting = createHttpsTransport({ server: server.url }, systemClock);
    t.after(() => trusting.close());
    assert.equal(await get(trusting), '{}');
    const stranger = createHttpsTransport({ server: server.url, ca: selfSigned('x').cert }, systemClock);
    t.after(() => stranger.close());
    await assert.rejects(get(stranger), /certificate/);
  },
);
