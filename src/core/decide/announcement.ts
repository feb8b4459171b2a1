import { type Address, formatAddress, isUnspecified, readAddress, sameAddress } from '../ip/address.ts';
import { hasStatusOnly, type ServiceState } from '../ledger/service-state.ts';
import type { ServiceView } from '../model/service-view.ts';
import type { Decision } from './decision.ts';

/** How the status of an assigned Service, which its announcer writes, differs from what was assigned. */
export interface AnnouncementProblem {
  /** `foreign-status`: it shows addresses that were not assigned. */
  readonly code: 'not-announced' | 'foreign-status';
  /** What was assigned and is not shown. */
  readonly missing: readonly string[];
  /** What is shown instead. */
  readonly shown: readonly Address[];
}

/** What is known about the status besides its addresses. */
export interface AnnouncementEvidence {
  /** How long the problem has existed, if known. */
  readonly ageMs?: number | undefined;
  /** The field manager that owns the addresses in the status, if known. */
  readonly manager?: string | undefined;
  /** The node that has the address, if one is known. */
  readonly nodeAt?: (address: Address) => string | undefined;
}

/** The announcer's field manager. */
const kubeVipManager = 'kube-vip';

/** Undefined if the status shows what was assigned, or if nothing is assigned. */
export function announcementProblem(
  { statusIPs, annotation }: ServiceView,
  decision: Decision,
): AnnouncementProblem | undefined {
  if (!isAnnounceable(annotation, decision)) return undefined;
  // The common case: one address, in its canonical text.
  if (statusIPs.length === 1 && statusIPs[0] === decision.addresses.text) return undefined;
  const { entries } = decision.addresses;
  const shown = statusIPs.flatMap((text) => readAddress(text) ?? []);
  // A hostname stands for any addresses, and 0.0.0.0 and :: for any lease of their family.
  const matches = (entry: Address | string, address: Address): boolean =>
    typeof entry === 'string' ||
    (isUnspecified(entry) ? entry.family === address.family : sameAddress(entry, address));
  const missing = entries
    .filter((entry) => !shown.some((address) => matches(entry, address)))
    .map((entry) => (typeof entry === 'string' ? entry : formatAddress(entry)));
  const foreign = shown.filter((address) => !entries.some((entry) => matches(entry, address)));
  if (foreign.length > 0) return { code: 'foreign-status', missing, shown: foreign };
  return missing.length > 0 ? { code: 'not-announced', missing, shown: [] } : undefined;
}

/**
 * The same before an address is written: a Service that was never assigned here does not adopt what its status shows, so these
 * addresses are another load balancer's, such as those of Nodes.
 */
export function statusProblem(state: ServiceState, decision: Decision): AnnouncementProblem | undefined {
  const { view } = state;
  const isAdopted = decision.kind === 'write' && decision.fromStatus === true;
  const isUnassigned = decision.kind === 'write' || decision.kind === 'pending';
  if (!isUnassigned || isAdopted || !hasStatusOnly(state)) return announcementProblem(view, decision);
  const shown = view.statusIPs.flatMap((text) => readAddress(text) ?? []);
  return shown.length === 0 ? undefined : { code: 'foreign-status', missing: [], shown };
}

/** Whether kube-vip can read the addresses: the status cannot show what is not written yet. */
export function isAnnounceable(
  annotation: string | undefined,
  decision: Decision,
): decision is Decision & { kind: 'keep' | 'write' } {
  if (decision.kind === 'keep') return true;
  return decision.kind === 'write' && decision.patch.annotation === undefined && annotation !== undefined;
}

/** An address that kube-vip itself wrote is an earlier one of the Service, which it has not replaced yet. */
export function refined(
  problem: AnnouncementProblem,
  { manager }: Pick<AnnouncementEvidence, 'manager'>,
): AnnouncementProblem {
  return manager === kubeVipManager ? { ...problem, code: 'not-announced' } : problem;
}
