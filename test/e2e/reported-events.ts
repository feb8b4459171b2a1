import assert from 'node:assert/strict';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { type Assignment, assigned, names } from './objects.ts';

/** The pool and the events of the conflict scenarios. */

export const pool = { 'range-default': '10.1.0.1-10.1.0.9' };
export const fromPool = (address: string): Assignment => assigned(address, 'range-default');
export const at = (address: string) => ({ annotations: { [names.addresses]: address } });

/** Waits until a Service has exactly these events, oldest first, such as `Warning AddressConflict 10.0.0.1 is also …`. */
export function hasEvents(cluster: Cluster, key: string, ...expected: readonly RegExp[]): Promise<void> {
  return eventually(async () => {
    const events = await cluster.events(key);
    const texts = events.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    const isExpected =
      texts.length === expected.length && texts.every((text, index) => expected[index]?.test(text));
    assert.ok(isExpected, `${key} has ${JSON.stringify(texts, undefined, 2)}, not ${expected.join(', ')}`);
  });
}

export const assignedEvent = (address: string): RegExp =>
  pattern('Normal EnsuredLoadBalancer Assigned ADDRESS ', address);
export const inUseEvent = (address: string, holder: string): RegExp =>
  pattern(`Warning SyncLoadBalancerFailed ADDRESS is already assigned to ${holder}, `, address);
export const requestedEvent = (address: string, contenders: string): RegExp =>
  pattern(
    `Warning AddressConflict ADDRESS is also requested by ${contenders}\\. This Service keeps it`,
    address,
  );
export const heldEvent = (address: string, holders: string): RegExp =>
  pattern(`Warning AddressConflict ADDRESS is also assigned to ${holders}, and cannot be shared`, address);
export const resolvedEvent = (address: string): RegExp =>
  pattern('Normal AddressConflictResolved The conflict over ADDRESS is over', address);

function pattern(text: string, address: string): RegExp {
  return new RegExp(`^${text.replace('ADDRESS', address.replaceAll('.', '\\.'))}`);
}

export const samePort = (service: string): string => `${service} \\(both use TCP port 80\\)`;
