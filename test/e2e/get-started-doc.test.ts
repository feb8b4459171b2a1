/** Follows docs/get-started.md from top to bottom in a cluster that runs Deployments and simulates kube-vip. */
import assert from 'node:assert/strict';
import { sectionsOf } from '../docs/document.ts';
import { onCluster } from '../install/on-cluster.ts';
import { followSection } from './follow-document.ts';
import { withRunningDeployment } from './running-deployment.ts';

const path = 'docs/get-started.md';
const announced = 'Reach the Service';
const onServer = onCluster('get-started-doc');

onServer(`${path}: from an empty cluster to an announced address`, async (cluster) => {
  const sections = sectionsOf(path);
  const at = sections.findIndex(({ title }) => title === announced);
  assert.ok(at > 0);
  const partsOf = (some: typeof sections) => some.flatMap(({ parts }) => parts);
  await withRunningDeployment(cluster, async (shell) => {
    const context = { cluster, shell, controllers: [] };
    await followSection({ title: 'before', parts: partsOf(sections.slice(0, at)) }, context);
    await cluster.announce('default/web');
    await followSection({ title: announced, parts: partsOf(sections.slice(at)) }, context);
    assert.deepEqual([...(await cluster.services()).keys()], []);
    await shell.run('kubectl delete -f deploy/kube-vip/kube-vip.yaml');
  });
});
