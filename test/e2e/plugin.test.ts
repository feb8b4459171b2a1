/** Runs `kubectl vip` as users do: the real kubectl, the built plugin on the PATH, and a real API server. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after } from 'node:test';
import { startHttpProxy, startSocksProxy } from '../client/kubeconfig/proxies.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { apiServerVersion } from '../controlplane/versions.ts';
import { sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { Shell } from './kubectl-vip.ts';
import { assigned, loadBalancer, names } from './objects.ts';
import { type Scenario, scenarios } from './scenario.ts';

const users = [{ name: 'nobody' }, { name: 'viewer' }, { name: 'minimal' }];
const onCluster = scenarios('plugin', users);
const { folder, missing } = locateBinaries(process.env);
const hasServiceCIDRs = missing.length === 0 && apiServerVersion(folder).minor >= 33;

/** A scenario with a shell. */
function scenario(
  title: string,
  body: (world: Parameters<Parameters<Scenario>[1]>[0] & { shell: Shell }) => Promise<void>,
): void {
  onCluster(title, async (context) => {
    const shell = await shellOn(context.cluster);
    try {
      await body({ ...context, shell });
    } finally {
      shell.close();
    }
  });
}

async function shellOn(cluster: Cluster, user?: string): Promise<Shell> {
  const bundle = await sharedBundle();
  after(() => bundle.remove());
  return new Shell(dirname(bundle.entry), cluster.server.kubeconfig(user));
}

interface Explanation {
  service: string;
  state: string;
  addresses: string[];
  from: string;
  since?: string;
  summary: string;
  checks: { name: string; outcome: string; finding: string }[];
  remedies: { advice: string; command?: string }[];
  source: { origin: string; isLed?: boolean };
}

const namespaces = ['edge', 'lab', 'shop', 'team'];

async function applyWaiting(cluster: Cluster, shell: Shell): Promise<void> {
  for (const name of namespaces) await cluster.namespace(name);
  const { stderr, code } = await shell.run('kubectl apply -f examples/waiting.yaml');
  assert.equal(code, 0, stderr);
}

/** Replacements for the words in capitals, which are for the user to replace. */
const placeholders: Readonly<Record<string, string>> = {
  ADDRESSES: '10.9.0.1-10.9.0.9',
  ADDRESS: '10.9.1.1',
  NAMESPACE: 'default',
  NAME: 'first',
};

function filled(command: string): string {
  return command.replace(/\b(?:ADDRESSES|ADDRESS|NAMESPACE|NAME)\b/g, (word) => placeholders[word] ?? word);
}

/** For each pending Service: the check that fails at first, and its address after the first remedies are applied. */
const pendingServices: Readonly<Record<string, { failed: string; becomes: RegExp }>> = {
  'default/third': { failed: 'address', becomes: /^10\.9\.0\.1$/ },
  'lab/web': { failed: 'pool', becomes: /^192\.168\.0\.41$/ },
  'shop/web': { failed: 'address', becomes: /^10\.9\.0\.2$/ },
  'team/late': { failed: 'address', becomes: /^192\.168\.0\.31$/ },
  // The pool is full by then. A second remedy fixes the entry with the long dash.
  'team/odd': { failed: 'request', becomes: /^192\.168\.0\.35$/ },
};

scenario(
  'the first remedy of explain helps each pending Service in examples/waiting.yaml',
  async (context) => {
    const { cluster, shell, start } = context;
    start();
    await applyWaiting(cluster, shell);
    await cluster.becomes('team/web', assigned('192.168.0.30', 'range-team'));
    for (const [key, { failed, becomes }] of Object.entries(pendingServices)) {
      const [namespace, name] = key.split('/');
      const explain = () => shell.json<Explanation>(`explain service/${name} -n ${namespace}`);
      let explanation = await explain();
      assert.deepEqual(failedIn(explanation), [failed], key);
      const applied: string[] = [];
      while (explanation.state !== 'Assigned') {
        assert.ok(applied.length < 2, `${key} is Assigned after ${applied.join(' and ')}`);
        const command =
          explanation.remedies[0]?.command ?? assert.fail(`${key} has no remedy with a command`);
        const { code, stderr } = await shell.run(filled(command));
        assert.equal(code, 0, `${command}: ${stderr}`);
        applied.push(command);
        explanation = await eventually(async () => {
          const next = await explain();
          assert.ok(
            next.state !== 'Assigning' && next.remedies[0]?.command !== command,
            JSON.stringify(next),
          );
          return next;
        });
      }
      assert.match(explanation.addresses.join(), becomes, key);
      assert.deepEqual(failedIn(explanation), []);
    }
  },
);

function failedIn({ checks }: Explanation): string[] {
  return checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
}

scenario('the other remedies of explain work as well', async ({ cluster, shell, start }) => {
  start();
  await applyWaiting(cluster, shell);
  await cluster.becomes('team/web', assigned('192.168.0.30', 'range-team'));
  const applyRemedy = async (key: string, words: RegExp): Promise<void> => {
    const [namespace, name] = key.split('/');
    const { remedies } = await shell.json<Explanation>(`explain svc/${name} -n ${namespace}`);
    const found = remedies.find(({ advice }) => words.test(advice)) ?? assert.fail(JSON.stringify(remedies));
    const { code, stderr } = await shell.run(filled(found.command ?? ''));
    assert.equal(code, 0, stderr);
  };
  await applyRemedy('default/third', /delete a Service/);
  await cluster.becomes('default/third', assigned('192.168.0.10', 'range-default'));
  await applyRemedy('team/late', /Request a different address/);
  await cluster.becomes('team/late', assigned('10.9.1.1', 'static'));
  await applyRemedy('lab/web', /Add a pool for the namespace/);
  await cluster.becomes('lab/web', assigned('10.9.0.1', 'cidr-lab'));
});

scenario(
  'explain shows where an address came from, since when, and why a Service is ignored',
  async ({ cluster, shell, start }) => {
    const before = Date.now();
    start();
    await applyWaiting(cluster, shell);
    await cluster.becomes('default/first', assigned('192.168.0.10', 'range-default'));
    const first = await shell.json<Explanation>('explain first');
    assert.equal(first.summary, 'default/first has 192.168.0.10, from range-default.');
    assert.ok(Date.parse(first.since ?? '') >= before - 2_000, String(first.since));
    assert.match(first.source.origin, /^Settings from Deployment kube-system\/kube-vip-cloud-provider: /);
    assert.equal(first.source.isLed, true);
    const otherClass = await shell.json<Explanation>('explain service/web -n edge');
    assert.equal(otherClass.state, 'Ignored');
    assert.match(otherClass.summary, /loadBalancerClass/);
    const all = await shell.run('kubectl vip explain -A');
    assert.equal(all.stdout.match(/^(?:default|edge|lab|shop|team)\//gm)?.length, 10);
    await shell.run('kubectl create service clusterip plain --tcp=80');
    const plain = await shell.json<Explanation>('explain service/plain');
    assert.equal(plain.checks[0]?.finding, 'ClusterIP, not LoadBalancer');
    const misspelled = await shell.run('kubectl vip explain service/frist');
    assert.deepEqual([misspelled.code, misspelled.stdout], [1, '']);
    assert.match(misspelled.stderr, /Service "frist" not found .* Did you mean first in namespace default\?/);
  },
);

scenario('explain says until when a change is delayed, and why', async ({ cluster, shell, start }) => {
  await cluster.pools({ 'range-default': '192.168.0.10-192.168.0.19' });
  start();
  await cluster.create(loadBalancer('default/web'));
  await cluster.becomes('default/web', assigned('192.168.0.10', 'range-default'));
  const label = (value: string) => `kubectl label service web --overwrite implementation=${value}`;
  interface Delayed extends Explanation {
    lastWarning?: { time: string; reason: string; message: string };
  }
  // Somebody overwrites the label until the controller waits longer than a command takes.
  let warning: Delayed['lastWarning'];
  for (let i = 0; i < 20 && warning === undefined; i += 1) {
    await shell.run(label(`round-${i}`));
    ({ lastWarning: warning } = await shell.json<Delayed>('explain web'));
  }
  assert.equal(warning?.reason, 'LoadBalancerFieldsUndone');
  assert.match(
    warning.message,
    /keeps reverting the label implementation\. .* The next attempt is at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.$/,
  );
  const { stdout } = await shell.run('kubectl vip explain web');
  assert.match(stdout, /^Last warning, at \d{4}-.*Z \(LoadBalancerFieldsUndone\): /m);
});

scenario(
  'the plugin goes through the proxy of the kubeconfig, and has kubectl’s flags',
  async ({ cluster, shell }) => {
    await cluster.pools({ 'cidr-default': '10.0.0.0/24' });
    const proxies = [await startHttpProxy(), await startSocksProxy()];
    try {
      const { host } = new URL(cluster.server.url);
      for (const [proxy, scheme] of [
        [proxies[0], 'http'],
        [proxies[1], 'socks5'],
      ] as const) {
        await shell.run('kubectl config view --raw --flatten > proxied');
        const name = (await shell.run('kubectl config get-clusters')).stdout.split('\n')[1];
        await shell.run(
          `kubectl --kubeconfig proxied config set-cluster ${name} --proxy-url=${scheme}://${proxy?.address}`,
        );
        const { stdout, stderr } = await shell.run('kubectl vip pools --kubeconfig proxied');
        assert.match(stdout, /^cidr-default /m, stderr);
        assert.ok(proxy?.targets.includes(host), `${scheme}: ${proxy?.targets}`);
      }
      const impersonated = await shell.run('kubectl vip pools --as ann --as-group system:masters');
      assert.match(impersonated.stdout, /^cidr-default /m, impersonated.stderr);
      assert.match((await shell.run('kubectl vip pools --as ann')).stderr, /do not have permission .*"ann"/);
      const { url, token } = cluster.server;
      const alone = `--kubeconfig /dev/null --server ${url} --token ${token}`;
      assert.match((await shell.run(`kubectl vip pools ${alone}`)).stderr, /self-signed|unable to verify/);
      const insecure = await shell.run(`kubectl vip pools ${alone} --insecure-skip-tls-verify`);
      assert.match(insecure.stdout, /^cidr-default /m, insecure.stderr);
      assert.match(insecure.stderr, /^Warning: the identity of the API server is not verified/);
    } finally {
      for (const proxy of proxies) await proxy.close();
    }
  },
);

scenario('who, pools and audit show holders, pool usage and conflicts', async ({ cluster, shell, start }) => {
  start();
  await applyWaiting(cluster, shell);
  await cluster.becomes('default/second', assigned('192.168.0.11', 'range-default'));
  await cluster.becomes('team/web', assigned('192.168.0.30', 'range-team'));
  interface AddressList {
    items: { addresses: string; state: string; holders: string[]; since: string; from: string }[];
  }
  const { items } = await shell.json<AddressList>('who 192.168.0.8/29 192.168.0.20');
  assert.deepEqual(
    items.map(({ addresses, state, holders, from }) => [addresses, state, holders.join(), from]),
    [
      ['192.168.0.8-192.168.0.9', 'no-pool', '', ''],
      ['192.168.0.10', 'assigned', 'default/first', 'range-default'],
      ['192.168.0.11', 'assigned', 'default/second', 'range-default'],
      ['192.168.0.12-192.168.0.15', 'no-pool', '', ''],
      ['192.168.0.20', 'conflict', 'team/holder', 'static'],
    ],
  );
  assert.match(items[1]?.since ?? '', /^\d{4}-\d\d-\d\dT/);
  const pools = await shell.run('kubectl vip pools');
  assert.match(pools.stdout, /^range-default +IPv4 +2 +2 +0 +██████████ +- +1 Service pending$/m);
  assert.match(pools.stdout, /^range-team +IPv4 +2 +1 +1 +█████░░░░░ +192\.168\.0\.31$/m);
  assert.match(pools.stdout, /^- Unknown key "cdir-lab"\. Did you mean "cidr-lab"\?$/m);
  assert.match(pools.stdout, /^- team\/late: 192\.168\.0\.20 is already assigned to team\/holder/m);
  assert.match(pools.stdout, /^- 192\.168\.0\.20: team\/holder$/m);
  const audit = await shell.run('kubectl vip audit');
  assert.equal(audit.code, 1);
  assert.match(audit.stdout, /^contender +team\/late +192\.168\.0\.20 is already assigned to team\/holder/m);
  assert.match(audit.stdout, /: 1 finding\.$/m);
  await cluster.remove('team/late');
  await eventually(async () => {
    const clean = await shell.run('kubectl vip audit');
    assert.deepEqual(
      [clean.code, clean.stdout.split('\n')[0]],
      [0, 'Checked 9 Services of type LoadBalancer: no findings.'],
    );
  });
});

scenario(
  'audit finds duplicates, copies, due writes, remains of earlier assignments, and a missing leader',
  async ({ cluster, shell, start }) => {
    await cluster.pools({ 'cidr-default': '10.0.0.0/24' });
    const controller = start();
    await cluster.create(loadBalancer('default/one'));
    await cluster.becomes('default/one', assigned('10.0.0.1', 'cidr-default'));
    await controller.terminate();
    const { metadata } = await cluster.service('default/one');
    const { annotations = {}, labels = {} } = metadata;
    // A dump that was applied under another name, with the fields that the Go version writes.
    await cluster.create(loadBalancer('default/copy', { annotations, labels, loadBalancerIP: '10.0.0.1' }));
    await cluster.create(
      loadBalancer('default/twin', {
        labels,
        annotations: { [names.addresses]: '10.0.0.1' },
        loadBalancerIP: '10.0.0.1',
      }),
    );
    await cluster.create(loadBalancer('default/new'));
    await cluster.create({
      ...loadBalancer('default/gone', { labels, annotations: { [names.addresses]: '10.0.0.9' } }),
      spec: { type: 'ClusterIP', ports: [{ port: 80 }], loadBalancerIP: '10.0.0.9' },
    });
    const { code, stdout } = await shell.run('kubectl vip audit -o json');
    assert.equal(code, 1);
    const { findings } = JSON.parse(stdout) as { findings: { code: string; subject: string }[] };
    const found = findings.map(({ code, subject }) => `${code} ${subject}`);
    for (const expected of [
      'leader kube-vip-cloud-controller',
      'duplicate default/one',
      'duplicate default/twin',
      'allocation-record default/copy',
      'not-written default/new',
      'not-cleaned-up default/gone',
    ])
      assert.ok(found.includes(expected), `${expected} is among ${found.join(', ')}`);
  },
);

scenario(
  'plan shows the effect of a changed ConfigMap, stops a pipeline, and matches what then happens',
  async ({ cluster, shell, start }) => {
    await cluster.pools({ 'range-default': '10.0.0.1-10.0.0.2' });
    start();
    for (const name of ['a', 'b', 'c']) await cluster.create(loadBalancer(`default/${name}`));
    await cluster.becomes('default/b', assigned('10.0.0.2', 'range-default'));
    await cluster.warns('default/c', /full/);
    const configMap = (data: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kubevip\n  namespace: kube-system\ndata:\n  ${data}\n`;
    shell.write('more.yaml', configMap('range-default: 10.0.0.1-10.0.0.3'));
    shell.write('moved.yaml', configMap('range-default: 10.0.0.2-10.0.0.4'));
    const more = await shell.run('kubectl vip plan -f more.yaml');
    assert.equal(more.code, 0, more.stderr);
    assert.match(more.stdout, /^\+ default\/c {2}10\.0\.0\.3 \(from range-default\)/m);
    const moved = await shell.run('kubectl vip plan -f moved.yaml');
    assert.equal(moved.code, 2);
    assert.match(
      moved.stdout,
      /^! default\/a {2}The Service keeps 10\.0\.0\.1, which is outside pool range-default/m,
    );
    assert.match(moved.stdout, /^\+ default\/c {2}10\.0\.0\.3 /m);
    const same = await shell.run(
      'kubectl get configmap kubevip -n kube-system -o yaml | kubectl vip plan -f -',
    );
    assert.match(same.stdout, /^Nothing would change\.$/m);
    shell.write('static.yaml', configMap('range-default: 10.0.0.1-10.0.0.2\n  cidr-other: 10.0.7.0/24'));
    await shell.run('kubectl apply -f static.yaml');
    await cluster.create(loadBalancer('default/static', { loadBalancerIP: '10.0.7.7' }));
    await cluster.becomes('default/static', assigned('10.0.7.7', 'static'));
    shell.write('gone.yaml', configMap('range-default: 10.0.0.1-10.0.0.4'));
    const gone = await shell.run('kubectl vip plan -f gone.yaml');
    assert.equal(gone.code, 2);
    assert.match(
      gone.stdout,
      /^! default\/static {2}The Service keeps the static address 10\.0\.7\.7, which no pool contains/m,
    );
    await cluster.remove('default/static');
    const create =
      'kubectl create service loadbalancer planned --tcp=80 --namespace other --dry-run=client -o yaml';
    const planned = await shell.run(`${create} | kubectl vip plan -f -`);
    assert.match(planned.stdout, /^\+ other\/planned {2}10\.0\.7\.1 \(from cidr-other\), new$/m);
    await cluster.namespace('other');
    await shell.run(`${create} | kubectl apply -f -`);
    await cluster.becomes('other/planned', assigned('10.0.7.1', 'cidr-other'));
    const again = await shell.run(`${create} | kubectl vip plan -f -`);
    assert.match(again.stdout, /^ {2}other\/planned {2}keeps 10\.0\.7\.1$/m);
    assert.match(again.stdout, /^Nothing would change\.$/m);
    await shell.run('kubectl apply -f moved.yaml');
    await cluster.becomes('default/c', assigned('10.0.0.3', 'range-default'));
    assert.equal((await cluster.assignment('default/a')).addresses, '10.0.0.1');
  },
);

scenario(
  'check compares with node addresses and cluster IP ranges, and finds the line',
  async ({ cluster, shell }) => {
    const node = { metadata: { name: 'node-1' } };
    await cluster.client.post('/api/v1/nodes', node);
    await cluster.client.patch('/api/v1/nodes/node-1/status', {
      status: {
        addresses: [
          { type: 'InternalIP', address: '10.0.0.7' },
          { type: 'Hostname', address: 'node-1' },
        ],
      },
    });
    try {
      await cluster.pools({ 'cidr-default': '10.0.0.0/24', 'cidr-shop': '10.96.1.0/24' });
      const live = await shell.run('kubectl vip check');
      assert.equal(live.code, 0, live.stderr);
      assert.match(live.stdout, /^warning: cidr-default contains 10\.0\.0\.7, the address of node node-1\./m);
      if (hasServiceCIDRs)
        assert.match(
          live.stdout,
          /^warning: cidr-shop overlaps 10\.96\.0\.0-10\.111\.255\.255, .*ServiceCIDR kubernetes/m,
        );
      shell.write(
        'pools.yaml',
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kubevip\n  namespace: kube-system\ndata:\n  cidr-shop: 10.0.0.0/24, 10.0.1.0–10.0.1.9\n',
      );
      const file = await shell.run('kubectl vip check -f pools.yaml');
      assert.equal(file.code, 1);
      assert.match(
        file.stdout,
        /^pools\.yaml:7:27: error: cidr-shop: .*Did you mean "10\.0\.1\.0-10\.0\.1\.9"\?$/m,
      );
      assert.doesNotMatch(file.stdout, /node-1/);
      const both = await shell.run('kubectl vip check -f pools.yaml --kubeconfig "$KUBECONFIG"');
      assert.match(both.stdout, /^pools\.yaml:7:3: warning: cidr-shop contains 10\.0\.0\.7/m);
    } finally {
      await cluster.client.delete('/api/v1/nodes/node-1');
    }
  },
);

scenario(
  'check finds the address of the API server, namespaces that do not exist, and pools in another ConfigMap',
  async ({ cluster, shell }) => {
    const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
    await cluster.client.post(slices, {
      metadata: { name: 'kubernetes-2', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.9'] }],
    });
    const others = '/api/v1/namespaces/default/configmaps';
    await cluster.client.post(others, {
      metadata: { name: 'kubevip' },
      data: { 'cidr-global': '10.5.0.0/24' },
    });
    try {
      await cluster.pools({ 'cidr-default': '10.0.0.0/24', 'cidr-global-v6': 'fd00:5::/64' });
      const live = await shell.run('kubectl vip check');
      assert.equal(live.code, 0, live.stderr);
      assert.match(
        live.stdout,
        /^warning: cidr-default contains 10\.0\.0\.9, the address of the API server \(EndpointSlice default\/kubernetes-2\)\./m,
      );
      assert.match(
        live.stdout,
        /^warning: cidr-global-v6 applies to namespace global-v6, which does not exist\./m,
      );
      const elsewhere =
        'ConfigMap default/kubevip contains pools, but the controller reads only kube-system/kubevip.';
      assert.ok(live.stdout.includes(`warning: ${elsewhere}`), live.stdout);
      await cluster.pools({});
      const empty = await shell.run('kubectl vip check');
      assert.equal(empty.code, 1);
      assert.ok(empty.stdout.includes(`error: ${elsewhere}`), empty.stdout);
      await cluster.pools(null);
      const missing = await shell.run('kubectl vip check');
      assert.match(missing.stderr, /kube-system\/kubevip does not exist\./);
      for (const stderr of [missing.stderr, (await shell.run('kubectl vip explain')).stderr])
        assert.ok(stderr.includes(elsewhere), stderr);
    } finally {
      await cluster.client.delete(`${slices}/kubernetes-2`);
      await cluster.client.delete(`${others}/kubevip`);
    }
  },
);

scenario(
  'a dump replaces the cluster, from files and from standard input',
  async ({ cluster, shell, start }) => {
    start();
    await applyWaiting(cluster, shell);
    await cluster.becomes('team/web', assigned('192.168.0.30', 'range-team'));
    await cluster.becomes('default/second', assigned('192.168.0.11', 'range-default'));
    const live = await shell.json<{ items: unknown }>('pools');
    const dumped = 'kubectl get svc,cm -A -o yaml --show-managed-fields';
    const piped = await shell.run(`${dumped} | kubectl vip pools -f - -o json`);
    assert.deepEqual((JSON.parse(piped.stdout) as { items: unknown }).items, live.items);
    await shell.run(
      'kubectl get svc -A -o json --show-managed-fields > services.json; kubectl get cm -A -o yaml > pools.yaml',
    );
    const { items } = await shell.json<{ items: { since: string; holders: string[] }[] }>(
      'who 192.168.0.30 -f services.json -f pools.yaml --kubeconfig /nowhere',
    );
    assert.deepEqual(items[0]?.holders, ['team/web']);
    assert.match(items[0]?.since ?? '', /^\d{4}-/);
  },
);

scenario('kubectl completes commands, flags and Services', async ({ cluster, shell }) => {
  await cluster.create(loadBalancer('default/alpha'));
  await cluster.create(loadBalancer('default/beta'));
  const completed = async (words: string): Promise<string[]> => {
    const { stdout } = await shell.run(`kubectl __complete vip ${words}`);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t')[0] ?? '');
  };
  assert.deepEqual(await completed('p'), ['pools', 'plan', ':4']);
  assert.deepEqual(await completed('explain ""'), ['service/alpha', 'service/beta', ':4']);
  assert.deepEqual(await completed('history service/a'), ['service/alpha', ':4']);
  assert.deepEqual(await completed('explain --all'), ['--all-namespaces', ':4']);
  assert.deepEqual(await completed('pools -o w'), ['wide', ':4']);
  assert.deepEqual(await completed('pools -n ""'), ['default', ':4']);
});

scenario(
  'pools --watch runs until interrupted, and then prints the last view',
  async ({ cluster, shell, start }) => {
    await cluster.pools({ 'range-default': '10.0.0.1-10.0.0.4' });
    const before = await openWatches(shell);
    const controller = start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', assigned('10.0.0.1', 'range-default'));
    // From here on, new watches are the plugin's: two of Services and one of the ConfigMap, each after its list.
    await controller.terminate();
    await eventually(async () => assert.equal(await openWatches(shell), before));
    // Without a terminal, the last view is printed at the end.
    const { stdout, code } = await shell.run(
      'kubectl vip pools --watch & pid=$!; read -r go; kill -INT "$pid"; wait "$pid"',
      {
        until: async () => {
          await eventually(async () => assert.equal(await openWatches(shell), before + 3));
        },
      },
    );
    assert.equal(code, 0);
    assert.match(stdout, /^range-default +IPv4 +4 +1 +3 /m);
  },
);

/** The number of open watches of Services and ConfigMaps. */
async function openWatches(shell: Shell): Promise<number> {
  const { stdout } = await shell.run(
    'kubectl get --raw /metrics | grep ^apiserver_longrunning_requests{ | grep -E "resource=.(services|configmaps)." | grep verb=.WATCH.',
  );
  const counts = stdout
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ').at(-1)));
  return counts.reduce((sum, count) => sum + count, 0);
}

scenario(
  'web serves the live page and prints its link in the first line',
  async ({ cluster, shell, start }) => {
    await cluster.pools({ 'range-default': '10.0.0.1-10.0.0.4' });
    start();
    const serving = 'kubectl vip web > web.out & pid=$!; read -r go; kill -INT "$pid"; wait "$pid"';
    const { code, stderr } = await shell.run(serving, {
      until: async () => {
        const url = await eventually(
          () => /^http:\/\/127\.0\.0\.1:\d+\/$/m.exec(shell.read('web.out'))?.[0] ?? assert.fail(),
        );
        const page = await fetch(url);
        assert.match(await page.text(), /<title>/);
        await cluster.create(loadBalancer('default/web'));
        await eventually(async () => {
          const answer = await fetch(`${url}api/service/default/web`);
          const text = await answer.text();
          assert.match(text, /10\.0\.0\.1/);
          assert.match(text, /"state":"Assigned"/);
        });
        const overview = (await (await fetch(`${url}api/overview`)).json()) as { role: string };
        assert.equal(overview.role, 'read-only');
      },
    });
    assert.deepEqual([code, stderr], [0, '']);
  },
);

onCluster(
  'the permissions of a viewer are sufficient, and what is skipped is reported',
  async ({ cluster, start }) => {
    const shell = await shellOn(cluster, 'viewer');
    // The rules of the ClusterRole `view`, which a controller-manager would put into it.
    const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    await cluster.client.post(binding, {
      metadata: { name: 'viewer' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'system:aggregate-to-view',
      },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'viewer' }],
    });
    try {
      await cluster.pools({ 'range-default': '10.0.0.1-10.0.0.4' });
      start();
      await cluster.create(loadBalancer('default/web'));
      await cluster.becomes('default/web', assigned('10.0.0.1', 'range-default'));
      const lines = ['explain web', 'pools', 'who 10.0.0.1', 'audit', 'plan -f pools.yaml'];
      shell.write('pools.yaml', (await shell.run('kubectl get cm kubevip -n kube-system -o yaml')).stdout);
      for (const line of lines) {
        const { code, stderr, stdout } = await eventually(async () => {
          const result = await shell.run(`kubectl vip ${line}`);
          assert.equal(result.code, 0, `${line}: ${result.stdout}${result.stderr}`);
          return result;
        });
        assert.deepEqual([code, stderr], [0, ''], line);
        assert.match(stdout, /^Settings from Deployment kube-system\/kube-vip-cloud-provider/m);
      }
      const check = await shell.run('kubectl vip check');
      assert.equal(check.code, 0);
      assert.match(check.stderr, /^Skipped: .*nodes is forbidden/m);
    } finally {
      await cluster.client.delete(`${binding}/viewer`);
      shell.close();
    }
  },
);

onCluster(
  'everything except Services and pools is skipped if it cannot be read, with a remark',
  async ({ cluster }) => {
    const shell = await shellOn(cluster, 'minimal');
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const apiGroup = 'rbac.authorization.k8s.io';
    await cluster.client.post(`${rbac}/clusterroles`, {
      metadata: { name: 'minimal' },
      rules: [{ apiGroups: [''], resources: ['services', 'configmaps'], verbs: ['get', 'list'] }],
    });
    await cluster.client.post(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'minimal' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'minimal' },
      subjects: [{ apiGroup, kind: 'User', name: 'minimal' }],
    });
    try {
      await cluster.pools({ 'range-default': '10.0.0.1-10.0.0.4' });
      const { stderr, stdout } = await eventually(async () => {
        const result = await shell.run('kubectl vip check');
        assert.equal(result.code, 0, result.stderr);
        return result;
      });
      for (const resource of ['deployments', 'nodes', 'servicecidrs'])
        assert.match(stderr, new RegExp(`^Skipped: .*${resource}.* is forbidden`, 'm'));
      assert.match(stdout, /^kube-system\/kubevip: 1 pool: no problems found\.$/m);
    } finally {
      await cluster.client.delete(`${rbac}/clusterrolebindings/minimal`);
      await cluster.client.delete(`${rbac}/clusterroles/minimal`);
      shell.close();
    }
  },
);

onCluster('errors name the missing permission, and usage errors suggest a fix', async ({ cluster }) => {
  const shell = await shellOn(cluster, 'nobody');
  try {
    const denied = await shell.run('kubectl vip pools');
    assert.deepEqual([denied.code, denied.stdout], [1, '']);
    assert.match(
      denied.stderr,
      /^pools: You do not have permission to read Services in all namespaces: .*permission to list services/m,
    );
    const errorOf = async (line: string): Promise<string> => {
      const { stderr, code } = await shell.run(line);
      assert.equal(code, 1, line);
      return stderr;
    };
    assert.match(await errorOf('kubectl vip pool'), /Unknown command "pool"\. Did you mean pools\?/);
    assert.match(
      await errorOf('kubectl vip pools -o jsn'),
      /table, wide, json or yaml, not "jsn"\. Did you mean json\?/,
    );
    assert.match(await errorOf('kubectl vip who'), /Specify an address.*\nkubectl vip who /);
    assert.match(await errorOf('kubectl vip who 10.0.0.300'), /number above 255/);
    assert.match(
      await errorOf('kubectl vip history'),
      /Specify an address or a Service.*\nkubectl vip history /,
    );
    assert.match(
      await errorOf('kubectl vip plan'),
      /Specify the changed ConfigMap, or .*\nkubectl vip plan /,
    );
    assert.match(await errorOf('kubectl vip plan -f missing.yaml -f examples/waiting.yaml'), /no such file/);
    assert.match(await errorOf('kubectl vip pools --context nope'), /the context "nope" does not exist/);
    assert.match(await errorOf('kubectl vip pools --kubeconfig nope'), /nope does not exist/);
  } finally {
    shell.close();
  }
});
