import { ImageError } from './image/failure.ts';

/** A script that builds files, and takes flags. */
export interface Build<Flags extends { readonly help: boolean }> {
  /** Stands before each message. */
  readonly name: string;
  readonly usage: string;
  /** Throws an `Error` if the arguments are wrong. */
  readonly parse: (args: string[]) => Flags;
  /** Returns the files that were built. Throws an `ImageError` if the user can fix the failure. */
  readonly build: (flags: Flags, progress: (text: string) => void) => Promise<readonly string[]>;
}

/** Runs the script, and prints the files. Returns the exit code: 0 built, 1 failed, 2 wrong usage. */
export async function runBuild<Flags extends { readonly help: boolean }>(
  { name, usage, parse, build }: Build<Flags>,
  args: string[],
): Promise<number> {
  const progress = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
  let flags: Flags;
  try {
    flags = parse(args);
  } catch (error) {
    progress(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (flags.help) {
    process.stdout.write(usage);
    return 0;
  }
  try {
    for (const file of await build(flags, progress)) console.log(file);
    return 0;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    progress(error.message);
    return 1;
  }
}
