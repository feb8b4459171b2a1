import { type AnnouncementEvidence, type AnnouncementProblem, refined } from '../decide/announcement.ts';
import { formatAddress } from '../ip/address.ts';
import type { ServiceView } from '../model/service-view.ts';
import { quoted } from '../text/quote.ts';
import type { Remedy } from './remedy.ts';

/** The sentences about Services whose status does not show what was assigned. */

/** kube-vip usually announces within seconds. What takes longer than this is worth a finding. */
const patienceMs = 2 * 60_000;

/** Whether it is a finding, and not what the next moments probably solve. In a dump, nothing tells how old it is. */
export function isReportable(problem: AnnouncementProblem, evidence: AnnouncementEvidence): boolean {
  const { ageMs, manager } = evidence;
  if (ageMs === undefined || ageMs >= patienceMs) return true;
  return manager !== undefined && refined(problem, evidence).code === 'foreign-status';
}

/** What the status shows, and why. */
export function explainAnnouncement(found: AnnouncementProblem, evidence: AnnouncementEvidence): string {
  const problem = refined(found, evidence);
  const age = ageText(evidence.ageMs);
  const shown = problem.shown.slice(0, maxShown).map(formatAddress);
  if (problem.code === 'not-announced') {
    const missing = problem.missing.slice(0, maxShown).join(' and ');
    const still =
      shown.length === 0 ? '' : ` The status still shows ${shown.join(', ')}, written by kube-vip.`;
    return missing === ''
      ? `The status still shows ${shown.join(', ')}, written by kube-vip${age}.`
      : `${missing} ${problem.missing.length > 1 ? 'are' : 'is'} not announced yet${age}.${still}`;
  }
  const { instead, more } = partsOf(problem);
  const named = withNodes(problem, evidence);
  // The comma after the name of a node encloses it.
  const text = `${named.text}${more}${instead}`.replace(/,$/, '');
  if (evidence.manager === undefined && !named.hasNode)
    return `The status shows ${text}: kube-vip has not updated it yet, or another load balancer is writing it${age}.`;
  const manager =
    evidence.manager === undefined ? '' : `, with the field manager ${quoted(evidence.manager)}`;
  return `The status shows ${text}: another load balancer${guess(named.hasNode, evidence)} is writing it${manager}${age}.`;
}

const maxShown = 3;

function partsOf({ missing, shown }: AnnouncementProblem): { instead: string; more: string } {
  return {
    instead: missing.length === 0 ? '' : ` instead of ${missing.slice(0, maxShown).join(' and ')}`,
    more: shown.length > maxShown ? ` and ${shown.length - maxShown} more` : '',
  };
}

/** `192.168.1.11, the address of node n1,` or `192.168.1.11 and 192.168.1.12, the addresses of nodes n1 and n2,` */
function withNodes(
  { shown }: AnnouncementProblem,
  { nodeAt }: AnnouncementEvidence,
): { text: string; hasNode: boolean } {
  const named = shown.slice(0, maxShown);
  const nodes = named.map((address) => nodeAt?.(address));
  const text = named.map(formatAddress).join(' and ');
  const known = [...new Set(nodes.filter((node) => node !== undefined))];
  if (known.length === 0 || nodes.includes(undefined)) return { text, hasNode: known.length > 0 };
  const addresses = named.length > 1 ? 'addresses' : 'address';
  const of = known.length > 1 ? 'nodes' : 'node';
  return { text: `${text}, the ${addresses} of ${of} ${known.join(' and ')},`, hasNode: true };
}

function guess(hasNode: boolean, { manager = '' }: AnnouncementEvidence): string {
  if (/^cilium/.test(manager)) return ' (Cilium?)';
  return hasNode || /^(?:k3s|rke2|deploy@)/.test(manager) ? ' (k3s ServiceLB?)' : '';
}

/** ` (for 4 minutes)`; empty if it is usual. */
function ageText(ms: number | undefined): string {
  if (ms === undefined || ms < patienceMs) return '';
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const;
  for (const [unit, length] of units) {
    const count = Math.floor(ms / length);
    if (count > 0) return ` (for ${count} ${unit}${count === 1 ? '' : 's'})`;
  }
  return '';
}

/** The warning for a Service whose status another program writes. */
export function warnOfForeignStatus(
  view: Pick<ServiceView, 'name' | 'namespace'>,
  problem: AnnouncementProblem,
  evidence: AnnouncementEvidence,
): string {
  const { advice, command } = otherLoadBalancer(view);
  return `${explainAnnouncement(problem, evidence)} ${advice} ${command}`;
}

function otherLoadBalancer({ name, namespace }: Pick<ServiceView, 'name' | 'namespace'>): Remedy {
  return {
    advice:
      'Disable the other load balancer, for ServiceLB with the k3s option --disable=servicelb. To see which program writes the status, run:',
    command: `kubectl get service ${name} --namespace ${namespace} --output yaml --show-managed-fields`,
  };
}

/** docs/compatibility.md: the status shows the former address. */
const restart: Remedy = {
  advice:
    'After an address changed, kube-vip v1.2.2 often announces the new one only when it starts again. To restart it, which interrupts each Service for some seconds, run:',
  command: 'kubectl rollout restart --namespace kube-system daemonset kube-vip-ds',
};

/** What to do about it. */
export function remediesForAnnouncement(
  view: Pick<ServiceView, 'name' | 'namespace'>,
  found: AnnouncementProblem,
  evidence: AnnouncementEvidence,
): Remedy[] {
  const logs: Remedy = {
    advice:
      'Check that kube-vip runs on the nodes, with Services enabled (svc_enable: "true"), and that it handles the class of this Service. Its log names the reason. To find its Pods, run:',
    command: 'kubectl get pods --all-namespaces --output wide | grep kube-vip',
  };
  const problem = refined(found, evidence);
  if (problem.code === 'not-announced') return problem.shown.length > 0 ? [restart, logs] : [logs];
  return [otherLoadBalancer(view), ...(evidence.manager === undefined ? [logs] : [])];
}
