import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import type { ConfigMap, Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { keyOf, viewOf } from '../../src/core/model/service-view.ts';
import { type Plan, planOf } from '../../src/core/queries/plan.ts';
import { type ClusterSnapshot, type SimulatedOutcome, simulate } from '../../src/core/queries/simulate.ts';
import type { Data } from './naive-pools.ts';
import { anyData, anyService } from './users.ts';

export const options: Options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'kube-vip-cloud-controller',
  claims: false,
};

export function configMapOf(data: Data | undefined): ConfigMap | undefined {
  return data && { metadata: { namespace: 'kube-system', name: 'kubevip' }, data };
}

/** Services as in an API server: each has a uid and a version. */
export function snapshotOf(services: readonly Service[], data: Data | undefined): ClusterSnapshot {
  const views = services.map((service, i) => {
    const { metadata } = service;
    const uid = metadata.uid ?? `uid-${keyOf({ namespace: '', ...metadata })}`;
    return viewOf({ ...service, metadata: { ...metadata, uid, resourceVersion: String(100 + i) } });
  });
  return { services: views, config: readConfig(configMapOf(data)), claims: [], resourceVersion: '999' };
}

/** A small, crowded cluster at any moment. */
export const anySnapshot: fc.Arbitrary<{ services: Service[]; data: Data | undefined }> = fc.record({
  services: fc.uniqueArray(anyService, {
    maxLength: 8,
    selector: ({ metadata: { namespace, name } }) => `${namespace}/${name}`,
  }),
  data: anyData,
});

/** The same cluster when its controller has nothing left to do. */
export function atRest(snapshot: ClusterSnapshot): { snapshot: ClusterSnapshot; outcome: SimulatedOutcome } {
  const outcome = simulate(snapshot, options);
  const services = [...outcome.allocator.ledger.all()].map(({ view }) => view);
  return { snapshot: { ...snapshot, services }, outcome };
}

/** The plan for changed pools, and for Services that are applied. */
export function changeOf(snapshot: ClusterSnapshot, data: Data | undefined, services: Service[] = []): Plan {
  return planOf(snapshot, { config: readConfig(configMapOf(data)), services }, options);
}
