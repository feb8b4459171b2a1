import type { Family } from '../ip/address.ts';
import { Interner } from '../text/interner.ts';
import { boundedList, maxEntries } from './address-list.ts';
import { type AllocationRecord, optional, readRecord } from './allocation-record.ts';
import { type UnreadAnnotation, unreadAnnotations } from './known-annotations.ts';
import type { Service } from './objects.ts';
import { annotations, goFinalizer, implementation, labels } from './well-known-names.ts';

/**
 * `all`: of the Service's addresses, whatever they are. `allocated`: a static address stays. `TargetRequest`: exactly the
 * addresses that it names.
 */
export type ReallocationRequest = 'all' | 'allocated' | TargetRequest;

export interface TargetRequest {
  /** As in the annotation, cut to what is parsed. */
  readonly target: string;
}

export type FamilyPolicy = 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';

/** The facts of a Service that a decision needs. Nothing else stays in memory. */
export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** RFC 3339 in UTC: the order of the texts is the order of the times. */
  readonly created: string;
  readonly deleting: boolean;
  readonly type: string;
  readonly class: string | undefined;
  /** The annotation `kube-vip.io/ignore` is `true`: kube-vip ignores the Service, and so does this controller. */
  readonly ignored: boolean;
  /** The annotation `kube-vip.io/loadbalancerIPs`, cut to what is parsed. */
  readonly annotation: string | undefined;
  /** `spec.loadBalancerIP`, cut to what is parsed; undefined if it is empty. */
  readonly specIP: string | undefined;
  /** Has the label `implementation: kube-vip`. */
  readonly labeled: boolean;
  readonly record: AllocationRecord | undefined;
  readonly interface: string | undefined;
  readonly vlan: string | undefined;
  readonly lease: string | undefined;
  /** The annotation `kube-vip.io/pool`, cut to what is parsed; undefined if it names none. */
  readonly pool: string | undefined;
  /** The annotation `kube-vip.io/sharing-key`; undefined if it is blank. */
  readonly sharingKey: string | undefined;
  /** `app=web,tier=front`, sorted, without the labels that this program writes. */
  readonly labels: string;
  readonly requestedIP: string | undefined;
  readonly statusIPs: readonly string[];
  /** `spec.externalIPs`: kube-proxy accepts traffic to them on every Node. */
  readonly externalIPs: readonly string[];
  /** As listed; empty if `ipFamilies` is missing, which only happens in files. */
  readonly families: readonly Family[];
  readonly policy: FamilyPolicy;
  /** `TCP/80`, sorted and without duplicates. */
  readonly ports: readonly string[];
  /** `externalTrafficPolicy` is not `Cluster`. */
  readonly localTraffic: boolean;
  /** `app=web,tier=front`, sorted and cut: the Pods of the Service. Empty without `localTraffic`, for which alone it matters. */
  readonly selector: string;
  /** A person requested a new allocation. */
  readonly reallocate: ReallocationRequest | false;
  /** The whole list, if it has the Go version's finalizer; otherwise undefined. */
  readonly goFinalizers: readonly string[] | undefined;
  readonly ipamLabel: boolean;
  /** Annotations that look as if they did something; nearly always undefined. */
  readonly unread: readonly UnreadAnnotation[] | undefined;
}

/** The Go version's finalizer is not removed from a Service with more finalizers than this. */
const maxFinalizers = 16;

/** `namespace/name`. */
export type ServiceKey = string;

export function keyOf(service: { readonly namespace: string; readonly name: string }): ServiceKey {
  return `${service.namespace}/${service.name}`;
}

/** Reads a Service from the API server or a file. Missing fields do not throw. */
export function viewOf(service: Service): ServiceView {
  return internedViewOf(service, new Interner());
}

/** The same for one of many: equal texts of different Services, and of fields of this one, are kept once. */
export function internedViewOf(service: Service, shared: Interner): ServiceView {
  const { metadata, spec = {}, status } = service;
  const annotation = metadata.annotations ?? {};
  const finalizers = metadata.finalizers ?? [];
  const { uid = '' } = metadata;
  const addresses = boundedList(annotation[annotations.addresses]);
  const specIP = spec.loadBalancerIP === '' ? undefined : boundedList(spec.loadBalancerIP);
  const same = (text: string): string => (text === addresses ? addresses : text);
  const record = readRecord(annotation[annotations.allocationRecord]);
  const localTraffic = (spec.externalTrafficPolicy ?? 'Cluster') !== 'Cluster';
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
      addresses: { entries: record.addresses.entries, text: same(record.addresses.text) },
      ports: shared.text(record.ports),
      families: shared.text(record.families),
      interface: record.interface,
      ...optional('vlan', record.vlan),
      ...optional('lease', record.lease),
      ...optional('pool', record.pool),
      uid: record.uid === uid ? uid : record.uid,
      controller: shared.text(record.controller),
      ...(record.was === undefined ? {} : { was: record.was }),
    },
    interface: boundedList(annotation[annotations.interface]),
    vlan: boundedList(annotation[annotations.vlan]),
    lease: boundedList(annotation[annotations.lease]),
    pool: poolsIn(annotation[annotations.pool], shared),
    sharingKey: namesIn(annotation[annotations.sharingKey], shared),
    labels: shared.text(labelsText(metadata.labels)),
    requestedIP: boundedList(annotation[annotations.requestedIP]),
    statusIPs: statusOf(status).map(same),
    externalIPs: shared.list((spec.externalIPs ?? []).slice(0, maxEntries)),
    families: shared.list((spec.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6')),
    policy: policyOf(spec.ipFamilyPolicy),
    ports: shared.list(
      [...new Set((spec.ports ?? []).map(({ protocol = 'TCP', port }) => `${protocol}/${port}`))].sort(),
    ),
    localTraffic,
    selector: localTraffic ? shared.text(selectorText(spec.selector)) : '',
    reallocate: reallocationIn(annotation[annotations.reallocate]),
    goFinalizers:
      finalizers.length <= maxFinalizers && finalizers.includes(goFinalizer) ? finalizers : undefined,
    ipamLabel: metadata.labels?.[labels.ipamAddress] !== undefined,
    unread: metadata.annotations === undefined ? undefined : unreadAnnotations(metadata.annotations),
  };
}

/** Without white space around it; undefined for nearly all Services. */
function namesIn(text: string | undefined, shared: Interner): string | undefined {
  const names = text?.slice(0, maxNamesLength).trim();
  return names === undefined || names === '' ? undefined : shared.text(names.split('').join(''));
}

/** Undefined if it names none. */
function poolsIn(text: string | undefined, shared: Interner): string | undefined {
  const names = namesIn(text, shared);
  return names !== undefined && /^[\s,]*$/.test(names) ? undefined : names;
}

/** 16 names of pools. */
const maxNamesLength = 16 * 64;

function labelsText(all: Readonly<Record<string, string>> | undefined): string {
  if (all === undefined) return '';
  const own: readonly string[] = [labels.implementation, labels.ipamAddress];
  return Object.keys(all)
    .filter((label) => !own.includes(label))
    .sort()
    .map((label) => `${label}=${all[label]}`)
    .join();
}

/** A selector can have thousands of labels. */
const maxSelectorLength = 1_000;

function selectorText(selector: Readonly<Record<string, string>> | undefined): string {
  const text = Object.entries(selector ?? {})
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join();
  // A copy: a slice would keep the whole text in memory.
  return text.length <= maxSelectorLength ? text : text.slice(0, maxSelectorLength).split('').join('');
}

function statusOf(status: Service['status']): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []).slice(0, maxEntries);
}

function reallocationIn(text: string | undefined): ReallocationRequest | false {
  if (text === undefined || text === 'false' || /^[\s,]*$/.test(text)) return false;
  if (text === 'true') return 'all';
  if (text === 'allocated' || text === 'allocated-only') return 'allocated';
  return { target: boundedList(text) };
}

/** The text of the addresses that a person requested a move to, if any. */
export function targetOf({ reallocate }: ServiceView): string | undefined {
  return typeof reallocate === 'object' ? reallocate.target : undefined;
}

function policyOf(policy: string | undefined): FamilyPolicy {
  return policy === 'PreferDualStack' || policy === 'RequireDualStack' ? policy : 'SingleStack';
}

/** All annotations of an object are limited to 256 KiB in total, and a Service can have thousands of ports. */
const maxPortsLength = 5_000;

/** `TCP/80,UDP/53`: the ports in an allocation record. */
export function portsText(view: ServiceView): string {
  const text = joined(view.ports);
  return text.length <= maxPortsLength ? text : `${text.slice(0, maxPortsLength)}… (${view.ports.length})`;
}

/** Oldest first: by creation time, and within the same second by namespace and name (spec section 5). */
export function compareAge(a: ServiceView, b: ServiceView): number {
  return (
    compareText(a.created, b.created) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `PreferDualStack IPv4,IPv6`: the families in an allocation record. */
export function familiesText(view: ServiceView): string {
  return `${view.policy} ${joined(view.families)}`;
}

/** Most lists have one entry, and each decision asks several times. */
function joined(list: readonly string[]): string {
  return list.length === 1 ? (list[0] ?? '') : list.join(',');
}

/**
 * Compares two versions of one resource: positive if `a` is newer. The versions of one API server are ascending decimal numbers
 * of any length (KEP-5504).
 */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
