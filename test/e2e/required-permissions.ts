import assert from 'node:assert/strict';
import type { ControllerProcess, LogLine } from './controller.ts';
import { eventually, quietTime } from './eventually.ts';
import { assigned, loadBalancer, unassigned } from './objects.ts';
import type { ScenarioContext } from './scenario.ts';

export const pool = { 'range-default': '10.1.0.1-10.1.0.3' };
export const web = assigned('10.1.0.1', 'range-default');

/** A permission, and a scenario that shows that it is required. */
export interface RequiredPermission {
  verb: string;
  resource: string;
  /** What fails without it. */
  fails: string;
  shows: (context: ScenarioContext, start: () => ControllerProcess) => Promise<void>;
}

/** Checks that the log names the missing verb and resource, and that no address is assigned. */
export function isNotAssigned(rejection: RegExp): RequiredPermission['shows'] {
  return async ({ cluster }, start) => {
    await cluster.create(loadBalancer('default/web'));
    await start().logs(rejection);
    await quietTime(500);
    assert.deepEqual(await cluster.assignment('default/web'), unassigned);
  };
}

/**
 * Without `watch`, the controller lists with growing back-off. Waits until a back-off starts that is long enough to show
 * which changes are missed.
 */
export async function waitsForLongBackoff(
  controller: ControllerProcess,
  resource: string,
  selector?: string,
): Promise<void> {
  const rejection = `"limited" cannot watch resource "${resource}"`;
  await eventually(() => {
    const isLong = ({ msg, retryInMs = 0, fieldSelector }: LogLine): boolean =>
      msg.includes(rejection) && retryInMs >= 3_000 && (selector ?? fieldSelector) === fieldSelector;
    assert.ok(controller.log.some(isLong), `the log contains ${rejection} with a back-off of seconds`);
  });
}

/** The permissions in the form `patch services`, sorted. */
export function permissionsIn(table: readonly RequiredPermission[]): string[] {
  return table.map(({ verb, resource }) => `${verb} ${resource}`).sort();
}
