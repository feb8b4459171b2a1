import { type Address, formatAddress, readAddress } from '../ip/address.ts';
import { type CanonicalList, formatAddressList, parseAddressList } from './address-list.ts';
import type { IPAddress } from './objects.ts';
import type { Options } from './options.ts';
import type { ServiceKey } from './service-view.ts';
import { annotations, claimManager, labels } from './well-known-names.ts';

/**
 * An IPAddress object (networking.k8s.io/v1, KEP-1880): it claims an address in the API, and the API server accepts only one
 * claim for each address. docs/decisions/0009-claims.md describes the protocol.
 */
export interface Claim {
  readonly address: Address;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The other owner of the claim; undefined if it belongs to this controller, or is a tombstone. */
  readonly owner: ClaimOwner | undefined;
  /** The Services for which this controller claimed the address. */
  readonly reservations: readonly ClaimReservation[];
  /** Of a tombstone: the last holder of the address. */
  readonly last?: LastHolder;
}

/**
 * The last holder of an address that was freed (spec section 14). The claim is then a tombstone: every controller that needs the
 * address takes the object over, and the one that wrote it deletes it in the end.
 */
export interface LastHolder {
  readonly service: ServiceKey;
  /** In milliseconds since 1970. */
  readonly freedAt: number;
  /** Whether this controller wrote it. */
  readonly isOurs: boolean;
}

export interface ClaimOwner {
  /** `services default/kubernetes`: the object that the claim names as its parent. */
  readonly parent: string;
  /** The program that manages the claim: `ipallocator.k8s.io` for cluster IPs. */
  readonly managedBy: string;
}

/**
 * Addresses set aside for a Service before the write that assigns them. A reservation is binding as long as the Service is in
 * the version on which the write was decided: until then the write may still arrive.
 */
export interface ClaimReservation {
  readonly service: ServiceKey;
  readonly uid: string;
  readonly version: string;
  /** All addresses that were decided on together. */
  readonly addresses: CanonicalList;
  /** As in the allocation record. */
  readonly source: string;
  /**
   * The version of the claim to which it was added; undefined if the claim was created with it. Because of it, adding a reservation
   * always changes the claim, so that no deletion that was decided on the version before can delete the reservation.
   */
  readonly addedTo?: string;
}

export function sameReservation(a: ClaimReservation, b: ClaimReservation): boolean {
  return a.addedTo === b.addedTo && isForSameWrite(a, b);
}

/** Whether both set addresses aside for the same write. */
export function isForSameWrite(a: ClaimReservation, b: ClaimReservation): boolean {
  const isForSameVersion = a.service === b.service && a.uid === b.uid && a.version === b.version;
  return isForSameVersion && a.addresses.text === b.addresses.text;
}

/** Whether the object's name is an address that could be assigned. IPv4-mapped addresses are not. */
export function namesAddress({ metadata }: IPAddress): boolean {
  return readAddress(metadata.name) !== undefined;
}

/** Reads an object for which `namesAddress` is true. A claim that cannot be read as this controller's has another owner. */
export function claimOf({ metadata, spec }: IPAddress, controller: string): Claim {
  const address = readAddress(metadata.name);
  if (address === undefined) throw new Error(`IPAddress ${metadata.name} does not name an address`);
  const managedBy = metadata.labels?.[labels.managedBy] ?? '';
  const annotation =
    managedBy === claimManager ? readClaimAnnotation(metadata.annotations?.[annotations.claim]) : undefined;
  const isOurs = annotation?.controller === controller;
  const isTombstone = annotation?.last !== undefined && annotation.reservations.length === 0;
  const { resource = '', namespace, name = '' } = spec?.parentRef ?? {};
  const parent = `${resource} ${namespace === undefined ? name : `${namespace}/${name}`}`;
  const { uid = '', resourceVersion = '' } = metadata;
  const owner =
    isOurs || isTombstone ? undefined : { parent, managedBy: annotation?.controller ?? managedBy };
  const claim = { address, uid, resourceVersion, owner, reservations: isOurs ? annotation.reservations : [] };
  return isTombstone ? { ...claim, last: { ...annotation.last, isOurs } } : claim;
}

/**
 * The object that claims `address`. Its parent is the ConfigMap, which outlives every Service that shares the address: the
 * parent of an IPAddress is immutable.
 */
export function claimObject(
  address: Address,
  reservations: readonly ClaimReservation[],
  { configMap, controller }: Options,
): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: formatAddress(address),
      labels: { [labels.managedBy]: claimManager, [labels.ipFamily]: address.family },
      annotations: { [annotations.claim]: formatClaimAnnotation({ reservations }, controller) },
    },
    spec: { parentRef: { group: '', resource: 'configmaps', ...configMap } },
  };
}

/** What the annotation of a claim says. */
export interface ClaimContent {
  readonly reservations: readonly ClaimReservation[];
  /** Only without reservations. */
  readonly last?: Omit<LastHolder, 'isOurs'> | undefined;
}

/**
 * The JSON merge patch that sets the content of a claim, guarded by its uid and resourceVersion. The claim belongs to this
 * controller from then on.
 */
export function claimPatch(
  { uid, resourceVersion }: Claim,
  content: ClaimContent,
  controller: string,
): object {
  return {
    metadata: {
      uid,
      resourceVersion,
      annotations: { [annotations.claim]: formatClaimAnnotation(content, controller) },
    },
  };
}

function formatClaimAnnotation({ reservations, last }: ClaimContent, controller: string): string {
  const entries = reservations.map(({ service, uid, version, addresses, source, addedTo }) => ({
    service,
    uid,
    version,
    ips: addresses.text,
    from: source,
    ...(addedTo === undefined ? {} : { addedTo }),
  }));
  const remembered = last === undefined ? {} : { last: { service: last.service, freed: last.freedAt } };
  return JSON.stringify({ by: controller, for: entries, ...remembered });
}

interface ClaimAnnotation extends ClaimContent {
  readonly controller: string;
}

/** Undefined for a text that this program did not write. */
function readClaimAnnotation(text: string | undefined): ClaimAnnotation | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  const { by, for: entries, last } = fieldsOf(value);
  if (typeof by !== 'string' || !Array.isArray(entries)) return undefined;
  const reservations = entries.map(readReservation);
  return reservations.every((reservation) => reservation !== undefined)
    ? { controller: by, reservations, last: readLastHolder(last) }
    : undefined;
}

/** Undefined for anything else, which is then forgotten. */
function readLastHolder(value: unknown): ClaimContent['last'] {
  const { service, freed } = fieldsOf(value);
  return typeof service === 'string' && Number.isSafeInteger(freed)
    ? { service, freedAt: Number(freed) }
    : undefined;
}

function readReservation(value: unknown): ClaimReservation | undefined {
  const { service, uid, version, ips, from, addedTo } = fieldsOf(value);
  if (typeof service !== 'string' || typeof uid !== 'string' || typeof version !== 'string') return undefined;
  if (typeof ips !== 'string' || typeof from !== 'string') return undefined;
  const list = parseAddressList(ips);
  if (list === undefined || list.fault !== undefined || formatAddressList(list.entries) !== ips)
    return undefined;
  return {
    ...{ service, uid, version, addresses: { entries: list.entries, text: ips }, source: from },
    ...(typeof addedTo === 'string' ? { addedTo } : {}),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
