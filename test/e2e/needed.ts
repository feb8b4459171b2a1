import assert from 'node:assert/strict';
import type { ControllerProcess } from './controller.ts';
import { quietTime } from './eventually.ts';
import { loadBalancer, served, unmarked } from './objects.ts';
import type { World } from './scenario.ts';

export const pool = { 'range-default': '10.1.0.1-10.1.0.3' };
export const web = served('10.1.0.1', 'range-default');

/** A right, and what shows that it is needed. */
export interface Needed {
  verb: string;
  resource: string;
  /** What fails without it. */
  fails: string;
  shows: (world: World, start: () => ControllerProcess) => Promise<void>;
}

/** A log line names the verb and the resource, so that a reader knows what to add; and nothing is served. */
export function isNotServed(refusal: RegExp): Needed['shows'] {
  return async ({ cluster }, start) => {
    await cluster.create(loadBalancer('default/web'));
    await start().says(refusal);
    await quietTime(500);
    assert.deepEqual(await cluster.marks('default/web'), unmarked);
  };
}

/** `patch services`, in one order. */
export function verbsIn(table: readonly Needed[]): string[] {
  return table.map(({ verb, resource }) => `${verb} ${resource}`).sort();
}
