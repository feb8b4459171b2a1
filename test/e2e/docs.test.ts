/** Follows each section of these documents from top to bottom in an empty cluster. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sectionsOf } from '../docs/document.ts';
import { followSection, hasBlocks } from './follow-document.ts';
import { Shell } from './guide.ts';
import { type StartOptions, scenarios } from './scenario.ts';

const classMode = { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' };

/** The second controller in docs/several-controllers.md. */
const inside: StartOptions = {
  // The shipped role covers only one ConfigMap and one Lease.
  user: 'administrator',
  env: {
    ...classMode,
    KUBEVIP_CONFIG_MAP: 'kubevip-inside',
    KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'example.com/inside',
  },
  flags: ['--leader-elect-resource-name=kube-vip-inside'],
};

/** The controllers to run for a section, if not one controller with default options. */
const running: Readonly<Record<string, readonly StartOptions[]>> = {
  'docs/several-controllers.md: One class only': [{ env: classMode }],
  'docs/several-controllers.md: Two classes, two ConfigMaps': [{}, inside],
};

const documents = [
  'docs/pools.md',
  'docs/dual-stack.md',
  'docs/sharing.md',
  'docs/dhcp.md',
  'docs/static-addresses.md',
  'docs/several-controllers.md',
  'docs/gitops.md',
];

/** Sections that cannot be followed here. gitops.test.ts compares the fields in them with those that are written. */
const elsewhere = ['docs/gitops.md: Argo CD', 'docs/gitops.md: Flux'];

const scenario = scenarios('docs');
let shell: Shell | undefined;
after(() => shell?.close());

const sections = documents.flatMap((path) =>
  sectionsOf(path).map((section) => ({ section, title: `${path}: ${section.title}` })),
);

for (const { section, title } of sections) {
  if (!hasBlocks(section) || elsewhere.includes(title)) continue;
  scenario(title, async ({ cluster, start }) => {
    shell ??= new Shell(cluster);
    const controllers = (running[title] ?? [{}]).map((options) => start(options));
    await followSection(section, { cluster, shell, controllers });
  });
}

test('every section that this test names exists', () => {
  const titles = sections.map(({ title }) => title);
  const named = [...Object.keys(running), ...elsewhere];
  assert.deepEqual(
    named.filter((title) => !titles.includes(title)),
    [],
  );
});
