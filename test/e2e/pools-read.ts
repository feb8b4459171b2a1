import assert from 'node:assert/strict';
import type { Cluster } from './cluster.ts';
import type { ControllerProcess, LogLine } from './controller.ts';
import { eventually } from './eventually.ts';

/** What a leader logs when it has read its ConfigMap, also if there is none. */
const poolsRead = /^(read the pools|there are no pools)/;

function reads(controller: ControllerProcess): LogLine[] {
  return controller.log.filter(({ msg }) => poolsRead.test(msg));
}

/** Waits until each of these controllers leads and has read its pools. */
export async function haveStarted(controllers: readonly ControllerProcess[]): Promise<void> {
  await Promise.all(controllers.map((controller) => controller.logs(poolsRead)));
}

/**
 * Makes a change, and waits until the controllers have read the pools if it changed them. Pools and Services are watched
 * separately: what is done to a Service right after a change of the pools may be decided first.
 */
export async function withPoolsRead(
  cluster: Cluster,
  controllers: readonly ControllerProcess[],
  change: () => Promise<unknown>,
): Promise<void> {
  const before = await Promise.all(
    controllers.map(async (controller) => {
      const known = reads(controller);
      const configMap = known.at(-1)?.configMap ?? '';
      return { controller, count: known.length, configMap, data: await dataOf(cluster, configMap) };
    }),
  );
  await change();
  for (const { controller, count, configMap, data } of before) {
    if ((await dataOf(cluster, configMap)) === data) continue;
    await eventually(() => assert.ok(reads(controller).length > count, `the pools of ${configMap} are read`));
  }
}

/** The data of a ConfigMap; empty if it does not exist. */
async function dataOf({ client }: Cluster, configMap: string): Promise<string> {
  const [namespace, name] = configMap.split('/');
  const { status, body } = await client.get(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
  return status === 200 ? JSON.stringify(body.data ?? {}) : '';
}
