import assert from 'node:assert/strict';
import type { HttpRequest } from '../../src/client/transport.ts';
import { until } from '../client/fake-clock.ts';
import { election } from '../controller/replica.ts';
import type { EmbeddedWorld } from './embedded-world.ts';
import type { Step } from './published-bug.ts';

/** Steps and expectations that only the embedded world can play. */
type Fault = Step<EmbeddedWorld>;

/** From now on, lists of Services do not arrive. */
export function holdLists(): Fault {
  return {
    text: 'From now on, the API server does not answer lists of Services',
    async run(world) {
      world.hold(({ method, path }) => method === 'GET' && /^\/api\/v1\/services\?(?!.*watch=)/.test(path));
    },
  };
}

/** The controller decides, and its write stays on its way. */
export function holdWrite(key: string, replica?: string): Fault {
  const [namespace, name] = key.split('/');
  const path = `/api/v1/namespaces/${namespace}/services/${name}`;
  const matches = (request: HttpRequest): boolean =>
    request.method === 'PATCH' && request.path.split('?')[0] === path;
  return {
    text: `Each write of ${replica ?? 'the controller'} to Service ${key} is delayed on its way`,
    async run(world) {
      world.hold((request, by) => matches(request) && (replica === undefined || by === replica));
    },
  };
}

/** Waits until a held request was sent. */
export function isHeld(): Fault {
  return {
    text: 'The request is on its way',
    run: (world) => until(() => world.heldRequests > 0, 'a request is held'),
  };
}

export function release(): Fault {
  return { text: 'The delayed requests arrive', run: (world) => world.release() };
}

export function startReplica(name: string): Fault {
  return { text: `Start replica ${name}`, run: (world) => world.start(name) };
}

export function stopReplica(name: string): Fault {
  return { text: `Stop replica ${name}`, run: (world) => world.stop(name) };
}

/** A standby that does not know what the leader assigns. */
export function stallWatches(name: string): Fault {
  return {
    text: `The watches of replica ${name} deliver nothing more`,
    run: async (world) => world.stallWatches(name),
  };
}

export function cut(name: string): Fault {
  return {
    text: `Replica ${name} loses its connection to the API server`,
    run: async (world) => world.cut(name),
  };
}

export function reconnect(name: string): Fault {
  return {
    text: `Replica ${name} reaches the API server again`,
    async run(world) {
      world.reconnect(name);
      await world.passes(10_000);
    },
  };
}

export function passes(seconds: number): Fault {
  return { text: `${seconds} s pass`, run: (world) => world.passes(seconds * 1000) };
}

/** The time passes after which a leader without an API server may not write any more. */
export function passRenewDeadline(): Fault {
  return {
    text: `${election.renewDeadlineMs / 1000} s pass: the deadline of the leader for a renewal`,
    run: (world) => world.passes(election.renewDeadlineMs + 500),
  };
}

/** The rest of the time after which another replica can acquire the Lease. */
export function passLeaseDuration(): Fault {
  return {
    text: `${election.leaseDurationMs / 1000} s have passed: the Lease has expired`,
    run: (world) => world.passes(election.leaseDurationMs - election.renewDeadlineMs + 2_000),
  };
}

export function leads(name: string, isExpected = true): Fault {
  return {
    text: `Replica ${name} ${isExpected ? 'acts' : 'does not act'} as the leader`,
    run: isExpected
      ? (world) => until(() => world.isLeading(name), `${name} leads`)
      : async (world) => assert.equal(world.isLeading(name), false),
  };
}

/** The writes to Services that the API server answered, in order. */
export function wrote(...writes: readonly string[]): Fault {
  return {
    text:
      writes.length === 0 ? 'No Service was written' : `The writes to Services were: ${writes.join(', ')}`,
    async run(world) {
      await world.settle();
      assert.deepEqual(world.writes, writes);
    },
  };
}

export function areDistinct(...keys: readonly string[]): Fault {
  return {
    text: `${keys.join(', ')} have different addresses`,
    async run(world) {
      await world.settle();
      const addresses = keys.map((key) => world.address(key));
      assert.ok(!addresses.includes(null), addresses.join(' '));
      assert.equal(new Set(addresses).size, keys.length, addresses.join(' '));
    },
  };
}

/** The number of problems in the ConfigMap that are known now. */
export function hasConfigProblems(count: number): Fault {
  return {
    text: count === 0 ? 'No problem of the ConfigMap is left' : `The ConfigMap has ${count} problem(s)`,
    async run(world) {
      await world.settle();
      assert.equal(world.leading.controller.allocator.config.problems.length, count);
    },
  };
}

/** The status, as the API server shows it. */
export function hasStatus(key: string, ...ips: readonly string[]): Fault {
  return {
    text: `The status of Service ${key} is still ${ips.join(', ')}`,
    async run(world) {
      const ingress = world.service(key).status?.loadBalancer?.ingress ?? [];
      assert.deepEqual(
        ingress.map(({ ip }) => ip),
        ips,
      );
    },
  };
}

export function reports(key: string, pattern: RegExp): Fault {
  return {
    text: `An event about ${key} matches ${pattern}`,
    run: (world) =>
      until(() => world.events(key).some((event) => pattern.test(event)), `an event ${pattern}`),
  };
}
