import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { externalIPsOf } from '../../src/core/ledger/external-ips.ts';
import { claimOf, namesAddress } from '../../src/core/model/claim.ts';
import type { IPAddress, Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { isEmptyPatch } from '../../src/core/model/service-patch.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import {
  adoption,
  allocation,
  canMoveTo,
  heldIn,
  isAdopted,
  isReservedForOther,
  isUntouched,
  keyOf,
  mayShare,
  portsOf,
  shown,
} from '../core/naive.ts';
import {
  type Data,
  groupsOf,
  listedPools,
  type NaivePool,
  poolsFor,
  quotaOf,
  reservations,
} from '../core/naive-pools.ts';
import { BrokenPromise } from './broken-promise.ts';
import { isSticky } from './memory-keys.ts';
import { optionsOf } from './replica.ts';

interface AllocationRecord {
  by?: string;
  from?: string;
  ips?: string;
  ports?: string;
  families?: string;
  uid?: string;
  pool?: string;
  was?: string;
}

export interface Write {
  readonly before: Service;
  readonly after: Service;
  /** All Services after the write. */
  readonly all: readonly Service[];
  /** The pools of the last minutes, the newest last. A decision may rest on any of them. */
  readonly pools: readonly (Data | undefined)[];
  /** The states of a Service in the last minutes. A decision may rest on any of them. */
  readonly pastOf: (service: Service) => readonly Service[];
  /** Whether a former leader wrote this Service. */
  readonly isExcused: (service: Service) => boolean;
  /**
   * Whether a user had set the address on the Service in an edit that the writer could not have observed when it sent the
   * write.
   */
  readonly isUnseenUserEdit: (service: Service, address: string) => boolean;
  /** Whether another Service used the address as far as the writer knew, or would because of a write in flight. */
  readonly wasInUse: (address: string) => boolean;
  /** Whether this was the configuration as far as the writer knew. */
  readonly wasConfigured: (data: Data | undefined) => boolean;
  /** The current claims; undefined without `--claims`. */
  readonly claims: readonly IPAddress[] | undefined;
  readonly count: (what: string) => void;
}

/** Whether one of our controllers has claimed the address. */
function isClaimed(address: string, claims: readonly IPAddress[]): boolean {
  return claims.some(({ metadata }) => metadata.name === address && isOurs(metadata));
}

function isOurs({ labels, annotations }: IPAddress['metadata']): boolean {
  return (
    labels?.['ipaddress.kubernetes.io/managed-by'] === 'kube-vip-cloud-provider' &&
    annotations?.['kube-vip.io/claim'] !== undefined
  );
}

const ips = 'kube-vip.io/loadbalancerIPs';

export function recordOf({ metadata }: Service): AllocationRecord {
  return JSON.parse(metadata.annotations?.['kube-vip.io/allocation'] ?? '{}') as AllocationRecord;
}

function annotationOf({ metadata }: Service): string {
  return (metadata.annotations?.[ips] ?? '').trim();
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !/^(0\.0\.0\.0|::)$/.test(part));
}

/** Whether the Service holds the address, according to its label, annotation and allocation record. */
export function holds(service: Service, address: string): boolean {
  const record = recordOf(service);
  return (
    service.spec?.type === 'LoadBalancer' &&
    service.metadata.labels?.implementation === 'kube-vip' &&
    record.uid === service.metadata.uid &&
    list(record.ips).includes(address) &&
    list(annotationOf(service)).includes(address)
  );
}

/** Checks a controller's write against the state of the API server: Once, Still, Inside, Hands off. */
export function checkWrite(write: Write): void {
  const { before, after, all, pools, pastOf, isExcused, isUnseenUserEdit, claims } = write;
  const key = keyOf(after);
  checkHandsOff(before, after);
  if (after.spec?.type !== 'LoadBalancer') return;
  const record = recordOf(after);
  // What only its status shows may be another Service's, unless it was assigned before.
  const had = new Set(isUntouched(before) ? [] : [...shown(before), ...list(recordOf(before).ips)]);
  for (const address of list(annotationOf(after))) {
    if (!holds(after, address)) continue;
    if (claims !== undefined && !had.has(address) && !isExcused(after) && !isClaimed(address, claims))
      throw new BrokenPromise('Once', `${address} was assigned to ${key} without a claim`);
    if (had.has(address)) continue;
    for (const other of all) {
      if (keyOf(other) === key || !holds(other, address)) continue;
      const mayHaveShared = pastOf(other).some((past) =>
        pools.some((data) => mayShare(data ?? {}, after, past, address)),
      );
      if (mayHaveShared) continue;
      if (isExcused(after) || isExcused(other) || isUnseenUserEdit(other, address)) continue;
      throw new BrokenPromise('Once', `${address} of ${keyOf(other)} was assigned to ${key}`);
    }
    if (record.from === 'static' || record.from === 'unknown') continue;
    // The ends of a block, and excluded addresses, are adopted, but never allocated.
    const isAdopted = isUntouched(before) && shown(before).includes(address);
    if (!pools.some((data) => (isAdopted ? mayBeAdopted : mayBeGiven)(data, after, address)))
      throw new BrokenPromise('Inside', `${address} for ${key}, from ${record.from}`);
  }
  checkFamilies(after, had);
  checkReserved(before, after, pools);
  checkQuota(write);
  checkOrder(write);
  countRules(write);
  checkStill(before, after);
}

/** Whether the configuration lets the Service have the address: it is in its pools, not excluded, and not reserved for another one. */
function mayBeGiven(data: Data | undefined, service: Service, address: string): boolean {
  if (isReservedForOther(data, service, address)) return false;
  return (
    reservations(data).has(address) ||
    poolsFor(data, service).some(({ IPv4, IPv6 }) => [...IPv4, ...IPv6].includes(address))
  );
}

function mayBeAdopted(data: Data | undefined, service: Service, address: string): boolean {
  if (isReservedForOther(data, service, address)) return false;
  return listedPools(data, service.metadata.namespace ?? '').some(({ whole }) => whole.includes(address));
}

/** An address that was reserved for another Service all the time is not given by name either, only kept. */
function checkReserved(before: Service, after: Service, pools: Write['pools']): void {
  for (const address of list(recordOf(after).ips)) {
    if (!holds(after, address) || hasFromEarlier(before, address)) continue;
    if (pools.every((data) => isReservedForOther(data, after, address)))
      throw new BrokenPromise('Inside', `${address} for ${keyOf(after)}, reserved for another Service`);
  }
}

/** Whether the Service had the address, or shows that it had it. */
function hasFromEarlier(before: Service, address: string): boolean {
  const isMarked = before.metadata.labels?.implementation === 'kube-vip';
  const status = (before.status?.loadBalancer?.ingress ?? []).some(({ ip }) => ip === address);
  return (
    list(recordOf(before).ips).includes(address) || ((isMarked || status) && shown(before).includes(address))
  );
}

/** The addresses that Services of a namespace and of this controller hold by their own allocation records. */
function recordedIn(namespace: string | undefined, all: readonly Service[]): Set<string> {
  const own = all.filter(
    (service) =>
      service.metadata.namespace === namespace &&
      service.spec?.type === 'LoadBalancer' &&
      service.spec.loadBalancerClass === undefined &&
      recordOf(service).uid === service.metadata.uid,
  );
  return new Set(own.flatMap((service) => list(recordOf(service).ips)));
}

/** The addresses that the write gives, and that nothing showed on the Service before. */
function givenBy({ before, after }: Write): string[] {
  const had = [...shown(before), ...list(recordOf(before).ips)];
  return list(recordOf(after).ips).filter((address) => holds(after, address) && !had.includes(address));
}

/** A write that gives an address leaves the namespace within its quota, or with no more addresses than it had. */
function checkQuota(write: Write): void {
  const { before, after, all, pools, isExcused } = write;
  if (givenBy(write).length === 0 || isExcused(after)) return;
  const { namespace = '', uid } = after.metadata;
  const others = all.filter(({ metadata }) => metadata.uid !== uid);
  if (others.some((other) => other.metadata.namespace === namespace && isExcused(other))) return;
  // A user can mark a Service by hand at the same moment, but only controllers write allocation records.
  if (heldIn(namespace, [after, ...others]).size <= heldIn(namespace, [before, ...others]).size) return;
  const has = recordedIn(namespace, [after, ...others]).size;
  const most = Math.max(...pools.map((data) => quotaOf(data, namespace)));
  if (has > most) throw new BrokenPromise('Quota', `${keyOf(after)} is given address ${has} of ${most}`);
}

/** The pool of a list that gave the address to a Service that chose none, and those before it. */
function placeOf(
  data: Data | undefined,
  service: Service,
): { pool: NaivePool; before: NaivePool[] } | undefined {
  const groups = groupsOf(data, service);
  const { from } = recordOf(service);
  const [group] = groups === 'refused' || groups.length !== 1 ? [] : groups;
  const at = group?.findIndex(({ key }) => key === from) ?? -1;
  const pool = group?.[at];
  return group === undefined || pool === undefined ? undefined : { pool, before: group.slice(0, at) };
}

/** A pool of a list gives an address only if those before it have none, as the writer knew it. */
function checkOrder(write: Write): void {
  const { before, after, pools, claims, wasInUse, wasConfigured } = write;
  const given = givenBy(write);
  const isNew = recordOf(before).uid === undefined && before.metadata.labels?.implementation === undefined;
  const isSingle = (after.spec?.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack';
  if (!isNew || !isSingle || given.length !== 1 || claims !== undefined) return;
  // A shared address of a later pool may be all that the quota permits.
  if (given.some(wasInUse)) return;
  if (pools.some(isSticky)) return;
  const family = given[0]?.includes(':') === true ? 'IPv6' : 'IPv4';
  const free = pools.filter(wasConfigured).map((data) =>
    placeOf(data, after)
      ?.before.flatMap((pool) => pool[family])
      .find((one) => !wasInUse(one) && !shown(before).includes(one) && !reservations(data).has(one)),
  );
  if (free.length > 0 && !free.includes(undefined))
    throw new BrokenPromise(
      'Order',
      `${keyOf(after)} got ${given[0]}, and not ${free[0]} of an earlier pool`,
    );
}

/** Which rules of the configuration a write has met. */
function countRules(write: Write): void {
  const { after, all, pools, count } = write;
  const given = givenBy(write);
  const data = pools.at(-1);
  if (given.length === 0) return;
  if (recordOf(after).from?.startsWith('reserve-') === true) count('write: a reserved address');
  if ((placeOf(data, after)?.before.length ?? 0) > 0) count('write: an address of the second pool of a list');
  if (Number.isFinite(quotaOf(data, after.metadata.namespace ?? ''))) count('write: within a quota');
  const isShared = given.some((address) =>
    all.some((other) => keyOf(other) !== keyOf(after) && holds(other, address)),
  );
  if (isShared && after.metadata.annotations?.['kube-vip.io/sharing-key'] !== undefined)
    count('write: shared by key');
}

/** What is allocated has the families that the Service wants, and each of them if it requires both. */
function checkFamilies(after: Service, had: ReadonlySet<string>): void {
  const { ipFamilyPolicy, ipFamilies = [] } = after.spec ?? {};
  const wanted = ipFamilyPolicy === 'SingleStack' ? ipFamilies.slice(0, 1) : ipFamilies;
  const { from = 'static', ips } = recordOf(after);
  const added = list(ips).filter((address) => !had.has(address) && holds(after, address));
  if (from === 'static' || from === 'unknown' || added.length === 0) return;
  const families = added.map((address) => (address.includes(':') ? 'IPv6' : 'IPv4'));
  const isComplete = ipFamilyPolicy !== 'RequireDualStack' || list(ips).length === wanted.length;
  if (!isComplete || !families.every((family) => wanted.includes(family)))
    throw new BrokenPromise('Inside', `${keyOf(after)} wants ${wanted.join(' and ')}, and got ${ips}`);
}

/** An existing list changes only for a reason in the Service itself (spec sections 4 to 6). */
function checkStill(before: Service, after: Service): void {
  const shownBefore = annotationOf(before);
  const record = recordOf(before);
  if (shownBefore === '' || annotationOf(after) === shownBefore) return;
  const { spec = {}, metadata } = before;
  const families = `${spec.ipFamilyPolicy ?? 'SingleStack'} ${(spec.ipFamilies ?? []).join()}`;
  const reasons = [
    metadata.annotations?.['kube-vip.io/reallocate'] === 'true',
    metadata.annotations?.['kube-vip.io/reallocate'] !== undefined &&
      sameAddresses(metadata.annotations['kube-vip.io/reallocate'], annotationOf(after)),
    metadata.annotations?.['kube-vip.io/reallocate'] === 'allocated' && record.from !== 'static',
    record.uid !== metadata.uid,
    record.families !== undefined && !sameFamilies(record.families, families),
    record.ports !== undefined && record.ports !== portsOf(before).toSorted().join(),
    record.pool !== poolAnnotationOf(before),
    spec.loadBalancerIP !== record.ips?.split(',')[0],
    !list(shownBefore).every((entry) => list(record.ips).includes(entry)),
  ];
  if (!reasons.some(Boolean)) {
    throw new BrokenPromise('Still', `${keyOf(after)} had ${shownBefore} and got ${annotationOf(after)}`);
  }
}

function poolAnnotationOf({ metadata }: Service): string | undefined {
  const text = (metadata.annotations?.['kube-vip.io/pool'] ?? '').trim();
  return text === '' ? undefined : text;
}

/** Whether the lists have the same addresses, in any order. */
function sameAddresses(one: string, other: string): boolean {
  const sorted = (text: string): string =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .sort()
      .join();
  return sorted(one) === sorted(other);
}

function sameFamilies(one: string, other: string): boolean {
  const words = (text: string): string =>
    text
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .join(' ');
  return words(one) === words(other);
}

function checkHandsOff(before: Service, after: Service): void {
  const key = keyOf(before);
  if (before.spec?.loadBalancerClass !== undefined)
    throw new BrokenPromise('Hands off', `${key} is of another class`);
  const bare = ({ metadata, spec }: Service): string => {
    const { [ips]: _, ...others } = metadata.annotations ?? {};
    const annotations = Object.entries(others).filter(
      ([name]) =>
        !/^kube-vip\.io\/(allocation|reallocate|serviceInterface|serviceVLAN|leaseName)$/.test(name),
    );
    const labels = Object.entries(metadata.labels ?? {}).filter(
      ([name]) => !['implementation', 'ipam-address'].includes(name),
    );
    const { loadBalancerIP: __, ...rest } = spec ?? {};
    return JSON.stringify([metadata.name, metadata.uid, annotations, labels, rest]);
  };
  if (bare(before) !== bare(after))
    throw new BrokenPromise('Hands off', `${key}: ${bare(before)} became ${bare(after)}`);
}

export interface StateAtRest {
  /** Those of the controller. */
  readonly options: Options;
  /** All Services as the controller sees them, without its class. */
  readonly all: readonly Service[];
  readonly data: Data | undefined;
  /** The leader's allocator. */
  readonly allocator: Allocator;
  /** Returns the texts of the warning events of a Service. */
  readonly warned: (service: Service) => string[];
  readonly claims: readonly IPAddress[] | undefined;
  /** Admission denies all writes to Services of this namespace. */
  readonly denied: string | undefined;
}

/** Checks the promises that hold at rest: Free again, Served, Said why, Quiet, Same, Crash-proof. */
export function checkAtRest({ options, all, data, allocator, warned, claims, denied }: StateAtRest): void {
  const loadBalancers = all.filter(({ spec }) => spec?.type === 'LoadBalancer');
  checkFreeAgain(all, allocator);
  // `all` shows the Services of its class as those without one.
  const asSeen = { ...options, class: undefined };
  const newController = freshAllocator(asSeen, data, all, claims);
  const reversed = freshAllocator(asSeen, data, all.toReversed(), claims?.toReversed());
  if (claims !== undefined) checkClaims(loadBalancers, claims, allocator);
  checkMemory(allocator);
  const claimedElsewhere = new Set(
    (claims ?? []).filter(({ metadata }) => !isOurs(metadata)).map(({ metadata }) => metadata.name),
  );
  for (const service of loadBalancers) {
    const key = keyOf(service);
    const decision = allocator.explain(key)?.decision;
    if (decision === undefined) throw new BrokenPromise('Served', `the leader does not know ${key}`);
    const freshDecision = textOf(newController.explain(key)?.decision);
    if (freshDecision !== textOf(reversed.explain(key)?.decision))
      throw new BrokenPromise(
        'Same',
        `the decision on ${key} depends on the order of Services: ${freshDecision}`,
      );
    if (freshDecision !== textOf(decision))
      throw new BrokenPromise(
        'Crash-proof',
        `a new controller decides ${freshDecision} on ${key}, not ${textOf(decision)}`,
      );
    if (decision.kind === 'pending') {
      const found =
        adoption(data, service, all, undefined, claimedElsewhere) ??
        allocation(data, service, all, { claimedByOthers: claimedElsewhere });
      if (found !== undefined)
        throw new BrokenPromise('Served', `${key} is pending although an address is free`);
      if (warned(service).length === 0)
        throw new BrokenPromise('Said why', `${key} is pending without a warning`);
    }
    const target = service.metadata.annotations?.['kube-vip.io/reallocate'] ?? '';
    if (decision.kind === 'keep' && canMoveTo(data, service, target, all, claimedElsewhere))
      throw new BrokenPromise('Served', `${key} stays, although it can move to ${target}`);
    if (decision.kind === 'keep' && !isAdopted(service))
      throw new BrokenPromise('Crash-proof', `${key} has an address and no allocation record of it`);
    const isWritten = 'patch' in decision && !isEmptyPatch(decision.patch);
    if (!isWritten || service.metadata.deletionTimestamp !== undefined) continue;
    if (service.metadata.namespace === denied) continue;
    // This includes Services with an address that request another or an additional one.
    if (decision.kind === 'write' && decision.addresses.text !== list(annotationOf(service)).join(','))
      throw new BrokenPromise('Served', `${key} did not get ${decision.addresses.text}`);
    throw new BrokenPromise('Quiet', `a write to ${key} is missing: ${decision.kind}`);
  }
}

/** A Service that left type LoadBalancer has lost what was written for it. */
export function checkReleased(all: readonly Service[], denied: string | undefined): void {
  for (const service of all) {
    const { metadata, spec } = service;
    const isOver = metadata.deletionTimestamp !== undefined || metadata.namespace === denied;
    if (spec?.type === 'LoadBalancer' || isOver) continue;
    const { by } = recordOf(service);
    if (by !== undefined)
      throw new BrokenPromise('Quiet', `a write to ${keyOf(service)} is missing: its type is ${spec?.type}`);
  }
}

/** Services that share an address outside the pool: a bulk move keeps them together. */
export function movers(all: readonly Service[], data: Data): Service[][] {
  return sharers(all, data).filter((group) =>
    group.every((service) => {
      const pools = poolsFor(data, service);
      return pools.length > 0 && !pools.some(({ IPv4 }) => IPv4.includes(annotationOf(service)));
    }),
  );
}

/** Services that share an allocated address, the only one that each of them has. */
export function sharers(all: readonly Service[], data: Data): Service[][] {
  const groups = new Map<string, Service[]>();
  for (const service of all) {
    const address = annotationOf(service);
    // A Service of the other family can have the address, but not get another one of its family.
    const { ipFamilyPolicy, ipFamilies = [] } = service.spec ?? {};
    const isIPv4 = ipFamilyPolicy === 'SingleStack' && ipFamilies[0] === 'IPv4';
    if (
      !isIPv4 ||
      recordOf(service).ips !== address ||
      !holds(service, address) ||
      recordOf(service).from === 'static'
    )
      continue;
    groups.set(address, [...(groups.get(address) ?? []), service]);
  }
  return [...groups.values()].filter(
    (group) =>
      group.length > 1 &&
      group.every((one, i) =>
        group.slice(i + 1).every((other) => mayShare(data, one, other, annotationOf(one))),
      ),
  );
}

/** What shared an address shares one after all Services were moved to a pool that has enough for all. */
export function checkMove(group: readonly Service[], all: readonly Service[]): void {
  const now = group.map((before) => {
    const after = all.find(({ metadata }) => metadata.uid === before.metadata.uid);
    return after === undefined ? 'nowhere' : annotationOf(after);
  });
  if (new Set(now).size === 1) return;
  throw new BrokenPromise(
    'Together',
    `${group.map(keyOf).join(' and ')} shared an address, and are at ${now.join(' and ')}`,
  );
}

/** A Service that took a port of one with which it shared an address gets another address, and the other one keeps it. */
export function checkClash([stays, moves]: readonly [Service, Service], all: readonly Service[]): void {
  const had = annotationOf(stays);
  const [kept, got] = [stays, moves].map((before) => {
    const after = all.find(({ metadata }) => metadata.uid === before.metadata.uid);
    return after === undefined ? '' : annotationOf(after);
  });
  if (kept !== had) throw new BrokenPromise('Still', `${keyOf(stays)} had ${had} and is at ${kept}`);
  if (got === had || got === '')
    throw new BrokenPromise('Served', `${keyOf(moves)} took a port of ${keyOf(stays)} and is at ${got}`);
}

/** The allocator of a controller that starts now. */
function freshAllocator(
  options: Options,
  data: Data | undefined,
  services: readonly Service[],
  claims: readonly IPAddress[] | undefined,
): Allocator {
  const allocator = new Allocator(options, () => 0);
  const known = (claims ?? []).filter(namesAddress).map((claim) => claimOf(claim, options.controller));
  if (claims !== undefined) allocator.claimTracker.replace(known, '999999999');
  allocator.setConfig(readConfig(data === undefined ? undefined : { metadata: { name: 'kubevip' }, data }));
  const isBalanced = ({ spec }: Service): boolean => spec?.type === 'LoadBalancer';
  allocator.replaceServices(services.filter(isBalanced).map(viewOf), '999999999');
  allocator.externalIPs.replace(
    services.filter((service) => !isBalanced(service)).map(externalIPsOf),
    '999999999',
  );
  return allocator;
}

/** Each held address is claimed, by us or by an earlier owner, and each of our claims has a holder. */
function checkClaims(
  loadBalancers: readonly Service[],
  claims: readonly IPAddress[],
  { ledger }: Allocator,
): void {
  for (const { metadata } of claims) {
    const isHeld = loadBalancers.some((service) => holds(service, metadata.name));
    if (!isOurs(metadata)) continue;
    const { for: reservations, last } = JSON.parse(metadata.annotations?.['kube-vip.io/claim'] ?? '{}') as {
      for: unknown[];
      last?: { service: string; freed: number };
    };
    if (isHeld && last !== undefined)
      throw new BrokenPromise('Once', `${metadata.name} has a holder, and its claim says that it is free`);
    const address = readAddress(metadata.name);
    const former = address && ledger.former.at(address);
    const isRemembered =
      reservations.length === 0 && former?.service === last?.service && former?.freedAt === last?.freed;
    if (!isHeld && (last === undefined || !isRemembered))
      throw new BrokenPromise('Free again', `${metadata.name} is claimed without a holder`);
  }
  for (const service of loadBalancers) {
    const has = list(annotationOf(service)).filter((address) => holds(service, address));
    const bare = has.find((address) => !claims.some(({ metadata }) => metadata.name === address));
    if (bare !== undefined)
      throw new BrokenPromise('Once', `${keyOf(service)} has ${bare}, which is not claimed`);
  }
}

/** What is remembered is bounded, and ends. */
function checkMemory({ ledger: { former }, now }: Allocator): void {
  const { maxFormerHolders = 0 } = optionsOf({ claims: false });
  if (former.size > maxFormerHolders)
    throw new BrokenPromise('Free again', `${former.size} freed addresses are remembered`);
  if (former.nextExpiry !== undefined && former.nextExpiry < now - 2 * 3_600_000)
    throw new BrokenPromise('Free again', 'a freed address is remembered for too long');
}

function checkFreeAgain(all: readonly Service[], allocator: Allocator): void {
  const everything = new Set(all.flatMap(shown));
  const keys = new Set(all.filter(({ spec }) => spec?.type === 'LoadBalancer').map(keyOf));
  for (const { address, service } of allocator.ledger.reservations.all('external-ip')) {
    const text = formatAddress(address);
    if (!all.some((one) => keyOf(one) === service && shown(one).includes(text)))
      throw new BrokenPromise('Free again', `${text} is kept as an external IP, and no Service shows it`);
  }
  for (const { key, usedIPs } of allocator.ledger.all()) {
    if (!keys.has(key))
      throw new BrokenPromise('Free again', `${key} was deleted and is still in the ledger`);
    const unused = usedIPs.map(formatAddress).find((address) => !everything.has(address));
    if (unused !== undefined)
      throw new BrokenPromise('Free again', `${unused} is in use for ${key}, and no Service shows it`);
  }
}

function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? 'nothing'
  );
}
