import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ConfigProblem, readConfig } from '../../src/core/config/config.ts';
import type { EntryFault } from '../../src/core/config/pool-entry.ts';
import { badPools } from '../core/bad-input.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { conflict, underPolicy } from './admission-policy.ts';
import {
  anyEnds,
  anySlipped,
  anyValid,
  type Data,
  invalid,
  onlyReported,
  valid,
  written,
} from './admission-pools.ts';

/** The admission policy beside `readPools`: it refuses no valid pool, and what it refuses the controller reports. */

const judged = underPolicy('install-verdicts');

function problemsOf(data: Data): readonly ConfigProblem[] {
  return readConfig({ metadata: { name: 'kubevip' }, data }).problems;
}

/** What the policy refuses of what the controller reports; the rest leaves a pool that works, or may be meant. */
const refused: readonly ConfigProblem['code'][] = [
  'bad-entry',
  'unknown-key',
  'binary-data',
  'bad-boolean',
  'bad-order',
  'bad-interface',
];

/** The controller gives up on long entries, and next line (U+0085) is white space to CEL alone. */
function isBeyondPolicy(problem: ConfigProblem): boolean {
  const text =
    problem.code === 'bad-entry' ? problem.entry : problem.code === 'bad-interface' ? problem.value : '';
  return text.length > 200 || text.includes('\u0085');
}

/**
 * The policy refuses nothing that the controller does not report, lets nothing through that it is to refuse, and speaks of
 * the first key. Answers with what only the controller reports.
 */
async function agree(cluster: Cluster, data: Data): Promise<readonly ConfigProblem[]> {
  const problems = problemsOf(data);
  const sentence = await conflict(cluster, data);
  const faults = problems.filter(({ code }) => refused.includes(code));
  const keys = faults.map(({ key }) => key).sort();
  const [first] = faults
    .filter((fault) => !isBeyondPolicy(fault))
    .map(({ key }) => key)
    .sort();
  if (sentence === undefined) assert.equal(first, undefined, 'the controller alone finds fault with it');
  else {
    const [key = ''] = sentence.split(': ');
    assert.ok(keys.includes(key), `only the policy finds fault with it: ${sentence}`);
    assert.ok(first === undefined || key <= first, `${sentence} (before it comes ${first})`);
  }
  return sentence === undefined ? problems : [];
}

/** What the policy's sentence has in it where the controller gives this reason; for the others it may say more, or less. */
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
  'several-in-one': 'a comma separates entries',
  'prefix-not-a-number': 'a plain number after the slash',
  'prefix-too-long': 'a plain number after the slash',
  'block-and-range': 'a block and a range',
  'range-without-end': 'no range',
  'families-mixed': 'from one IP family to the other',
  'start-after-end': 'ends before it starts',
};

judged('each row of the bad-input table is refused with its key and reason, or is not', async (cluster) => {
  for (const [key, value, , admission] of badPools) {
    const sentence = await conflict(cluster, { [key]: value, 'cidr-neighbour': '10.1.0.0/29' });
    await agree(cluster, { [key]: value });
    if (admission !== 'refused') {
      assert.equal(sentence, undefined, 'the row says why not');
      continue;
    }
    const [problem] = problemsOf({ [key]: value });
    const reason = problem?.code === 'bad-entry' ? reasons[problem.fault.fault] : undefined;
    assert.ok(sentence !== undefined, `${key}: ${value}`);
    assert.ok(sentence.startsWith(`${key}: `), sentence);
    assert.ok(sentence.includes(reason ?? ''), `${sentence} says ${reason}`);
  }
});

judged('what is nearly valid is refused, and reported where there is no policy', async (cluster) => {
  for (const data of invalid) {
    assert.ok(await conflict(cluster, data), JSON.stringify(data));
    await agree(cluster, data);
  }
});

judged('what the page leaves to the controller is not refused, and reported', async (cluster) => {
  for (const [data, code] of onlyReported) {
    assert.equal(await conflict(cluster, data), undefined, JSON.stringify(data));
    assert.equal(problemsOf(data)[0]?.code, code);
  }
});

judged('no valid spelling is refused', async (cluster) => {
  for (const data of valid) {
    assert.deepEqual(
      problemsOf(data).filter(({ code }) => refused.includes(code)),
      [],
      'the table is right',
    );
    assert.equal(await conflict(cluster, data), undefined, JSON.stringify(data));
  }
});

judged(
  'the pools of the examples and of the tests are refused where the controller reports them',
  async (cluster) => {
    const all = written();
    assert.ok(all.length > 80, `${all.length}`);
    for (const data of all) await agree(cluster, data);
  },
);

judged('no generated valid pool is refused, and no judgement fails', async (cluster) => {
  const property = fc.asyncProperty(anyValid, async (data) => {
    assert.deepEqual(
      problemsOf(data).filter(({ code }) => refused.includes(code)),
      [],
    );
    assert.equal(await conflict(cluster, data), undefined);
  });
  await fc.assert(property, { numRuns: 250 });
});

judged('the policy knows which end of a range is first', async (cluster) => {
  const property = fc.asyncProperty(anyEnds, async (data) => {
    await agree(cluster, data);
  });
  await fc.assert(property, { numRuns: 300 });
});

judged(
  'after random slips policy and controller agree, but for what the policy leaves alone',
  async (cluster) => {
    const reported = new Set<string>();
    const property = fc.asyncProperty(anySlipped, async (data) => {
      for (const problem of await agree(cluster, data))
        reported.add(isBeyondPolicy(problem) ? 'beyond' : problem.code);
    });
    await fc.assert(property, { numRuns: 500 });
    const left = [
      'beyond',
      'dhcp-beside-addresses',
      'empty-pool',
      'host-bits',
      'nothing-allocatable',
      'shadowed',
      'special-purpose',
    ];
    assert.deepEqual(
      [...reported].filter((code) => !left.includes(code)),
      [],
    );
  },
);

judged('pools are judged up to 2,000 entries, however long, and let in beyond', async (cluster) => {
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
    // 200 KiB, and nearly the most that a ConfigMap may hold.
    { 'cidr-global': many(1999, (i) => `${' '.repeat(22)}${range(i)}`) },
    { 'cidr-global': many(1999, (i) => `\n${' '.repeat(440)}${range(i)}`) },
  ];
  for (const data of large) {
    assert.equal(await conflict(cluster, data), undefined);
    assert.match((await conflict(cluster, { ...data, ...wrong })) ?? '', /^range-z: /);
  }
  assert.equal(await conflict(cluster, { 'cidr-global': many(2000, block), ...wrong }), undefined);
});
