import { nearest } from '../text/suggestions.ts';
import { annotations } from './well-known-names.ts';

/** Annotations of a Service that look as if they did something, and that neither this program nor kube-vip reads. */

/** Those that kube-vip reads or writes besides ours (kube-vip v1.2.2, compared with its source in test/kube-vip/annotations.test.ts). */
export const kubeVipAnnotations: readonly string[] = [
  ...['active-endpoint', 'active-endpoint-ipv6', 'allow-reconcile-without-endpoints', 'ddns'],
  ...['dhcp-broadcast', 'egress', 'egress-allowed-networks', 'egress-denied-networks'],
  ...['egress-destination-ports', 'egress-detect-api-server', 'egress-internal', 'egress-ipv6'],
  ...['egress-nftables-table', 'egress-no-internal-traffic', 'egress-source-ports'],
  ...['flush-conntrack', 'forcePerServiceElection', 'forwardUPNP', 'hwaddr', 'ignore-service-security'],
  ...['loadbalancerHostname', 'macvlanName', 'rp_filter', 'upnp-lease-duration'],
  'vipHost',
].map((name) => `kube-vip.io/${name}`);

const knownNames: readonly string[] = [...Object.values(annotations), ...kubeVipAnnotations];
const known: ReadonlySet<string> = new Set(knownNames);
const knownInLowerCase = knownNames.map((name) => name.toLowerCase());

/** What another load balancer's annotation is for, which decides what to use instead. */
export type AnnotationPurpose = 'addresses' | 'pool' | 'sharing' | 'other';

export type AnnotationFault =
  | { readonly code: 'misspelled'; readonly meant: string }
  /** In kube-vip's domain, but not similar to any known name. */
  | { readonly code: 'unknown'; readonly purpose: AnnotationPurpose }
  | { readonly code: 'foreign'; readonly program: string; readonly purpose: AnnotationPurpose };

const programs: readonly (readonly [pattern: RegExp, program: string])[] = [
  [/^(?:metallb\.universe\.tf|metallb\.io)\//i, 'MetalLB'],
  [/^(?:lbipam\.cilium\.io\/|io\.cilium\/lb-?ipam)/i, 'Cilium'],
  [/^purelb\.io\//i, 'PureLB'],
  [/^(?:(?:eip|lb|protocol)\.openelb|eip\.porter|lb|protocol\.porter)\.kubesphere\.io\//i, 'OpenELB'],
];

const purposes: readonly (readonly [pattern: RegExp, purpose: AnnotationPurpose])[] = [
  [/shar(?:e|ed|ing)/i, 'sharing'],
  [/pool|service-group|eip\.openelb|eip\.porter/i, 'pool'],
  [/\/(?:.*-)?(?:load-?balancer-?ips?|ips?|addresses|address)$/i, 'addresses'],
];

/** Undefined if the annotation is known, or nothing suggests that it concerns an address. */
export function annotationFault(name: string): AnnotationFault | undefined {
  if (known.has(name) || name.length > maxLength) return undefined;
  const program = programs.find(([pattern]) => pattern.test(name))?.[1];
  const purpose = purposes.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
  if (program !== undefined) return { code: 'foreign', program, purpose };
  // Nearly all other annotations end here.
  if (!/vip|load-?balancer-?ip/i.test(name)) return undefined;
  const near = nearest(name.toLowerCase(), knownInLowerCase, maxSlips);
  const meant = near === undefined ? undefined : knownNames[knownInLowerCase.indexOf(near)];
  if (meant !== undefined) return { code: 'misspelled', meant };
  return name.startsWith('kube-vip.io/') ? { code: 'unknown', purpose } : undefined;
}

/** More than this is another name. */
const maxSlips = 3;
/** The maximum length of an annotation's name: a DNS subdomain, a slash, and 63 characters. */
const maxLength = 253 + 1 + 63;

/** An annotation of a Service that has a fault. */
export interface UnreadAnnotation {
  readonly name: string;
  /** Cut, for a suggestion and to detect another value. */
  readonly value: string;
}

/** A Service has few of them. Each costs memory. */
const maxUnread = 4;
const maxValueLength = 128;

/** The first few that have a fault; undefined for nearly all Services. */
export function unreadAnnotations(
  all: Readonly<Record<string, string>>,
): readonly UnreadAnnotation[] | undefined {
  let found: UnreadAnnotation[] | undefined;
  for (const name in all) {
    if (found?.length === maxUnread) break;
    if (annotationFault(name) === undefined) continue;
    found ??= [];
    // A copy: a slice would keep the whole text in memory.
    found.push({ name, value: (all[name] ?? '').slice(0, maxValueLength).split('').join('') });
  }
  return found;
}
