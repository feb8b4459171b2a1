/** Follows README.md and docs/kubectl-vip.md with a cluster and this checkout. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { onCluster } from '../install/on-cluster.ts';
import { eventually } from './eventually.ts';
import { Shell } from './guide.ts';
import { assigned } from './objects.ts';
import { withRunningDeployment } from './running-deployment.ts';

const onServer = onCluster('readme-doc');
const root = new URL('../../', import.meta.url);

/** The first block of shell commands in a section. */
function block(path: string, section: string): string {
  const [, text = ''] = readFileSync(new URL(path, root), 'utf8').split(`## ${section}\n`);
  const [, commands] = /^```sh\n([\s\S]*?)^```$/m.exec(text) ?? [];
  return commands ?? assert.fail(`${path} has commands under ${section}`);
}

/** The folder that the documents install to. */
const onPath = 'export PATH="$HOME/.local/bin:$PATH"\n';

onServer('README.md: install the controller and the plugin, then run each command', async (cluster) => {
  await withRunningDeployment(cluster, async (shell) => {
    await shell.run(block('README.md', 'Install'));
    await cluster.becomes('default/web', assigned('192.168.0.201', 'cidr-global'));
    await eventually(async () => {
      const described = await shell.run('kubectl describe service web');
      assert.match(described, /Assigned 192\.168\.0\.201 \(from cidr-global\)$/m);
    });
    await shell.run(`${onPath}${block('docs/kubectl-vip.md', 'Install')}`);
    await shell.run(`${onPath}${block('README.md', 'Questions it answers')}`);
    await shell.run('kubectl get configmap kubevip -n kube-system -o yaml > configmap.yaml');
    const outputs = {
      'kubectl vip explain service/web': /^default\/web has 192\.168\.0\.201, from cidr-global\.$/m,
      'kubectl vip pools': /^cidr-global +IPv4 +6 +1 +5 /m,
      'kubectl vip who 192.168.0.201': /^192\.168\.0\.201 +assigned +default\/web +cidr-global /m,
      'kubectl vip plan -f configmap.yaml': /^Nothing would change\.$/m,
    };
    const readme = readFileSync(new URL('README.md', root), 'utf8');
    const documented = [...readme.matchAll(/\| `(kubectl vip [^`]*)` \|$/gm)].map(([, command]) => command);
    assert.deepEqual(documented, Object.keys(outputs));
    for (const [command, output] of Object.entries(outputs))
      assert.match(await shell.run(onPath + command), output, command);
    const dump = block('docs/kubectl-vip.md', 'What it needs');
    assert.match(await shell.run(onPath + dump), /^default\/web +Assigned +192\.168\.0\.201 /m);
    assert.match(await shell.run('npm run --silent vip -- pools'), /^cidr-global +IPv4 +6 +1 +5 /m);
  });
});

onServer('README.md: run the sandbox on manifests and on the objects of a cluster', async (cluster) => {
  const shell = new Shell(cluster);
  try {
    await cluster.pools({ 'cidr-global': '192.168.0.200/29' });
    await shell.run('kubectl create service loadbalancer web --tcp=80');
    const shown = await shell.run(block('README.md', 'Try it without a cluster'));
    assert.match(shown, /^default\/my-service +2001::10,192\.168\.0\.10 +range-default$/m);
    assert.match(shown, /^default\/web +192\.168\.0\.201 +cidr-global$/m);
  } finally {
    await cluster.clear();
    shell.close();
  }
});
