import type { Clock } from '../../client/transport.ts';
import type { ClusterFacts, FactSelection } from './cluster-facts.ts';
import { connect } from './connect.ts';
import type { IOStreams } from './io-streams.ts';
import type { NamespaceScope } from './namespace-scope.ts';
import type { Invocation } from './plugin-arguments.ts';
import { readCluster } from './read-cluster.ts';
import { readFiles } from './read-dump.ts';

export interface LoadedCluster {
  readonly facts: ClusterFacts;
  readonly scope: NamespaceScope;
}

/** Reads `files`, or a cluster if there are none. Writes remarks to standard error. */
export async function loadCluster(
  invocation: Invocation,
  streams: IOStreams,
  files: readonly string[],
  select: (scope: NamespaceScope) => FactSelection,
): Promise<LoadedCluster> {
  const loaded =
    files.length > 0
      ? await fromFiles(invocation, streams, files)
      : await fromCluster(invocation, streams, select);
  for (const remark of loaded.facts.remarks) streams.writeStderr(remark);
  return loaded;
}

async function fromFiles(
  invocation: Invocation,
  { readText, clock, random }: IOStreams,
  files: readonly string[],
): Promise<LoadedCluster> {
  const texts = [];
  for (const file of files) texts.push(await readText(file));
  const facts = readFiles({ texts, flags: invocation.settings, clock, random });
  return { facts, scope: scopeOf(invocation, undefined) };
}

async function fromCluster(
  invocation: Invocation,
  streams: IOStreams,
  select: (scope: NamespaceScope) => FactSelection,
): Promise<LoadedCluster> {
  const { api, connection, close } = await connect(invocation.target, streams);
  try {
    const { clock, signal } = streams;
    const wallMs = clock.wall();
    const scope = scopeOf(invocation, connection.namespace);
    const lookup = (host: string) => within(lookupMs, streams.lookup(host), clock);
    const facts = await readCluster(
      { api, flags: invocation.settings, wallMs, signal, server: connection.server, lookup },
      select(scope),
    );
    return { facts, scope };
  } finally {
    close();
  }
}

/** The system's resolver has just resolved the name for the connection. */
const lookupMs = 2_000;

/** Rejects if the promise takes longer. */
async function within<T>(ms: number, promise: Promise<T>, clock: Clock): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => late.reject(new Error(`no answer within ${ms / 1000} s`)));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    cancel();
  }
}

export function scopeOf(
  { namespace, isAllNamespaces }: Invocation,
  contextNamespace: string | undefined,
): NamespaceScope {
  return {
    namespace: namespace ?? contextNamespace ?? 'default',
    isNamed: namespace !== undefined,
    isAll: isAllNamespaces,
  };
}
