import type { Facts } from '../decide/facts.ts';
import type { ConfigMap } from '../model/objects.ts';
import type { Options } from '../model/options.ts';

/** A way to fix what prevents a Service from having what it requests. */
export interface Remedy {
  /** What to do, as a sentence. */
  readonly advice: string;
  /** A shell command that does it, if there is one. The user replaces words in capitals. */
  readonly command: string | undefined;
}

export interface RemedyContext {
  /** An allocator, or a snapshot of one. */
  readonly allocator: Facts;
  readonly options: Options;
  /** The object in the API, for commands that change one of its values. */
  readonly configMap: ConfigMap | undefined;
}
