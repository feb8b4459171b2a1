/** A process that sends requests and measures what they cost. Its argument is the file of a SenderPlan. */

import { readFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../src/client/clock.ts';
import type { Transport } from '../../src/client/transport.ts';
import { concurrently } from '../concurrently.ts';
import type { Request, Target } from './requests.ts';

export interface SenderPlan {
  readonly client: Client;
  readonly target: Target;
  readonly sockets: number;
  readonly requests: readonly Request[];
  /** The file for the SenderResult. */
  readonly result: string;
}

export interface SenderResult {
  readonly perSecond: number;
  /** CPU time of this process for one request. */
  readonly cpuMs: number;
  /** Resident memory with one connection that was used. */
  readonly idleBytes: number;
  readonly afterBytes: number;
}

type Send = (request: Request) => Promise<unknown>;
type Connect = (target: Target, sockets: number) => Promise<Send>;

/** Only the selected client is loaded, so its memory is not that of the others. */
const clients = {
  async 'node:https'(target, sockets) {
    const { Requests } = await import('./requests.ts');
    const requests = new Requests(target, sockets);
    return (request) => requests.send(request);
  },

  async ours({ url, ca, token }, sockets) {
    const { createNodeTransport } = await import('../../src/client/http/node-transport.ts');
    return over(createNodeTransport({ server: url, ca, headers: bearer(token), sockets }));
  },

  async plugin({ url, ca, token }) {
    const { createHttpsTransport } = await import('../../src/client/kubeconfig/https-transport.ts');
    return over(createHttpsTransport({ server: url, ca, headers: bearer(token) }, systemClock));
  },

  /** All requests on one connection. */
  async 'node:http2'({ url, ca, token }) {
    // An import would also load what node:http2 exports besides.
    const session = process.getBuiltinModule('node:http2').connect(url, { ca });
    const about = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'content-type': 'application/merge-patch+json',
    };
    return (request) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const stream = session.request({ ':method': request.method, ':path': request.path, ...about });
      const chunks: Uint8Array[] = [];
      let status = 0;
      stream.on('response', (headers) => {
        status = Number(headers[':status']);
      });
      stream.on('data', (chunk: Uint8Array) => chunks.push(chunk)).on('error', reject);
      stream.on('end', () => resolve(checked(request, status, chunks))).end(request.body);
      return promise;
    };
  },
} satisfies Readonly<Record<string, Connect>>;

function bearer(token: string): () => Promise<Record<string, string>> {
  return async () => ({ authorization: `Bearer ${token}` });
}

function over(transport: Transport): Send {
  const never = new AbortController().signal;
  const headers = { accept: 'application/json', 'content-type': 'application/merge-patch+json' };
  return async (request) => {
    const { status, body } = await transport({ ...request, headers }, never);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return checked(request, status, chunks);
  };
}

export type Client = keyof typeof clients;

function checked({ path }: Request, status: number, chunks: readonly Uint8Array[]): string {
  const text = Buffer.concat(chunks).toString('utf8');
  if (status >= 300) throw new Error(`${path}: ${status} ${text.slice(0, 300)}`);
  return text;
}

const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SenderPlan;
const connect: Connect = clients[plan.client];
const send = await connect(plan.target, plan.sockets);
await send({ method: 'GET', path: '/api/v1/namespaces/default' });
// Garbage of the start is not part of the idle memory.
await new Promise((resolve) => setTimeout(resolve, 500));
const idleBytes = process.memoryUsage.rss();
const cpuBefore = process.cpuUsage();
const begun = performance.now();
await concurrently(plan.requests, plan.sockets, send);
const seconds = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const result: SenderResult = {
  perSecond: plan.requests.length / seconds,
  cpuMs: (user + system) / 1000 / plan.requests.length,
  idleBytes,
  afterBytes: process.memoryUsage.rss(),
};
writeFileSync(plan.result, JSON.stringify(result));
process.exit(0);
