import { formatAddressList, parseAddressList } from './address-list.ts';

/**
 * What we note on a served Service, so that an edit can be told from a held state, and by whom (spec section 2).
 * It is written together with the address in one PATCH; without it nothing is lost but the memory of who changed what.
 */
export interface AllocationRecord {
  /** The ConfigMap's key that the address came from, `static`, or `unknown` (taken over from outside any pool). */
  readonly source: string;
  /** Canonical, as the annotation: `192.168.0.201` or `2001::10,192.168.0.10`. */
  readonly addresses: string;
  /** `TCP/80,UDP/53`, sorted. */
  readonly ports: string;
  /** `ipFamilyPolicy` and `ipFamilies`: `PreferDualStack IPv4,IPv6`. */
  readonly families: string;
  /** The interface, if we wrote it. */
  readonly interface: string | undefined;
  /** The Service's own; another one says that the Service is a copy. */
  readonly uid: string;
  /** Which of several controllers wrote it: its Lease's name. */
  readonly controller: string;
}

export const staticSource = 'static';
export const unknownSource = 'unknown';

/** Of a name in Kubernetes. */
const longest = 253;
/** Above what `portsText` makes (service.ts). */
const longestPorts = 5_100;

/** As JSON with short names, in a fixed order. */
export function formatRecord(record: AllocationRecord): string {
  return JSON.stringify({
    from: record.source,
    ips: record.addresses,
    ports: record.ports,
    families: record.families,
    ...(record.interface === undefined ? {} : { interface: record.interface }),
    uid: record.uid,
    by: record.controller,
  });
}

export function sameRecord(a: AllocationRecord, b: AllocationRecord): boolean {
  return (
    a.source === b.source &&
    a.addresses === b.addresses &&
    a.ports === b.ports &&
    a.families === b.families &&
    a.interface === b.interface &&
    a.uid === b.uid &&
    a.controller === b.controller
  );
}

/** Undefined for a text that is no record of ours: it then counts as absent. */
export function readRecord(text: string | undefined): AllocationRecord | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  // JSON.parse gives own properties only, and none of these names is one that every object has.
  const fields = value as Record<string, unknown>;
  const field = (name: string): string | undefined => {
    const content = fields[name];
    return typeof content === 'string' ? content : undefined;
  };
  const [source, addresses, ports] = [field('from'), field('ips'), field('ports')];
  const [families, uid, controller] = [field('families'), field('uid'), field('by')];
  if (source === undefined || addresses === undefined || ports === undefined) return undefined;
  if (families === undefined || uid === undefined || controller === undefined) return undefined;
  // It is shown to people, and stays in memory: a key, one of two words, a name, and no more.
  if (!/^[a-z0-9-]{1,80}$/.test(source)) return undefined;
  if (
    ports.length > longestPorts ||
    [families, uid, controller, field('interface') ?? ''].some((text) => text.length > longest)
  )
    return undefined;
  // A record that was edited by hand could name what nobody can have.
  const list = parseAddressList(addresses);
  if (list === undefined || list.fault !== undefined || formatAddressList(list.entries) !== addresses)
    return undefined;
  return { source, addresses, ports, families, interface: field('interface'), uid, controller };
}
