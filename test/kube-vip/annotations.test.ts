/** The names that this program shares with kube-vip, compared with the constants in the source of the kube-vip in the tests. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { kubeVipAnnotations } from '../../src/core/model/known-annotations.ts';
import { annotations, defaultClass } from '../../src/core/model/well-known-names.ts';
import { locateBinaries, moduleFolder } from '../controlplane/binaries.ts';

const { missing } = locateBinaries(process.env, 'kubeVip');
const skip = missing.length > 0 ? 'needs kube-vip: `npm run controlplane` builds it' : false;

/** The string constants of kube-vip's package `kubevip`, by name. */
function constants(file: string): Record<string, string> {
  const arguments_ = ['mod', 'download', '-json', 'github.com/kube-vip/kube-vip'];
  const module = execFileSync('go', arguments_, { cwd: moduleFolder('kubeVip'), encoding: 'utf8' });
  const { Dir: folder } = JSON.parse(module) as { Dir: string };
  const source = readFileSync(join(folder, 'pkg', 'kubevip', file), 'utf8');
  const pairs = [...source.matchAll(/^\s*(\w+)\s*=\s*"([^"]+)"/gm)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
}

test('the annotations that both programs use have the names of kube-vip', { skip }, () => {
  const theirs = constants('annotations.go');
  assert.deepEqual(
    [theirs.LoadbalancerIPAnnotation, theirs.ServiceInterface, theirs.RequestedIP, theirs.LoadbalancerIgnore],
    [annotations.addresses, annotations.interface, annotations.requestedIP, annotations.ignore],
  );
  assert.deepEqual([theirs.ServiceVlan, theirs.ServiceLease], [annotations.vlan, annotations.lease]);
  assert.equal(constants('constants.go').LBClassName, defaultClass);
});

test('each annotation of kube-vip is known and in the reference', { skip }, () => {
  const theirs = Object.values(constants('annotations.go')).sort();
  const shared: string[] = [
    annotations.addresses,
    annotations.interface,
    annotations.vlan,
    annotations.lease,
    annotations.requestedIP,
    annotations.ignore,
  ];
  assert.deepEqual([...kubeVipAnnotations, ...shared].sort(), theirs);
  const reference = readFileSync(resolve(import.meta.dirname, '../../docs/reference.md'), 'utf8');
  for (const name of theirs) assert.ok(reference.includes(`\`${name}\``), name);
});

test('no annotation of this program has a name that kube-vip uses for something else', { skip }, () => {
  const theirs = new Set(Object.values(constants('annotations.go')));
  const own = [
    ...[annotations.allocationRecord, annotations.claim, annotations.reallocate],
    ...[annotations.pool, annotations.sharingKey],
  ];
  assert.deepEqual(
    own.filter((name) => theirs.has(name)),
    [],
  );
});
