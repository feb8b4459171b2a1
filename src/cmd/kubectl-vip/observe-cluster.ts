import type { Log } from '../../client/log.ts';
import { createObserver } from '../../controller/observer.ts';
import type { Allocator } from '../../core/decide/allocator.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { connect } from './connect.ts';
import type { IOStreams } from './io-streams.ts';
import { scopeOf } from './load-cluster.ts';
import type { NamespaceScope } from './namespace-scope.ts';
import type { Invocation } from './plugin-arguments.ts';
import { readCluster } from './read-cluster.ts';

/** A cluster that is watched. */
export interface Observed {
  /** Of the first look: settings, and who led then. */
  readonly facts: ClusterFacts;
  readonly scope: NamespaceScope;
  readonly allocator: Allocator;
  /** Why the API server is not heard just now; empty where it is. */
  readonly failing: () => string;
}

/** What is shown of it. */
export interface Showing {
  /** Called after each change, and when the API server is heard no more. */
  readonly changed: () => void;
  readonly close: () => void;
}

/**
 * Watches a cluster until it is interrupted, and has `show` told of changes. Rejects with a sentence where the cluster
 * cannot be read at all: what is missing is told once, in words; later on everything is tried again by itself.
 */
export async function observe(
  invocation: Invocation,
  streams: IOStreams,
  show: (observed: Observed) => Promise<Showing>,
): Promise<void> {
  const { connection, transport, api, close } = await connect(invocation, streams);
  const { clock, random, version, signal, say } = streams;
  try {
    const facts = await readCluster({ api, flags: invocation.settings, wallMs: clock.wall(), signal }, {});
    for (const remark of facts.remarks) say(remark);
    const { options } = facts;
    let failing = '';
    let showing: Showing | undefined;
    const said = (message: string): void => {
      failing = message;
      showing?.changed();
    };
    const log: Log = { info() {}, warn: said, error: said };
    const updated = (): void => said('');
    const { allocator, run } = createObserver({ transport, options, clock, random, log, version, updated });
    const scope = scopeOf(invocation, connection.namespace);
    showing = await show({ facts, scope, allocator, failing: () => failing });
    try {
      await run(signal);
    } finally {
      showing.close();
    }
  } finally {
    close();
  }
}
