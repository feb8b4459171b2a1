import type { Allocator } from '../core/decide/allocator.ts';
import type { Options } from '../core/model/options.ts';
import type { Ended } from '../core/queue/work-queue.ts';
import type { InFlightWritesOptions } from './in-flight-writes.ts';
import type { Reporter } from './reporter.ts';

export interface ReconcilerOptions extends InFlightWritesOptions {
  readonly allocator: Allocator;
  readonly reporter: Reporter;
  readonly options: Options;
  /** Whether all lists were read, so that decisions are allowed. */
  readonly hasSynced: () => boolean;
}

/** Keeps objects of one kind as they should be. `StatusPublisher` has a single object, and so no work queue. */
export interface Reconciler {
  /** Starts to process the next item. Undefined if none is ready, or nothing can be started now. */
  startNext(): Ended | Promise<unknown> | undefined;
  /** When an item that is delayed now is due (`Clock.now`); undefined if none is. */
  readonly nextAt: number | undefined;
  /** Whether everything that is ready has been processed. Delayed changes do not count. */
  readonly isIdle: boolean;
  /** Starts nothing more. Resolves when its requests have ended or were aborted after `graceMs`, as `InFlightWrites.drain` says. */
  close(graceMs: number): Promise<boolean>;
}
