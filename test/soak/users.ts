import { randomOf } from '../simulator/random.ts';
import { names } from './names.ts';
import { addressOf, type Namespace, namespaces, poolsOf, poolVariants } from './pools.ts';

/** A user's request and its kind. */
export interface Act {
  readonly what: Kind;
  readonly method: 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  readonly path: string;
  readonly body?: object;
}

/** The relative frequency of each kind, while the number of Services is close to the target. */
const weights = {
  create: 24,
  delete: 22,
  recreate: 2,
  ports: 10,
  families: 8,
  blank: 5,
  strip: 5,
  're-apply': 4,
  'ask in spec': 4,
  'ask in annotation': 4,
  type: 6,
  reallocate: 4,
  announce: 6,
  pools: 1,
} as const;
export type Kind = keyof typeof weights;
export const kinds = Object.keys(weights) as Kind[];

/** A Service that should exist after all acts so far. */
interface Alive {
  readonly key: string;
  readonly namespace: Namespace;
  readonly primary: 'IPv4' | 'IPv6';
  isBalancer: boolean;
  /** How often our fields were removed. A controller backs off if that happens repeatedly. */
  undone: number;
}

/** With more, the controller would report a write conflict and back off for minutes. */
const mostUndone = 2;

const ports = [
  [['TCP', 80]],
  [['TCP', 443]],
  [['TCP', 53]],
  [['UDP', 53]],
  [['TCP', 8080]],
  [
    ['TCP', 80],
    ['TCP', 443],
  ],
] as const;

/**
 * The users of a soak test. Their acts depend only on the seed and on earlier acts, not on the results (except that the
 * announced addresses are those of the Service).
 */
export class Users {
  readonly #random: () => number;
  readonly #wanted: number;
  readonly #shown: (key: string) => readonly string[];
  readonly #alive: Alive[] = [];
  /** Acts that come before all others. */
  readonly #next: Act[] = [];
  /** Each kind occurs once before kinds are random. */
  readonly #due: Kind[] = [...kinds];
  #serial = 0;
  #created = 0;
  #variant = 0;

  constructor(seed: number, wanted: number, shown: (key: string) => readonly string[]) {
    this.#random = randomOf(seed);
    this.#wanted = wanted;
    this.#shown = shown;
  }

  /** The number of Services after all acts so far. */
  get count(): number {
    return this.#alive.length;
  }

  create(): Act {
    const namespace = this.#weighted(namespaces);
    this.#created += 1;
    return this.#make('create', namespace, `${namespace}/s-${this.#created}`);
  }

  next(): Act {
    return this.#next.shift() ?? this.#act(this.#kind());
  }

  #kind(): Kind {
    if (this.count < this.#wanted * 0.95) return 'create';
    if (this.count > this.#wanted * 1.05) return 'delete';
    return this.#due.shift() ?? this.#weighted(weights);
  }

  #act(what: Kind): Act {
    if (what === 'create') return this.create();
    if (what === 'pools') return this.pools(this.#below(poolVariants));
    const at = this.#below(this.#alive.length);
    const service = this.#alive[at];
    if (service === undefined) return this.create();
    switch (what) {
      case 'delete':
        return this.#delete(what, at, service);
      case 'recreate':
        this.#next.push(this.#make(what, service.namespace, service.key));
        return this.#delete(what, at, service);
      case 'ports':
        return this.#patch(what, service, { spec: { ports: this.#ports() } });
      case 'families':
        return this.#patch(what, service, { spec: this.#families(service) });
      case 'blank':
      case 'strip':
      case 're-apply':
        service.undone += 1;
        if (service.undone > mostUndone) return this.#delete('delete', at, service);
        return this.#patch(what, service, undoing[what]);
      case 'ask in spec':
        return this.#patch(what, service, { spec: { loadBalancerIP: this.#address() } });
      case 'ask in annotation':
        return this.#patch(what, service, {
          metadata: { annotations: { [names.addresses]: this.#address() } },
        });
      case 'type':
        if (service.isBalancer) service.undone += 1;
        if (service.undone > mostUndone) return this.#delete('delete', at, service);
        service.isBalancer = !service.isBalancer;
        return this.#patch(what, service, {
          spec: service.isBalancer
            ? { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }
            : { type: 'ClusterIP' },
        });
      case 'reallocate':
        return this.#patch(what, service, { metadata: { annotations: { [names.reallocate]: 'true' } } });
      case 'announce': {
        const ingress = this.#shown(service.key).map((ip) => ({ ip }));
        const body = this.#marked({ status: { loadBalancer: { ingress } } });
        return { what, method: 'PATCH', path: `${pathOf(service.key)}/status`, body };
      }
    }
  }

  /** Replaces the ConfigMap. */
  pools(variant: number): Act {
    this.#variant = variant === this.#variant ? variant + 1 : variant;
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kubevip' },
      data: poolsOf(this.#wanted, this.#variant),
    };
    return { what: 'pools', method: 'PUT', path: '/api/v1/namespaces/kube-system/configmaps/kubevip', body };
  }

  #make(what: Kind, namespace: Namespace, key: string): Act {
    const primary = namespace === 'dual' && this.#random() < 0.3 ? 'IPv6' : 'IPv4';
    const service: Alive = { key, namespace, primary, isBalancer: true, undone: 0 };
    this.#alive.push(service);
    const isLocal = namespace === 'shared' && this.#random() < 0.08;
    const requestedIPs = namespace === 'named' && this.#random() < 0.8;
    const body = this.#marked({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: key.split('/')[1] },
      spec: {
        type: 'LoadBalancer',
        allocateLoadBalancerNodePorts: false,
        ports: this.#ports(),
        ...(namespace === 'dual' ? this.#families(service) : {}),
        ...(requestedIPs ? { loadBalancerIP: this.#address() } : {}),
        ...(isLocal ? { externalTrafficPolicy: 'Local' } : {}),
        ...(this.#random() < 0.01 ? { loadBalancerClass: 'example.com/other' } : {}),
      },
    });
    return { what, method: 'POST', path: `/api/v1/namespaces/${namespace}/services`, body };
  }

  #delete(what: Kind, at: number, { key }: Alive): Act {
    this.#alive.splice(at, 1);
    return { what, method: 'DELETE', path: pathOf(key) };
  }

  #patch(what: Kind, { key }: Alive, change: Change): Act {
    return { what, method: 'PATCH', path: pathOf(key), body: this.#marked(change) };
  }

  #marked(object: Change & object): object {
    this.#serial += 1;
    const { metadata } = object;
    const annotations = { ...metadata?.annotations, [names.act]: String(this.#serial) };
    return { ...object, metadata: { ...metadata, annotations } };
  }

  #ports(): object[] {
    return (ports[this.#below(ports.length)] ?? ports[0]).map(([protocol, port]) => ({
      // Kubernetes requires names if there are several ports.
      name: `${protocol.toLowerCase()}-${port}`,
      protocol,
      port,
    }));
  }

  /** The API server never changes the first family of a Service, and removes the second one itself. */
  #families({ primary }: Alive): object {
    const other = primary === 'IPv4' ? 'IPv6' : 'IPv4';
    const chance = this.#random();
    if (chance < 0.4) return { ipFamilyPolicy: 'SingleStack', ipFamilies: [primary] };
    const ipFamilyPolicy = chance < 0.7 ? 'PreferDualStack' : 'RequireDualStack';
    return { ipFamilyPolicy, ipFamilies: [primary, other] };
  }

  /** An address in the pool of `named` or in another pool. */
  #address(): string {
    const most = Math.max(6, Math.round(this.#wanted * 0.06));
    return addressOf(this.#random() < 0.7 ? '10.5' : '10.2', this.#below(most));
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #weighted<Name extends string>(weighed: Readonly<Record<Name, number>>): Name {
    const all = Object.entries(weighed) as [Name, number][];
    let remaining = this.#random() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of all) {
      remaining -= weight;
      if (remaining < 0) return name;
    }
    throw new Error('the weights are positive');
  }
}

interface Change {
  readonly metadata?: { readonly annotations?: object; readonly [name: string]: unknown };
  readonly [name: string]: unknown;
}

const undoing = {
  blank: { metadata: { annotations: { [names.addresses]: '' } }, spec: { loadBalancerIP: '' } },
  strip: { metadata: { annotations: { [names.addresses]: null } } },
  /** Like `kubectl replace` and some tools: fields that are not in the manifest are removed. */
  're-apply': {
    metadata: {
      annotations: {
        [names.addresses]: null,
        [names.record]: null,
        [names.reallocate]: null,
        [names.interface]: null,
      },
      labels: { [names.label]: null },
    },
    spec: { loadBalancerIP: null },
  },
} as const;

function pathOf(key: string): string {
  const [namespace = '', name = ''] = key.split('/');
  return `/api/v1/namespaces/${namespace}/services/${name}`;
}
