/** The documents on what the controller does, each section followed from top to bottom in a cluster without anything. */
import { after } from 'node:test';
import { sectionsOf } from '../docs/document.ts';
import { Shell } from './desk.ts';
import { type Start, scenarios } from './scenario.ts';
import { canBeFollowed, walk } from './walk.ts';

/** The second one of docs/several-controllers.md. */
const inside: Start = {
  // The shipped role names one ConfigMap and one Lease.
  user: 'administrator',
  env: {
    KUBEVIP_CONFIG_MAP: 'kubevip-inside',
    KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true',
    KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'example.com/inside',
  },
  flags: ['--leader-elect-resource-name=kube-vip-inside'],
};

/** What runs while each is followed. */
const documents: Readonly<Record<string, readonly Start[]>> = {
  'docs/pools.md': [{}],
  'docs/dual-stack.md': [{}],
  'docs/sharing.md': [{}],
  'docs/dhcp.md': [{}],
  'docs/static-addresses.md': [{}],
  'docs/several-controllers.md': [{}, inside],
  'docs/gitops.md': [{}],
};

/** The sections that cannot be followed here; gitops.test.ts compares what they list with what is written. */
const elsewhere = ['docs/gitops.md: Argo CD', 'docs/gitops.md: Flux'];

const scenario = scenarios('docs');
let shell: Shell | undefined;
after(() => shell?.close());

for (const [path, starts] of Object.entries(documents)) {
  for (const section of sectionsOf(path)) {
    const title = `${path}: ${section.title}`;
    if (!canBeFollowed(section) || elsewhere.includes(title)) continue;
    scenario(title, async ({ cluster, start }) => {
      shell ??= new Shell(cluster);
      const controllers = starts.map((options) => start(options));
      await walk(section, { cluster, shell, controllers });
    });
  }
}
