import type { Environment } from './environment.ts';

/** A parsed command line. Defaults are resolved: `run` has no optional fields. */
export type Request<Run> =
  | ({ kind: 'run' } & Run)
  | { kind: 'help'; text: string }
  | { kind: 'version' }
  /** The message goes to standard error, and the exit code is 2. */
  | { kind: 'usage'; message: string };

export function usage(message: string, help: string): { kind: 'usage'; message: string } {
  return { kind: 'usage', message: `${message}\nRun "${help}" for usage.` };
}

export function allowsColor(env: Environment): boolean {
  return (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
