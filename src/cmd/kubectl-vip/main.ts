/** `kubectl vip` as a process: the only file here that uses process.exit and the environment. */

import { lookup } from 'node:dns/promises';
import { homedir } from 'node:os';
import { systemClock } from '../../client/clock.ts';
import { errorText } from '../../client/errors.ts';
import { printable } from '../../core/text/quote.ts';
import { readStandardInput, readTextFile } from '../../manifest/read-text.ts';
import { ansiFor } from '../../terminal/ansi.ts';
import { createScreen } from '../../terminal/screen.ts';
import { StandardOutput } from '../flags/output.ts';
import { version } from '../flags/version.ts';
import { type CommandResult, type OutputOptions, printValue } from './command-result.ts';
import { complete, completionText } from './completion.ts';
import type { IOStreams } from './io-streams.ts';
import { type Invocation, pluginRequest } from './plugin-arguments.ts';
import { runCommand } from './run-command.ts';
import { watchPools } from './watch-pools.ts';
import { web } from './web-command.ts';

const exitCode = { success: 0, failure: 1 } as const;

/** Escapes once more, in case a message contains unescaped text. */
function writeStderr(lines: string): void {
  process.stderr.write(`${lines.split('\n').map(printable).join('\n')}\n`);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => stop.abort(new Error('interrupted')));
const standardOutput = new StandardOutput(process.stdout, process.stderr, () =>
  stop.abort(new Error('standard output is closed')),
);

const streams: IOStreams = {
  env: process.env,
  home: homedir,
  clock: systemClock,
  random: Math.random,
  version,
  signal: stop.signal,
  writeStderr,
  lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  readText: (path) =>
    path === '-' ? readStandardInput(process.stdin, writeStderr) : readTextFile(path, path),
};

async function main(): Promise<number> {
  const request = pluginRequest(process.argv.slice(2), process.env);
  switch (request.kind) {
    case 'print':
      process.stdout.write(request.text);
      return exitCode.success;
    case 'version':
      process.stdout.write(`kubectl-vip ${version} (Node ${process.version})\n`);
      return exitCode.success;
    case 'completion':
      process.stdout.write(completionText);
      return exitCode.success;
    case 'complete':
      process.stdout.write(await complete(request.words, streams));
      return exitCode.success;
    case 'usage':
      writeStderr(request.message);
      return exitCode.failure;
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
      return exitCode.success;
    }
    return print(await runCommand({ ...invocation, command }, streams), invocation);
  } catch (error) {
    if (stop.signal.aborted) return standardOutput.isClosed ? exitCode.success : exitCode.failure;
    writeStderr(`${invocation.command}: ${errorText(error)}`);
    return exitCode.failure;
  }
}

function print(result: CommandResult, { output, ...invocation }: Invocation): number {
  process.stdout.write(
    output === 'json' || output === 'yaml'
      ? printValue(result.value, output)
      : `${result.lines(outputOptions({ ...invocation, output })).join('\n')}\n`,
  );
  return result.exitCode;
}

function outputOptions({ output, isColored }: Pick<Invocation, 'output' | 'isColored'>): OutputOptions {
  const isTerminal = process.stdout.isTTY === true;
  return {
    // Without a terminal each row is one line, for grep, unless COLUMNS sets a width.
    width: isTerminal ? process.stdout.columns : Number(process.env.COLUMNS) || Number.POSITIVE_INFINITY,
    ansi: ansiFor(isTerminal && isColored),
    isWide: output === 'wide',
  };
}

async function watch(invocation: Invocation): Promise<number> {
  const screen = createScreen(process.stdout);
  try {
    await watchPools(invocation, streams, (lines) =>
      screen.draw(['Live. Press Ctrl+C to exit.', '', ...lines(outputOptions(invocation))]),
    );
  } finally {
    screen.close();
  }
  return exitCode.success;
}

process.exit(await standardOutput.finish(await main()));
