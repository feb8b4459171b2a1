import { execFile, spawnSync } from 'node:child_process';
import { type Child, type ChildOptions, startChild } from '../controlplane/process.ts';
import { eventually } from '../e2e/eventually.ts';

/** Why this process cannot create network namespaces, or undefined if it can. */
export function missingPermission(): string | undefined {
  const attempt = spawnSync('unshare', ['--net', 'ip', 'link', 'add', 'name', 'probe0', 'type', 'veth'], {
    encoding: 'utf8',
  });
  if (attempt.status === 0) return undefined;
  return (attempt.error?.message ?? attempt.stderr).trim();
}

/**
 * A network namespace without a name. It exists as long as a process in it, and ends with the test process even if that is
 * killed: nothing remains that a later run would have to remove.
 */
export class NetworkNamespace {
  readonly pid: number;
  readonly #holder: Child;

  static async create(): Promise<NetworkNamespace> {
    let output = '';
    const holder = startChild('unshare', ['--net', 'sh', '-c', 'echo $$; exec sleep infinity'], {
      onOutput: (text) => {
        output += text;
      },
    });
    const pid = await eventually(() => {
      if (/^\d+\n/.test(output)) return Number.parseInt(output, 10);
      throw new Error(`cannot create a network namespace: ${output}`);
    });
    return new NetworkNamespace(pid, holder);
  }

  private constructor(pid: number, holder: Child) {
    this.pid = pid;
    this.#holder = holder;
  }

  /** The command that runs these arguments in this namespace. */
  command(args: readonly string[]): [program: string, args: string[]] {
    return ['nsenter', [`--target=${this.pid}`, '--net', '--', ...args]];
  }

  /** Runs a program in this namespace to its end, and returns its standard output. */
  run(...args: string[]): Promise<string> {
    return execute(...this.command(args));
  }

  /** Starts a program in this namespace. */
  start(args: readonly string[], options: ChildOptions = {}): Child {
    return startChild(...this.command(args), options);
  }

  /** Ends the namespace, and with it every interface in it. Programs that run in it must have ended. */
  async close(): Promise<void> {
    await this.#holder.stop('KILL');
  }
}

/** One end of a virtual cable: its interface, in a namespace or, without one, in that of the test process. */
export interface CableEnd {
  namespace?: NetworkNamespace;
  name: string;
}

/** Connects two interfaces with a veth pair, and sets both up. It ends with either namespace. */
export async function connect(a: CableEnd, b: CableEnd): Promise<void> {
  await execute('ip', ['link', 'add', ...end(a), 'type', 'veth', 'peer', ...end(b)]);
  for (const { namespace, name } of [a, b]) {
    const up = ['ip', 'link', 'set', name, 'up'] as const;
    await (namespace === undefined ? execute(up[0], up.slice(1)) : namespace.run(...up));
  }
}

function end({ namespace, name }: CableEnd): string[] {
  return ['name', name, ...(namespace === undefined ? [] : ['netns', String(namespace.pid)])];
}

export function execute(program: string, args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(program, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`${program} ${args.join(' ')}: ${stderr}`, { cause: error }));
  });
  return promise;
}
