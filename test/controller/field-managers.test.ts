import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWriter } from '../../src/controller/field-managers.ts';
import type { ManagedFieldsEntry, Service } from '../../src/core/model/objects.ts';

const ours = 'kube-vip-cloud-provider';
const at = (manager: string, second: number, subresource = ''): ManagedFieldsEntry & object => ({
  manager,
  time: `2026-01-02T03:04:0${second}Z`,
  ...(subresource === '' ? {} : { subresource }),
});

const cases: [title: string, managedFields: ManagedFieldsEntry[], writer: string | undefined][] = [
  ['there are no managed fields', [], undefined],
  ['the last one, at any position', [at('argocd', 3), at('kubectl', 1)], 'argocd'],
  ['not the writer of the status', [at('kubectl', 1), at('kube-vip', 2, 'status')], 'kubectl'],
  ['not us, in the same second', [at('argocd', 2), at(ours, 2)], 'argocd'],
  ['not us, in the same second, listed first', [at(ours, 2), at('kubectl', 2)], 'kubectl'],
  ['another replica of ours, if no other writer is as late', [at('kubectl', 1), at(ours, 2)], ours],
];

for (const [title, managedFields, writer] of cases) {
  test(`the writer that reverts our fields: ${title}`, () => {
    const service: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'default', name: 'web', managedFields },
    };
    assert.equal(lastWriter(service), writer);
  });
}
