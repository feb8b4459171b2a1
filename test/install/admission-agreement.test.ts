import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import type { ConfigProblem } from '../../src/core/config/config-problem.ts';
import { type EntryFault, parsePoolEntry } from '../../src/core/config/pool-entry.ts';
import { badPools } from '../core/bad-input.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { rejectionOf, underPolicy } from './admission-policy.ts';
import {
  anyEnds,
  anyValid,
  anyWithTypos,
  type Data,
  invalid,
  onlyReported,
  rejectedCodes,
  repositoryPools,
  valid,
} from './admission-pools.ts';

/** The policy rejects no valid pool, and `readConfig` reports everything that the policy rejects. */

const policyTest = underPolicy('install-agreement');

function problemsOf(data: Data): readonly ConfigProblem[] {
  return readConfig({ metadata: { name: 'kubevip' }, data }).problems;
}

/** The controller rejects long entries, and only CEL treats next line (U+0085) as white space. */
function isBeyondPolicy(problem: ConfigProblem): boolean {
  const text = 'entry' in problem ? problem.entry : 'value' in problem ? problem.value : '';
  return text.length > 200 || text.includes('\u0085');
}

/**
 * Checks that the policy rejects exactly the problems it should, that the controller reports all of them, and that the
 * message is about the first key. Returns the problems that only the controller reports.
 */
async function compare(cluster: Cluster, data: Data): Promise<readonly ConfigProblem[]> {
  const problems = problemsOf(data);
  const message = await rejectionOf(cluster, data);
  const faults = problems.filter(({ code }) => rejectedCodes.has(code));
  const keys = faults.map(({ key }) => key).sort();
  const [first] = faults
    .filter((fault) => !isBeyondPolicy(fault))
    .map(({ key }) => key)
    .sort();
  if (message === undefined) assert.equal(first, undefined, 'only the controller reports a problem');
  else {
    const [key = ''] = message.split(': ');
    assert.ok(keys.includes(key), `only the policy reports a problem: ${message}`);
    assert.ok(first === undefined || key <= first, `${message} (${first} comes first)`);
  }
  return message === undefined ? problems : [];
}

/** A part of the policy's message for each reason of the controller. For other reasons, the message may differ. */
const reasons: Readonly<Partial<Record<EntryFault['fault'], string>>> = {
  comment: 'a comment',
  placeholder: 'a placeholder',
  'missing-value': 'a variable without a value',
  'named-ends': 'the ends of a range',
  'key-in-value': 'a key inside the value',
  'list-item': 'a YAML list',
  quotes: 'quotes',
  brackets: 'brackets',
  port: 'a port',
  'leading-zero': 'a leading zero',
  'octet-above-255': 'a number above 255',
  zone: 'a zone',
  'ipv4-mapped': 'IPv4 address written as IPv6',
  'typographic-dash': 'a typographic dash',
  'several-in-one': 'Separate entries with a comma',
  'prefix-not-a-number': 'a plain number after the slash',
  'prefix-too-long': 'a plain number after the slash',
  'block-and-range': 'a block and a range',
  'range-without-end': 'not a valid range',
  'families-mixed': 'ends of different IP families',
  'start-after-end': 'ends before it starts',
};

policyTest(
  'each row of the bad-input table is rejected with its key and reason, or accepted, as the row says',
  async (cluster) => {
    for (const [key, value, , admission] of badPools) {
      const message = await rejectionOf(cluster, { [key]: value, 'cidr-neighbour': '10.1.0.0/29' });
      await compare(cluster, { [key]: value });
      if (admission !== 'refused') {
        assert.equal(message, undefined, 'the row expects no rejection');
        continue;
      }
      const [problem] = problemsOf({ [key]: value });
      const parsed = problem?.code === 'bad-entry' ? parsePoolEntry(problem.entry) : undefined;
      const reason = parsed !== undefined && 'fault' in parsed ? reasons[parsed.fault] : undefined;
      assert.ok(message !== undefined, `${key}: ${value}`);
      assert.ok(message.startsWith(`${key}: `), message);
      assert.ok(message.includes(reason ?? ''), `${message} contains ${reason}`);
    }
  },
);

policyTest('almost valid pools are rejected, and the controller reports them', async (cluster) => {
  for (const data of invalid) {
    assert.ok(await rejectionOf(cluster, data), JSON.stringify(data));
    await compare(cluster, data);
  }
});

policyTest(
  'problems that the document leaves to the controller are reported and not rejected',
  async (cluster) => {
    for (const [data, code] of onlyReported) {
      assert.equal(await rejectionOf(cluster, data), undefined, JSON.stringify(data));
      assert.equal(problemsOf(data)[0]?.code, code);
    }
  },
);

policyTest('no valid notation is rejected', async (cluster) => {
  for (const data of valid) {
    assert.deepEqual(
      problemsOf(data).filter(({ code }) => rejectedCodes.has(code)),
      [],
      'the table contains valid pools',
    );
    assert.equal(await rejectionOf(cluster, data), undefined, JSON.stringify(data));
  }
});

policyTest(
  'of the pools in examples and tests, those that the controller reports are rejected',
  async (cluster) => {
    const all = repositoryPools();
    assert.ok(all.length > 80, `${all.length}`);
    for (const data of all) await compare(cluster, data);
  },
);

policyTest('no generated valid pool is rejected, and each can be evaluated', async (cluster) => {
  const property = fc.asyncProperty(anyValid, async (data) => {
    assert.deepEqual(
      problemsOf(data).filter(({ code }) => rejectedCodes.has(code)),
      [],
    );
    assert.equal(await rejectionOf(cluster, data), undefined);
  });
  await fc.assert(property, { numRuns: 250 });
});

policyTest('the policy detects which end of a range is lower', async (cluster) => {
  const property = fc.asyncProperty(anyEnds, async (data) => {
    await compare(cluster, data);
  });
  await fc.assert(property, { numRuns: 300 });
});

policyTest(
  'with random typing errors, policy and controller agree, except for problems that the policy accepts',
  async (cluster) => {
    const reported = new Set<string>();
    const property = fc.asyncProperty(anyWithTypos, async (data) => {
      for (const problem of await compare(cluster, data))
        reported.add(isBeyondPolicy(problem) ? 'beyond' : problem.code);
    });
    await fc.assert(property, { numRuns: 500 });
    const accepted = [
      'beyond',
      ...['listed-twice', 'missing-pool', 'no-entry', 'only-namespace-global', 'pool-of-key-missing'],
      ...['reserved-and-excluded', 'reserved-twice', 'unlisted-pool'],
      'dhcp-beside-addresses',
      'empty-pool',
      'host-bits',
      'nothing-allocatable',
      'shadowed',
      'special-purpose',
    ];
    assert.deepEqual(
      [...reported].filter((code) => !accepted.includes(code)),
      [],
    );
  },
);

policyTest('pools are checked up to 2,000 entries of any length, and accepted beyond', async (cluster) => {
  const many = (count: number, entry: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => entry(i)).join(',');
  const block = (i: number) => `10.${i >> 8}.${i % 256}.0/24`;
  const longest = (i: number) => `2001:0db8:1111:2222:3333:4444:5555:${4096 + i}`;
  const range = (i: number) => `${longest(i)}-${longest(i + 1)}`;
  const namespaces = Array.from({ length: 200 }, (_, i) => [
    `cidr-team-${i}`,
    many(5, (j) => block(5 * i + j)),
  ]);
  const wrong = { 'range-z': '10.0.0.9-10.0.0.1' };
  const large: readonly Data[] = [
    { 'cidr-global': many(1000, block) },
    Object.fromEntries(namespaces),
    // 200 KiB, and almost the maximum size of a ConfigMap.
    { 'cidr-global': many(1999, (i) => `${' '.repeat(22)}${range(i)}`) },
    { 'cidr-global': many(1999, (i) => `\n${' '.repeat(440)}${range(i)}`) },
  ];
  for (const data of large) {
    assert.equal(await rejectionOf(cluster, data), undefined);
    assert.match((await rejectionOf(cluster, { ...data, ...wrong })) ?? '', /^range-z: /);
  }
  assert.equal(await rejectionOf(cluster, { 'cidr-global': many(2000, block), ...wrong }), undefined);
});
