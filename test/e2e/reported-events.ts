import assert from 'node:assert/strict';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { type Assignment, assigned, names } from './objects.ts';

/** What Services are events in stories of conflicts, and the world that these play in. */

export const pool = { 'range-default': '10.1.0.1-10.1.0.9' };
export const fromPool = (address: string): Assignment => assigned(address, 'range-default');
export const at = (address: string) => ({ annotations: { [names.addresses]: address } });

/** Waits until exactly these were said of a Service, oldest first, as `Warning AddressConflict 10.0.0.1 is also …`. */
export function hasEvents(cluster: Cluster, key: string, ...expected: readonly RegExp[]): Promise<void> {
  return eventually(async () => {
    const events = await cluster.events(key);
    const said = events.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    const isSo = said.length === expected.length && said.every((text, index) => expected[index]?.test(text));
    assert.ok(isSo, `${key} was events ${JSON.stringify(said, undefined, 2)}, not ${expected.join(', ')}`);
  });
}

export const assignedEvent = (address: string): RegExp =>
  pattern('Normal EnsuredLoadBalancer Assigned ADDRESS ', address);
export const inUseEvent = (address: string, holder: string): RegExp =>
  pattern(`Warning SyncLoadBalancerFailed ADDRESS belongs to ${holder}: `, address);
export const requestedEvent = (address: string, who: string): RegExp =>
  pattern(
    `Warning AddressConflict ADDRESS is also asked for by ${who}\\. It stays with this Service`,
    address,
  );
export const heldEvent = (address: string, who: string): RegExp =>
  pattern(`Warning AddressConflict ADDRESS is also held by ${who}, and they may not share it`, address);
export const resolvedEvent = (address: string): RegExp =>
  pattern('Normal AddressConflictResolved The conflict over ADDRESS is over', address);

function pattern(text: string, address: string): RegExp {
  return new RegExp(`^${text.replace('ADDRESS', address.replaceAll('.', '\\.'))}`);
}

export const samePort = (service: string): string => `${service} \\(both use port TCP/80\\)`;
