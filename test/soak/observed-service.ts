import type { Service } from '../../src/core/model/objects.ts';
import { keyOf, portsOf, shown } from '../core/naive.ts';
import { type Data, type NaivePool, poolOf } from '../core/naive-pools.ts';
import { names } from './names.ts';

interface AllocationRecord {
  readonly from?: string;
  readonly ips?: string;
  readonly ports?: string;
  readonly families?: string;
  readonly uid?: string;
}

/** One stored state of a Service, parsed for the checks. */
export interface ObservedService {
  readonly service: Service;
  readonly key: string;
  readonly uid: string;
  readonly isBalancer: boolean;
  /** Whether it has type LoadBalancer and no class. */
  readonly isOurs: boolean;
  readonly annotation: string;
  readonly spec: string;
  /** The text of the allocation record. */
  readonly recordText: string | undefined;
  /** The allocation record, if its UID is that of this Service. */
  readonly record: AllocationRecord | undefined;
  /** The addresses in the allocation record. */
  readonly recorded: readonly string[];
  readonly isLabelled: boolean;
  /** All addresses in use because of this Service. */
  readonly shows: readonly string[];
  readonly ports: readonly string[];
  readonly families: string;
  /** Whether a user has requested its address, or has just requested another one. */
  readonly isStatic: boolean;
}

export function observe(service: Service): ObservedService {
  const { metadata, spec = {} } = service;
  const { annotations = {}, labels = {}, uid = '' } = metadata;
  const recordText = annotations[names.record];
  const parsed = JSON.parse(recordText ?? '{}') as AllocationRecord;
  const record = parsed.uid === uid ? parsed : undefined;
  const isBalancer = spec.type === 'LoadBalancer';
  const annotation = annotations[names.addresses] ?? '';
  const specIP = spec.loadBalancerIP ?? '';
  const recorded = listOf(record?.ips);
  const requestsAnother =
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
    isStatic: record === undefined || record.from === 'static' || requestsAnother,
  };
}

export function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The ports in the format of an allocation record (spec section 6). */
export function portsText({ ports }: ObservedService): string {
  return ports.toSorted().join();
}

interface Pool extends NaivePool {
  readonly has: ReadonlySet<string>;
}

const pools = new WeakMap<Data, Map<string, Pool | undefined>>();

/** The naive pool of a namespace, enumerated once for each state of the ConfigMap. */
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
