import { ImageError } from '../image/failure.ts';

/** A failure that the user can fix: the message says how. */
export class ReleaseError extends ImageError {}

/** Runs the main part of a script. A failure that the user can fix becomes a message and exit code 1. */
export async function runScript(name: string, body: () => Promise<void> | void): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof ImageError || isUnknownFlag(error))) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Whether `parseArgs` rejected the arguments. */
function isUnknownFlag(error: unknown): error is TypeError {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}
