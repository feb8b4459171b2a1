/** A Service that is deleted and created again gets its address back, whichever tool does it, and whatever happens to the controller. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { helm } from '../install/helm.ts';
import { type ClaimsContext, claimAnnotationOf, claimsScenarios } from './claims.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { assigned, loadBalancer } from './objects.ts';

const { missing } = locateBinaries(process.env, 'helm');
const scenario = claimsScenarios('remembered-addresses');
const withHelm: typeof scenario =
  missing.length === 0
    ? scenario
    : (title) => {
        test(title, { skip: `needs ${missing.join(', ')}: \`npm run controlplane\` builds them` });
      };

const service = loadBalancer('default/web');

/** A chart with the Service. */
function chart(): string {
  const { path, remove } = temporaryFolder('kvcp-chart-');
  after(remove);
  mkdirSync(join(path, 'templates'));
  writeFileSync(join(path, 'Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
  writeFileSync(join(path, 'templates', 'service.yaml'), JSON.stringify(service));
  return path;
}

/** The Service has 10.1.0.5, and lower addresses are free, so a new allocation would be a different one. */
async function hasItsAddress(cluster: Cluster): Promise<void> {
  await cluster.becomes('default/web', assigned('10.1.0.5', 'range-default'));
}

async function preparePools(cluster: Cluster): Promise<void> {
  await cluster.pools({ 'range-default': '10.1.0.5', sticky: '1h' });
}

async function addLowerAddresses(cluster: Cluster): Promise<void> {
  await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9', sticky: '1h' });
}

async function isTombstone({ claims }: ClaimsContext): Promise<void> {
  await eventually(async () => {
    const claim = (await claims.all()).get('10.1.0.5');
    assert.ok(claim);
    const { last } = claimAnnotationOf(claim) as { last?: { service: string } };
    assert.equal(last?.service, 'default/web');
  });
}

withHelm(
  'Helm uninstalls and installs a release, and the controller is killed in between',
  async (context) => {
    const { cluster, startWithClaims } = context;
    const folder = chart();
    const run = (...args: string[]): Promise<string> =>
      helm([...args, '--namespace', 'default'], '', cluster.server.kubeconfig());
    await preparePools(cluster);
    let controller = startWithClaims();
    try {
      await run('install', 'web', folder);
      await hasItsAddress(cluster);
      await addLowerAddresses(cluster);
      await run('uninstall', 'web', '--wait');
      await run('install', 'web', folder);
      await hasItsAddress(cluster);
      await eventually(async () => {
        const messages = (await cluster.events('default/web')).map(({ message }) => message);
        assert.ok(messages.includes('Assigned 10.1.0.5 (from range-default), which the Service had before'));
      });
      await run('uninstall', 'web', '--wait');
      await isTombstone(context);
      await controller.crash();
      controller = startWithClaims();
      await controller.logs(/^Became leader/);
      await run('install', 'web', folder);
      await hasItsAddress(cluster);
    } finally {
      await run('uninstall', 'web', '--ignore-not-found');
    }
  },
);

scenario(
  'kubectl replace --force, and a deletion and creation as Argo CD replaces, without claims: a restart forgets',
  async ({ cluster, start }) => {
    await preparePools(cluster);
    const controller = start();
    await cluster.create(loadBalancer('default/web'));
    await hasItsAddress(cluster);
    await addLowerAddresses(cluster);
    await cluster.kubectl(['replace', '--force', '-f', '-'], JSON.stringify(service));
    await hasItsAddress(cluster);
    await cluster.kubectl(['delete', 'service', 'web', '--namespace', 'default', '--wait']);
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify(service));
    await hasItsAddress(cluster);
    await cluster.remove('default/web');
    await controller.terminate();
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
  },
);
