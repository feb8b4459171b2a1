import { ApiError } from '../client/errors.ts';
import type { ClaimRequest } from '../core/claims/claim-requests.ts';
import { formatAddress } from '../core/ip/address.ts';
import { type Claim, claimObject, claimOf, claimPatch, sameReservation } from '../core/model/claim.ts';
import type { IPAddress } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { isDeniedByAdmission } from './refusal.ts';
import { claimsPath } from './watched-resources.ts';
import { isTransient, retryUntilKnown, type WriteContext, type WriteOutcome } from './write-service.ts';

/** `onClaim` is called at once for each claim that was read or written. */
export interface ClaimContext {
  readonly options: Options;
  readonly onClaim: (claim: Claim) => void;
}

/**
 * Claims all addresses of a write, one after the other. Returns undefined once each claim has its
 * reservation: only then may the write be sent. Otherwise returns the outcome of the write. Unused claims are
 * deleted later (ip-address-reconciler.ts).
 */
export async function claimAll(
  requests: readonly ClaimRequest[],
  claimContext: ClaimContext,
  context: WriteContext,
): Promise<WriteOutcome | undefined> {
  for (const request of requests) {
    const outcome = await claim(request, claimContext, context);
    if (outcome.kind === 'claimed') claimContext.onClaim(outcome.claim);
    // A claim that is created late assigns no address.
    else return outcome.kind === 'stopped' ? { kind: 'stopped', mayStillExecute: false } : outcome;
  }
  return undefined;
}

type Claimed = { readonly kind: 'claimed'; readonly claim: Claim };

function claim(
  request: ClaimRequest,
  { options }: ClaimContext,
  context: WriteContext,
): Promise<WriteOutcome | Claimed> {
  const { address, known, reservations } = request;
  const { api, signal, leadership } = context;
  return retryUntilKnown<WriteOutcome | Claimed>(context, async () => {
    try {
      const object =
        known === undefined
          ? await api.create<IPAddress>(
              claimsPath,
              claimObject(address, reservations, options),
              signal,
              leadership,
            )
          : await api.mergePatch<IPAddress>(
              claimPath(request),
              claimPatch(known, { reservations }, options.controller),
              signal,
              leadership,
            );
      return { kind: 'claimed', claim: claimOf(object, options.controller) };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error)) throw error;
      if (isDeniedByAdmission(error)) return { kind: 'rejected', error };
      // Another client wrote first, or an earlier attempt of ours whose response was lost. 422: another UID.
      const isStale = error.status === 409 || (known !== undefined && [404, 422].includes(error.status));
      return isStale ? readClaim(request, options, context) : { kind: 'rejected', error };
    }
  });
}

/** Reads the current claim. */
async function readClaim(
  request: ClaimRequest,
  options: Options,
  { api, signal, leadership }: WriteContext,
): Promise<WriteOutcome | Claimed> {
  try {
    const object = await api.get<IPAddress>(claimPath(request), signal, leadership);
    const claim = claimOf(object, options.controller);
    const hasReservations = request.reservations.every((reservation) =>
      claim.reservations.some((one) => sameReservation(one, reservation)),
    );
    return hasReservations ? { kind: 'claimed', claim } : { kind: 'contested', request, claim };
  } catch (error) {
    if (!(error instanceof ApiError) || isTransient(error)) throw error;
    return error.status === 404
      ? { kind: 'contested', request, claim: undefined }
      : { kind: 'rejected', error };
  }
}

export function claimPath({ address }: Pick<ClaimRequest, 'address'>): string {
  return `${claimsPath}/${encodeURIComponent(formatAddress(address))}`;
}
