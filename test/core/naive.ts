/**
 * A naive model of spec sections 3 to 6, 12, and 13: every question iterates over all Services. It shares no code with src/, so that
 * it does not repeat bugs there.
 */
import type { Service } from '../../src/core/model/objects.ts';
import {
  type Data,
  groupsOf,
  listedPools,
  type NaivePool,
  poolsFor,
  quotaOf,
  reservations,
  sharingGroupOf,
} from './naive-pools.ts';

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

/** Whether the Service alone could share an address. */
function isEligible({ metadata, spec }: Service): boolean {
  return (
    spec?.loadBalancerClass === undefined &&
    metadata.deletionTimestamp === undefined &&
    (spec?.externalTrafficPolicy ?? 'Cluster') === 'Cluster' &&
    (spec?.ports ?? []).length > 0
  );
}

/** Whether two Services may share an address when one of them is being allocated. */
export function mayShare(data: Data, one: Service, other: Service, address = ''): boolean {
  const group = sharingGroupOf(data, one, address);
  return (
    isEligible(one) &&
    isEligible(other) &&
    group !== undefined &&
    group === sharingGroupOf(data, other, address) &&
    !portsOf(one).some((port) => portsOf(other).includes(port))
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
    mayShare(data, newcomer, holder, address)
  );
}

/** Whether the Service requests nothing, and nothing on it says that it was ever assigned here. */
export function isUntouched({ metadata: { annotations = {}, labels = {} }, spec = {} }: Service): boolean {
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
  const listed = listedPools(data, service.metadata.namespace ?? '');
  const groups = groupsOf(data, service);
  // With several pools, it needs more addresses than these.
  if (data === undefined || groups === 'refused' || groups.length > 1 || !isUntouched(service))
    return undefined;
  const policy = service.spec?.ipFamilyPolicy ?? 'SingleStack';
  const adopted: string[] = [];
  for (const family of familiesOf(service)) {
    const there = [
      ...new Set((service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => list(ip))),
    ].filter((address) => address.includes(':') === (family === 'IPv6'));
    const [address] = there;
    const hasFamily = groups.flat().some((pool) => pool[family].length > 0);
    if (address === undefined && policy === 'PreferDualStack' && !hasFamily) continue;
    if (address === undefined || there.length > 1) return undefined;
    const others = all.filter((other) => other !== service && shown(other).includes(address));
    if (!others.every((other) => wantsToShare(data, service) && agrees(data, service, other, address)))
      return undefined;
    // Also the ends of a block, which are never allocated, and excluded addresses.
    if (!listed.some(({ whole }) => whole.includes(address)) || ofNodes.has(address)) return undefined;
    if (claimedByOthers.has(address) || isReservedForOther(data, service, address)) return undefined;
    adopted.push(address);
  }
  return adopted.length > 0 ? adopted : undefined;
}

type Family = 'IPv4' | 'IPv6';

function familiesOf({ spec }: Service): Family[] {
  const families = (spec?.ipFamilies ?? []) as Family[];
  return (spec?.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack' ? families.slice(0, 1) : families;
}

export function isReservedForOther(data: Data | undefined, service: Service, address: string): boolean {
  const reserved = reservations(data).get(address);
  return reserved !== undefined && reserved !== keyOf(service);
}

/** The addresses that a Service holds, for its quota: those in its own record, or with the label of the Go version. */
export function heldBy(service: Service): string[] {
  const { metadata, spec } = service;
  if (spec?.type !== 'LoadBalancer') return [];
  const record = recordOf(service);
  // A test says so of one whose record was removed, and is restored.
  const restored = metadata.annotations?.['test/restored'];
  if (restored !== undefined) return list(restored);
  if (record.ips === undefined) return metadata.labels?.implementation === 'kube-vip' ? claimed(service) : [];
  const leases = record.ips.split(',').filter((ip) => ip === '0.0.0.0' || ip === '::');
  const leased = leases.length === 0 ? [] : list(metadata.annotations?.['kube-vip.io/requestedIP']);
  const open = leases.slice(leased.length).map((_, i) => `lease ${i} of ${keyOf(service)}`);
  return [...new Set([...list(record.ips), ...leased, ...open])];
}

/** The addresses that Services of the namespace hold. */
export function heldIn(namespace: string, all: readonly Service[]): Set<string> {
  return new Set(all.filter(({ metadata }) => metadata.namespace === namespace).flatMap(heldBy));
}

function recordOf({ metadata }: Service): { ips?: string; uid?: string; was?: string; from?: string } {
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

/** Whether the Service prefers a shared address to a free one, in some pool. */
function wantsToShare(data: Data, service: Service): boolean {
  const groups = groupsOf(data, service);
  const [first, ...more] = familiesOf(service);
  return (
    isEligible(service) &&
    (service.spec?.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack' &&
    first === 'IPv4' &&
    more.length === 0 &&
    groups !== 'refused' &&
    groups.length < 2 &&
    (sharingKeyOf(service) !== '' || groups.flat().some(({ sharing }) => sharing))
  );
}

function sharingKeyOf({ metadata }: Service): string {
  return (metadata.annotations?.['kube-vip.io/sharing-key'] ?? '').trim();
}

/** Who holds `left`, outside of the own pools, and would go where `mover` goes when reallocated. */
function followers(data: Data, mover: Service, left: string, all: readonly Service[]): Service[] {
  return all.filter((other) => {
    const { metadata } = other;
    const asks = metadata.annotations?.['kube-vip.io/reallocate'] === 'true';
    const record = recordOf(other);
    const pools = poolsFor(data, other);
    return (
      keyOf(other) !== keyOf(mover) &&
      metadata.labels?.implementation === 'kube-vip' &&
      record.ips === left &&
      (record.from !== 'static' || asks) &&
      claimed(other).join() === left &&
      (metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '').trim() === left &&
      pools.length > 0 &&
      !pools.some(({ IPv4 }) => IPv4.includes(left)) &&
      wantsToShare(data, other) &&
      mayShare(data, mover, other, left)
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
            !poolsFor(data, other).some(({ IPv4 }) => IPv4.includes(address)) ||
            mayShare(data, service, other, address),
        )
      );
    });
}

function ageOf({ metadata }: Service): string {
  return [metadata.creationTimestamp, metadata.namespace, metadata.name].join(' ');
}

export interface AllocationFacts {
  /** Addresses that other owners claim in the API. */
  readonly claimedByOthers?: ReadonlySet<string>;
  /** Addresses that the Service keeps. */
  readonly keep?: readonly string[];
  /** The only address of a Service that is reallocated, outside of its pools: those that share it move together. */
  readonly left?: string;
}

/** The addresses that a Service gets, or undefined if there are none for it. */
export function allocation(
  data: Data | undefined,
  service: Service,
  all: readonly Service[],
  facts: AllocationFacts = {},
): string[] | undefined {
  const found = data === undefined ? 'refused' : groupsOf(data, service);
  if (data === undefined || found === 'refused') return undefined;
  // An address that is reserved for the Service can be outside of all pools.
  const groups = found.length > 0 ? found : [[]];
  const families = familiesOf(service);
  const kept = keptIn(groups, families, facts.keep ?? []);
  const picked: string[] = [];
  for (const [i, group] of groups.entries()) {
    const before = picked.length;
    for (const [j, family] of families.entries()) {
      const has = [...(facts.keep ?? []), ...picked];
      const one = kept[i]?.[j] ?? new Search(data, service, all, facts, groups, has).pick(family, group);
      if (one !== undefined) picked.push(one);
    }
    const count = picked.length - before;
    const isEnough =
      service.spec?.ipFamilyPolicy === 'PreferDualStack' ? count > 0 : count === families.length;
    if (!isEnough) return undefined;
  }
  return picked;
}

/** Which kept address stands for which pool and family: first those that the pool has, then any. */
function keptIn(
  groups: readonly (readonly NaivePool[])[],
  families: readonly Family[],
  keep: readonly string[],
): (string | undefined)[][] {
  const left = [...keep];
  const kept = groups.map(() => families.map((): string | undefined => undefined));
  for (const isAnyPool of [false, true])
    for (const [i, group] of groups.entries())
      for (const [j, family] of families.entries()) {
        const row = kept[i];
        if (row === undefined || row[j] !== undefined) continue;
        const at = left.findIndex(
          (address) =>
            address.includes(':') === (family === 'IPv6') &&
            (isAnyPool || group.some((pool) => pool[family].includes(address))),
        );
        if (at >= 0) [row[j]] = left.splice(at, 1);
      }
  return kept;
}

/** The search for one address of a Service, as spec sections 6, 12, and 13 describe it. */
class Search {
  readonly #data: Data;
  readonly #service: Service;
  readonly #all: readonly Service[];
  readonly #others: readonly Service[];
  readonly #facts: AllocationFacts;
  readonly #groups: readonly (readonly NaivePool[])[];
  readonly #has: readonly string[];
  readonly #heldByOthers: ReadonlySet<string>;
  readonly #room: number;

  constructor(
    data: Data,
    service: Service,
    all: readonly Service[],
    facts: AllocationFacts,
    groups: readonly (readonly NaivePool[])[],
    has: readonly string[],
  ) {
    this.#data = data;
    this.#service = service;
    this.#all = all;
    this.#others = all.filter((other) => other !== service);
    this.#facts = facts;
    this.#groups = groups;
    this.#has = has;
    const { namespace = '' } = service.metadata;
    this.#heldByOthers = heldIn(namespace, this.#others);
    // A lowered quota takes nothing away, so a move is possible that leaves the namespace with no more than it has.
    const most = Math.max(quotaOf(data, namespace), heldIn(namespace, all).size);
    this.#room = most - new Set([...this.#heldByOthers, ...has]).size;
  }

  pick(family: Family, group: readonly NaivePool[]): string | undefined {
    const joined = this.#joined(group);
    if (joined !== undefined) return joined;
    const reserved = this.#reserved(family, group);
    if (reserved !== undefined) return reserved;
    for (const pool of group) {
      const found = this.#pickFrom(pool, family);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #holders(address: string): Service[] {
    return this.#others.filter((other) => shown(other).includes(address));
  }

  /** Whether the quota permits it: what the namespace holds already costs nothing. */
  #isAffordable(address: string): boolean {
    return this.#room > 0 || this.#heldByOthers.has(address);
  }

  #canShareIn({ sharing }: NaivePool): boolean {
    const isAllowed = sharing || sharingKeyOf(this.#service) !== '';
    return isAllowed && wantsToShare(this.#data, this.#service);
  }

  /** Whether all these Services may join those at the address. */
  #canJoin(newcomers: readonly Service[], address: string): boolean {
    const holders = this.#holders(address);
    return (
      holders.length > 0 &&
      newcomers.every(
        (one) =>
          !this.#isBlockedFor(one, address) &&
          holders.every((holder) => agrees(this.#data, one, holder, address)),
      )
    );
  }

  #isBlockedFor(service: Service, address: string): boolean {
    return (
      this.#facts.claimedByOthers?.has(address) === true || isReservedForOther(this.#data, service, address)
    );
  }

  /** Where those went that left the same address. */
  #joined(group: readonly NaivePool[]): string | undefined {
    const { left } = this.#facts;
    if (left === undefined) return undefined;
    const went = this.#others
      .filter((other) => recordOf(other).was === left)
      .map(({ metadata }) => (metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '').trim());
    const found = group
      .filter((pool) => this.#canShareIn(pool))
      .flatMap(({ IPv4 }) => IPv4)
      .find((address) => went.includes(address) && this.#canJoin([this.#service], address));
    return found !== undefined && this.#isAffordable(found) ? found : undefined;
  }

  /** What is reserved for it, unless another pool that it wants an address of has that. */
  #reserved(family: Family, group: readonly NaivePool[]): string | undefined {
    const elsewhere = this.#groups.filter((other) => other !== group).flat();
    return [...reservations(this.#data)]
      .filter(([, service]) => service === keyOf(this.#service))
      .map(([address]) => address)
      .find(
        (address) =>
          address.includes(':') === (family === 'IPv6') &&
          !this.#has.includes(address) &&
          !elsewhere.some((pool) => pool[family].includes(address)) &&
          this.#room > 0 &&
          this.#facts.claimedByOthers?.has(address) !== true &&
          this.#holders(address).every((other) => requestsInVain(other, address)),
      );
  }

  #pickFrom(pool: NaivePool, family: Family): string | undefined {
    const shares = family === 'IPv4' && this.#canShareIn(pool);
    if (shares && this.#facts.left !== undefined && this.#room > 0) {
      const forAll = this.#forAll(pool, this.#facts.left);
      if (forAll !== undefined) return forAll;
    }
    const shareable = pool.IPv4.filter(
      (address) =>
        shares &&
        this.#canJoin([this.#service], address) &&
        this.#isSetLike(pool, address) &&
        this.#isAffordable(address),
    );
    return (
      shareable.find((address) => isConsiderate(this.#data, this.#service, address, this.#all)) ??
      (this.#room > 0 ? pool[family].find((address) => this.#isFree(address)) : undefined) ??
      shareable[0]
    );
  }

  /** An address can be in another pool of the list as well, which then says whether it is shared. */
  #isSetLike({ sharing }: NaivePool, address: string): boolean {
    const { namespace = '' } = this.#service.metadata;
    const first = listedPools(this.#data, namespace).find(({ whole }) => whole.includes(address));
    return first?.sharing === sharing;
  }

  #isFree(address: string): boolean {
    return (
      this.#holders(address).length === 0 &&
      !this.#isBlockedFor(this.#service, address) &&
      !reservations(this.#data).has(address) &&
      !shown(this.#service).includes(address) &&
      !this.#has.includes(address)
    );
  }

  /** Where all that share the address `left` can go. */
  #forAll(pool: NaivePool, left: string): string | undefined {
    const together = [this.#service];
    let common = pool.IPv4;
    const byAge = followers(this.#data, this.#service, left, this.#all).sort((a, b) =>
      ageOf(a) < ageOf(b) ? -1 : 1,
    );
    for (const other of byAge) {
      const theirs = poolsFor(this.#data, other).flatMap(({ IPv4 }) => IPv4);
      const both = common.filter((address) => theirs.includes(address));
      if (both.length === 0) continue;
      common = both;
      together.push(other);
    }
    if (together.length === 1) return undefined;
    return (
      common.find(
        (address) =>
          this.#canJoin(together, address) &&
          this.#isSetLike(pool, address) &&
          together.every((one) => isConsiderate(this.#data, one, address, this.#all)),
      ) ?? common.find((address) => this.#isFree(address))
    );
  }
}

/** Whether the Service only asks for the address by name, and has not got it. */
export function requestsInVain(service: Service, address: string): boolean {
  const record = recordOf(service);
  const { labels, annotations } = service.metadata;
  const isLabeled = labels?.implementation === 'kube-vip';
  const isLeased = list(annotations?.['kube-vip.io/requestedIP']).includes(address);
  const isMarked =
    record.ips === undefined
      ? isLabeled && !isCopy(service)
      : list(record.ips).includes(address) || (isLabeled && isLeased);
  return (
    service.spec?.type === 'LoadBalancer' &&
    service.spec.loadBalancerClass === undefined &&
    claimed(service).includes(address) &&
    !isMarked &&
    !external(service).includes(address)
  );
}

/** Whether its allocation record is another Service's. */
function isCopy({ metadata }: Service): boolean {
  return metadata.annotations?.['kube-vip.io/allocation'] !== undefined;
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
  const groups = groupsOf(data, service);
  // Several pools, of which each has to give an address, are not in this model.
  if (data === undefined || groups === 'refused' || groups.length !== 1) return false;
  const { namespace = '' } = metadata;
  const heldByOthers = heldIn(
    namespace,
    all.filter((other) => keyOf(other) !== keyOf(service)),
  );
  const most = Math.max(quotaOf(data, namespace), heldIn(namespace, all).size);
  if (new Set([...heldByOthers, ...entries]).size > most) return false;
  return entries.every((address) => {
    if (own.includes(address)) return true;
    if (!groups.flat().some((pool) => pool[familyOf(address)].includes(address))) return false;
    if (claimedByOthers.has(address) || isReservedForOther(data, service, address)) return false;
    const others = all.filter((other) => keyOf(other) !== keyOf(service) && shown(other).includes(address));
    const shares = policy === 'SingleStack' && familyOf(address) === 'IPv4' && wantsToShare(data, service);
    return others.every((other) => shares && agrees(data, service, other, address));
  });
}
