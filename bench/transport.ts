/**
 * `node setup.mjs bench/transport.ts`: the same merge PATCHes of Services over our transport, node:https and
 * node:http2, in turns, each in a new process. Prints medians. Asserts nothing.
 */

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buildDistribution } from '../scripts/build.ts';
import { controlPlane } from './cluster/control-plane.ts';
import { newNamespace, newServices, servicesPath } from './cluster/services.ts';
import { Stack } from './cluster/stack.ts';
import { makeTestBed, sockets, type TestBed } from './cluster/test-bed.ts';
import { count, median, megabytes, short, spread, table } from './figures.ts';
import { machineLine, thisMachine } from './machine.ts';
import { say } from './progress.ts';
import type { ClientName, Errand, Toll } from './transport/sender.ts';

const execute = promisify(execFile);

const services = 1_000;

/** As long as what the controller writes, and new each time: a PATCH that changes nothing is not written. */
function patches(round: string, requests: number): Errand['requests'] {
  return Array.from({ length: requests }, (_, i) => ({
    method: 'PATCH',
    path: `${servicesPath}/service-${i % services}?fieldManager=bench`,
    body: JSON.stringify({
      metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': `${round} ${i}`, filler: 'x'.repeat(200) } },
    }),
  }));
}

async function send(
  bed: TestBed,
  program: string,
  client: ClientName,
  requests: Errand['requests'],
): Promise<Toll> {
  const file = join(bed.folder, 'errand.json');
  const result = join(bed.folder, 'toll.json');
  const errand: Errand = { target: bed.target, client, sockets, requests, result };
  writeFileSync(file, JSON.stringify(errand), { mode: 0o600 });
  await execute(process.execPath, [program, file]);
  return JSON.parse(readFileSync(result, 'utf8')) as Toll;
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, requests: { type: 'string', default: '3000' } },
});
const [rounds, requests] = [Number(values.rounds), Number(values.requests)];
const names: readonly ClientName[] = ['node:https', 'ours', 'node:http2'];
const stack = new Stack();
try {
  const machine = thisMachine();
  const bed = await makeTestBed(controlPlane(), stack);
  await bed.requests.send(newNamespace());
  await bed.requests.sendAll(
    newServices(0, services, () => {}),
    sockets,
  );
  const outdir = join(bed.folder, 'sender');
  const root = resolve(import.meta.dirname, '..');
  await buildDistribution({ root, entry: 'bench/transport/sender.ts', name: 'sender', outdir, version: '0' });
  const tolls = new Map<ClientName, Toll[]>(names.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of names) {
      say(`round ${round} of ${rounds}: ${name}`);
      const toll = await send(bed, join(outdir, 'sender.js'), name, patches(`${name} ${round}`, requests));
      tolls.get(name)?.push(toll);
    }
  }
  const rows = [...tolls].map(([name, all]) => {
    const middle = (figure: keyof Toll): number => median(all.map((toll) => toll[figure]));
    return [
      name,
      count(middle('perSecond')),
      spread(
        all.map(({ perSecond }) => perSecond),
        count,
      ),
      short(middle('cpuMs')),
      megabytes(middle('idleBytes')),
      megabytes(middle('afterBytes')),
    ];
  });
  process.stdout.write(`${machineLine(machine)}

transport: ${count(requests)} merge PATCHes over TLS, ${sockets} at once; medians of ${rounds} rounds

${table(['', 'per s', '(from to)', 'CPU ms each', 'MB idle', 'MB after'], rows)}`);
} finally {
  await stack.end();
}
process.exit(0);
