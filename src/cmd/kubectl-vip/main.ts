/** `kubectl vip` as a process: the only place here with process.exit and the environment. */

import { homedir } from 'node:os';
import { systemClock } from '../../client/clock.ts';
import { errorText } from '../../client/errors.ts';
import { printable } from '../../core/text/quote.ts';
import { readStandardInput, readTextFile } from '../../manifest/read-text.ts';
import { ansiFor } from '../../terminal/ansi.ts';
import { createScreen } from '../../terminal/screen.ts';
import { version } from '../flags/version.ts';
import { type Answer, type OutputOptions, printValue } from './command-result.ts';
import { complete, completionText } from './completion.ts';
import type { IOStreams } from './io-streams.ts';
import { type Invocation, pluginRequest } from './plugin-arguments.ts';
import { ask } from './run-command.ts';
import { watchPools } from './watch-pools.ts';
import { web } from './web-command.ts';

const exit = { done: 0, failed: 1 } as const;

/** Each sentence has made its parts printable; whatever one forgets does not reach the terminal all the same. */
function say(lines: string): void {
  process.stderr.write(`${lines.split('\n').map(printable).join('\n')}\n`);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => stop.abort(new Error('interrupted')));
// `kubectl vip ... | head` ends reading before we end writing.
process.stdout.on('error', () => process.exit(exit.done));

const streams: IOStreams = {
  env: process.env,
  home: homedir,
  clock: systemClock,
  random: Math.random,
  version,
  signal: stop.signal,
  say,
  readText: (path) => (path === '-' ? readStandardInput(process.stdin, say) : readTextFile(path, path)),
};

async function main(): Promise<number> {
  const request = pluginRequest(process.argv.slice(2), process.env);
  switch (request.kind) {
    case 'print':
      process.stdout.write(request.text);
      return exit.done;
    case 'version':
      process.stdout.write(`kubectl-vip ${version} (Node ${process.version})\n`);
      return exit.done;
    case 'completion':
      process.stdout.write(completionText);
      return exit.done;
    case 'complete':
      process.stdout.write(await complete(request.words, streams));
      return exit.done;
    case 'usage':
      say(request.message);
      return exit.failed;
    case 'run':
      return run(request.invocation);
  }
}

async function run(invocation: Invocation): Promise<number> {
  try {
    const { command } = invocation;
    if (invocation.isWatching) return await watch(invocation);
    if (command === 'web') {
      await web(invocation, streams, (lines) => process.stdout.write(`${lines}\n`));
      return exit.done;
    }
    return print(await ask({ ...invocation, command }, streams), invocation);
  } catch (error) {
    if (stop.signal.aborted) return exit.failed;
    say(`${invocation.command}: ${errorText(error)}`);
    return exit.failed;
  }
}

function print(answer: Answer, { output, ...invocation }: Invocation): number {
  process.stdout.write(
    output === 'json' || output === 'yaml'
      ? printValue(answer.value, output)
      : `${answer.lines(viewFor({ ...invocation, output })).join('\n')}\n`,
  );
  return answer.exitCode;
}

function viewFor({ output, isColoured }: Pick<Invocation, 'output' | 'isColoured'>): OutputOptions {
  const isTerminal = process.stdout.isTTY === true;
  return {
    // Without a terminal a row is a line, for grep, unless somebody says how wide the page is.
    width: isTerminal ? process.stdout.columns : Number(process.env.COLUMNS) || Number.POSITIVE_INFINITY,
    ansi: ansiFor(isTerminal && isColoured),
    isWide: output === 'wide',
  };
}

async function watch(invocation: Invocation): Promise<number> {
  const screen = createScreen(process.stdout);
  try {
    await watchPools(invocation, streams, (lines) =>
      screen.draw(['Live; Ctrl-C leaves.', '', ...lines(viewFor(invocation))]),
    );
  } finally {
    screen.close();
  }
  return exit.done;
}

process.exit(await main());
