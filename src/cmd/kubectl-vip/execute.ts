import { lookup } from 'node:dns/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import { systemClock } from '../../client/clock.ts';
import { errorText } from '../../client/errors.ts';
import { readStandardInput, readTextFile } from '../../manifest/read-text.ts';
import { ansiFor } from '../../terminal/ansi.ts';
import { createScreen } from '../../terminal/screen.ts';
import type { Environment } from '../flags/environment.ts';
import { home } from '../flags/home.ts';
import { version } from '../flags/version.ts';
import { type CommandResult, type OutputOptions, printValue } from './command-result.ts';
import { complete } from './completion.ts';
import type { IOStreams } from './io-streams.ts';
import { moveServices } from './move-command.ts';
import { openFile } from './open-file.ts';
import type { Invocation } from './plugin-arguments.ts';
import { runCommand } from './run-command.ts';
import { watchPools } from './watch-pools.ts';
import { web } from './web-command.ts';

/** The process that a command runs in. */
export interface ProcessContext {
  readonly env: Environment;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly writeStderr: (lines: string) => void;
  /** Aborted if the process is interrupted, or standard output can no longer be written. */
  readonly signal: AbortSignal;
  /** Whether the reader closed standard output. */
  readonly isOutputClosed: () => boolean;
}

const exitCode = { success: 0, failure: 1 } as const;

/** Runs a command, writes its output, and returns the exit code. */
export async function execute(invocation: Invocation, context: ProcessContext): Promise<number> {
  const { signal, stdout, writeStderr, isOutputClosed } = context;
  const streams = streamsOf(context);
  try {
    const { command } = invocation;
    if (invocation.isWatching) return await watch(invocation, streams, context);
    if (command === 'web') {
      await web(invocation, streams, (lines) => stdout.write(`${lines}\n`));
      return exitCode.success;
    }
    if (command === 'move' || command === 'drain') {
      // The lines of the progress would not be valid in other formats.
      const isTable = invocation.output === 'table' || invocation.output === 'wide';
      const report = isTable ? (line: string) => void stdout.write(`${line}\n`) : writeStderr;
      return print(await moveServices({ ...invocation, command }, streams, report), invocation, context);
    }
    return print(await runCommand({ ...invocation, command }, streams), invocation, context);
  } catch (error) {
    if (signal.aborted) return isOutputClosed() ? exitCode.success : exitCode.failure;
    writeStderr(`${invocation.command}: ${errorText(error)}`);
    return exitCode.failure;
  }
}

/** Completes the last word for a shell. */
export async function executeCompletion(words: readonly string[], context: ProcessContext): Promise<number> {
  context.stdout.write(await complete(words, streamsOf(context)));
  return exitCode.success;
}

function streamsOf({ env, stdin, signal, writeStderr }: ProcessContext): IOStreams {
  return {
    env,
    home,
    clock: systemClock,
    random: Math.random,
    version,
    signal,
    writeStderr,
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    openFile: (path) => openFile(path, { stdin, signal, writeStderr }),
    readText: (path) => (path === '-' ? readStandardInput(stdin, writeStderr) : readTextFile(path, path)),
  };
}

function print(result: CommandResult, invocation: Invocation, context: ProcessContext): number {
  const { output } = invocation;
  context.stdout.write(
    output === 'json' || output === 'yaml'
      ? printValue(result.value, output)
      : `${result.lines(outputOptions(invocation, context)).join('\n')}\n`,
  );
  return result.exitCode;
}

function outputOptions({ output, isColored }: Invocation, { env, stdout }: ProcessContext): OutputOptions {
  const isTerminal = stdout.isTTY === true;
  return {
    // Without a terminal each row is one line, for grep, unless COLUMNS sets a width.
    width: isTerminal ? stdout.columns : Number(env.COLUMNS) || Number.POSITIVE_INFINITY,
    ansi: ansiFor(isTerminal && isColored),
    isWide: output === 'wide',
  };
}

async function watch(invocation: Invocation, streams: IOStreams, context: ProcessContext): Promise<number> {
  const screen = createScreen(context.stdout);
  try {
    await watchPools(invocation, streams, (lines) =>
      screen.draw(['Live. Press Ctrl+C to exit.', '', ...lines(outputOptions(invocation, context))]),
    );
  } finally {
    screen.close();
  }
  return exitCode.success;
}
