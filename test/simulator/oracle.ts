import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { formatAddress } from '../../src/core/ip/address.ts';
import { claimOf, namesAddress } from '../../src/core/ledger/claim.ts';
import { externalIPsOf } from '../../src/core/ledger/external-ips.ts';
import type { IPAddress, Service } from '../../src/core/model/objects.ts';
import { isEmptyPatch } from '../../src/core/model/service-patch.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { adoption, allocation, type Data, keyOf, mayShare, poolOf, portsOf, shown } from '../core/naive.ts';
import { Broken } from './broken.ts';
import { optionsOf } from './replica.ts';

interface Noted {
  from?: string;
  ips?: string;
  ports?: string;
  families?: string;
  uid?: string;
}

export interface Write {
  readonly before: Service;
  readonly after: Service;
  /** All Services, as they stand after it. */
  readonly all: readonly Service[];
  /** The pools of the last minutes, the newest last: a decision may rest on any of them. */
  readonly pools: readonly (Data | undefined)[];
  /** How a Service stood in the last minutes: a decision may rest on any of that, too. */
  readonly pastOf: (service: Service) => readonly Service[];
  /** Whether one of these Services was written by somebody who was not the leader any more. */
  readonly isExcused: (service: Service) => boolean;
  /**
   * Whether a user put the address on the Service by hand, and whoever wrote had not heard of it when the write was sent.
   * Nobody can know of what happens meanwhile.
   */
  readonly isSurprise: (service: Service, address: string) => boolean;
  /** The claims as they stand, where there are to be any. */
  readonly claims: readonly IPAddress[] | undefined;
}

/** Whether the address is claimed by a controller of ours. */
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

export function recordOf({ metadata }: Service): Noted {
  return JSON.parse(metadata.annotations?.['kube-vip.io/allocation'] ?? '{}') as Noted;
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

/** It has the address in its own right: ours says so on it. */
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

/** What every write of a controller must keep, as the API server sees it: Once, Still, Inside, Hands off. */
export function judgeWrite({
  before,
  after,
  all,
  pools,
  pastOf,
  isExcused,
  isSurprise,
  claims,
}: Write): void {
  const key = keyOf(after);
  handsOff(before, after);
  if (after.spec?.type !== 'LoadBalancer') return;
  const record = recordOf(after);
  const had = new Set([...shown(before), ...list(recordOf(before).ips)]);
  for (const address of list(annotationOf(after))) {
    if (!holds(after, address)) continue;
    if (claims !== undefined && !had.has(address) && !isClaimed(address, claims))
      throw new Broken('Once', `${address} was given to ${key}, and not claimed first`);
    if (had.has(address)) continue;
    for (const other of all) {
      if (keyOf(other) === key || !holds(other, address)) continue;
      const mayHaveShared = pastOf(other).some((past) =>
        pools.some((data) => mayShare(data ?? {}, after, past)),
      );
      if (mayHaveShared) continue;
      if (isExcused(after) || isExcused(other) || isSurprise(other, address)) continue;
      throw new Broken('Once', `${address} of ${keyOf(other)} was given to ${key}`);
    }
    if (record.from === 'static' || record.from === 'unknown') continue;
    const isInside = pools.some((data) => {
      const pool = poolOf(data, after.metadata.namespace ?? '');
      return pool !== undefined && [...pool.IPv4, ...pool.IPv6].includes(address);
    });
    if (!isInside) throw new Broken('Inside', `${address} for ${key}, from ${record.from}`);
  }
  still(before, after);
}

/** A list that stands is changed only for a reason that the Service itself gives (spec sections 4 to 6). */
function still(before: Service, after: Service): void {
  const shownBefore = annotationOf(before);
  const record = recordOf(before);
  if (shownBefore === '' || annotationOf(after) === shownBefore) return;
  const { spec = {}, metadata } = before;
  const families = `${spec.ipFamilyPolicy ?? 'SingleStack'} ${(spec.ipFamilies ?? []).join()}`;
  const reasons = [
    metadata.annotations?.['kube-vip.io/reallocate'] === 'true',
    record.uid !== metadata.uid,
    record.families !== undefined && !sameFamilies(record.families, families),
    record.ports !== undefined && record.ports !== portsOf(before).toSorted().join(),
    spec.loadBalancerIP !== record.ips?.split(',')[0],
    !list(shownBefore).every((entry) => list(record.ips).includes(entry)),
  ];
  if (!reasons.some(Boolean)) {
    throw new Broken('Still', `${keyOf(after)} had ${shownBefore} and was given ${annotationOf(after)}`);
  }
}

function sameFamilies(one: string, other: string): boolean {
  const words = (text: string): string =>
    text
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .join(' ');
  return words(one) === words(other);
}

function handsOff(before: Service, after: Service): void {
  const key = keyOf(before);
  if (before.spec?.loadBalancerClass !== undefined)
    throw new Broken('Hands off', `${key} is of another class`);
  const bare = ({ metadata, spec }: Service): string => {
    const { [ips]: _, ...others } = metadata.annotations ?? {};
    const annotations = Object.entries(others).filter(
      ([name]) => !/^kube-vip\.io\/(allocation|reallocate|serviceInterface)$/.test(name),
    );
    const labels = Object.entries(metadata.labels ?? {}).filter(
      ([name]) => !['implementation', 'ipam-address'].includes(name),
    );
    const { loadBalancerIP: __, ...rest } = spec ?? {};
    return JSON.stringify([metadata.name, metadata.uid, annotations, labels, rest]);
  };
  if (bare(before) !== bare(after))
    throw new Broken('Hands off', `${key}: ${bare(before)} became ${bare(after)}`);
}

export interface Rest {
  readonly all: readonly Service[];
  readonly data: Data | undefined;
  /** The leader's. */
  readonly allocator: Allocator;
  /** The texts of warning events, by the Service they are about. */
  readonly warned: (service: Service) => string[];
  readonly claims: readonly IPAddress[] | undefined;
}

/** What holds when nothing moves any more: Free again, Served, Said why, Quiet, Same, Crash-proof. */
export function judgeRest({ all, data, allocator, warned, claims }: Rest): void {
  const balanced = all.filter(({ spec }) => spec?.type === 'LoadBalancer');
  freeAgain(all, allocator);
  const fresh = freshAllocator(data, all, claims);
  const other = freshAllocator(data, all.toReversed(), claims?.toReversed());
  if (claims !== undefined) inStep(balanced, claims);
  const taken = new Set(
    (claims ?? []).filter(({ metadata }) => !isOurs(metadata)).map(({ metadata }) => metadata.name),
  );
  for (const service of balanced) {
    const key = keyOf(service);
    const decision = allocator.explain(key)?.decision;
    if (decision === undefined) throw new Broken('Served', `the leader does not know ${key}`);
    const anew = plain(fresh.explain(key)?.decision);
    if (anew !== plain(other.explain(key)?.decision))
      throw new Broken('Same', `${key} depends on the order in which Services were heard of: ${anew}`);
    if (anew !== plain(decision))
      throw new Broken('Crash-proof', `a fresh controller decides ${anew} on ${key}, not ${plain(decision)}`);
    if (decision.kind === 'pending') {
      const found = adoption(data, service, all, undefined, taken) ?? allocation(data, service, all, taken);
      if (found !== undefined) throw new Broken('Served', `${key} waits in vain`);
      if (warned(service).length === 0) throw new Broken('Said why', `${key} waits in silence`);
    }
    const isWritten = 'patch' in decision && !isEmptyPatch(decision.patch);
    if (!isWritten || service.metadata.deletionTimestamp !== undefined) continue;
    // Also whoever is served, and wants another address or one more.
    if (decision.kind === 'write' && decision.addresses !== list(annotationOf(service)).join(','))
      throw new Broken('Served', `${key} waits in vain for ${decision.addresses}`);
    throw new Broken('Quiet', `${key} would still be written: ${decision.kind}`);
  }
}

/** As a controller that starts now knows the world. */
function freshAllocator(
  data: Data | undefined,
  services: readonly Service[],
  claims: readonly IPAddress[] | undefined,
): Allocator {
  const options = optionsOf({ claims: claims !== undefined });
  const allocator = new Allocator(options);
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

/** Each address that somebody has is claimed, by us or by who had it before, and none of our claims is for nobody. */
function inStep(balanced: readonly Service[], claims: readonly IPAddress[]): void {
  for (const { metadata } of claims) {
    const isHeld = balanced.some((service) => holds(service, metadata.name));
    if (isOurs(metadata) && !isHeld) throw new Broken('Free again', `${metadata.name} is claimed for nobody`);
  }
  for (const service of balanced) {
    const has = list(annotationOf(service)).filter((address) => holds(service, address));
    const bare = has.find((address) => !claims.some(({ metadata }) => metadata.name === address));
    if (bare !== undefined) throw new Broken('Once', `${keyOf(service)} has ${bare}, which is not claimed`);
  }
}

function freeAgain(all: readonly Service[], allocator: Allocator): void {
  const everything = new Set(all.flatMap(shown));
  const keys = new Set(all.filter(({ spec }) => spec?.type === 'LoadBalancer').map(keyOf));
  for (const { address, services } of allocator.ledger.externalIPs()) {
    const text = formatAddress(address);
    if (!services.every((key) => all.some((one) => keyOf(one) === key && shown(one).includes(text))))
      throw new Broken('Free again', `${text} is kept as an external IP, and no Service shows it`);
  }
  for (const { key, usedIPs } of allocator.ledger.all()) {
    if (!keys.has(key)) throw new Broken('Free again', `${key} is gone, and still counts`);
    const kept = usedIPs.map(formatAddress).find((address) => !everything.has(address));
    if (kept !== undefined) throw new Broken('Free again', `${kept} is kept for ${key}, and nobody shows it`);
  }
}

function plain(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? 'nothing'
  );
}
