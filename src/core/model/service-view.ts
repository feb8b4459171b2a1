import type { Family } from '../ip/address.ts';
import { Interner } from '../text/interner.ts';
import { boundedList, mostEntries } from './address-list.ts';
import { type AllocationRecord, readRecord } from './allocation-record.ts';
import type { Service } from './objects.ts';
import { annotations, goFinalizer, implementation, labels } from './well-known-names.ts';

export type FamilyPolicy = 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';

/** The facts of a Service that a decision needs, and nothing else: this is what stays in memory. */
export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** RFC 3339 in UTC, so that texts compare as times. */
  readonly created: string;
  readonly deleting: boolean;
  readonly type: string;
  readonly class: string | undefined;
  /** The consumer is told to ignore it; so do we. */
  readonly ignored: boolean;
  /** The annotation `kube-vip.io/loadbalancerIPs`, as it stands, but no longer than anything that is read. */
  readonly annotation: string | undefined;
  /** `spec.loadBalancerIP`, as it stands; undefined where it is blank. */
  readonly specIP: string | undefined;
  /** Bears `implementation: kube-vip`. */
  readonly labeled: boolean;
  readonly record: AllocationRecord | undefined;
  readonly interface: string | undefined;
  readonly requestedIP: string | undefined;
  readonly statusIPs: readonly string[];
  /** As listed; empty where `ipFamilies` is absent, which an API server never leaves it. */
  readonly families: readonly Family[];
  readonly policy: FamilyPolicy;
  /** `TCP/80`, sorted, each once. */
  readonly ports: readonly string[];
  /** `externalTrafficPolicy` is not `Cluster`. */
  readonly localTraffic: boolean;
  /** A person asked for a fresh allocation. */
  readonly reallocate: boolean;
  /** The whole list, where it has the Go version's finalizer; else undefined. */
  readonly goFinalizers: readonly string[] | undefined;
  readonly ipamLabel: boolean;
}

/** Of a Service with more, Go's is left to whoever put the others there. */
const mostFinalizers = 16;

/** `namespace/name`: how people name a Service, and how it is found. */
export type ServiceKey = string;

export function keyOf(service: { readonly namespace: string; readonly name: string }): ServiceKey {
  return `${service.namespace}/${service.name}`;
}

/** Reads a Service as the API server or a file gives it. Never throws on a missing field. */
export function viewOf(service: Service): ServiceView {
  return internedViewOf(service, new Interner());
}

/** The same for one of many: what others say, too, is taken from `shared`, and what it says several times is kept once. */
export function internedViewOf(service: Service, shared: Interner): ServiceView {
  const { metadata, spec = {}, status } = service;
  const annotation = metadata.annotations ?? {};
  const finalizers = metadata.finalizers ?? [];
  const { uid = '' } = metadata;
  const addresses = boundedList(annotation[annotations.addresses]);
  const specIP = spec.loadBalancerIP === '' ? undefined : boundedList(spec.loadBalancerIP);
  const same = (text: string): string => (text === addresses ? addresses : text);
  const record = readRecord(annotation[annotations.allocationRecord]);
  return {
    namespace: shared.text(metadata.namespace ?? 'default'),
    name: metadata.name,
    uid,
    resourceVersion: metadata.resourceVersion ?? '',
    created: metadata.creationTimestamp ?? '',
    deleting: metadata.deletionTimestamp !== undefined,
    type: shared.text(spec.type ?? 'ClusterIP'),
    class: spec.loadBalancerClass === undefined ? undefined : shared.text(spec.loadBalancerClass),
    ignored: annotation[annotations.ignore] === 'true',
    annotation: addresses,
    specIP: specIP === undefined ? undefined : same(specIP),
    labeled: metadata.labels?.[labels.implementation] === implementation,
    record: record && {
      source: shared.text(record.source),
      addresses: same(record.addresses),
      ports: shared.text(record.ports),
      families: shared.text(record.families),
      interface: record.interface,
      uid: record.uid === uid ? uid : record.uid,
      controller: shared.text(record.controller),
    },
    interface: boundedList(annotation[annotations.interface]),
    requestedIP: boundedList(annotation[annotations.requestedIP]),
    statusIPs: statusOf(status).map(same),
    families: shared.list((spec.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6')),
    policy: policyOf(spec.ipFamilyPolicy),
    ports: shared.list(
      [...new Set((spec.ports ?? []).map(({ protocol = 'TCP', port }) => `${protocol}/${port}`))].sort(),
    ),
    localTraffic: (spec.externalTrafficPolicy ?? 'Cluster') !== 'Cluster',
    reallocate: annotation[annotations.reallocate] === 'true',
    goFinalizers:
      finalizers.length <= mostFinalizers && finalizers.includes(goFinalizer) ? finalizers : undefined,
    ipamLabel: metadata.labels?.[labels.ipamAddress] !== undefined,
  };
}

function statusOf(status: Service['status']): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []).slice(0, mostEntries);
}

function policyOf(policy: string | undefined): FamilyPolicy {
  return policy === 'PreferDualStack' || policy === 'RequireDualStack' ? policy : 'SingleStack';
}

/** All annotations of an object have 256 KiB together, and the record of some thousand ports is to leave room. */
const longestPorts = 5_000;

/** `TCP/80,UDP/53`: what a record remembers of the ports. */
export function portsText(view: ServiceView): string {
  const text = view.ports.join(',');
  return text.length <= longestPorts ? text : `${text.slice(0, longestPorts)}… (${view.ports.length})`;
}

/** Oldest first: creation time, within a second by namespace and name (spec section 5). */
export function compareAge(a: ServiceView, b: ServiceView): number {
  return (
    compareText(a.created, b.created) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `PreferDualStack IPv4,IPv6`: what a record remembers of the families. */
export function familiesText(view: ServiceView): string {
  return `${view.policy} ${view.families.join(',')}`;
}

/**
 * Which of two states of one resource is newer: positive if `a`. Versions of one API server ascend as decimal numbers
 * of any length (KEP-5504).
 */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Whether a list of version `listed` shows an older state than the one that is `known`, and yet is new enough to have it:
 * etcd was restored from a backup, and the older state is what counts.
 */
export function isUndone(known: string, shown: string, listed: string): boolean {
  return compareVersions(shown, known) < 0 && compareVersions(known, listed) <= 0;
}
