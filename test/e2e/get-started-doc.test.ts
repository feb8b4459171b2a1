/** docs/get-started.md, followed from top to bottom in a cluster where Deployments run, and where somebody announces. */
import assert from 'node:assert/strict';
import { sectionsOf } from '../docs/document.ts';
import { manifest } from '../install/objects.ts';
import { onCluster } from '../install/on-cluster.ts';
import { sharedBundle } from './bundle.ts';
import { DeployedProcesses } from './deployment.ts';
import { ourImage, Shell } from './desk.ts';
import { walk } from './walk.ts';

const path = 'docs/get-started.md';
const announced = 'It is announced';
const onServer = onCluster('get-started-doc');

onServer(`${path}: from nothing to an address that is announced`, async (cluster) => {
  const sections = sectionsOf(path);
  const at = sections.findIndex(({ title }) => title === announced);
  assert.ok(at > 0);
  const partsOf = (some: typeof sections) => some.flatMap(({ parts }) => parts);
  const bundle = await sharedBundle();
  const shell = new Shell(cluster);
  const pods = new DeployedProcesses(cluster, 'kube-system/kube-vip-cloud-provider', (image) => {
    assert.equal(image, ourImage, 'there is no such image');
    return [process.execPath, bundle.entry];
  });
  const walker = { cluster, shell, controllers: [] };
  try {
    await walk({ title: 'before', parts: partsOf(sections.slice(0, at)) }, walker);
    await cluster.announce('default/web');
    await walk({ title: announced, parts: partsOf(sections.slice(at)) }, walker);
    assert.deepEqual([...(await cluster.services()).keys()], []);
  } catch (error) {
    const logs = pods.all.map(({ output }) => `--- a Pod said\n${output}`);
    throw new Error([String(error), ...logs].join('\n'), { cause: error });
  } finally {
    await cluster.kubectl(['delete', '--ignore-not-found', '-f', manifest]);
    await pods.stop();
    await cluster.clear();
    shell.close();
    bundle.remove();
  }
});
