/** `kubectl vip` as a process: the only file here that uses process.exit and the environment. */

import { printable } from '../../core/text/quote.ts';
import { StandardOutput } from '../flags/output.ts';
import { version } from '../flags/version.ts';
import { completionText } from './completion-text.ts';
import type { ProcessContext } from './execute.ts';
import { pluginRequest } from './plugin-arguments.ts';

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

const context: ProcessContext = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  writeStderr,
  signal: stop.signal,
  isOutputClosed: () => standardOutput.isClosed,
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
    case 'usage':
      writeStderr(request.message);
      return exitCode.failure;
    case 'completion':
      process.stdout.write(completionText);
      return exitCode.success;
    case 'complete':
    case 'run': {
      // Loaded on demand: the above needs only a small part of this program.
      const { execute, executeCompletion } = await import('./execute.ts');
      return request.kind === 'run'
        ? execute(request.invocation, context)
        : executeCompletion(request.words, context);
    }
  }
}

process.exit(await standardOutput.finish(await main()));
