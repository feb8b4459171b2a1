import { ApiError } from '../client/errors.ts';
import { formatAddress } from '../core/ip/address.ts';
import { type Claim, claimObject, claimOf, reservationPatch, sameReservation } from '../core/ledger/claim.ts';
import type { ClaimRequest } from '../core/ledger/claim-requests.ts';
import type { IPAddress } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { claimsPath } from './watched-resources.ts';
import { isTransient, retryUntilKnown, type WriteContext, type WriteOutcome } from './write-service.ts';

/** What is known of claims is told to `know` at once. */
export interface ClaimContext {
  readonly options: Options;
  readonly know: (claim: Claim) => void;
}

/**
 * Claims all addresses of a write, one after the other. Undefined once each claim bears its pledge: from then on the write
 * may be sent. Else what became of the write instead. A claim that is made in vain is collected later (upkeep.ts).
 */
export async function claimAll(
  requests: readonly ClaimRequest[],
  terms: ClaimContext,
  context: WriteContext,
): Promise<WriteOutcome | undefined> {
  for (const request of requests) {
    const outcome = await claim(request, terms, context);
    if (outcome.kind === 'claimed') terms.know(outcome.claim);
    // A claim that arrives late gives nobody an address.
    else return outcome.kind === 'stopped' ? { kind: 'stopped', mayLand: false } : outcome;
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
              reservationPatch(known, reservations, options.controller),
              signal,
              leadership,
            );
      return { kind: 'claimed', claim: claimOf(object, options.controller) };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error)) throw error;
      // Somebody was faster: another controller, or an earlier attempt of ours whose answer was lost. 422: another uid.
      const isOvertaken = error.status === 409 || (known !== undefined && [404, 422].includes(error.status));
      return isOvertaken ? look(request, options, context) : { kind: 'refused', error };
    }
  });
}

/** How the claim stands. */
async function look(
  request: ClaimRequest,
  options: Options,
  { api, signal, leadership }: WriteContext,
): Promise<WriteOutcome | Claimed> {
  try {
    const object = await api.get<IPAddress>(claimPath(request), signal, leadership);
    const claim = claimOf(object, options.controller);
    const isMade = request.reservations.every((reservation) =>
      claim.reservations.some((one) => sameReservation(one, reservation)),
    );
    return isMade ? { kind: 'claimed', claim } : { kind: 'contested', request, claim };
  } catch (error) {
    if (!(error instanceof ApiError) || isTransient(error)) throw error;
    return error.status === 404
      ? { kind: 'contested', request, claim: undefined }
      : { kind: 'refused', error };
  }
}

export function claimPath({ address }: Pick<ClaimRequest, 'address'>): string {
  return `${claimsPath}/${encodeURIComponent(formatAddress(address))}`;
}
