import { type AuditFinding, audit as auditOf } from '../../core/queries/audit.ts';
import { layOut } from '../../terminal/layout.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import { type ClusterFacts, simulatedClusterOf } from './cluster-facts.ts';
import type { Answer, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import type { NamespaceScope } from './namespace-scope.ts';

export type AuditReport = Omit<AuditFinding, 'code'> & { readonly code: AuditFinding['code'] | 'leader' };

/** `audit`; with a namespace named, what concerns its Services. */
export function audit(facts: ClusterFacts, scope: NamespaceScope, found: readonly AuditReport[]): Answer {
  const isWhole = !scope.isNamed || scope.isAll;
  const findings = found.filter(
    // Without a controller nobody is served anywhere.
    ({ code, subject }) => isWhole || code === 'leader' || subject.startsWith(`${scope.namespace}/`),
  );
  const services = facts.snapshot.services.filter(
    ({ namespace }) => isWhole || namespace === scope.namespace,
  ).length;
  return {
    value: { kind: 'Audit', services, findings, source: sourceOf(facts) },
    lines: (view) => [
      ...linesOf(findings, services, view),
      ...(facts.leadership === undefined
        ? ['Whether a controller runs was not looked at: its Lease was not read.']
        : []),
      '',
      ...footnotes(facts, view),
    ],
    exitCode: findings.length > 0 ? 1 : 0,
  };
}

/** Whether something is due that is probably done in a moment. */
export function isMerelyDue({ leadership }: ClusterFacts, found: readonly AuditReport[]): boolean {
  return leadership?.isLed === true && found.some(({ code }) => code === 'not-written');
}

/** All that is wrong, in every namespace: O(Services) decisions. */
export function findingsIn(facts: ClusterFacts): AuditReport[] {
  const { allocator, outcome } = simulatedClusterOf(facts);
  const { others, options, leadership } = facts;
  const found: AuditReport[] = auditOf({ allocator, outcome, leftovers: others, options });
  if (leadership?.isLed !== false) return found;
  return [{ code: 'leader', subject: options.controller, sentence: `${leadership.sentence}.` }, ...found];
}

function linesOf(
  findings: readonly AuditReport[],
  services: number,
  { ansi, width }: OutputOptions,
): string[] {
  const looked = `${services} ${services === 1 ? 'Service' : 'Services'} of type LoadBalancer`;
  if (findings.length === 0) return wrapWords(`${looked}: all as it should be.`, width).map(ansi.green);
  const heads = [{ title: 'FOUND' }, { title: 'ON' }, { title: 'WHAT', least: 40, below: true }];
  const cells = findings.map(({ code, subject, sentence }) => [
    { text: code, paint: ansi.red },
    { text: subject },
    { text: sentence },
  ]);
  const many = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return [...layOut(heads, cells, width, ansi.bold), '', ...wrapWords(`${looked}: ${many}.`, width)];
}
