/**
 * A naive model of spec sections 3 to 5: every pool is a list of texts, and every question iterates over all Services. It shares
 * no code with src/, so that it does not repeat bugs there.
 */
import type { Service } from '../../src/core/model/objects.ts';

/**
 * The pools of the tests are in 10.0.x.y and fd00::z: ranges and blocks of at most a few dozen addresses. Of a larger block, only
 * the addresses at its ends are listed, more of them than there are Services.
 */
export function expand(value: string, trimmed: boolean): string[] {
  const all = new Set<string>();
  const entries = value.split(/[,\n]/).map((part) => part.trim());
  for (const entry of entries.filter((part) => part !== '')) {
    for (const address of expandEntry(entry, trimmed)) all.add(address);
  }
  const usable = [...all].filter((address) => address.includes(':') || !/\.(0|255)$/.test(address));
  return usable.sort((a, b) => Number(toNumber(a) - toNumber(b)));
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

export interface NaivePool {
  key: string;
  IPv4: string[];
  IPv6: string[];
}

export type Data = Record<string, string>;

export function poolOf(data: Data | undefined, namespace: string): NaivePool | undefined {
  if (data === undefined) return undefined;
  const keys = [`cidr-${namespace}`, `range-${namespace}`, 'cidr-global', 'range-global'];
  const key = keys.find((candidate) => data[candidate] !== undefined);
  if (key === undefined) return undefined;
  const all = expand(data[key] ?? '', data['skip-end-ips-in-cidr'] !== 'false');
  if (data['search-order'] === 'desc') all.reverse();
  return {
    key,
    IPv4: all.filter((address) => !address.includes(':')),
    IPv6: all.filter((address) => address.includes(':')),
  };
}

export function keyOf(service: Service): string {
  return `${service.metadata.namespace}/${service.metadata.name}`;
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => /^\d+\.\d+\.\d+\.\d+$|:/.test(part) && part !== '0.0.0.0' && part !== '::');

/** All addresses in use because of a Service (spec section 5). */
export function shown(service: Service): string[] {
  const isOne = service.spec?.type === 'LoadBalancer';
  const status = isOne ? (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => list(ip)) : [];
  return [...new Set([...claimed(service), ...status, ...external(service)])];
}

function external(service: Service): string[] {
  return (service.spec?.externalIPs ?? []).flatMap(list);
}

/** The addresses that it requests, those in its own allocation record, and its lease. */
function claimed(service: Service): string[] {
  if (service.spec?.type !== 'LoadBalancer') return [];
  const annotations = service.metadata.annotations ?? {};
  const annotation = annotations['kube-vip.io/loadbalancerIPs'] ?? '';
  const spec = service.spec.loadBalancerIP ?? '';
  const record = JSON.parse(annotations['kube-vip.io/allocation'] ?? '{}') as { ips?: string; uid?: string };
  const requestedIPs = /^[\s,]*$/.test(annotation) ? spec : annotation;
  const leases = /(^|,)\s*(0\.0\.0\.0|::)\s*(,|$)/.test(requestedIPs);
  const all = [
    ...list(annotation),
    ...list(spec),
    ...(record.uid === service.metadata.uid ? list(record.ips) : []),
    ...(leases ? list(annotations['kube-vip.io/requestedIP']) : []),
  ];
  return [...new Set(all)];
}

/** The addresses to announce, without leases from DHCP. */
function named({ metadata: { annotations = {} }, spec = {} }: Service): string {
  const annotation = annotations['kube-vip.io/loadbalancerIPs'] ?? '';
  const record = JSON.parse(annotations['kube-vip.io/allocation'] ?? '{}') as { ips?: string };
  return (/[^\s,]/.test(annotation) ? annotation : spec.loadBalancerIP || record.ips || '').trim();
}

export function portsOf(service: Service): string[] {
  return (service.spec?.ports ?? []).map(({ protocol, port }) => `${protocol}/${port}`);
}

function mayShareIn(data: Data, namespace: string): boolean {
  return (data[`allow-share-${namespace}`] ?? data['allow-share-global']) === 'true';
}

/** Whether two Services may share an address when one of them is being allocated. */
export function mayShare(data: Data, one: Service, other: Service): boolean {
  return (
    [one, other].every(
      (service) =>
        service.spec?.loadBalancerClass === undefined &&
        service.metadata.deletionTimestamp === undefined &&
        (service.spec?.externalTrafficPolicy ?? 'Cluster') === 'Cluster' &&
        mayShareIn(data, service.metadata.namespace ?? '') &&
        portsOf(service).length > 0,
    ) && !portsOf(one).some((port) => portsOf(other).includes(port))
  );
}

function agrees(data: Data, newcomer: Service, holder: Service, address: string): boolean {
  const record = JSON.parse(holder.metadata.annotations?.['kube-vip.io/allocation'] ?? '{}') as {
    uid?: string;
  };
  return (
    holder.metadata.labels?.implementation === 'kube-vip' &&
    (record.uid === undefined || record.uid === holder.metadata.uid) &&
    claimed(holder).join() === address &&
    named(holder) === address &&
    mayShare(data, newcomer, holder)
  );
}

/** Whether the Service requests nothing, and nothing on it says that it was ever assigned here. */
function isUntouched({ metadata: { annotations = {}, labels = {} }, spec = {} }: Service): boolean {
  const requested = `${annotations['kube-vip.io/loadbalancerIPs'] ?? ''}${spec.loadBalancerIP ?? ''}`;
  return (
    !/[^\s,]/.test(requested) &&
    annotations['kube-vip.io/allocation'] === undefined &&
    labels.implementation !== 'kube-vip'
  );
}

/** The addresses in its status, if such a Service adopts them (spec section 6). */
export function adoption(
  data: Data | undefined,
  service: Service,
  all: readonly Service[],
  /** The addresses of Nodes, as far as they are known. */
  ofNodes: ReadonlySet<string> = new Set(),
  claimedByOthers: ReadonlySet<string> = new Set(),
): string[] | undefined {
  const pool = poolOf(data, service.metadata.namespace ?? '');
  if (pool === undefined || data === undefined || !isUntouched(service)) return undefined;
  // Also the ends of a block, which are never allocated.
  const whole =
    poolOf({ ...data, 'skip-end-ips-in-cidr': 'false' }, service.metadata.namespace ?? '') ?? pool;
  const policy = service.spec?.ipFamilyPolicy ?? 'SingleStack';
  const families = (service.spec?.ipFamilies ?? []) as ('IPv4' | 'IPv6')[];
  const adopted: string[] = [];
  for (const family of policy === 'SingleStack' ? families.slice(0, 1) : families) {
    const there = [
      ...new Set((service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => list(ip))),
    ].filter((address) => address.includes(':') === (family === 'IPv6'));
    const [address] = there;
    if (address === undefined && policy === 'PreferDualStack' && pool[family].length === 0) continue;
    if (address === undefined || there.length > 1) return undefined;
    const others = all.filter((other) => other !== service && shown(other).includes(address));
    const canShare = policy === 'SingleStack' && family === 'IPv4';
    if (!others.every((other) => canShare && agrees(data, service, other, address))) return undefined;
    if (!whole[family].includes(address) || ofNodes.has(address) || claimedByOthers.has(address))
      return undefined;
    adopted.push(address);
  }
  return adopted.length > 0 ? adopted : undefined;
}

function recordOf({ metadata }: Service): { ips?: string; uid?: string; was?: string } {
  const record = JSON.parse(metadata.annotations?.['kube-vip.io/allocation'] ?? '{}') as {
    uid?: string;
  };
  return record.uid === metadata.uid ? record : {};
}

/** Whether a Service with an address has the label and its own allocation record, and nothing that the Go version leaves. */
export function isAdopted(service: Service): boolean {
  const { labels = {}, annotations = {}, finalizers = [] } = service.metadata;
  return (
    labels.implementation === 'kube-vip' &&
    labels['ipam-address'] === undefined &&
    !finalizers.includes('service.kubernetes.io/load-balancer-cleanup') &&
    // Spaces in a user's annotation stay.
    recordOf(service).ips === (annotations['kube-vip.io/loadbalancerIPs'] ?? '').replaceAll(' ', '')
  );
}

/** Whether the Service only requests the address, and one that has it uses one of its ports. */
export function isContender(service: Service, address: string, all: readonly Service[]): boolean {
  const { labels = {}, annotations = {} } = service.metadata;
  return (
    labels.implementation !== 'kube-vip' &&
    annotations['kube-vip.io/allocation'] === undefined &&
    claimed(service).join() === address &&
    all.some(
      (other) =>
        keyOf(other) !== keyOf(service) &&
        recordOf(other).ips === address &&
        claimed(other).join() === address &&
        portsOf(other).some((port) => portsOf(service).includes(port)),
    )
  );
}

/** Whether the Service alone could share an address. */
function isSharer(data: Data, service: Service): boolean {
  const unlike = { ...service, spec: { ...service.spec, ports: [{ protocol: 'none', port: 0 }] } };
  return (service.spec?.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack' && mayShare(data, service, unlike);
}

/** Who holds `left`, outside of the own pool, and would go where `mover` goes when reallocated. */
function followers(data: Data, mover: Service, left: string, all: readonly Service[]): Service[] {
  return all.filter((other) => {
    const { metadata } = other;
    const asks = metadata.annotations?.['kube-vip.io/reallocate'] === 'true';
    const record = recordOf(other) as { ips?: string; from?: string };
    const pool = poolOf(data, metadata.namespace ?? '');
    return (
      keyOf(other) !== keyOf(mover) &&
      metadata.labels?.implementation === 'kube-vip' &&
      record.ips === left &&
      (record.from !== 'static' || asks) &&
      claimed(other).join() === left &&
      (metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '').trim() === left &&
      pool !== undefined &&
      !pool.IPv4.includes(left) &&
      isSharer(data, other) &&
      mayShare(data, mover, other)
    );
  });
}

/** Whether `service` takes no port at `address` from one that would follow a Service that moved there. */
function isConsiderate(data: Data, service: Service, address: string, all: readonly Service[]): boolean {
  return all
    .filter((holder) => keyOf(holder) !== keyOf(service) && shown(holder).includes(address))
    .every((holder) => {
      const { was } = recordOf(holder);
      return (
        was === undefined ||
        followers(data, holder, was, all).every(
          (other) =>
            keyOf(other) === keyOf(service) ||
            poolOf(data, other.metadata.namespace ?? '')?.IPv4.includes(address) !== true ||
            mayShare(data, service, other),
        )
      );
    });
}

/**
 * The address that a reallocated Service gets that leaves the address `left` outside its pool: where those went that shared it,
 * else where all that still share it can go, else what a new one gets.
 */
export function moved(
  data: Data,
  service: Service,
  left: string,
  all: readonly Service[],
): string[] | undefined {
  const pool = poolOf(data, service.metadata.namespace ?? '');
  if (pool === undefined || !isSharer(data, service)) return allocation(data, service, all);
  const others = all.filter((other) => other !== service);
  const holders = (address: string) => others.filter((other) => shown(other).includes(address));
  const canJoin = (newcomers: readonly Service[], address: string) =>
    holders(address).length > 0 &&
    newcomers.every((one) => holders(address).every((holder) => agrees(data, one, holder, address)));
  const went = others
    .filter((other) => recordOf(other).was === left)
    .map((other) => (other.metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '').trim());
  const after = pool.IPv4.find((address) => went.includes(address) && canJoin([service], address));
  if (after !== undefined) return [after];
  const together = [service];
  let common = pool.IPv4;
  const byAge = followers(data, service, left, all).sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));
  for (const other of byAge) {
    const theirs = poolOf(data, other.metadata.namespace ?? '')?.IPv4 ?? [];
    const both = common.filter((address) => theirs.includes(address));
    if (both.length === 0) continue;
    common = both;
    together.push(other);
  }
  if (together.length > 1) {
    const first =
      common.find(
        (address) =>
          canJoin(together, address) && together.every((one) => isConsiderate(data, one, address, all)),
      ) ?? common.find((address) => holders(address).length === 0 && !shown(service).includes(address));
    if (first !== undefined) return [first];
  }
  return allocation(data, service, all);
}

function ageOf({ metadata }: Service): string {
  return [metadata.creationTimestamp, metadata.namespace, metadata.name].join(' ');
}

/** The addresses that a Service without any gets, or undefined if it stays pending. */
export function allocation(
  data: Data | undefined,
  service: Service,
  all: readonly Service[],
  /** Addresses that other owners claim in the API. */
  claimedByOthers: ReadonlySet<string> = new Set(),
): string[] | undefined {
  const pool = poolOf(data, service.metadata.namespace ?? '');
  if (pool === undefined || data === undefined) return undefined;
  const families = (service.spec?.ipFamilies ?? []) as ('IPv4' | 'IPv6')[];
  const policy = service.spec?.ipFamilyPolicy ?? 'SingleStack';
  const others = all.filter((other) => other !== service);
  const holders = (address: string) => others.filter((other) => shown(other).includes(address));
  const pick = (family: 'IPv4' | 'IPv6'): string | undefined => {
    const shares =
      policy === 'SingleStack' &&
      family === 'IPv4' &&
      mayShare(data, service, {
        ...service,
        spec: { ...service.spec, ports: [{ protocol: 'none', port: 0 }] },
      });
    const shareable = pool.IPv4.filter((address) => {
      const there = holders(address);
      return (
        shares &&
        there.length > 0 &&
        !claimedByOthers.has(address) &&
        there.every((holder) => agrees(data, service, holder, address))
      );
    });
    // What its own status shows may be another load balancer's, unless it is adopted. Its external IPs are in use, too.
    const own = isUntouched(service) ? shown(service) : external(service);
    const isFree = (address: string): boolean =>
      holders(address).length === 0 && !claimedByOthers.has(address) && !own.includes(address);
    return (
      shareable.find((address) => isConsiderate(data, service, address, all)) ??
      pool[family].find(isFree) ??
      shareable[0]
    );
  };
  const wanted = policy === 'SingleStack' ? families.slice(0, 1) : families;
  const picks = wanted.flatMap((family) => pick(family) ?? []);
  if (policy === 'PreferDualStack') return picks.length > 0 ? picks : undefined;
  return picks.length === wanted.length ? picks : undefined;
}

/**
 * Whether the Service can move to exactly these addresses: one for each family that it needs, each one its own already, or in its
 * pool and free or shared.
 */
export function canMoveTo(
  data: Data | undefined,
  service: Service,
  target: string,
  all: readonly Service[],
  claimedByOthers: ReadonlySet<string> = new Set(),
): boolean {
  const entries = target.split(',').map((entry) => entry.trim());
  const families = (service.spec?.ipFamilies ?? []) as ('IPv4' | 'IPv6')[];
  const policy = service.spec?.ipFamilyPolicy ?? 'SingleStack';
  const wanted = policy === 'SingleStack' ? families.slice(0, 1) : families;
  const familyOf = (address: string): 'IPv4' | 'IPv6' => (address.includes(':') ? 'IPv6' : 'IPv4');
  const named = entries.map(familyOf);
  if (!entries.every((entry) => /^\d+(\.\d+){3}$|:/.test(entry))) return false;
  if (!named.every((family) => wanted.includes(family)) || new Set(named).size < named.length) return false;
  if (policy !== 'PreferDualStack' && named.length < wanted.length) return false;
  const { metadata } = service;
  const record = recordOf(service) as { ips?: string; from?: string };
  const spec = service.spec?.loadBalancerIP ?? '';
  const annotation = (metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '').replaceAll(' ', '');
  const isUnedited =
    record.ips === annotation &&
    (spec === '' || annotation.split(',').includes(spec)) &&
    record.from !== 'static';
  const own = isUnedited ? list(annotation) : [];
  const pool = poolOf(data, metadata.namespace ?? '');
  return entries.every((address) => {
    if (own.includes(address)) return true;
    if (data === undefined || pool?.[familyOf(address)].includes(address) !== true) return false;
    if (claimedByOthers.has(address)) return false;
    const others = all.filter((other) => keyOf(other) !== keyOf(service) && shown(other).includes(address));
    const shares = policy === 'SingleStack' && familyOf(address) === 'IPv4' && isSharer(data, service);
    return others.every((other) => shares && agrees(data, service, other, address));
  });
}
