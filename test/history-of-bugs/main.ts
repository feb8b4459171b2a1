/**
 * `npm run history-of-bugs -- cilium-45800`: plays the story of a published bug on the real controller
 * (docs/published-bugs.md).
 */
import { parseArgs } from 'node:util';
import { nearestWord } from '../../src/core/text/nearest.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { Cluster } from '../e2e/cluster.ts';
import { publishedBugs } from './bugs.ts';
import { EmbeddedWorld } from './embedded-world.ts';
import { GoWorld } from './go-world.ts';
import { type Facts, idOf, isGoBug, linkTo, type PublishedBug, play, type Step } from './published-bug.ts';
import { tables } from './tables.ts';
import type { World } from './world.ts';

const help = `Play the stories of published bugs on the real controller, and show the outcome.

  npm run history-of-bugs                    List the bugs
  npm run history-of-bugs -- cilium-45800    Play one or more of them
  npm run history-of-bugs -- --all           Play all of them

  --all        Play all stories, and print only what failed
  --table      Print the tables of docs/published-bugs.md
  --go         Play the stories on v0.0.12 of the Go version, which shows the fault
               (needs the programs of "npm run controlplane")
  -h, --help   Print this help

Exit codes: 0 the outcome is right, 1 it is not, 2 invalid usage.
`;

class UsageError extends Error {}

interface Arguments {
  readonly bugs: readonly PublishedBug[];
  readonly isQuiet: boolean;
  readonly go: boolean;
}

function readArguments(args: string[]): Arguments | 'help' | 'list' | 'table' {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      go: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.table) return 'table';
  if (!values.all && positionals.length === 0) {
    if (values.go) throw new UsageError('--go needs the name of a bug, or --all.');
    return 'list';
  }
  const bugs = values.all
    ? publishedBugs.filter((bug) => !values.go || isGoBug(bug))
    : positionals.map(bugNamed);
  const other = bugs.find((bug) => values.go && !isGoBug(bug));
  if (other !== undefined)
    throw new UsageError(
      `The Go version cannot play ${idOf(other)}. Omit --go, or choose one of: ${goNames()}.`,
    );
  return { bugs, isQuiet: values.all, go: values.go };
}

function goNames(): string {
  return publishedBugs.filter(isGoBug).map(idOf).join(', ');
}

function bugNamed(name: string): PublishedBug {
  const found = publishedBugs.find((bug) => idOf(bug) === name);
  if (found !== undefined) return found;
  const ids = publishedBugs.map(idOf);
  const alike = ids.filter((id) => id.startsWith(`${name}-`) || id.endsWith(`-${name}`));
  const near = alike.length > 0 ? alike : [nearestWord(name, ids)].filter((id) => id !== undefined);
  const suggestion = near.length === 0 ? '' : ` Did you mean ${near.slice(0, 5).join(', ')}?`;
  throw new UsageError(`Unknown bug "${name}".${suggestion} To list all, run: npm run history-of-bugs`);
}

function list(): void {
  const width = Math.max(...publishedBugs.map((bug) => idOf(bug).length));
  for (const bug of publishedBugs) console.log(`${idOf(bug).padEnd(width)}  ${bug.title}`);
  console.log(`\n${publishedBugs.length} bugs. To play one, run: npm run history-of-bugs -- NAME`);
}

/** Plays the story and prints it. Returns whether the outcome is the expected one. */
async function tell<W extends World>(
  bug: Facts,
  world: W,
  stories: readonly (readonly Step<W>[])[],
  isQuiet: boolean,
): Promise<boolean> {
  const lines: string[] = [];
  const print = (line: string): void => void (isQuiet ? lines.push(line) : console.log(line));
  const { text, url } = linkTo(bug.source);
  print(`${idOf(bug)}: ${bug.title}\n${text}: ${url}\nThere: ${bug.fault}\nHere: ${bug.here}\n`);
  let number = 0;
  try {
    await play(world, stories.flat(), (step, changes) => {
      number += 1;
      if (number === (stories[0]?.length ?? 0) + 1) print('Outcome:');
      print(`${String(number).padStart(3)}. ${step.text}`);
      for (const change of changes) print(`       ${change}`);
    });
    return true;
  } catch (error) {
    for (const line of lines) console.log(line);
    console.log(`FAILED at step ${number + 1}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  } finally {
    await world.close();
  }
}

/** Starts a kube-apiserver for the Go version. */
async function startCluster(): Promise<Cluster> {
  const missing = (['controlplane', 'peers'] as const).flatMap(
    (name) => locateBinaries(process.env, name).missing,
  );
  if (missing.length > 0)
    throw new UsageError(`--go needs ${missing.join(', ')}. To build them, run: npm run controlplane`);
  return Cluster.start(locateBinaries(process.env).folder, { prefix: 'history-of-bugs' });
}

async function playAll({ bugs, isQuiet, go }: Arguments): Promise<boolean> {
  const cluster = go ? await startCluster() : undefined;
  const verdict = go ? 'the Go version shows the fault' : 'the outcome is right';
  let right = 0;
  try {
    for (const bug of bugs) {
      const isRight =
        cluster !== undefined && isGoBug(bug)
          ? await tell(bug, new GoWorld(cluster), [bug.steps, bug.go], isQuiet)
          : await tell(bug, new EmbeddedWorld(), [bug.steps, bug.outcome], isQuiet);
      if (isRight) right += 1;
      if (isRight) console.log(isQuiet ? `${idOf(bug)}: ${verdict}` : `\n${verdict}`);
      await cluster?.clear();
    }
  } finally {
    await cluster?.stop();
  }
  if (bugs.length > 1) console.log(`${right} of ${bugs.length} as expected`);
  return right === bugs.length;
}

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2));
  if (read === 'help') process.stdout.write(help);
  else if (read === 'list') list();
  else if (read === 'table') console.log(tables());
  else return (await playAll(read)) ? 0 : 1;
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage =
    error instanceof UsageError ||
    (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  if (!isUsage) throw error;
  process.stderr.write(`${error.message}\nRun "npm run history-of-bugs -- --help" for usage.\n`);
  process.exitCode = 2;
}
process.exit();
