import type { ServicePort } from '../../src/core/model/objects.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { names, type ServiceOverrides } from '../e2e/objects.ts';
import type { Step } from './published-bug.ts';
import type { Addresses, World } from './world.ts';

/** The steps that every world can play. */

export function pools(data: Readonly<Record<string, string>> | null): Step<World> {
  const lines = Object.entries(data ?? {}).map(([key, value]) => `${key}: ${value}`);
  return {
    text: data === null ? 'Delete the ConfigMap' : `Set the ConfigMap to ${lines.join('; ') || 'nothing'}`,
    run: (world) => world.pools(data),
  };
}

export function start(): Step<World> {
  return { text: 'Start the controller', run: (world) => world.start() };
}

export function stop(): Step<World> {
  return { text: 'Stop the controller', run: (world) => world.stop() };
}

export function restart(): Step<World> {
  return {
    text: 'Restart the controller',
    async run(world) {
      await world.stop();
      await world.start();
    },
  };
}

export function create(key: string, overrides: ServiceOverrides = {}): Step<World> {
  const details = detailsOf(overrides);
  return {
    text: `Create Service ${key}${details === '' ? '' : ` with ${details}`}`,
    run: (world) => world.create(key, overrides),
  };
}

export function remove(key: string): Step<World> {
  return { text: `Delete Service ${key}`, run: (world) => world.remove(key) };
}

export function edit(key: string, what: string, patch: object): Step<World> {
  return { text: `${what} of Service ${key}`, run: (world) => world.patch(key, patch) };
}

export function setType(key: string, type: string): Step<World> {
  return {
    text: `Change the type of Service ${key} to ${type}`,
    run: (world) => world.patch(key, { spec: { type } }),
  };
}

/** Another program writes the status. */
export function announce(key: string, manager: string, ...ingress: readonly object[]): Step<World> {
  const shown = ingress.map((entry) => Object.values(entry).join(' ')).join(', ');
  return {
    text: `${manager} sets the status of Service ${key} to ${shown}`,
    run: (world) => world.announce(key, manager, ingress),
  };
}

/** The Services have these addresses; null: none. */
export function has(expected: Addresses): Step<World> {
  const parts = Object.entries(expected).map(([key, address]) => `${key} has ${address ?? 'no address'}`);
  return { text: parts.join(', '), run: (world) => world.expectAddresses(expected) };
}

export function warns(key: string, pattern: RegExp): Step<World> {
  return {
    text: `A warning about Service ${key} matches ${pattern}`,
    run: (world) => world.expectWarning(key, pattern),
  };
}

export function hasSpecIP(key: string, address: string | null): Step<World> {
  return {
    text: `spec.loadBalancerIP of Service ${key} is ${address ?? 'not set'}`,
    run: (world) => world.expectFields(key, { specIP: address }),
  };
}

/** Whether the Service has the label, so that it counts as assigned. */
export function isLabeled(key: string, isExpected: boolean): Step<World> {
  return {
    text: `Service ${key} has ${isExpected ? 'the' : 'no'} label implementation=kube-vip`,
    run: (world) => world.expectFields(key, { label: isExpected ? 'kube-vip' : null }),
  };
}

export function isConfigMap(exists: boolean): Step<World> {
  return {
    text: exists ? 'The ConfigMap exists' : 'No ConfigMap was created',
    run: (world) => world.expectConfigMap(exists),
  };
}

export function isService(key: string, exists: boolean): Step<World> {
  return {
    text: `Service ${key} ${exists ? 'exists' : 'is gone'}`,
    run: (world) => world.expectService(key, exists),
  };
}

/** A Service on these ports: `TCP 80`, `UDP 53`. */
export function on(...ports: readonly string[]): ServiceOverrides {
  const list = ports.map((text): ServicePort => {
    const [protocol = '', port] = text.split(' ');
    return { protocol, port: Number(port), ...(ports.length > 1 ? { name: `p${port}` } : {}) };
  });
  return { ports: list };
}

/** A Service on these ports that shares with Services of its namespace that have the same key. */
export function sharing(key: string, ...ports: readonly string[]): ServiceOverrides {
  return { ...on(...ports), annotations: { [annotations.sharingKey]: key } };
}

/** A Service that requests addresses by the annotation. */
export function requesting(addresses: string): ServiceOverrides {
  return { annotations: { [names.addresses]: addresses } };
}

export const dualStack: ServiceOverrides = {
  ipFamilyPolicy: 'RequireDualStack',
  ipFamilies: ['IPv4', 'IPv6'],
};

function detailsOf({
  annotations: annotation,
  labels,
  finalizers,
  ports,
  ...spec
}: ServiceOverrides): string {
  const shown = Object.entries({ ...annotation, ...labels, ...spec });
  return [
    ...(ports ?? []).map(({ protocol, port }) => `port ${protocol ?? 'TCP'} ${port}`),
    ...shown.map(([name, value]) => `${name} ${[value].flat().join(',')}`),
    ...(finalizers ?? []).map((name) => `finalizer ${name}`),
  ].join(', ');
}
