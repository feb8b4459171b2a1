import assert from 'node:assert/strict';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { type Marks, names, served } from './objects.ts';

/** What Services are told in stories of conflicts, and the world that these play in. */

export const pool = { 'range-default': '10.1.0.1-10.1.0.9' };
export const ofPool = (address: string): Marks => served(address, 'range-default');
export const at = (address: string) => ({ annotations: { [names.addresses]: address } });

/** Waits until exactly these were said of a Service, oldest first, as `Warning AddressConflict 10.0.0.1 is also …`. */
export function tells(cluster: Cluster, key: string, ...expected: readonly RegExp[]): Promise<void> {
  return eventually(async () => {
    const events = await cluster.events(key);
    const said = events.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    const isSo = said.length === expected.length && said.every((text, index) => expected[index]?.test(text));
    assert.ok(isSo, `${key} was told ${JSON.stringify(said, undefined, 2)}, not ${expected.join(', ')}`);
  });
}

export const assigned = (address: string): RegExp =>
  pattern('Normal EnsuredLoadBalancer Assigned ADDRESS ', address);
export const belongsTo = (address: string, holder: string): RegExp =>
  pattern(`Warning SyncLoadBalancerFailed ADDRESS is already assigned to ${holder}, `, address);
export const askedForBy = (address: string, who: string): RegExp =>
  pattern(`Warning AddressConflict ADDRESS is also requested by ${who}\\. This Service keeps it`, address);
export const heldBy = (address: string, who: string): RegExp =>
  pattern(`Warning AddressConflict ADDRESS is also assigned to ${who}, and cannot be shared`, address);
export const over = (address: string): RegExp =>
  pattern('Normal AddressConflictResolved The conflict over ADDRESS is over', address);

function pattern(text: string, address: string): RegExp {
  return new RegExp(`^${text.replace('ADDRESS', address.replaceAll('.', '\\.'))}`);
}

export const samePort = (service: string): string => `${service} \\(both use TCP port 80\\)`;
