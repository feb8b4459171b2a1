import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Runs its arguments as a child process, and ends it when standard input is closed. Standard input is a pipe from the
 * test process, so the child ends even if the test process is killed.
 */
const guard = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ while read -r signal; do kill -s "$signal" $server; done; kill $server; sleep 8; kill -9 $server; } <&3 2>/dev/null &
reader=$!
exec 3<&-
wait $server
code=$?
kill $reader 2>/dev/null
exit $code
`;

/** Writes the standard input of a program. If it ends without reading all of it, its exit code tells, and no EPIPE. */
export function feed({ stdin }: { readonly stdin: Writable | null }, input = ''): void {
  stdin?.on('error', () => {});
  stdin?.end(input);
}
/** The default of `terminationGracePeriodSeconds` in Kubernetes. */
const gracePeriodMs = 30_000;

export interface Child {
  /** The last lines that the program wrote. */
  output(): string;
  /** Resolves when the program has exited for any reason. */
  exited: Promise<void>;
  running(): boolean;
  /** After a signal, 128 plus its number. Undefined while the program runs. */
  exitCode(): number | undefined;
  /** A program that does not end after SIGTERM gets SIGKILL after the kubelet's grace period. */
  stop(signal?: 'TERM' | 'INT' | 'KILL' | 'STOP' | 'CONT'): Promise<void>;
}

export interface ChildOptions {
  /** The complete environment; by default that of the test process. */
  env?: Readonly<Record<string, string>>;
  /** Called with everything that the program writes to standard output and standard error. */
  onOutput?: (text: string) => void;
}

export function startChild(program: string, args: readonly string[], options: ChildOptions = {}): Child {
  const { env = process.env, onOutput } = options;
  const shell = spawn('/bin/sh', ['-c', guard, 'guard', program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
  });
  const { promise: exited, resolve } = Promise.withResolvers<void>();
  let running = true;
  let exitCode: number | undefined;
  const ended = (code: number): void => {
    running = false;
    exitCode = code;
    resolve();
  };
  shell.once('exit', (code) => ended(code ?? -1));
  shell.once('error', () => ended(-1));
  // Writing to a guard that has exited must not fail a test.
  shell.stdin.on('error', () => {});
  const lines: string[] = [];
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      onOutput?.(text);
      lines.push(text);
      if (lines.length > 200) lines.splice(0, 100);
    });
  }
  // The test process may exit without stopping the child, which then ends because its standard input is closed.
  shell.unref();
  for (const stream of [shell.stdin, shell.stdout, shell.stderr]) unrefStream(stream);
  return {
    output: () => lines.join('').split('\n').slice(-30).join('\n'),
    exited,
    running: () => running,
    exitCode: () => exitCode,
    async stop(signal = 'TERM') {
      if (!running) return;
      shell.stdin.write(`${signal}\n`);
      if (signal === 'STOP' || signal === 'CONT') return;
      // The timer also keeps the test process alive.
      const timer = setTimeout(() => shell.stdin.write('KILL\n'), gracePeriodMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function unrefStream(stream: unknown): void {
  const socket = stream as { unref?: () => void };
  socket.unref?.();
}

/** Returns ports that were free a moment ago. Callers must retry with others if one is in use. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof createServer>>();
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server));
      return promise;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    return address.port;
  });
  for (const server of servers) server.close();
  return ports;
}
