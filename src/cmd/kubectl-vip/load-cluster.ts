import { connect } from './connect.ts';
import type { Facts, Needs } from './facts.ts';
import type { Desk } from './io-streams.ts';
import type { Invocation } from './plugin-arguments.ts';
import { readCluster } from './read-cluster.ts';
import { readFiles } from './read-dump.ts';
import type { Scope } from './scope.ts';

export interface Gathered {
  readonly facts: Facts;
  readonly scope: Scope;
}

/** The facts of `files`, or where there are none, of a cluster. Remarks on them go to standard error. */
export async function gather(
  invocation: Invocation,
  desk: Desk,
  files: readonly string[],
  needs: (scope: Scope) => Needs,
): Promise<Gathered> {
  const gathered =
    files.length > 0 ? await fromFiles(invocation, desk, files) : await fromCluster(invocation, desk, needs);
  for (const remark of gathered.facts.remarks) desk.say(remark);
  return gathered;
}

async function fromFiles(
  invocation: Invocation,
  { readText, clock, random }: Desk,
  files: readonly string[],
): Promise<Gathered> {
  const texts = [];
  for (const file of files) texts.push(await readText(file));
  const facts = readFiles({ texts, flags: invocation.settings, clock, random });
  return { facts, scope: scopeOf(invocation, undefined) };
}

async function fromCluster(
  invocation: Invocation,
  desk: Desk,
  needs: (scope: Scope) => Needs,
): Promise<Gathered> {
  const { api, connection, close } = await connect(invocation, desk);
  try {
    const { clock, signal } = desk;
    const wallMs = clock.wall();
    const scope = scopeOf(invocation, connection.namespace);
    const facts = await readCluster({ api, flags: invocation.settings, wallMs, signal }, needs(scope));
    return { facts, scope };
  } finally {
    close();
  }
}

export function scopeOf({ namespace, isAllNamespaces }: Invocation, ofContext: string | undefined): Scope {
  return {
    namespace: namespace ?? ofContext ?? 'default',
    isNamed: namespace !== undefined,
    isAll: isAllNamespaces,
  };
}
