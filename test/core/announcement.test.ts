import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnnouncementEvidence, announcementProblem } from '../../src/core/decide/announcement.ts';
import type { Decision } from '../../src/core/decide/decision.ts';
import {
  explainAnnouncement,
  isReportable,
  remediesForAnnouncement,
} from '../../src/core/explain/explain-announcement.ts';
import { announcementCheck } from '../../src/core/explain/explain-trace.ts';
import { formatAddress } from '../../src/core/ip/address.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { listed } from './listed.ts';

function problemOf(addresses: string, ...shown: string[]) {
  const view = viewOf({
    metadata: { name: 'web', annotations: { 'kube-vip.io/loadbalancerIPs': addresses } },
    status: { loadBalancer: { ingress: shown.map((ip) => ({ ip })) } },
  });
  const decision = {
    kind: 'keep',
    addresses: listed(addresses),
    source: 'range-global',
    conditions: [],
  } as const;
  return announcementProblem(view, decision);
}

function sentence(addresses: string, shown: string[], evidence: AnnouncementEvidence = {}): string {
  const problem = problemOf(addresses, ...shown);
  return problem === undefined ? '' : explainAnnouncement(problem, evidence);
}

const minutes = 60_000;

test('the status is compared with what was assigned', () => {
  const cases: readonly [assigned: string, shown: string[], code: string | undefined][] = [
    ['10.0.0.1', ['10.0.0.1'], undefined],
    ['10.0.0.1', [], 'not-announced'],
    ['10.0.0.1', ['10.0.0.2'], 'foreign-status'],
    ['10.0.0.1', ['10.0.0.1', '10.0.0.2'], 'foreign-status'],
    ['10.0.0.1,fd00::1', ['fd00:0::1', '10.0.0.1'], undefined],
    ['10.0.0.1,fd00::1', ['10.0.0.1'], 'not-announced'],
    // A lease may be any address of its family.
    ['0.0.0.0', ['192.168.0.7'], undefined],
    ['0.0.0.0', ['fd00::7'], 'foreign-status'],
    ['0.0.0.0', [], 'not-announced'],
    ['0.0.0.0,::', ['192.168.0.7', 'fd00::7'], undefined],
    // kube-vip resolves hostnames.
    ['vip.example.com', ['192.168.0.7'], undefined],
    ['vip.example.com', [], 'not-announced'],
  ];
  for (const [assigned, shown, code] of cases)
    assert.equal(problemOf(assigned, ...shown)?.code, code, `${assigned} ${shown}`);
});

test('a status is not compared before the address is written, or if none is assigned', () => {
  const view = viewOf({ metadata: { name: 'web' } });
  const ignored: Decision = { kind: 'ignore', why: 'ignored' };
  const pending: Decision = { kind: 'pending', failures: [] };
  const write: Decision = {
    kind: 'write',
    cause: 'allocate',
    patch: { annotation: '10.0.0.1' },
    addresses: listed('10.0.0.1'),
    source: 'range-global',
    conditions: [],
  };
  for (const decision of [ignored, pending, write])
    assert.equal(announcementProblem(view, decision), undefined);
});

test('an address that is not announced, with its age', () => {
  assert.equal(sentence('10.0.0.1', []), '10.0.0.1 is not announced yet.');
  assert.equal(sentence('10.0.0.1', [], { ageMs: 119_999 }), '10.0.0.1 is not announced yet.');
  assert.equal(
    sentence('10.0.0.1', [], { ageMs: 4.5 * minutes }),
    '10.0.0.1 is not announced yet (for 4 minutes).',
  );
  assert.equal(
    sentence('10.0.0.1', [], { ageMs: 60 * minutes }),
    '10.0.0.1 is not announced yet (for 1 hour).',
  );
  assert.equal(
    sentence('10.0.0.1,fd00::1', [], { ageMs: 48 * 60 * minutes }),
    '10.0.0.1 and fd00::1 are not announced yet (for 2 days).',
  );
});

test('an address that another load balancer writes is named with its node and the field manager', () => {
  const nodeAt: AnnouncementEvidence['nodeAt'] = (address) =>
    ({ '192.168.1.11': 'n1', '192.168.1.12': 'n2' })[formatAddress(address)];
  assert.equal(
    sentence('10.0.0.1', ['192.168.1.11'], { manager: 'k3s', nodeAt }),
    'The status shows 192.168.1.11, the address of node n1, instead of 10.0.0.1: another load balancer (k3s ServiceLB?) is writing it, with the field manager "k3s".',
  );
  assert.equal(
    sentence('10.0.0.1', ['192.168.1.11', '192.168.1.12'], { nodeAt, ageMs: 3 * minutes }),
    'The status shows 192.168.1.11 and 192.168.1.12, the addresses of nodes n1 and n2, instead of 10.0.0.1: another load balancer (k3s ServiceLB?) is writing it (for 3 minutes).',
  );
  assert.equal(
    sentence('10.0.0.1', ['10.0.0.1', '10.9.9.9'], { manager: 'cilium-operator-generic', nodeAt }),
    'The status shows 10.9.9.9: another load balancer (Cilium?) is writing it, with the field manager "cilium-operator-generic".',
  );
  assert.equal(
    sentence('10.0.0.1', ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'], { manager: 'x' }),
    'The status shows 1.1.1.1 and 1.1.1.2 and 1.1.1.3 and 1 more instead of 10.0.0.1: another load balancer is writing it, with the field manager "x".',
  );
});

test('without evidence, both possible writers are named; kube-vip itself is not another load balancer', () => {
  assert.equal(
    sentence('10.0.0.1', ['10.9.9.9']),
    'The status shows 10.9.9.9 instead of 10.0.0.1: kube-vip has not updated it yet, or another load balancer is writing it.',
  );
  assert.equal(
    sentence('10.0.0.1', ['10.0.0.9'], { manager: 'kube-vip', ageMs: 5 * minutes }),
    '10.0.0.1 is not announced yet (for 5 minutes). The status still shows 10.0.0.9, written by kube-vip.',
  );
});

test('what the next moments probably solve is no finding, and a finding has a remedy', () => {
  const missing = problemOf('10.0.0.1');
  const foreign = problemOf('10.0.0.1', '10.9.9.9');
  assert.ok(missing !== undefined && foreign !== undefined);
  assert.equal(isReportable(missing, { ageMs: 119_000 }), false);
  assert.equal(isReportable(missing, { ageMs: 120_000 }), true);
  assert.equal(isReportable(foreign, { ageMs: 1_000 }), false);
  assert.equal(isReportable(foreign, { ageMs: 1_000, manager: 'kube-vip' }), false);
  assert.equal(isReportable(foreign, { ageMs: 1_000, manager: 'k3s' }), true);
  // A dump.
  assert.equal(isReportable(missing, {}), true);
  const outcomes = [undefined, { ageMs: 1_000 }, { ageMs: 120_000 }].map(
    (evidence) => announcementCheck(evidence && { problem: missing, evidence }).outcome,
  );
  assert.deepEqual(outcomes, ['passed', 'noted', 'failed']);
  const view = { name: 'web', namespace: 'shop' };
  assert.match(remediesForAnnouncement(view, missing, {})[0]?.advice ?? '', /kube-vip runs on the nodes/);
  const [restart] = remediesForAnnouncement(view, foreign, { manager: 'kube-vip' });
  assert.match(restart?.command ?? '', /^kubectl rollout restart .* kube-vip-ds$/);
  const [first] = remediesForAnnouncement(view, foreign, { manager: 'k3s' });
  assert.match(first?.advice ?? '', /--disable=servicelb/);
  assert.equal(
    first?.command,
    'kubectl get service web --namespace shop --output yaml --show-managed-fields',
  );
});
