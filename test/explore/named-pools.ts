import type { Service } from '../../src/core/model/objects.ts';
import { type Data, expand, shown } from '../core/naive.ts';

/**
 * The pools of one namespace, `a`, in words that the naive model knows: what `pools-a` lists, without what `reserve-a` keeps for
 * others. It shares no code with src/. Selectors and exclusions are not explored.
 */
export function plainData(data: Data | undefined): Data | undefined {
  const lists = data?.['pools-a'];
  if (data === undefined || lists === undefined) return data;
  const addresses = lists.split(',').flatMap((name) => expand(data[`pool.${name.trim()}`] ?? '', true));
  const reserved = reservedIn(data).map(({ address }) => address);
  const free = addresses.filter((address) => !reserved.includes(address));
  return free.length === 0 ? {} : { 'range-a': free.join() };
}

/** The same for what a new Service can get: nothing if the namespace has as many addresses as its quota. */
export function availableData(data: Data | undefined, services: readonly Service[]): Data | undefined {
  const quota = data?.['quota-a'];
  const inNamespace = services.filter(({ metadata }) => metadata.namespace === 'a');
  const isFull = quota !== undefined && new Set(inNamespace.flatMap(shown)).size >= Number(quota);
  return isFull ? {} : plainData(data);
}

/** All addresses that a Service can get: also the reserved one. */
export function dataFor(data: Data | undefined, name: string): Data | undefined {
  const plain = plainData(data);
  const own = reservedIn(data ?? {}).filter((one) => one.name === name);
  if (plain === undefined || own.length === 0) return plain;
  return {
    'range-a': [...own.map(({ address }) => address), ...(plain['range-a']?.split(',') ?? [])].join(),
  };
}

function reservedIn(data: Data): { name: string; address: string }[] {
  return (data['reserve-a'] ?? '').split(',').flatMap((entry) => {
    const [name, address] = entry.trim().split('=');
    return name === undefined || address === undefined ? [] : [{ name, address }];
  });
}
