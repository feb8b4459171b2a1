import { setTimeout as pause } from 'node:timers/promises';
import { newService, pathOf } from '../cluster/services.ts';
import { startTestBed, type TestBed } from '../cluster/test-bed.ts';
import { controllerOptions } from '../core/services.ts';
import { count, median, spread, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { say } from '../progress.ts';

const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const lease = controllerOptions.controller;
/** Two replicas on one machine. */
const flags = ['--secure-port=0', '--web-port=0'];

/** Milliseconds since the signal. */
type Timeline = Readonly<Record<keyof typeof events, number>>;

const events = {
  endedMs: "the leader's process has ended",
  holderMs: 'the other replica holds the Lease',
  addressMs: 'a Service created with the signal has its address',
} as const;

export const part = definePart({
  about: 'time until the standby has replaced the leader',
  inputs: (quick) => [quick ? { services: 1_000, rounds: 1 } : { services: 5_000, rounds: 5 }],

  async measure({ services, rounds }, stack) {
    const bed = await startTestBed(stack);
    await bed.createPool();
    await (await bed.assign(0, services)).stop();
    const timelines: Timeline[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      say(`takeover: ${round} of ${rounds}`);
      timelines.push(await takeover(bed));
    }
    return { services, timelines };
  },

  print: ({
    services,
    timelines,
  }) => `takeover: two replicas, ${count(services)} Services; ms since SIGTERM to the leader

${table(
  ['', 'median', 'range'],
  (['endedMs', 'holderMs', 'addressMs'] as const).map((event) => {
    const times = timelines.map((timeline) => timeline[event]);
    return [events[event], count(median(times)), spread(times, count)];
  }),
)}`,
});

async function takeover(bed: TestBed): Promise<Timeline> {
  const { requests } = bed;
  const leaseWatch = await bed.watch(leases);
  const led = leaseWatch.until('a leader', (_, { spec }) => (spec?.holderIdentity ?? '') !== '');
  const leader = await bed.startController(flags);
  await led.finally(() => leader.check());
  const standby = await bed.startController(flags);
  // Until the standby has its lists, and the leader has finished its start.
  await pause(5_000);
  const text = await requests.send({ method: 'GET', path: `${leases}/${lease}` });
  const { holderIdentity: holder } = (JSON.parse(text) as { spec: { holderIdentity: string } }).spec;
  const serviceWatch = await bed.watch();
  const begun = performance.now();
  const ended = leader.gone.then(() => performance.now());
  const stopped = leader.stop();
  const [endedAt, holderAt, addressAt] = await Promise.all([
    ended,
    leaseWatch.until('a new leader', (_, { spec }) => !['', holder].includes(spec?.holderIdentity ?? '')),
    serviceWatch.addressed('default', 'new'),
    requests.send(newService('new', {}, pathOf('default'))),
    stopped,
  ]);
  await standby.stop();
  await requests.send({ method: 'DELETE', path: `${pathOf('default')}/new` });
  leaseWatch.close();
  serviceWatch.close();
  return { endedMs: endedAt - begun, holderMs: holderAt - begun, addressMs: addressAt - begun };
}
