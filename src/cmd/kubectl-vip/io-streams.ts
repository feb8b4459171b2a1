import type { Clock, Random } from '../../client/transport.ts';
import type { ManifestText } from '../../manifest/manifests.ts';

/** What a command uses of its process, as parameters. */
export interface IOStreams {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly writeStderr: (lines: string) => void;
  /** The addresses of a host name, as the system resolves it. Rejects if it has none. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  /** Reads a file, or standard input for `-`. */
  readonly readText: (path: string) => Promise<ManifestText>;
  /** Reads a file of any length, or standard input for `-`, as it arrives. Rejects if it cannot be opened. */
  readonly openFile: (path: string) => Promise<AsyncIterable<Uint8Array>>;
}
