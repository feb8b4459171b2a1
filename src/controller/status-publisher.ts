import { backoffMs } from '../client/backoff.ts';
import { ApiError, errorText } from '../client/errors.ts';
import type { ConfigMap } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { annotations } from '../core/model/well-known-names.ts';
import { poolStatus } from '../core/queries/pool-status.ts';
import { pendingCounts } from '../core/queries/quotas.ts';
import { printable } from '../core/text/quote.ts';
import type { Counters } from './counters.ts';
import type { Reconciler, ReconcilerOptions } from './reconciler.ts';
import { refusalOf } from './refusal.ts';

/** The shortest time between two writes (spec section 12). */
const intervalMs = 5_000;
/** After so long, the ConfigMap is read again, so that a deletion or an edit of it does not last. */
const checkMs = 60_000;
const backoff = { initialMs: intervalMs, maxMs: checkMs };

export interface StatusPublisherOptions extends ReconcilerOptions {
  readonly counters: Counters;
}

/**
 * Keeps the state of the pools in a ConfigMap beside theirs, for `--publish-status`. It writes only a ConfigMap that it created,
 * because one of the same name may contain the pools of another controller.
 */
export class StatusPublisher implements Reconciler {
  readonly #options: StatusPublisherOptions;
  readonly #abortController = new AbortController();
  #isBusy = false;
  /** Whether anything can have changed since the state was last compared. */
  #isDirty = true;
  /** When the state may be compared and written again. */
  #nextAt = 0;
  /** When it was last read or written. */
  #seenAt = 0;
  /** As it was last read or written; undefined if it has to be read before it is written. */
  #known: ConfigMap | undefined;
  #failures = 0;
  /** The reported failure. */
  #reported: string | undefined;

  constructor(options: StatusPublisherOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return !this.#isBusy;
  }

  get nextAt(): number | undefined {
    if (this.#isBusy || this.#abortController.signal.aborted) return undefined;
    return this.#isDirty ? this.#nextAt : Math.max(this.#nextAt, this.#seenAt + checkMs);
  }

  /** Any change calls this. Compares the state if it is due, and writes it if it differs. */
  startNext(): Promise<void> | undefined {
    const { context, hasSynced, leadership } = this.#options;
    const now = context.clock.now();
    const isAllowed = hasSynced() && leadership.remainingMs() > 0 && !this.#abortController.signal.aborted;
    if (this.#isBusy || now < this.#nextAt || !isAllowed) {
      this.#isDirty = true;
      return undefined;
    }
    this.#isDirty = false;
    this.#nextAt = now + intervalMs;
    if (now >= this.#seenAt + checkMs) this.#known = undefined;
    const data = this.#data();
    if (this.#known !== undefined && hasData(this.#known, data)) return undefined;
    return this.#publish(data);
  }

  /** Aborts the write in flight. If it executes later, the version on which it is based is outdated. */
  async close(): Promise<boolean> {
    this.#abortController.abort(new Error('the publisher was closed'));
    return true;
  }

  async #publish(data: Record<string, string>): Promise<void> {
    const { context } = this.#options;
    this.#isBusy = true;
    try {
      const known = this.#known ?? (await this.#read());
      if (known === undefined) this.#known = await this.#create(data);
      else this.#known = hasData(known, data) ? known : await this.#update(known, data);
      this.#seenAt = context.clock.now();
      this.#failures = 0;
      this.#reported = undefined;
    } catch (error) {
      this.#known = undefined;
      this.#isDirty = true;
      if (!this.#abortController.signal.aborted && !isOutdated(error)) this.#failed(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Delays the next attempt. Repeats no report until something else fails. */
  #failed(error: unknown): void {
    const { context } = this.#options;
    const retryInMs = backoffMs(this.#failures, context.random(), backoff);
    this.#failures += 1;
    this.#nextAt = context.clock.now() + retryInMs;
    const message = `Cannot publish the state of the pools. ${adviceOn(error)}${errorText(error)}`;
    if (message === this.#reported) return;
    this.#reported = message;
    const { namespace, name } = this.#name;
    context.log.warn(message, { configMap: `${namespace}/${name}`, retryInMs });
  }

  #data(): Record<string, string> {
    const { allocator, counters } = this.#options;
    const decisions = [...counters.services.waiting()].flatMap(([key, decision]) => {
      const state = allocator.ledger.get(key);
      return state === undefined ? [] : { state, decision };
    });
    return poolStatus(allocator, pendingCounts(decisions).byPool);
  }

  /** Undefined if it does not exist. */
  async #read(): Promise<ConfigMap | undefined> {
    const { context, options, leadership } = this.#options;
    let found: ConfigMap;
    try {
      found = await context.api.get<ConfigMap>(this.#path, this.#abortController.signal, leadership);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
    const publisher = found.metadata.annotations?.[annotations.publisher];
    if (publisher !== options.controller) throw new Error(notOurs(this.#name, publisher));
    return found;
  }

  #create(data: Record<string, string>): Promise<ConfigMap> {
    const { context, options, leadership } = this.#options;
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...this.#name, annotations: { [annotations.publisher]: options.controller } },
      data,
    };
    const { signal } = this.#abortController;
    return context.api.create(this.#folder, object, signal, leadership);
  }

  /** Keeps the metadata that other clients have added. A later change of the object makes this write fail. */
  #update(known: ConfigMap, data: Record<string, string>): Promise<ConfigMap> {
    const { context, leadership } = this.#options;
    const { managedFields: _, ...metadata } = known.metadata;
    const object: ConfigMap = { ...known, apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    return context.api.update(this.#path, object, this.#abortController.signal, leadership);
  }

  /** Beside the ConfigMap with the pools. */
  get #name(): { readonly namespace: string; readonly name: string } {
    const { namespace, name } = this.#options.options.configMap;
    return { namespace, name: `${name}-status` };
  }

  get #folder(): string {
    return `/api/v1/namespaces/${this.#name.namespace}/configmaps`;
  }

  get #path(): string {
    return `${this.#folder}/${this.#name.name}`;
  }
}

function hasData({ data = {} }: ConfigMap, wanted: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(wanted);
  return names.length === Object.keys(data).length && names.every((name) => data[name] === wanted[name]);
}

/** Whether another client has changed, created, or deleted the ConfigMap since it was read. */
function isOutdated(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 409 || (error.status === 404 && error.request.verb === 'update');
}

function adviceOn(error: unknown): string {
  const isPermission = error instanceof ApiError && refusalOf(error).kind === 'permission';
  return isPermission
    ? `Grant the verb "${error.request.verb}" on configmaps in the Role of the controller: `
    : '';
}

function notOurs({ namespace, name }: Options['configMap'], publisher: string | undefined): string {
  const by =
    publisher === undefined
      ? 'was not created by --publish-status'
      : `belongs to controller ${printable(publisher)}`;
  return `ConfigMap ${namespace}/${name} ${by}, so it is not changed. If nothing needs it, run: kubectl delete configmap --namespace ${namespace} ${name}. Otherwise, set --publish-status=false`;
}
