import type { Service } from '../../src/core/model/objects.ts';
import { type Data, keyOf, type NaivePool, poolOf, portsOf, shown } from '../core/naive.ts';
import { names } from './names.ts';

interface AllocationRecord {
  readonly from?: string;
  readonly ips?: string;
  readonly ports?: string;
  readonly families?: string;
  readonly uid?: string;
}

/** What the judge looks at in one state of a Service, read once. */
export interface ObservedService {
  readonly service: Service;
  readonly key: string;
  readonly uid: string;
  readonly isBalancer: boolean;
  /** Of type LoadBalancer and without a class. */
  readonly isOurs: boolean;
  readonly annotation: string;
  readonly spec: string;
  /** The record's text, for who wants to know whether it changed. */
  readonly recordText: string | undefined;
  /** The record, if it is this Service's own. */
  readonly record: AllocationRecord | undefined;
  /** The addresses of its record. */
  readonly recorded: readonly string[];
  readonly isLabelled: boolean;
  /** Everything that keeps others from an address. */
  readonly shows: readonly string[];
  readonly ports: readonly string[];
  readonly families: string;
  /** A user named its address, or has just named another one. */
  readonly isStatic: boolean;
}

export function observe(service: Service): ObservedService {
  const { metadata, spec = {} } = service;
  const { annotations = {}, labels = {}, uid = '' } = metadata;
  const recordText = annotations[names.record];
  const noted = JSON.parse(recordText ?? '{}') as AllocationRecord;
  const record = noted.uid === uid ? noted : undefined;
  const isBalancer = spec.type === 'LoadBalancer';
  const annotation = annotations[names.addresses] ?? '';
  const specIP = spec.loadBalancerIP ?? '';
  const recorded = listOf(record?.ips);
  const asksElsewhere =
    (annotation !== '' && listOf(annotation).join() !== recorded.join()) ||
    (specIP !== '' && !recorded.includes(specIP));
  return {
    service,
    key: keyOf(service),
    uid,
    isBalancer,
    isOurs: isBalancer && spec.loadBalancerClass === undefined,
    annotation,
    spec: specIP,
    recordText,
    record,
    recorded,
    isLabelled: labels[names.label] === names.labelled,
    shows: shown(service),
    ports: portsOf(service),
    families: `${spec.ipFamilyPolicy ?? 'SingleStack'} ${(spec.ipFamilies ?? []).join()}`,
    isStatic: record === undefined || record.from === 'static' || asksElsewhere,
  };
}

export function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Spec section 6: as a record writes them. */
export function portsText({ ports }: ObservedService): string {
  return ports.toSorted().join();
}

interface Pool extends NaivePool {
  readonly has: ReadonlySet<string>;
}

const pools = new WeakMap<Data, Map<string, Pool | undefined>>();

/** The naive pool of a namespace; each is enumerated once for each state of the ConfigMap. */
export function poolFor(data: Data, namespace: string): Pool | undefined {
  const known = pools.get(data) ?? new Map<string, Pool | undefined>();
  pools.set(data, known);
  if (!known.has(namespace)) {
    const pool = poolOf(data, namespace);
    const all = pool === undefined ? [] : [...pool.IPv4, ...pool.IPv6];
    known.set(namespace, pool === undefined ? undefined : { ...pool, has: new Set(all) });
  }
  return known.get(namespace);
}

export function namespaceOf({ service }: ObservedService): string {
  return service.metadata.namespace ?? '';
}
