import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FailingNetwork } from '../cluster/failing-network.ts';
import type { MeasuredProcess } from '../cluster/measured-process.ts';
import { newService, pathOf } from '../cluster/services.ts';
import { startTestBed, type TestBed } from '../cluster/test-bed.ts';
import { count, middle, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { say } from '../progress.ts';

/** A connection on which the client has sent nothing for longer does not renew the Lease, which is due every two seconds. */
const leaseQuietMs = 2_500;

interface Situation {
  readonly bed: TestBed;
  readonly net: FailingNetwork;
  /** The ports of the connections that are open now. */
  connections(): Promise<Connections>;
}

interface Connections {
  readonly all: readonly number[];
  /** Those of the watches, and others that are unused. */
  readonly quiet: readonly number[];
}

/** What happens to the network. The Service is created when it has begun. */
interface Fault {
  readonly what: string;
  /** Seconds to the next address, at most: from the return of the way, or from the fault if there is always a way. */
  readonly aim: number;
  readonly mayLoseLease?: true;
  begin(situation: Situation): Promise<void>;
  /** When and how the way returns. */
  readonly end?: { readonly afterMs: number; happen(situation: Situation): Promise<void> };
}

/** The address is at host one before each fault. */
const faults: readonly Fault[] = [
  {
    what: 'the connections of the watches carry nothing, but TCP is alive',
    aim: 35,
    async begin({ net, connections }) {
      await net.send('one', { do: 'hold', ports: (await connections()).quiet });
    },
  },
  {
    what: 'the connections of the watches are dead',
    aim: 20,
    async begin({ net, connections }) {
      await net.network.drop((await connections()).quiet);
    },
  },
  {
    what: 'all connections carry nothing, but TCP is alive, and new ones work',
    aim: 20,
    async begin({ net, connections }) {
      await net.send('one', { do: 'hold', ports: (await connections()).all });
    },
  },
  {
    what: 'all connections are dead, and new ones work',
    aim: 20,
    async begin({ net, connections }) {
      await net.network.drop((await connections()).all);
    },
  },
  {
    what: 'the unused connections are dead after a burst',
    aim: 20,
    async begin({ bed, net, connections }) {
      const watches = new Set((await connections()).quiet);
      await burst(bed);
      await net.network.drop((await connections()).all.filter((port) => !watches.has(port)));
    },
  },
  {
    // The last renewal was up to two seconds before, and its deadline is ten seconds.
    what: 'the API server is unreachable for 7 s',
    aim: 3,
    begin: ({ net }) => net.network.isolate(),
    end: { afterMs: 7_000, happen: ({ net }) => net.network.moveTo('one') },
  },
  {
    what: 'it is unreachable for 15 s, and then at another host',
    aim: 3,
    mayLoseLease: true,
    begin: ({ net }) => net.network.isolate(),
    end: { afterMs: 15_000, happen: ({ net }) => net.network.moveTo('two') },
  },
  {
    what: 'all connections are reset, and the address moves',
    aim: 3,
    async begin({ net }) {
      await net.network.moveTo('two');
      await net.send('one', { do: 'reset' });
    },
  },
  {
    what: 'the same, and the new host is silent for 3 s',
    aim: 3,
    async begin({ net }) {
      await net.send('two', { do: 'silence', isSilent: true });
      await net.network.moveTo('two');
      await net.send('one', { do: 'reset' });
    },
    end: {
      afterMs: 3_000,
      async happen({ net }) {
        await net.send('two', { do: 'silence', isSilent: false });
      },
    },
  },
];

interface Outcome {
  readonly what: string;
  readonly aim: number;
  /** Of each round. */
  readonly seconds: readonly number[];
  /** How often it was lost. */
  readonly leaseLosses: number;
  readonly mayLoseLease: boolean;
}

export const tenths = (seconds: number): string => seconds.toFixed(1);

export const part = definePart({
  about: 'connections that carry nothing: time to the next address, the Lease, and the cost at rest',
  inputs: (quick) => [
    quick ? { services: 100, rounds: 1, restSeconds: 20 } : { services: 1_000, rounds: 3, restSeconds: 120 },
  ],

  async measure({ services, rounds, restSeconds }, stack) {
    const bed = await startTestBed(stack);
    await bed.createPool();
    await (await bed.assign(0, services)).stop();
    const net = await FailingNetwork.start(stack, bed.folder, bed.target.url);
    const controller = await startBehind(bed, net);
    await secondsToAddress(bed, async () => {});
    const rest = await atRest(bed, net, controller, restSeconds);
    const outcomes: Outcome[] = [];
    for (const fault of faults) {
      const [seconds, lost]: [number[], boolean[]] = [[], []];
      for (let round = 1; round <= rounds; round += 1) {
        say(`silence: ${fault.what}, ${round} of ${rounds}`);
        const one = await endure(bed, net, controller, fault);
        seconds.push(one.seconds);
        lost.push(one.isLeaseLost);
      }
      const { what, aim, mayLoseLease = false } = fault;
      const leaseLosses = lost.filter(Boolean).length;
      outcomes.push({ what, aim, seconds, leaseLosses, mayLoseLease });
    }
    await controller.stop();
    return { services, outcomes, rest };
  },

  print: ({
    services,
    outcomes,
    rest,
  }) => `silence: ${count(services)} Services; a Service is created with the fault; seconds until it has its address

${table(
  ['', 'aim', 'seconds', 'the Lease'],
  outcomes.map(({ what, aim, seconds, leaseLosses }) => [
    ...[what, `≤ ${aim}`, middle(seconds, tenths)],
    leaseLosses === 0 ? 'kept' : `lost ${leaseLosses} of ${seconds.length} times`,
  ]),
  'left',
)}
  Where the way is gone for a while, the seconds count from its return.
  At rest: ${rest.requestsPerMinute.toFixed(0)} requests a minute, ${rest.percent.toFixed(2)} % of a core.
`,
});

async function startBehind(bed: TestBed, net: FailingNetwork): Promise<MeasuredProcess> {
  const config = JSON.parse(readFileSync(bed.kubeconfig, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
  };
  for (const { cluster } of config.clusters)
    Object.assign(cluster, { server: net.url, 'tls-server-name': 'kubernetes' });
  const file = join(bed.folder, 'behind.kubeconfig');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return bed.startController(
    [`--kubeconfig=${file}`, '--web-port=0'],
    {},
    net.network.at('client').command([]).flat(),
  );
}

async function endure(
  bed: TestBed,
  net: FailingNetwork,
  controller: MeasuredProcess,
  fault: Fault,
): Promise<{ readonly seconds: number; readonly isLeaseLost: boolean }> {
  // Until all connections are as usual again.
  await pause(15_000);
  const situation = {
    ...{ bed, net },
    connections: () => openConnections(net),
  };
  const losses = (): number => controller.log().split('Lost the Lease').length;
  const before = losses();
  await fault.begin(situation);
  const seconds = await secondsToAddress(bed, async () => {
    await pause(fault.end?.afterMs ?? 0);
    await fault.end?.happen(situation);
  });
  // Long enough to lose the Lease afterwards.
  await pause(10_000);
  controller.check();
  const isLeaseLost = losses() > before;
  await net.network.pass();
  await net.network.moveTo('one');
  await net.send('two', { do: 'reset' });
  return { seconds, isLeaseLost };
}

/** Waits until only the Lease is renewed. */
async function openConnections(net: FailingNetwork): Promise<Connections> {
  for (;;) {
    const list = await net.send('one', { do: 'list' });
    const quiet = list.filter(({ quietMs }) => quietMs > leaseQuietMs);
    if (list.length - quiet.length <= 1)
      return { all: list.map(({ port }) => port), quiet: quiet.map(({ port }) => port) };
    await pause(50);
  }
}

/** Creates a Service. Returns the seconds until it has its address, from the end of `fault`. */
async function secondsToAddress(bed: TestBed, fault: () => Promise<void>): Promise<number> {
  const watch = await bed.watch();
  const address = watch.addressed('default', 'next', 300_000);
  await bed.requests.send(newService('next', {}, pathOf('default')));
  await fault();
  const ended = performance.now();
  const seconds = ((await address) - ended) / 1000;
  watch.close();
  await bed.requests.send({ method: 'DELETE', path: `${pathOf('default')}/next` });
  return Math.max(0, seconds);
}

/** Many writes at the same time, so that many connections are unused afterwards. */
async function burst(bed: TestBed): Promise<void> {
  const names = Array.from({ length: 64 }, (_, i) => `burst-${i}`);
  const watch = await bed.watch();
  const all = Promise.all(names.map((name) => watch.addressed('default', name)));
  await Promise.all(names.map((name) => bed.requests.send(newService(name, {}, pathOf('default')))));
  await all;
  watch.close();
  const remove = (name: string): Promise<string> =>
    bed.requests.send({ method: 'DELETE', path: `${pathOf('default')}/${name}` });
  await Promise.all(names.map(remove));
  await bed.eventsWritten();
}

async function atRest(bed: TestBed, net: FailingNetwork, controller: MeasuredProcess, seconds: number) {
  await bed.eventsWritten();
  await pause(10_000);
  say(`silence: at rest for ${seconds} s`);
  const [requests, cpuMs, begun] = [await requestsSoFar(net), controller.usage().cpuMs, performance.now()];
  await pause(seconds * 1000);
  const tookMs = performance.now() - begun;
  return {
    percent: ((controller.usage().cpuMs - cpuMs) / tookMs) * 100,
    requestsPerMinute: (((await requestsSoFar(net)) - requests) / tookMs) * 60_000,
  };
}

/** By the controller's own metrics, which only its namespace reaches. */
async function requestsSoFar(net: FailingNetwork): Promise<number> {
  const code = `fetch('http://127.0.0.1:10258/metrics').then((r) => r.text()).then((t) => process.stdout.write(t))`;
  const text = await net.network.at('client').run(process.execPath, '-e', code);
  const counts = text.matchAll(/^rest_client_requests_total\{.*\} (\S+)$/gm);
  return [...counts].reduce((sum, [, value]) => sum + Number(value), 0);
}
