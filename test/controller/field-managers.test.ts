import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainReverts, revertedFields } from '../../src/controller/field-managers.ts';
import type { ManagedFieldsEntry, Service } from '../../src/core/model/objects.ts';
import type { ServicePatch } from '../../src/core/model/service-patch.ts';

const ours = 'kube-vip-cloud-provider';
const addresses = 'kube-vip.io/loadbalancerIPs';
const annotationOf = (name: string) => ({ 'f:metadata': { 'f:annotations': { [`f:${name}`]: {} } } });
const specIP = { 'f:spec': { 'f:loadBalancerIP': {} } };

const at = (manager: string, second: number, fieldsV1: Record<string, unknown>): ManagedFieldsEntry => ({
  manager,
  time: `2026-01-02T03:04:0${second}Z`,
  fieldsV1,
});

function serviceWith(
  annotations: Record<string, string>,
  spec: object,
  ...managedFields: ManagedFieldsEntry[]
): Service {
  return { metadata: { namespace: 'default', name: 'web', annotations, managedFields }, spec };
}

const change: ServicePatch = { annotation: '10.0.0.1' };
const both: ServicePatch = { annotation: '10.0.0.1', specIP: '10.0.0.1' };
const other = { [addresses]: '10.0.0.9' };

const cases: [title: string, ServicePatch, Service | undefined, message: string][] = [
  [
    'the owner of the field, not the last one to write the object',
    change,
    serviceWith(
      other,
      {},
      at('gitops', 1, annotationOf(addresses)),
      at('kube-vip', 5, annotationOf('kube-vip.io/vipHost')),
    ),
    `The field manager "gitops" keeps reverting ${addresses}.`,
  ],
  [
    'the latest of two owners, at any position',
    change,
    serviceWith(other, {}, at('argocd', 3, annotationOf(addresses)), at('helm', 2, annotationOf(addresses))),
    `The field manager "argocd" keeps reverting ${addresses}.`,
  ],
  [
    'kube-vip, if it owns the field',
    change,
    serviceWith(other, {}, at('kube-vip', 1, annotationOf(addresses))),
    `The field manager "kube-vip" keeps reverting ${addresses}.`,
  ],
  [
    'never us',
    change,
    serviceWith(other, {}, at(ours, 5, annotationOf(addresses)), at('kubectl', 1, specIP)),
    `Another writer keeps reverting ${addresses}.`,
  ],
  [
    'a removal has no owner, although others have written the object since',
    change,
    serviceWith({}, {}, at(ours, 2, specIP), at('kube-vip', 3, annotationOf('kube-vip.io/vipHost'))),
    `Another client keeps removing ${addresses}. A removal leaves no trace in managedFields: the audit log of the API server names the client.`,
  ],
  [
    'one field is set, another one removed',
    both,
    serviceWith({ [addresses]: '' }, {}, at('gitops', 1, annotationOf(addresses))),
    `The field manager "gitops" keeps reverting ${addresses}. The same or another client keeps removing spec.loadBalancerIP. A removal leaves no trace in managedFields: the audit log of the API server names the client.`,
  ],
  [
    'two writers, each with its field',
    both,
    serviceWith(
      other,
      { loadBalancerIP: '10.0.0.8' },
      at('a', 1, annotationOf(addresses)),
      at('b', 1, specIP),
    ),
    `The field manager "a" keeps reverting ${addresses}. The field manager "b" keeps reverting spec.loadBalancerIP.`,
  ],
  [
    'a field that has our value again is not named',
    both,
    serviceWith({ [addresses]: '10.0.0.1' }, { loadBalancerIP: '10.0.0.8' }, at('b', 1, specIP)),
    'The field manager "b" keeps reverting spec.loadBalancerIP.',
  ],
  [
    'a label that another writer keeps adding',
    { labeled: false },
    {
      metadata: {
        name: 'web',
        labels: { implementation: 'kube-vip' },
        managedFields: [at('kustomize', 1, { 'f:metadata': { 'f:labels': { 'f:implementation': {} } } })],
      },
    },
    'The field manager "kustomize" keeps reverting the label implementation.',
  ],
  [
    'the finalizer of the Go version',
    { goFinalizers: null },
    {
      metadata: {
        name: 'web',
        finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
        managedFields: [
          at('cloud-provider', 1, {
            'f:metadata': {
              'f:finalizers': { '.': {}, 'v:"service.kubernetes.io/load-balancer-cleanup"': {} },
            },
          }),
        ],
      },
    },
    'The field manager "cloud-provider" keeps reverting the finalizer service.kubernetes.io/load-balancer-cleanup.',
  ],
  [
    'the Service cannot be read',
    both,
    undefined,
    `Another writer keeps reverting ${addresses}, spec.loadBalancerIP.`,
  ],
];

for (const [title, patch, service, message] of cases) {
  test(`the writer that reverts our fields: ${title}`, () => {
    const text = explainReverts(revertedFields(patch, service));
    assert.ok(text.startsWith(`${message} Configure it to ignore th`), text);
    assert.ok(!text.includes(ours));
  });
}
