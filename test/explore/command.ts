import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { concurrently } from '../../bench/concurrently.ts';
import { huntAll } from './hunt.ts';
import type { Scope } from './scope.ts';
import { fullScopes, quickScopes } from './scopes.ts';
import { automatonOf, type Result, search } from './search.ts';
import { tell } from './story.ts';

const help = `Explore every order of everything that can happen in small worlds, and check the
promises of docs/SPEC.md in each state.

  npm run explore -- [FLAGS]

  --scope TEXT   Only the scope with this name, or those whose names contain this text
  --quick        The scopes of the tests instead of the full set
  --states N     Stop a scope after this many states
  --mutants      Plant one fault after the other, and print the shortest story of each
  --mutant TEXT  The same for the mutants with this text
  --write        Write the stories of mutants into docs/PROOF.md
  --list         Print the names of the scopes
  -h, --help     Print this help

Exit codes: 0 all promises held (or all mutants were found, except those that are known
not to be), 1 otherwise, 2 invalid usage.
`;

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      scope: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      states: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      mutant: { type: 'string' },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (values.mutants || values.mutant !== undefined)
    return (await huntAll(values.mutant ?? '', values.write)) ? 0 : 1;
  const all = values.quick ? quickScopes : fullScopes;
  const named = all.filter(({ name }) => name === values.scope);
  const scopes = named.length > 0 ? named : all.filter(({ name }) => name.includes(values.scope));
  if (scopes.length === 0) {
    process.stderr.write(`No scope has "${values.scope}" in its name. Print the names with --list.\n`);
    return 2;
  }
  if (values.list) {
    for (const scope of scopes) console.log(boundsOf(scope));
    return 0;
  }
  const maxStates = Number(values.states ?? Infinity);
  if (scopes.length > 1) return exploreAll(scopes, args);
  const [scope] = scopes;
  return scope !== undefined && (await explore(scope, maxStates)) ? 0 : 1;
}

/** Explores each scope in a process of its own, one for each core, and prints the figures of each when it ends. */
async function exploreAll(scopes: readonly Scope[], args: readonly string[]): Promise<number> {
  const began = performance.now();
  let broken = 0;
  await concurrently(scopes, availableParallelism(), async ({ name }) => {
    const main = join(import.meta.dirname, 'main.ts');
    const child = spawn(process.execPath, [main, ...args, '--scope', name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    process.stdout.write(await text(child.stdout));
    const [code] = await ended;
    if (code !== 0) broken += 1;
  });
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `${scopes.length - broken} of ${scopes.length} scopes ended without a broken promise, in ${seconds} s`,
  );
  return broken === 0 ? 0 : 1;
}

/** Explores one scope and prints its figures. Returns whether all promises held. */
async function explore(scope: Scope, maxStates: number): Promise<boolean> {
  const began = performance.now();
  let reportedAt = began;
  const result = await search(scope, {
    maxStates,
    progress: (states, depth, waiting) => {
      if (performance.now() - reportedAt < 10_000) return;
      reportedAt = performance.now();
      process.stderr.write(
        `explore: ${scope.name}: ${states} states, depth ${depth}, ${waiting} to expand\n`,
      );
    },
  });
  const { rss } = process.memoryUsage();
  console.log(boundsOf(scope));
  console.log(
    `  ${figuresOf(result)}, ${Math.round((performance.now() - began) / 1000)} s, ${Math.round(rss / 1e6)} MB`,
  );
  const { found, isComplete } = result;
  if (found !== undefined) {
    console.log(`  BROKEN: ${found.violation}`);
    for (const line of await tell(found.story, scope, automatonOf(scope))) console.log(`  ${line}`);
  } else if (!isComplete) console.log('  stopped because of --states: not everything was explored');
  return found === undefined && isComplete;
}

/** What was explored, and within which bounds. */
function boundsOf({ name, acts, faults, faultKinds }: Scope): string {
  const kinds = faults === 0 ? 'no faults' : `${counted(faults, 'fault')} (${faultKinds.join(', ')})`;
  return `${name}: every interleaving of at most ${counted(acts, 'act')} of users and ${kinds}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function figuresOf({ states, transitions, depth, atRest, restIn, nodes }: Result): string {
  return `${states} states, ${transitions} transitions, depth ${depth}, ${atRest} at rest, at rest within ${restIn} steps of any state, ${nodes} states of a controller`;
}
