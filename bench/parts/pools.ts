import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { configMap, configMapPath, newService, pathOf } from '../cluster/services.ts';
import { startTestBed, type TestBed } from '../cluster/test-bed.ts';
import type { Watch } from '../cluster/watch.ts';
import { count, short, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { say } from '../progress.ts';

/** Of the event loop, in milliseconds. */
interface LongestTurn {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Garbage collection in the turn that took the most CPU time. */
  readonly gcMs: number;
}

interface Measured {
  readonly kind: string;
  readonly kilobytes: number;
  readonly turn: LongestTurn;
  /** From the PUT of the ConfigMap to the address of a Service that is created with it. */
  readonly addressMs: number;
  readonly logKilobytes: number;
}

/** The pool of the Services: each ConfigMap has it. */
const good = { 'cidr-default': '10.0.0.0/16' };

type Kind = (keys: number) => Readonly<Record<string, string>>;

const kinds: Readonly<Record<string, Kind>> = {
  'malformed pools': each((i) => [`cidr-ns-${i}`, `10.0.${i}.x-y`]),
  'overlapping pools': each((i) => [`cidr-ns-${i}`, '10.128.0.0/9']),
  'malformed keys': each((i) => [`cdir-shop-${i}-of-the-team`, '10.128.0.0/24']),
  'valid pools': each((i) => [`cidr-ns-${i}`, `10.${128 + (i >> 8)}.${i & 255}.8/29`]),
  'named pools, lists of five': (keys) => namedPools((2 * keys) / 5),
  'malformed entries': (keys) => ({ 'cidr-lab': list(2 * keys, (i) => `10.0.${i}.x`) }),
  'valid entries': (keys) => ({ 'cidr-lab': list(2 * keys, (i) => `172.${i >> 8}.${i & 255}.4`) }),
};

function each(entry: (i: number) => [key: string, value: string]): Kind {
  return (keys) => Object.fromEntries(Array.from({ length: keys }, (_, i) => entry(i)));
}

/** As many namespaces as pools. 10,000 of each are nearly a mebibyte. */
function namedPools(pools: number): Readonly<Record<string, string>> {
  const five = (i: number): string => list(5, (j) => `p${(i + j) % pools}`);
  return {
    ...each((i) => [`pool.p${i}`, `10.${128 + (i >> 8)}.${i & 255}.8/29`])(pools),
    ...each((i) => [`pools-ns-${i}`, five(i)])(pools),
  };
}

function list(entries: number, entry: (i: number) => string): string {
  return Array.from({ length: entries }, (_, i) => entry(i)).join(',');
}

const monitor = join(import.meta.dirname, '../cluster/loop-monitor.mjs');

export const part = definePart({
  about: 'ConfigMaps of nearly a mebibyte: the longest turn of the event loop, the next address, the log',
  inputs: (quick) => [{ keys: quick ? 3_000 : 25_000 }],

  async measure({ keys }, stack) {
    const bed = await startTestBed(stack);
    await bed.createPool(good);
    const watch = await bed.watch();
    const file = join(bed.folder, 'longest-turn.json');
    const controller = await bed.startController([], {
      NODE_OPTIONS: `--import=${monitor}`,
      LOOP_MONITOR: file,
    });
    await nextAddress(bed, watch, 'first');
    const longestTurn = async (): Promise<LongestTurn> => {
      controller.signal('SIGUSR2');
      while (!existsSync(file)) await pause(10).then(() => controller.check());
      const turn = JSON.parse(readFileSync(file, 'utf8')) as LongestTurn;
      rmSync(file);
      return turn;
    };
    const measured: Measured[] = [];
    for (const [kind, dataOf] of Object.entries(kinds)) {
      say(`pools: ${kind}`);
      await longestTurn();
      const [logBefore, data] = [controller.logBytes(), { ...dataOf(keys), ...good }];
      const addressMs = await nextAddress(bed, watch, `next-${measured.length}`, data);
      // For the events, and for what follows the address.
      await bed.eventsWritten();
      const turn = await longestTurn();
      const logKilobytes = (controller.logBytes() - logBefore) / 1000;
      measured.push({ kind, kilobytes: JSON.stringify(data).length / 1000, turn, addressMs, logKilobytes });
      await putPools(bed, good);
      await bed.eventsWritten();
    }
    return { keys, measured };
  },

  print: ({
    keys,
    measured,
  }) => `pools: a ConfigMap of ${count(keys)} keys, or of two entries for each of them, beside one good pool
  longest turn   of the event loop: CPU time of its thread, how much of it was garbage collection, and the longest in real time
  next address   of a Service of the good pool, created with the ConfigMap; ms

${table(
  ['', 'kB', 'longest turn, CPU ms', 'garbage collection', 'real ms', 'next address', 'log kB'],
  measured.map(({ kind, kilobytes, turn, addressMs, logKilobytes }) => [
    ...[
      kind,
      count(kilobytes),
      short(turn.cpuMs),
      short(turn.gcMs),
      short(turn.wallMs),
      count(addressMs),
      short(logKilobytes),
    ],
  ]),
)}`,
});

/** Milliseconds from the ConfigMap, if there is a new one, to the address of a new Service. */
async function nextAddress(
  bed: TestBed,
  watch: Watch,
  name: string,
  data?: Readonly<Record<string, string>>,
): Promise<number> {
  const seen = watch.addressed('default', name, 300_000);
  const begun = performance.now();
  if (data !== undefined) await putPools(bed, data);
  await bed.requests.send(newService(name, {}, pathOf('default')));
  return (await seen) - begun;
}

async function putPools({ requests }: TestBed, data: Readonly<Record<string, string>>): Promise<void> {
  const body = JSON.stringify({ ...configMap, data });
  await requests.send({ method: 'PUT', path: `${configMapPath}/${configMap.metadata.name}`, body });
}
