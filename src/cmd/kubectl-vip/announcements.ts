import type { ServiceDecision } from '../../core/decide/allocator.ts';
import {
  type AnnouncementEvidence,
  type AnnouncementProblem,
  isAnnounceable,
  statusProblem,
} from '../../core/decide/announcement.ts';
import { type ManagedPath, managedPaths, ownerOf } from '../../core/model/managed-fields.ts';
import type { ServiceKey } from '../../core/model/service-view.ts';
import { annotations } from '../../core/model/well-known-names.ts';
import type { ClusterFacts } from './cluster-facts.ts';

/**
 * What is known about the status of a Service. Undefined for files in which no Service has a status: they are manifests, not
 * a dump of a cluster.
 */
export function evidenceFor(key: ServiceKey, facts: ClusterFacts): AnnouncementEvidence | undefined {
  const { snapshot, managedFields, readAt } = facts;
  if (readAt === undefined && snapshot.services.every(({ statusIPs }) => statusIPs.length === 0))
    return undefined;
  const entries = managedFields.get(key) ?? [];
  const timeOf = (path: ManagedPath): number => Date.parse(ownerOf(entries, path)?.time ?? '');
  const [assigned, shown] = [
    timeOf(managedPaths.annotation(annotations.addresses)),
    timeOf(managedPaths.statusAddresses),
  ];
  const since = Number.isNaN(shown) ? assigned : Math.max(assigned, shown);
  return {
    ageMs: readAt === undefined || Number.isNaN(since) ? undefined : Math.max(0, readAt - since),
    manager: ownerOf(entries, managedPaths.statusAddresses)?.manager,
    nodeAt: (address) => snapshot.nodes?.get(address),
  };
}

export interface FoundAnnouncement {
  readonly problem: AnnouncementProblem;
  readonly evidence: AnnouncementEvidence;
}

/** Undefined if the status is not known; otherwise what is wrong with it, if anything. */
export function announcementOf(
  { state, decision }: ServiceDecision,
  facts: ClusterFacts,
): { readonly found: FoundAnnouncement | undefined } | undefined {
  const problem = statusProblem(state, decision);
  if (problem === undefined && !isAnnounceable(state.view.annotation, decision)) return undefined;
  const evidence = evidenceFor(state.key, facts);
  if (evidence === undefined) return undefined;
  return { found: problem && { problem, evidence } };
}
