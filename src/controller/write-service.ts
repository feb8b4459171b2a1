import type { Api } from '../client/api.ts';
import { delayMs } from '../client/backoff.ts';
import type { Leadership } from '../client/election.ts';
import { ApiError, ConnectionError } from '../client/errors.ts';
import type { Random } from '../client/transport.ts';
import type { Claim } from '../core/ledger/claim.ts';
import type { ClaimRequest } from '../core/ledger/claim-requests.ts';
import type { Service } from '../core/model/objects.ts';
import { mergePatchOf, type ServicePatch } from '../core/model/service-patch.ts';
import { internedViewOf, type ServiceView } from '../core/model/service-view.ts';
import type { Interner } from '../core/text/interner.ts';
import type { PatchOrUpdate } from './patch-or-update.ts';

/** What became of a write. */
export type WriteOutcome =
  | { readonly kind: 'written'; readonly view: ServiceView }
  /** Somebody else wrote first, or an earlier attempt of ours did: this is how the Service stands. */
  | { readonly kind: 'stale'; readonly view: ServiceView }
  /** It was seen in a newer version meanwhile: nothing that is still under way can change that one. */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'gone' }
  /** It will not be accepted as it is. */
  | { readonly kind: 'refused'; readonly error: ApiError }
  /** An address that was to be written is claimed in another way than was known: `claim` is how it stands, if at all. */
  | { readonly kind: 'contested'; readonly request: ClaimRequest; readonly claim: Claim | undefined }
  /** The controller stops, or leads no longer. `mayLand`: what was sent before may still be carried out. */
  | { readonly kind: 'stopped'; readonly mayLand: boolean };

export interface WriteContext {
  readonly api: Api;
  readonly sender: PatchOrUpdate;
  readonly random: Random;
  readonly interner: Interner;
  /** Nothing is sent after it, and nothing that is sent may be carried out after it. */
  readonly leadership: Pick<Leadership, 'remainingMs'>;
  readonly signal: AbortSignal;
  /** Waits before an attempt is repeated, in nobody's way. */
  readonly backOff: (error: unknown, ms: number) => Promise<RetryResult>;
}

/** `overtaken`: the Service was seen in a newer version, so there is nothing to write any more. */
export type RetryResult = 'again' | 'overtaken' | 'stopped';

/** What has to be done before the write; the answer is what became of the write if it is not to be sent. */
export type BeforeWrite = (context: WriteContext) => Promise<WriteOutcome | undefined>;

const backoff = { initialMs: 250, maxMs: 30_000 };

/**
 * Writes one change in one PATCH, and does not give up before it is known what became of it. An attempt without an
 * answer may have been carried out, or may be yet: so the very same PATCH is sent again, until an answer comes, or
 * the Service is seen in a newer version, which no PATCH on the old one can change any more. Until then the caller
 * keeps the address reserved, and it cannot be given twice (docs/decisions/0003).
 */
export async function writeService(
  view: ServiceView,
  change: ServicePatch,
  context: WriteContext,
  first: BeforeWrite = async () => undefined,
): Promise<WriteOutcome> {
  const instead = await first(context);
  if (instead !== undefined) return instead;
  const { sender, signal, leadership, interner } = context;
  const path = pathOf(view);
  const patch = mergePatchOf(view, change);
  return retryUntilKnown<WriteOutcome>(context, async () => {
    try {
      const { kind, service } = await sender.send(path, patch, view, signal, leadership);
      return { kind, view: internedViewOf(service, interner) };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error)) throw error;
      if (error.status === 404) return { kind: 'gone' };
      // 409: another version; 422: maybe another uid. What stands there now decides.
      if (error.status === 409 || error.status === 422) return reread(view, error, context);
      return { kind: 'refused', error };
    }
  });
}

async function reread(view: ServiceView, error: ApiError, context: WriteContext): Promise<WriteOutcome> {
  const now = await retryUntilKnown<WriteOutcome>(context, async () => {
    try {
      return {
        kind: 'stale',
        view: internedViewOf(await context.api.get<Service>(pathOf(view), context.signal), context.interner),
      };
    } catch (failure) {
      if (!(failure instanceof ApiError) || isTransient(failure)) throw failure;
      return failure.status === 404 ? { kind: 'gone' } : { kind: 'refused', error: failure };
    }
  });
  const isAsItWas =
    now.kind === 'stale' && now.view.uid === view.uid && now.view.resourceVersion === view.resourceVersion;
  // Nobody was faster, so it is the change itself that is not accepted.
  return isAsItWas ? { kind: 'refused', error } : now;
}

/**
 * Repeats an attempt that throws, with back-off and as the server's Retry-After asks. Once an attempt may have been
 * carried out without an answer, a refusal of a later one says nothing about that: it is repeated too.
 */
export async function retryUntilKnown<T extends { readonly kind: string }>(
  context: WriteContext,
  attempt: () => Promise<T | Refused>,
): Promise<T | NotCarriedOut> {
  const { random, signal, leadership } = context;
  let isUncertain = false;
  for (let failures = 0; ; failures += 1) {
    if (signal.aborted || leadership.remainingMs() <= 0) return { kind: 'stopped', mayLand: isUncertain };
    try {
      const outcome = await attempt();
      if (!isRefused(outcome) || !isUncertain) return outcome;
      throw outcome.error;
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped', mayLand: true };
      isUncertain ||= mayHaveArrived(error);
      const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
      const rested = await context.backOff(error, delayMs(failures, random(), backoff, retryAfterMs));
      if (rested === 'overtaken') return { kind: 'overtaken' };
      if (rested === 'stopped') return { kind: 'stopped', mayLand: isUncertain };
    }
  }
}

type Refused = Extract<WriteOutcome, { kind: 'refused' }>;
type NotCarriedOut = Extract<WriteOutcome, { kind: 'refused' | 'overtaken' | 'stopped' }>;

function isRefused(outcome: { readonly kind: string }): outcome is Refused {
  return outcome.kind === 'refused';
}

function mayHaveArrived(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 408 || error.status >= 500;
  return !(error instanceof ConnectionError) || error.mayHaveExecuted;
}

/** 401: the token was rotated. 429 and 5xx: later. */
export function isTransient({ status }: ApiError): boolean {
  return status === 401 || status === 408 || status === 429 || status >= 500;
}

export function pathOf({ namespace, name }: ServiceView): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
}
