import assert from 'node:assert/strict';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator, type ServiceDecision } from '../../src/core/decide/allocator.ts';
import type { Decision } from '../../src/core/decide/decision.ts';
import { explainDecision } from '../../src/core/explain/explain-decision.ts';
import type { Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { isEmptyPatch, mergePatchOf } from '../../src/core/model/service-patch.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { mergePatch } from './test-world.ts';

export const options: Options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};

/** What a test says about a Service. Missing fields have the API server's defaults. */
export interface Wish {
  annotations?: Record<string, string | null>;
  labels?: Record<string, string | null>;
  families?: string;
  ports?: readonly number[];
  spec?: string;
  local?: true;
  /** The address in the status. */
  status?: string;
}

/** Services that are created, edited, and deleted one after the other, each in a second of its own, with their final state. */
export class SmallWorld {
  /** In milliseconds since 1970. */
  now = 1_800_000_000_000;
  readonly allocator = new Allocator(options, () => this.now);
  readonly #services = new Map<string, Service>();
  #version = 1;

  constructor(data: Record<string, string>) {
    this.configure(data);
    this.allocator.replaceServices([], '1');
  }

  configure(data: Record<string, string>): this {
    this.allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data }));
    return this.settle();
  }

  /** Creates Services, oldest first, and lets the controller decide about all of them. */
  create(...services: readonly (readonly [key: string, wish?: Wish])[]): this {
    for (const [key, wish = {}] of services) {
      const [namespace = '', name = ''] = key.split('/');
      const second = String(this.#version).padStart(5, '0');
      this.#put(key, {
        metadata: {
          namespace,
          name,
          uid: `${key} ${second}`,
          creationTimestamp: `2026-01-01T00:00:${second}Z`,
        },
        spec: specOf({ families: 'SingleStack IPv4', ports: [80], ...wish }),
      });
      this.#edit(key, wish);
    }
    return this.settle();
  }

  /** What would be decided on a Service that is created now; it is gone after that. */
  pending(key: string, wish: Wish = {}): ServiceDecision {
    const [namespace = '', name = ''] = key.split('/');
    const metadata = { namespace, name, uid: key, creationTimestamp: '2026-02-01T00:00:00Z' };
    this.#put(key, { metadata, spec: specOf({ families: 'SingleStack IPv4', ports: [80], ...wish }) });
    this.#edit(key, wish);
    const decided = this.allocator.explain(key) ?? assert.fail(key);
    this.delete(key);
    return decided;
  }

  edit(key: string, wish: Wish): this {
    this.#edit(key, wish);
    return this.settle();
  }

  delete(key: string): this {
    this.#services.delete(key);
    this.#version += 1;
    this.allocator.deleteService(key, String(this.#version));
    return this.settle();
  }

  service(key: string): Service {
    return this.#services.get(key) ?? assert.fail(key);
  }

  annotation(key: string, name = 'loadbalancerIPs'): string | undefined {
    return this.service(key).metadata.annotations?.[`kube-vip.io/${name}`];
  }

  /** The addresses of these Services; `-` for one without any. */
  addresses(...keys: readonly string[]): string[] {
    return keys.map((key) => this.annotation(key) ?? '-');
  }

  decision(key: string): Decision {
    return this.allocator.explain(key)?.decision ?? assert.fail(key);
  }

  says(key: string): string {
    return explainDecision(this.decision(key), options);
  }

  #edit(key: string, { annotations = {}, labels = {}, status, ...wish }: Wish): void {
    const edited = {
      metadata: { annotations, labels },
      spec: specOf(wish),
      ...(status === undefined ? {} : { status: { loadBalancer: { ingress: [{ ip: status }] } } }),
    };
    this.#put(key, mergePatch(this.service(key), edited) as Service);
  }

  #put(key: string, service: Service): void {
    this.#version += 1;
    const metadata = { ...service.metadata, resourceVersion: String(this.#version) };
    this.#services.set(key, { ...service, metadata });
    this.allocator.putService(viewOf(this.service(key)));
  }

  /** Decides until nothing is left to do. */
  settle(): this {
    let writes = 0;
    for (let next = this.allocator.next(0); next !== undefined; next = this.allocator.next(0)) {
      const { state, decision, work } = next;
      if ('patch' in decision && !isEmptyPatch(decision.patch)) {
        writes += 1;
        assert.ok(writes < 10_000, 'the writes do not end');
        this.allocator.assume(next, decision.patch);
        const patch = mergePatchOf(state.view, decision.patch);
        this.#put(state.key, mergePatch(this.service(state.key), patch) as Service);
      }
      work.done();
    }
    return this;
  }
}

function specOf({ families, ports, spec, local }: Wish): Record<string, unknown> {
  const [policy, listed = ''] = families?.split(' ') ?? [];
  return {
    type: 'LoadBalancer',
    ...(policy === undefined ? {} : { ipFamilyPolicy: policy, ipFamilies: listed.split(',') }),
    ...(ports === undefined ? {} : { ports: ports.map((port) => ({ protocol: 'TCP', port })) }),
    ...(spec === undefined ? {} : { loadBalancerIP: spec }),
    ...(local === undefined ? {} : { externalTrafficPolicy: 'Local' }),
  };
}
