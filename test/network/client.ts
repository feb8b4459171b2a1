/**
 * Lists and watches at the address of the first argument, and writes what a sink receives, one line each. The kernel
 * notices a dead peer within seconds. It runs in a network namespace.
 */
import { createApi } from '../../src/client/api.ts';
import { systemClock as clock } from '../../src/client/clock.ts';
import { ConnectionHealth } from '../../src/client/connection-health.ts';
import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import { reflect } from '../../src/client/reflector.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const connections = createNodeTransport({
  server: process.argv[2] ?? '',
  keepAlive: { initialDelayMs: 1_000, intervalMs: 1_000, count: 2 },
});
const userAgent = 'test';
const log = { info: say, warn: say, error: say };
const transportOptions = { transport: connections, connections };
const { transport, onRecovered } = new ConnectionHealth({ ...transportOptions, clock, userAgent, log });
const api = createApi(transport, { userAgent, fieldManager: userAgent, clock });
await reflect(
  api,
  { path: '/api/v1/services', project: ({ metadata }) => metadata.name },
  {
    replaced: (names) => say(`listed ${names.join()}`),
    upserted: () => {},
    deleted: () => {},
    failing: ({ message }) => say(`failing: ${message}`),
    recovered: () => say('watching again'),
  },
  {
    ...{ clock, random: Math.random, signal: new AbortController().signal, log, onRecovered },
  },
);
