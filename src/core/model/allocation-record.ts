import { type Address, formatAddress, readAddress, sameAddress } from '../ip/address.ts';
import { type CanonicalList, formatAddressList, parseAddressList } from './address-list.ts';

/**
 * The allocation record on an assigned Service, which tells later edits from the assigned state (spec section 2). It is written
 * with the address in one PATCH. Without it, only the knowledge of what was edited is lost.
 */
export interface AllocationRecord {
  /** The key in the ConfigMap that the address came from, `static`, or `unknown` (adopted from outside any pool). */
  readonly source: string;
  /** As in the annotation: `192.168.0.201` or `2001::10,192.168.0.10`. */
  readonly addresses: CanonicalList;
  /** `TCP/80,UDP/53`, sorted. */
  readonly ports: string;
  /** `ipFamilyPolicy` and `ipFamilies`: `PreferDualStack IPv4,IPv6`. */
  readonly families: string;
  /** The interface, if this controller wrote it. */
  readonly interface: string | undefined;
  readonly vlan?: string | undefined;
  readonly lease?: string | undefined;
  /** The annotation `kube-vip.io/pool` by which the pools were chosen: an edit of it moves the Service. */
  readonly pool?: string | undefined;
  /** The UID of the Service. Another UID means that the Service is a copy. */
  readonly uid: string;
  /** The controller that wrote the record: the name of its Lease. */
  readonly controller: string;
  /**
   * The address that the Service shared, or that it shared last, when it was reallocated: those that still have it move to the
   * same place.
   */
  readonly was?: Address;
}

export const staticSource = 'static';
export const unknownSource = 'unknown';

/** The maximum length of a name in Kubernetes. */
const maxLength = 253;
/** Longer than any result of `portsText` (service-view.ts). */
const maxPortsLength = 5_100;

/** Longer than a list of 16 pools, and than the name of a Lease with its namespace. */
const maxOptionalLength = 1_100;

/** JSON with short names in a fixed order. */
export function formatRecord(record: AllocationRecord): string {
  return JSON.stringify({
    from: record.source,
    ips: record.addresses.text,
    ports: record.ports,
    families: record.families,
    ...optional('interface', record.interface),
    ...optional('vlan', record.vlan),
    ...optional('lease', record.lease),
    ...optional('pool', record.pool),
    uid: record.uid,
    by: record.controller,
    ...(record.was === undefined ? {} : { was: formatAddress(record.was) }),
  });
}

/** The field, if it has a value. */
export function optional(name: string, text: string | undefined): Record<string, string> {
  return text === undefined ? {} : { [name]: text };
}

export function sameRecord(a: AllocationRecord, b: AllocationRecord): boolean {
  return (
    a.source === b.source &&
    a.addresses.text === b.addresses.text &&
    a.ports === b.ports &&
    a.families === b.families &&
    a.interface === b.interface &&
    a.vlan === b.vlan &&
    a.lease === b.lease &&
    a.pool === b.pool &&
    a.uid === b.uid &&
    a.controller === b.controller &&
    sameOptional(a.was, b.was)
  );
}

function sameOptional(a: Address | undefined, b: Address | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && sameAddress(a, b));
}

/** Undefined for a text that is not a valid allocation record. It is treated as absent. */
export function readRecord(text: string | undefined): AllocationRecord | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  // JSON.parse creates own properties only, and Object.prototype has none of these names.
  const fields = value as Record<string, unknown>;
  const field = (name: string): string | undefined => {
    const content = fields[name];
    return typeof content === 'string' ? content : undefined;
  };
  const [source, listed, ports] = [field('from'), field('ips'), field('ports')];
  const [families, uid, controller] = [field('families'), field('uid'), field('by')];
  if (source === undefined || listed === undefined || ports === undefined) return undefined;
  if (families === undefined || uid === undefined || controller === undefined) return undefined;
  // The source is displayed and kept in memory: only a key or one of the two words is accepted.
  if (!/^[a-z0-9.-]{1,80}$/.test(source)) return undefined;
  if (
    ports.length > maxPortsLength ||
    [families, uid, controller, field('interface') ?? ''].some((content) => content.length > maxLength) ||
    [field('vlan') ?? '', field('lease') ?? '', field('pool') ?? ''].some(
      (content) => content.length > maxOptionalLength,
    )
  )
    return undefined;
  // A record that was edited by hand may have invalid addresses.
  const list = parseAddressList(listed);
  if (list === undefined || list.fault !== undefined || formatAddressList(list.entries) !== listed)
    return undefined;
  const was = readAddress(field('was') ?? '');
  return {
    source,
    addresses: { entries: list.entries, text: listed },
    ports,
    families,
    interface: field('interface'),
    ...optional('vlan', field('vlan')),
    ...optional('lease', field('lease')),
    ...optional('pool', field('pool')),
    uid,
    controller,
    ...(was === undefined ? {} : { was }),
  };
}
