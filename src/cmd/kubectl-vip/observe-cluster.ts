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

export interface ObservedCluster {
  /** Read once at the start: settings, and the leader at that time. */
  readonly facts: ClusterFacts;
  readonly scope: NamespaceScope;
  readonly allocator: Allocator;
  /** The last error of the watches; empty while they work. */
  readonly watchError: () => string;
}

export interface ClusterDisplay {
  /** Called after each change, and when a watch fails. */
  readonly changed: () => void;
  readonly close: () => void;
}

/**
 * Watches a cluster until interrupted, and calls the display after changes. Rejects with a message if the cluster cannot
 * be read at the start; later failures are retried.
 */
export async function observe(
  invocation: Invocation,
  streams: IOStreams,
  open: (observed: ObservedCluster) => Promise<ClusterDisplay>,
): Promise<void> {
  const { connection, transport, api, close } = await connect(invocation.target, streams);
  const { clock, random, version, signal, writeStderr } = streams;
  try {
    const facts = await readCluster({ api, flags: invocation.settings, wallMs: clock.wall(), signal }, {});
    for (const remark of facts.remarks) writeStderr(remark);
    const { options } = facts;
    let lastError = '';
    let display: ClusterDisplay | undefined;
    const update = (error: string): void => {
      lastError = error;
      display?.changed();
    };
    const log: Log = { info() {}, warn: update, error: update };
    const updated = (): void => update('');
    const { allocator, run } = createObserver({ transport, options, clock, random, log, version, updated });
    const scope = scopeOf(invocation, connection.namespace);
    display = await open({ facts, scope, allocator, watchError: () => lastError });
    try {
      await run(signal);
    } finally {
      display.close();
    }
  } finally {
    close();
  }
}
