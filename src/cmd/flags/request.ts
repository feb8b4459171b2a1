import type { Environment } from './environment.ts';

/** What a command line asks for. Everything behind `run` is decided: no field is optional. */
export type Request<Run> =
  | ({ kind: 'run' } & Run)
  | { kind: 'help'; text: string }
  | { kind: 'version' }
  /** Wrong usage: the message goes to standard error, and the exit code is 2. */
  | { kind: 'usage'; message: string };

export function usage(message: string, help: string): { kind: 'usage'; message: string } {
  return { kind: 'usage', message: `${message}\nWrite ${help} for what there is.` };
}

export function welcomesColour(env: Environment): boolean {
  return (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
