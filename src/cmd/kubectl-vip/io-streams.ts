import type { Clock, Random } from '../../client/transport.ts';
import type { ManifestText } from '../../manifest/manifests.ts';

/** What a question is answered with: all that the process has, handed in. */
export interface IOStreams {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  readonly signal: AbortSignal;
  /** Lines for standard error. */
  readonly say: (lines: string) => void;
  /** A file's text, or standard input's for `-`. */
  readonly readText: (path: string) => Promise<ManifestText>;
}
