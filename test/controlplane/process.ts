import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

/**
 * Runs its arguments as a child and ends that child, by its id, when standard input ends. Standard input is a pipe
 * from the test process, so this happens also when that process was killed and could not clean up.
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

export interface Child {
  /** The last lines that the program wrote, for the message of a failed start. */
  output(): string;
  /** Fulfilled when the program is gone, for whatever reason. */
  exited: Promise<void>;
  running(): boolean;
  /** 128 and the signal's number after a signal; undefined while it runs. */
  exitCode(): number | undefined;
  stop(signal?: 'TERM' | 'KILL' | 'STOP' | 'CONT'): Promise<void>;
}

export interface ChildOptions {
  /** The whole environment; without it that of the test. */
  env?: Readonly<Record<string, string>>;
  /** Told of everything that the program writes, to either stream. */
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
  // Writing to a guard that is already gone is no failure of a test.
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
  // A test file that forgot to stop a server must end all the same; its death then ends the server.
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
      const alive = setInterval(() => {}, 1000);
      await exited;
      clearInterval(alive);
    },
  };
}

function unrefStream(stream: unknown): void {
  const socket = stream as { unref?: () => void };
  socket.unref?.();
}

/** Free a moment ago; whoever uses them must be ready to try again with others. */
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
