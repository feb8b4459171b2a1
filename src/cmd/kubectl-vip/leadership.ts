import { ApiError } from '../../client/errors.ts';
import { holderOf, type Lease } from '../../client/lease-lock.ts';
import { printable } from '../../core/text/quote.ts';
import type { ClusterContext } from './cluster-context.ts';
import type { LeaderStatus } from './cluster-facts.ts';
import type { Settings } from './settings.ts';

/** Undefined if the user has no permission to read the Lease. */
export async function readLeadership(
  { api, signal, wallMs }: ClusterContext,
  { options: { controller }, leaseNamespace }: Settings,
): Promise<LeaderStatus | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases/${controller}`;
  try {
    return leadershipOf(await api.get<Lease>(path, signal), wallMs);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 404) return undefined;
    return {
      isLed: false,
      sentence: `No leader: the Lease ${leaseNamespace}/${controller} does not exist. The controller has never run here, or runs with --leader-elect=false.`,
    };
  }
}

/** Uses the user's clock, which may differ from the cluster's by some seconds. */
export function leadershipOf(lease: Lease, wallMs: number): LeaderStatus {
  const holder = printable(holderOf(lease));
  const { renewTime = '', leaseDurationSeconds = 15 } = lease.spec ?? {};
  const seconds = Math.max(0, Math.round((wallMs - Date.parse(renewTime)) / 1000));
  const name = `${lease.metadata.namespace ?? ''}/${lease.metadata.name}`;
  if (holder === '')
    return {
      isLed: false,
      sentence: `No leader: the Lease ${name} has no holder. No controller is running.`,
    };
  if (!(seconds <= leaseDurationSeconds * 2))
    return {
      isLed: false,
      sentence: `No leader: ${holder} last renewed the Lease ${name} ${seconds} s ago. No controller is running.`,
    };
  return { isLed: true, sentence: `Leader: ${holder} (Lease renewed ${seconds} s ago).` };
}
