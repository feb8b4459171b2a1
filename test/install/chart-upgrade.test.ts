import assert from 'node:assert/strict';
import { join } from 'node:path';
import { releaseSettings, taggedImage } from '../../scripts/release/settings.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { helm } from './helm.ts';
import { at, chart, fixtures, itemsOf, type KubernetesObject, root, titleOf } from './objects.ts';
import { onCluster } from './on-cluster.ts';

const goChart = join(fixtures, 'chart-0.2.9');
const onServer = onCluster('install-chart-upgrade', ['helm']);

/** A Helm release in a cluster. */
class Release {
  readonly #cluster: Cluster;
  readonly #namespace: string;

  constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  /** Runs `helm VERB kvcp …` with these values. */
  run(verb: string, args: readonly string[] = [], values: object = {}): Promise<string> {
    const all = [verb, 'kvcp', ...args, '--namespace', this.#namespace];
    const takes = Object.keys(values).length > 0 ? ['--values', '-'] : [];
    const kubeconfig = this.#cluster.server.kubeconfig();
    return helm([...all, ...takes], JSON.stringify(values), kubeconfig);
  }

  async objects(): Promise<KubernetesObject[]> {
    const kubeconfig = this.#cluster.server.kubeconfig();
    const manifest = await helm(['get', 'manifest', 'kvcp', '--namespace', this.#namespace], '', kubeconfig);
    return itemsOf(await this.#cluster.kubectl(['get', '-f', '-', '-o', 'json'], manifest));
  }
}

function uids(objects: readonly KubernetesObject[]): Map<string, string | undefined> {
  return new Map(objects.map((object) => [titleOf(object), object.metadata.uid]));
}

function live(objects: readonly KubernetesObject[], kind: string, path: string): unknown {
  return at(
    objects.find((object) => object.kind === kind),
    path,
  );
}

const pools = { cm: { data: { 'cidr-global': '10.0.0.0/24' } } };
const pod = 'spec.template.spec';
const settings = releaseSettings(root);
const ourImage = taggedImage(settings);

interface UpgradeCase {
  title: string;
  namespace?: string;
  values?: object;
  install?: string[];
  upgrade?: string[];
  replicas: number;
  image?: string;
  configMap: string;
}

const upgradeCases: readonly UpgradeCase[] = [
  { title: 'with its pools', values: pools, replicas: 2, configMap: 'kube-vip-cloud-provider' },
  {
    title: 'created by Helm 3, which applies on the client',
    values: pools,
    install: ['--server-side=false'],
    replicas: 2,
    configMap: 'kube-vip-cloud-provider',
  },
  {
    title: 'with a custom ConfigMap, replica count and name, in another namespace',
    namespace: 'kube-public',
    values: {
      configMapName: 'mine',
      replicasCount: 1,
      nameOverride: 'second',
      enableloadbalancerClass: true,
    },
    replicas: 1,
    configMap: 'mine',
  },
  {
    title: 'with --reuse-values, which applies none of the new defaults',
    values: pools,
    upgrade: ['--reuse-values'],
    replicas: 1,
    image: `kubevip/kube-vip-cloud-provider:v${settings.version}`,
    configMap: 'kube-vip-cloud-provider',
  },
  {
    title: 'with --reset-then-reuse-values',
    values: pools,
    upgrade: ['--reset-then-reuse-values'],
    replicas: 2,
    configMap: 'kube-vip-cloud-provider',
  },
];

for (const upgradeCase of upgradeCases) {
  onServer(
    `\`helm upgrade\` replaces the chart for the Go version in place: ${upgradeCase.title}`,
    async (cluster) => {
      const { namespace = 'kube-system', values = {}, install = [], upgrade = [] } = upgradeCase;
      const release = new Release(cluster, namespace);
      try {
        await release.run('install', [goChart, ...install], values);
        const before = await release.objects();
        // Without value flags, Helm reuses the previous values.
        await release.run('upgrade', [chart, ...upgrade]);
        const after = await release.objects();

        const now = uids(after);
        for (const [title, uid] of uids(before)) assert.equal(now.get(title), uid, `${title} is the same`);
        assert.equal(live(after, 'Deployment', 'spec.replicas'), upgradeCase.replicas);
        assert.equal(live(after, 'Deployment', `${pod}.containers.0.image`), upgradeCase.image ?? ourImage);
        assert.equal(live(after, 'Deployment', `${pod}.containers.0.livenessProbe.httpGet.path`), '/livez');
        const env = { name: 'KUBEVIP_CONFIG_MAP', value: upgradeCase.configMap };
        assert.deepEqual(live(after, 'Deployment', `${pod}.containers.0.env.1`), env);
        assert.deepEqual(live(after, 'Role', 'rules.0.resourceNames'), [upgradeCase.configMap]);
        const lease = 'kube-vip-cloud-controller';
        const flag = `--leader-elect-resource-name=${lease}`;
        assert.equal(
          live(after, 'Deployment', `${pod}.containers.0.args.0`),
          flag,
          'both use the same Lease',
        );
        const roles = after
          .filter(({ kind }) => kind === 'Role')
          .flatMap((role) => at(role, 'rules') as object[]);
        assert.deepEqual(at(roles.at(-1), 'resourceNames'), [lease]);
        assert.deepEqual(live(after, 'ClusterRole', 'rules.0.verbs'), ['get', 'list', 'watch', 'patch']);
        assert.equal(
          JSON.stringify(live(after, 'ClusterRole', 'rules.2')),
          JSON.stringify({ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }),
          'Nodes, for adoptions',
        );
        assert.equal(
          live(after, 'ClusterRole', 'rules.3'),
          undefined,
          'no permission of the old role remains',
        );

        await release.run('rollback', ['1']);
        const back = await release.objects();
        assert.deepEqual(uids(back), uids(before), 'after a rollback');
        assert.equal(live(back, 'Deployment', `${pod}.containers.0.livenessProbe`), undefined);
        assert.deepEqual(live(back, 'ClusterRole', 'rules'), live(before, 'ClusterRole', 'rules'));
      } finally {
        await release.run('uninstall');
        await cluster.kubectl([
          'delete',
          'configmap',
          '--ignore-not-found',
          '-n',
          namespace,
          'kube-vip-cloud-provider',
        ]);
      }
    },
  );
}

/** A release that is gone at the end, with all its ConfigMaps. */
async function withRelease(cluster: Cluster, body: (release: Release) => Promise<void>): Promise<void> {
  const release = new Release(cluster, 'kube-system');
  try {
    await body(release);
  } finally {
    await release.run('uninstall', ['--ignore-not-found']);
    const remove = ['delete', 'configmap', '--ignore-not-found', '-n', 'kube-system'];
    await cluster.kubectl([...remove, 'kube-vip-cloud-provider', 'kubevip', 'mine']);
  }
}

/** The names of the ConfigMap that the Pods read, that they may read, and of those that the release contains. */
async function poolsOf(release: Release): Promise<[unknown, unknown, string[]]> {
  const objects = await release.objects();
  return [
    live(objects, 'Deployment', `${pod}.containers.0.env.1.value`),
    live(objects, 'Role', 'rules.0.resourceNames.0'),
    objects.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name),
  ];
}

onServer('a new release reads `kubevip`, also after an upgrade', async (cluster) => {
  await withRelease(cluster, async (release) => {
    // Left over from a release of the chart for the Go version.
    await cluster.kubectl(['create', 'configmap', 'kube-vip-cloud-provider', '-n', 'kube-system']);
    await release.run('install', [chart], pools);
    assert.deepEqual(await poolsOf(release), ['kubevip', 'kubevip', ['kubevip']]);
    await release.run('upgrade', [chart, '--set', 'replicasCount=1']);
    assert.deepEqual(await poolsOf(release), ['kubevip', 'kubevip', []]);
  });
});

const oldName = 'kube-vip-cloud-provider';

onServer(
  'the name of the chart for the Go version stays at every upgrade, until another is set',
  async (cluster) => {
    await withRelease(cluster, async (release) => {
      // The ConfigMap of the manifest may exist, and must not be read all of a sudden.
      await cluster.kubectl(['create', 'configmap', 'kubevip', '-n', 'kube-system']);
      await release.run('install', [goChart], pools);
      for (const args of [[], ['--set', 'replicasCount=1'], ['--set', 'leaseName=other']]) {
        await release.run('upgrade', [chart, '--reset-then-reuse-values', ...args]);
        assert.deepEqual(await poolsOf(release), [oldName, oldName, [oldName]]);
      }
      const set = ['--reset-then-reuse-values', '--set', 'configMapName=kubevip'];
      await assert.rejects(release.run('upgrade', [chart, ...set]), /cannot be imported/);
      assert.deepEqual(await poolsOf(release), [oldName, oldName, [oldName]]);
      await cluster.kubectl(['delete', 'configmap', 'kubevip', '-n', 'kube-system']);
      await release.run('upgrade', [chart, ...set]);
      assert.deepEqual(await poolsOf(release), ['kubevip', 'kubevip', ['kubevip']]);
      await release.run('upgrade', [chart], pools);
      assert.deepEqual(
        await poolsOf(release),
        ['kubevip', 'kubevip', ['kubevip']],
        'the name is not needed again',
      );
      await cluster.kubectl(['get', 'configmap', oldName, '-n', 'kube-system']);
    });
  },
);

onServer('the old name stays if the pools are not in the values', async (cluster) => {
  await withRelease(cluster, async (release) => {
    await cluster.kubectl(['create', 'configmap', oldName, '-n', 'kube-system']);
    await release.run('install', [goChart]);
    await release.run('upgrade', [chart]);
    assert.deepEqual(await poolsOf(release), [oldName, oldName, []]);
  });
});

onServer('neither an upgrade nor an uninstall removes the pools', async (cluster) => {
  for (const [name, first] of [
    [oldName, goChart],
    ['kubevip', chart],
  ] as const)
    await withRelease(cluster, async (release) => {
      const see = ['get', 'configmap', '--namespace', 'kube-system', name, '-o', 'json'];
      await release.run('install', [first], pools);
      await release.run('upgrade', [chart], pools);
      const before: unknown = JSON.parse(await cluster.kubectl(see));
      const stays = async (when: string): Promise<void> => {
        const found: unknown = JSON.parse(await cluster.kubectl(see));
        for (const path of ['metadata.uid', 'data'])
          assert.deepEqual(at(found, path), at(before, path), when);
      };
      await release.run('upgrade', [chart, '--set', 'replicasCount=1']);
      await stays('an upgrade without them');
      await release.run('upgrade', [chart], pools);
      await stays('an upgrade with them');
      await release.run('uninstall');
      await stays('an uninstall');
      await release.run('install', [chart], { ...pools, configMapName: name });
      await stays('a new install under the same name');
    });
});

onServer('the notes after an install name the ConfigMap, and how to create it', async (cluster) => {
  const release = new Release(cluster, 'kube-public');
  const dry = ['--dry-run=client'];
  const create = /configmap --namespace kube-public kubevip --from-literal/;
  assert.match(await release.run('install', [chart, ...dry]), create);
  const notes = await release.run('install', [chart, ...dry], { ...pools, configMapName: 'mine' });
  assert.match(notes, /The pools are in ConfigMap mine in namespace kube-public/);
  assert.doesNotMatch(notes, create);
});
