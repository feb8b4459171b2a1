/**
 * One client's process: sends so many merge PATCHes, and says what they took. Its argument is the file of an Errand.
 * Only the client that is asked for is loaded.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Request, Target } from '../cluster/requests.ts';

export interface Errand {
  readonly target: Target;
  readonly client: ClientName;
  readonly sockets: number;
  readonly requests: readonly Request[];
  readonly result: string;
}

export interface Toll {
  readonly perSecond: number;
  /** Of this process, for one request. */
  readonly cpuMs: number;
  /** Resident, with one connection that has been used. */
  readonly idleBytes: number;
  readonly afterBytes: number;
}

type Send = (request: Request) => Promise<string>;

const clients = {
  ours: async (target: Target, sockets: number): Promise<Send> =>
    (await import('./our-client.ts')).connect(target, sockets),
  'node:https': async (target: Target, sockets: number): Promise<Send> => {
    const { Requests } = await import('../cluster/requests.ts');
    const requests = new Requests(target, sockets);
    return (request) => requests.send(request);
  },
  'node:http2': async (target: Target): Promise<Send> => (await import('./http2-client.ts')).connect(target),
};

export type ClientName = keyof typeof clients;

async function main(file: string): Promise<void> {
  const { target, client, sockets, requests, result } = JSON.parse(readFileSync(file, 'utf8')) as Errand;
  const send = await clients[client](target, sockets);
  await send({ method: 'GET', path: '/api/v1/namespaces/default' });
  // What the start left behind is no part of what it takes to be there.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const idleBytes = process.memoryUsage.rss();
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  const rest = requests.values();
  const lane = async (): Promise<void> => {
    for (const request of rest) await send(request);
  };
  await Promise.all(Array.from({ length: sockets }, lane));
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const toll: Toll = {
    perSecond: requests.length / seconds,
    cpuMs: (user + system) / 1000 / requests.length,
    idleBytes,
    afterBytes: process.memoryUsage.rss(),
  };
  writeFileSync(result, JSON.stringify(toll));
  process.exit(0);
}

await main(process.argv[2] ?? '');
