import { formatAddress } from '../../core/ip/address.ts';
import {
  type AuditFinding,
  audit as auditOf,
  type OutsideAddress,
  outsideAddresses,
} from '../../core/queries/audit.ts';
import { layOut } from '../../terminal/layout.ts';
import { bullets } from '../../terminal/table.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import { evidenceFor } from './announcements.ts';
import { type ClusterFacts, currentAllocator, simulatedClusterOf } from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import type { NamespaceScope } from './namespace-scope.ts';

export type ReportedFinding = Omit<AuditFinding, 'code'> & {
  readonly code: AuditFinding['code'] | ControllerFinding;
};

/** A finding that concerns all Services. */
type ControllerFinding = 'leader' | 'another-allocator';

/** `audit`; with `-n`, only findings that concern Services of the namespace. */
export function audit(
  facts: ClusterFacts,
  scope: NamespaceScope,
  allFindings: readonly ReportedFinding[],
): CommandResult {
  const isWhole = !scope.isNamed || scope.isAll;
  const findings = allFindings.filter(
    ({ code, subject }) => isWhole || concernsAll(code) || subject.startsWith(`${scope.namespace}/`),
  );
  const outside = outsideAddresses(currentAllocator(facts), facts.options).filter(
    ({ service }) => isWhole || service.startsWith(`${scope.namespace}/`),
  );
  const services = facts.snapshot.services.filter(
    ({ namespace }) => isWhole || namespace === scope.namespace,
  ).length;
  return {
    value: {
      kind: 'Audit',
      services,
      findings: findings.map(({ code, subject, sentence }) => ({ code, subject, message: sentence })),
      outside: outside.map(({ service, address, sentence }) => ({
        service,
        address: formatAddress(address),
        message: sentence,
      })),
      source: sourceOf(facts),
    },
    lines: (output) => [
      ...findingLines(findings, services, output),
      ...(facts.leadership === undefined ? ['Leader not checked: its Lease was not read.'] : []),
      ...outsideLines(outside, output),
      '',
      ...footnotes(facts, output),
    ],
    exitCode: findings.length > 0 ? 1 : 0,
  };
}

/** Whether a write is due that the running controller has probably just started. */
export function mayResolveSoon({ leadership }: ClusterFacts, findings: readonly ReportedFinding[]): boolean {
  return leadership?.isLed === true && findings.some(({ code }) => code === 'not-written');
}

/** The findings of all namespaces: O(Services) decisions. */
export function findingsIn(facts: ClusterFacts): ReportedFinding[] {
  const { allocator, outcome } = simulatedClusterOf(facts);
  const { otherServices, options, leadership, otherAllocator } = facts;
  const findings: ReportedFinding[] = auditOf({
    allocator,
    outcome,
    formerLoadBalancers: otherServices,
    options,
    evidenceFor: (key) => evidenceFor(key, facts),
  });
  if (otherAllocator !== undefined) {
    const { service, message, time } = otherAllocator;
    findings.unshift({ code: 'another-allocator', subject: service, sentence: `At ${time}: ${message}` });
  }
  if (leadership?.isLed !== false) return findings;
  return [{ code: 'leader', subject: options.controller, sentence: leadership.sentence }, ...findings];
}

function concernsAll(code: ReportedFinding['code']): boolean {
  return code === 'leader' || code === 'another-allocator';
}

function findingLines(
  findings: readonly ReportedFinding[],
  services: number,
  { ansi, width }: OutputOptions,
): string[] {
  const checked = `Checked ${services} ${services === 1 ? 'Service' : 'Services'} of type LoadBalancer`;
  if (findings.length === 0) return wrapWords(`${checked}: no findings.`, width).map(ansi.green);
  const heads = [{ title: 'FINDING' }, { title: 'OBJECT' }, { title: 'MESSAGE', least: 40, below: true }];
  const cells = findings.map(({ code, subject, sentence }) => [
    { text: code, paint: ansi.red },
    { text: subject },
    { text: sentence },
  ]);
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return [...layOut(heads, cells, width, ansi.bold), '', ...wrapWords(`${checked}: ${count}.`, width)];
}

/** Legal, and worth a look before the network changes. */
function outsideLines(outside: readonly OutsideAddress[], output: OutputOptions): string[] {
  const { ansi } = output;
  const sentences = outside.map(({ service, sentence }) => `${service}: ${sentence}`);
  const lines = bullets('Assigned outside the pools', sentences, output, ansi.yellow, ansi);
  return lines.length === 0 ? [] : ['', ...lines];
}
