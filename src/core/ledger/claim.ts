import { type Address, formatAddress, readAddress } from '../ip/address.ts';
import { formatAddressList, parseAddressList } from '../model/address-list.ts';
import type { IPAddress } from '../model/objects.ts';
import type { Options } from '../model/options.ts';
import type { ServiceKey } from '../model/service-view.ts';
import { annotations, claimManager, labels } from '../model/well-known-names.ts';

/**
 * An IPAddress object (networking.k8s.io/v1, KEP-1880): somebody has said in the API that the address is taken, and the
 * API server lets nobody else say so. The protocol is that of docs/decisions/0009-claims.md.
 */
export interface Claim {
  readonly address: Address;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Whose it is, where it is not ours. */
  readonly owner: ClaimOwner | undefined;
  /** Ours: for whom it was claimed. */
  readonly reservations: readonly Reservation[];
}

export interface ClaimOwner {
  /** `services default/kubernetes`: the object that the claim names as its parent. */
  readonly parent: string;
  /** Who looks after the claim: `ipallocator.k8s.io` for cluster IPs. */
  readonly managedBy: string;
}

/**
 * The word, given before the write, that a Service gets addresses. It binds as long as the Service is in the version that
 * it was decided on: until then the write may still arrive.
 */
export interface Reservation {
  readonly service: ServiceKey;
  readonly uid: string;
  readonly version: string;
  /** All addresses that were decided on together, canonical: `192.168.0.201` or `2001::10,192.168.0.10`. */
  readonly addresses: string;
  /** Where they come from, as in the record. */
  readonly source: string;
}

export function sameReservation(a: Reservation, b: Reservation): boolean {
  return a.service === b.service && a.uid === b.uid && a.version === b.version && a.addresses === b.addresses;
}

/** Whether the object names an address that somebody could be given: an IPv4-mapped one is none. */
export function namesAddress({ metadata }: IPAddress): boolean {
  return readAddress(metadata.name) !== undefined;
}

/** Reads an object for which `namesAddress` holds. What cannot be read as ours is somebody else's. */
export function claimOf({ metadata, spec }: IPAddress, controller: string): Claim {
  const address = readAddress(metadata.name);
  if (address === undefined) throw new Error(`the IPAddress ${metadata.name} names no address`);
  const managedBy = metadata.labels?.[labels.managedBy] ?? '';
  const note =
    managedBy === claimManager ? readClaimAnnotation(metadata.annotations?.[annotations.claim]) : undefined;
  const isOurs = note?.controller === controller;
  const { resource = '', namespace, name = '' } = spec?.parentRef ?? {};
  const parent = `${resource} ${namespace === undefined ? name : `${namespace}/${name}`}`;
  const { uid = '', resourceVersion = '' } = metadata;
  const owner = isOurs ? undefined : { parent, managedBy: note?.controller ?? managedBy };
  return { address, uid, resourceVersion, owner, reservations: isOurs ? note.reservations : [] };
}

/**
 * The object that claims `address`. Its parent is the ConfigMap: it outlives every Service that shares the address, and
 * the parent of an IPAddress cannot be changed.
 */
export function claimObject(
  address: Address,
  reservations: readonly Reservation[],
  { configMap, controller }: Options,
): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: formatAddress(address),
      labels: { [labels.managedBy]: claimManager, [labels.ipFamily]: address.family },
      annotations: { [annotations.claim]: formatClaimAnnotation(reservations, controller) },
    },
    spec: { parentRef: { group: '', resource: 'configmaps', ...configMap } },
  };
}

/** The JSON merge patch that makes these the pledges of a claim, guarded by the state that it was known in. */
export function reservationPatch(
  { uid, resourceVersion }: Claim,
  reservations: readonly Reservation[],
  controller: string,
): object {
  return {
    metadata: {
      uid,
      resourceVersion,
      annotations: { [annotations.claim]: formatClaimAnnotation(reservations, controller) },
    },
  };
}

function formatClaimAnnotation(reservations: readonly Reservation[], controller: string): string {
  const noted = reservations.map(({ service, uid, version, addresses, source }) => ({
    service,
    uid,
    version,
    ips: addresses,
    from: source,
  }));
  return JSON.stringify({ by: controller, for: noted });
}

interface ClaimAnnotation {
  readonly controller: string;
  readonly reservations: readonly Reservation[];
}

/** Undefined for a text that no controller of ours wrote. */
function readClaimAnnotation(text: string | undefined): ClaimAnnotation | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  const { by, for: noted } = fieldsOf(value);
  if (typeof by !== 'string' || !Array.isArray(noted)) return undefined;
  const reservations = noted.map(readReservation);
  return reservations.every((reservation) => reservation !== undefined)
    ? { controller: by, reservations }
    : undefined;
}

function readReservation(value: unknown): Reservation | undefined {
  const { service, uid, version, ips, from } = fieldsOf(value);
  if (typeof service !== 'string' || typeof uid !== 'string' || typeof version !== 'string') return undefined;
  if (typeof ips !== 'string' || typeof from !== 'string') return undefined;
  const list = parseAddressList(ips);
  if (list === undefined || list.fault !== undefined || formatAddressList(list.entries) !== ips)
    return undefined;
  return { service, uid, version, addresses: ips, source: from };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
