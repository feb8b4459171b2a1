/** docs/get-started.md, followed from top to bottom in a cluster where Deployments run, and where somebody announces. */
import assert from 'node:assert/strict';
import { sectionsOf } from '../docs/document.ts';
import { onCluster } from '../install/on-cluster.ts';
import { walk } from './follow-document.ts';
import { whereDeploymentsRun } from './running-deployment.ts';

const path = 'docs/get-started.md';
const announced = 'Reach the Service';
const onServer = onCluster('get-started-doc');

onServer(`${path}: from nothing to an address that is announced`, async (cluster) => {
  const sections = sectionsOf(path);
  const at = sections.findIndex(({ title }) => title === announced);
  assert.ok(at > 0);
  const partsOf = (some: typeof sections) => some.flatMap(({ parts }) => parts);
  await whereDeploymentsRun(cluster, async (shell) => {
    const walker = { cluster, shell, controllers: [] };
    await walk({ title: 'before', parts: partsOf(sections.slice(0, at)) }, walker);
    await cluster.announce('default/web');
    await walk({ title: announced, parts: partsOf(sections.slice(at)) }, walker);
    assert.deepEqual([...(await cluster.services()).keys()], []);
  });
});
