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

/** The facts of `files`, or where there are none, of a cluster. Remarks on them go to standard error. */
export async function loadCluster(
  invocation: Invocation,
  streams: IOStreams,
  files: readonly string[],
  needs: (scope: NamespaceScope) => FactSelection,
): Promise<LoadedCluster> {
  const gathered =
    files.length > 0
      ? await fromFiles(invocation, streams, files)
      : await fromCluster(invocation, streams, needs);
  for (const remark of gathered.facts.remarks) streams.say(remark);
  return gathered;
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
  needs: (scope: NamespaceScope) => FactSelection,
): Promise<LoadedCluster> {
  const { api, connection, close } = await connect(invocation, streams);
  try {
    const { clock, signal } = streams;
    const wallMs = clock.wall();
    const scope = scopeOf(invocation, connection.namespace);
    const facts = await readCluster({ api, flags: invocation.settings, wallMs, signal }, needs(scope));
    return { facts, scope };
  } finally {
    close();
  }
}

export function scopeOf(
  { namespace, isAllNamespaces }: Invocation,
  ofContext: string | undefined,
): NamespaceScope {
  return {
    namespace: namespace ?? ofContext ?? 'default',
    isNamed: namespace !== undefined,
    isAll: isAllNamespaces,
  };
}
