import { join, resolve } from 'node:path';
import { buildDistribution } from '../../scripts/build.ts';
import type { Request } from '../cluster/requests.ts';
import type { SenderResult } from '../cluster/sender.ts';
import { newService, servicesPath } from '../cluster/services.ts';
import { sockets, startTestBed } from '../cluster/test-bed.ts';
import { count, median, megabytes, middle, short, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { say } from '../progress.ts';

const clients = ['node:https', 'ours', 'plugin', 'node:http2'] as const;
const services = 1_000;

export const part = definePart({
  about: "the controller's HTTP client, compared with that of the plugin, node:https, and node:http2",
  inputs: (quick) => [quick ? { requests: 500, rounds: 1 } : { requests: 3_000, rounds: 7 }],

  async measure({ requests, rounds }, stack) {
    const bed = await startTestBed(stack);
    const created = Array.from({ length: services }, (_, i) => newService(`service-${i}`));
    await bed.requests.sendAll(created);
    const outdir = join(bed.folder, 'sender');
    const root = resolve(import.meta.dirname, '../..');
    await buildDistribution({ root, entry: 'bench/cluster/sender.ts', name: 'sender', outdir, version: '0' });
    const figures = clients.map((client) => ({ client, results: [] as SenderResult[] }));
    for (let round = 1; round <= rounds; round += 1) {
      for (const { client, results } of figures) {
        say(`transport: round ${round} of ${rounds}, ${client}`);
        const patches = mergePatches(`${client} ${round}`, requests);
        results.push(await bed.sendApart(client, patches, join(outdir, 'sender.js')));
      }
    }
    return figures;
  },

  print: (
    figures,
  ) => `transport: merge PATCHes over TLS, ${sockets} at once, each client in a new process; medians

${table(
  ['', 'per s (range)', 'CPU ms each', 'MB idle', 'MB after'],
  figures.map(({ client, results }) => {
    const of = (name: keyof SenderResult): number[] => results.map((result) => result[name]);
    const memory = [median(of('idleBytes')), median(of('afterBytes'))].map(megabytes);
    return [client, middle(of('perSecond'), count), short(median(of('cpuMs'))), ...memory];
  }),
)}`,
});

/** As long as those of the controller. Each is different, because the API server does not store a PATCH without effect. */
function mergePatches(text: string, requests: number): Request[] {
  return Array.from({ length: requests }, (_, i) => ({
    method: 'PATCH',
    path: `${servicesPath}/service-${i % services}?fieldManager=bench`,
    body: JSON.stringify({
      metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': `${text} ${i}`, filler: 'x'.repeat(200) } },
    }),
  }));
}
