import type { AllocationContext } from '../decide/allocation-context.ts';
import type { ConfigMap } from '../model/objects.ts';
import type { Options } from '../model/options.ts';

/** A way out for a Service that does not have what it asks for. */
export interface Remedy {
  /** What to do, as a sentence. */
  readonly advice: string;
  /** A command for a shell that does it; words in capitals are for the user to replace. Some ways out are no command. */
  readonly command: string | undefined;
}

export interface RemedyContext {
  /** Of an allocator, or of a moment of it. */
  readonly allocator: AllocationContext;
  readonly options: Options;
  /** As it stands in the API, for commands that change one value of it. */
  readonly configMap: ConfigMap | undefined;
}
