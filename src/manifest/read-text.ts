import { readFile } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { printable } from '../core/text/quote.ts';
import type { ManifestText } from './manifests.ts';

/** Reads a file. `name` is the path as the user gave it. Throws an error whose message says what to do. */
export async function readTextFile(path: string, name: string): Promise<ManifestText> {
  try {
    return { name, text: await readFile(path, 'utf8') };
  } catch (error) {
    throw new Error(`${printable(name)} cannot be read: ${reasonFor(error)}`);
  }
}

export async function readStandardInput(
  stdin: NodeJS.ReadStream,
  say: (sentence: string) => void,
): Promise<ManifestText> {
  if (stdin.isTTY) say('Reading manifests from standard input; end with Ctrl-D.');
  return { name: 'standard input', text: await readStream(stdin) };
}

/** Why a file cannot be read, and what to do. */
export function reasonFor(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file. Check the path, which is relative to the current directory.';
    case 'EISDIR':
      return 'it is a directory. Name the files in it, as in directory/*.yaml.';
    case 'EACCES':
      return 'permission denied. Check its permissions.';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
