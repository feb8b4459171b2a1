/**
 * The part of the naive model that reads the ConfigMap (spec sections 3, 12, and 13): every pool is a list of texts. It shares
 * no code with src/, so that it does not repeat bugs there.
 */
import type { Service } from '../../src/core/model/objects.ts';

export type Data = Record<string, string>;

export interface NaivePool {
  key: string;
  /** As in the annotation `kube-vip.io/pool`. */
  name: string;
  /** In search order, without excluded ones. */
  IPv4: string[];
  IPv6: string[];
  /** All that its blocks and ranges contain. */
  whole: string[];
  sharing: boolean;
}

/**
 * The pools of the tests are in 10.0.x.y and fd00::z: ranges and blocks of at most a few dozen addresses. Of a larger block, only
 * the addresses at its ends are listed, more of them than there are Services.
 */
function expand(value: string, trimmed: boolean): string[] {
  return everyAddressOf(value, trimmed).filter(
    (address) => address.includes(':') || !/\.(0|255)$/.test(address),
  );
}

/** Every address of the entries, also those that no pool gives. */
function expandAll(value: string | undefined): string[] {
  return everyAddressOf(value ?? '', false);
}

/** The tests use the same few texts again and again. */
const expanded = new Map<string, string[]>();

function everyAddressOf(value: string, trimmed: boolean): string[] {
  const known = expanded.get(`${trimmed} ${value}`);
  if (known !== undefined) return known;
  const all = inOrder(entriesOf(value).flatMap((entry) => expandEntry(entry, trimmed)));
  expanded.set(`${trimmed} ${value}`, all);
  return all;
}

function inOrder(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].sort((a, b) => Number(toNumber(a) - toNumber(b)));
}

function entriesOf(value: string | undefined): string[] {
  return (value ?? '')
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function expandEntry(entry: string, trimmed: boolean): string[] {
  const [from = '', to] = entry.split('-');
  if (to !== undefined) return between(from, toNumber(from), toNumber(to));
  const [address = '', length] = from.split('/');
  if (length === undefined) return [address];
  const size = 1n << BigInt((address.includes(':') ? 128 : 32) - Number(length));
  const first = (toNumber(address) / size) * size;
  if (address.includes(':')) {
    if (size < 2n ** 64n) return between(address, first, first + size - 1n);
    const lowest = between(address, first + (trimmed ? 1n : 0n), first + 40n);
    return [...lowest, ...between(address, first + size - 40n, first + size - 1n)];
  }
  const ends = trimmed && size > 2n ? 1n : 0n;
  return between(address, first + ends, first + size - 1n - ends);
}

function between(like: string, first: bigint, last: bigint): string[] {
  return Array.from({ length: Number(last - first + 1n) }, (_, i) =>
    toText(first + BigInt(i), like.includes(':')),
  );
}

function toNumber(address: string): bigint {
  if (address.includes(':')) {
    const groups = (address.split('::')[1] || '0').split(':');
    return groups.reduce((sum, group) => sum * 0x1_0000n + BigInt(`0x${group}`), 0n) + (0xfd00n << 112n);
  }
  return address.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
}

function toText(value: bigint, isIPv6: boolean): string {
  if (isIPv6) {
    const groups = [48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16));
    return `fd00::${groups.join(':').replace(/^(0:)*0?/, '')}`;
  }
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

/** The value for a pool, otherwise for the namespace, otherwise for all. `pool` is undefined for a pool without a name. */
export function settingOf(
  data: Data,
  key: string,
  pool: string | undefined,
  namespace: string,
): string | undefined {
  const own = pool === undefined ? undefined : data[`${key}.${pool}`];
  return own ?? data[`${key}-${namespace}`] ?? data[`${key}-global`] ?? data[key];
}

/** All pools that Services of the namespace can use, in order. */
export function listedPools(data: Data | undefined, namespace: string): NaivePool[] {
  if (data === undefined) return [];
  const keys = [namespace, 'global'].flatMap((one) => [`pools-${one}`, `cidr-${one}`, `range-${one}`]);
  const key = keys.find((candidate) => data[candidate] !== undefined);
  if (key === undefined) return [];
  if (!key.startsWith('pools-')) return [poolAt(data, key, undefined, namespace)];
  return [...new Set(entriesOf(data[key]))]
    .filter((name) => data[`pool.${name}`] !== undefined)
    .map((name) => poolAt(data, `pool.${name}`, name, namespace));
}

function poolAt(data: Data, key: string, name: string | undefined, namespace: string): NaivePool {
  const value = data[key] ?? '';
  const own = (name === undefined ? undefined : data[`exclude.${name}`]) ?? data[`exclude-${namespace}`];
  const excluded = [...expandAll(own), ...expandAll(data['exclude-global'])];
  const trimmed = settingOf(data, 'skip-end-ips-in-cidr', name, namespace) !== 'false';
  const all = expand(value, trimmed).filter((address) => !excluded.includes(address));
  if (settingOf(data, 'search-order', name, namespace) === 'desc') all.reverse();
  return {
    key,
    name: name ?? key,
    IPv4: all.filter((address) => !address.includes(':')),
    IPv6: all.filter((address) => address.includes(':')),
    whole: expandAll(value),
    sharing: settingOf(data, 'allow-share', name, namespace) === 'true',
  };
}

/** The pool of a namespace that has only one. */
export function poolOf(data: Data | undefined, namespace: string): NaivePool | undefined {
  return listedPools(data, namespace)[0];
}

/**
 * The pools from which a Service is given its addresses: one address of each group for each family, from the first pool of the group that has
 * one. `refused` if its annotation names a pool that is not listed.
 */
export function groupsOf(data: Data | undefined, { metadata }: Service): NaivePool[][] | 'refused' {
  const listed = listedPools(data, metadata.namespace ?? '');
  const names = [...new Set(entriesOf(metadata.annotations?.['kube-vip.io/pool']))];
  if (names.length > 0) {
    const named = names.flatMap((name) => listed.find((pool) => pool.name === name) ?? []);
    return named.length === names.length ? named.map((pool) => [pool]) : 'refused';
  }
  const automatic = listed.filter(({ name }) => data?.[`auto-assign.${name}`] !== 'false');
  const selectorOf = ({ name }: NaivePool): string | undefined => data?.[`select.${name}`];
  const selected = automatic.find((pool) => {
    const selector = selectorOf(pool);
    return selector !== undefined && matches(selector, metadata.labels ?? {});
  });
  if (selected !== undefined) return [[selected]];
  const others = automatic.filter((pool) => selectorOf(pool) === undefined);
  return others.length > 0 ? [others] : [];
}

export function poolsFor(data: Data | undefined, service: Service): NaivePool[] {
  const groups = groupsOf(data, service);
  return groups === 'refused' ? [] : groups.flat();
}

/** Kubernetes' label selectors, as far as the tests use them. */
export function matches(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return selector.split(/,(?![^(]*\))/).every((part) => {
    const set = /^\s*(\S+) (in|notin) \((.*)\)\s*$/.exec(part);
    if (set !== null) {
      const [, label = '', operator, values = ''] = set;
      const value = labels[label];
      const isIn = value !== undefined && entriesOf(values).includes(value);
      return operator === 'in' ? isIn : !isIn;
    }
    const one = part.trim();
    if (one.startsWith('!')) return labels[one.slice(1)] === undefined;
    const [label = '', value] = one.split(/!?==?/);
    if (value === undefined) return labels[label] !== undefined;
    return one.includes('!=') ? labels[label] !== value : labels[label] === value;
  });
}

/** Who has an address reserved, by address: `namespace/name`. The first of two reservations counts. */
export function reservations(data: Data | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const key of Object.keys(data ?? {}).sort()) {
    if (!key.startsWith('reserve-')) continue;
    for (const entry of entriesOf(data?.[key])) {
      const [name = '', address = ''] = entry.split('=').map((part) => part.trim());
      if (!found.has(address)) found.set(address, `${key.slice('reserve-'.length)}/${name}`);
    }
  }
  return found;
}

/** How many addresses Services of the namespace can hold. */
export function quotaOf(data: Data | undefined, namespace: string): number {
  return Number(data?.[`quota-${namespace}`] ?? data?.['quota-global'] ?? Number.POSITIVE_INFINITY);
}

/** With whom a Service may share this address: with those for which it is the same text. */
export function sharingGroupOf(data: Data, { metadata }: Service, address: string): string | undefined {
  const { namespace = '', annotations } = metadata;
  const pool = listedPools(data, namespace).find(({ whole }) => whole.includes(address));
  const isAllowed = pool?.sharing ?? settingOf(data, 'allow-share', undefined, namespace) === 'true';
  const key = (annotations?.['kube-vip.io/sharing-key'] ?? '').trim();
  if (key === '') return isAllowed ? 'without a key' : undefined;
  return isAllowed ? `key ${key}` : `key ${key} in ${namespace}`;
}
