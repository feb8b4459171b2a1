import { formatAddress } from '../ip/address.ts';
import type { Claim } from '../model/claim.ts';
import type { ServiceKey } from '../model/service-view.ts';

/**
 * What a source says about who had which address. The controller's log is one source (`factIn`), the Services in the cluster are
 * another (`holders` with the current time), and whatever remembers the last holder of an address is a `released` of its own.
 */
export type HistoryFact =
  | (Fact & {
      readonly kind: 'assigned';
      readonly service: ServiceKey;
      /** All that it has from now on: addresses, and hostnames that kube-vip resolves. */
      readonly addresses: readonly string[];
      /** What it had until now, if that is known to differ. */
      readonly previous: readonly string[];
      /** A `WriteCause`. */
      readonly cause: string;
      /** The key of the pool, `static` or `unknown`. */
      readonly source: string;
    })
  | (Fact & {
      readonly kind: 'released';
      readonly service: ServiceKey;
      readonly addresses: readonly string[];
      readonly cause: string;
    })
  /** The Service requested or had an address that it may not share with others. */
  | (Fact & {
      readonly kind: 'conflict';
      readonly service: ServiceKey;
      readonly addresses: readonly string[];
      /** Which Service or owner had it; undefined if `service` had. */
      readonly holder: string | undefined;
    })
  /** A part of the list of all Services with addresses. */
  | (Fact & {
      readonly kind: 'holders';
      readonly holders: readonly { readonly service: ServiceKey; readonly addresses: readonly string[] }[];
      readonly part: number;
      readonly parts: number;
    })
  /** Nothing about addresses: only that the source reaches until then. */
  | (Fact & { readonly kind: 'other' });

/** The cause of a release that only a tombstone reports, which does not say why. */
export const rememberedCause = 'remembered';

/** What the tombstones say (docs/decisions/0009), in the order of time. */
export function factsOfTombstones(claims: readonly Claim[]): HistoryFact[] {
  return claims
    .flatMap(({ address, last }): HistoryFact[] => {
      if (last === undefined) return [];
      const { service, freedAt } = last;
      const addresses = [formatAddress(address)];
      return [{ kind: 'released', time: freedAt, service, addresses, cause: rememberedCause }];
    })
    .sort((a, b) => a.time - b.time);
}

interface Fact {
  /** In milliseconds since 1970. */
  readonly time: number;
}

/** A line of the controller's log, whatever its format. */
export interface LoggedLine {
  readonly time: number;
  /** By the names in docs/logs.md. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What a line says. Lines of versions without some of the fields say less. */
export function factIn({ time, fields }: LoggedLine): HistoryFact {
  const { service, decision, addresses, address, holders, holder, reason = '' } = fields;
  if (holders !== undefined)
    return {
      kind: 'holders',
      time,
      holders: holdersIn(holders),
      part: Number(fields.part),
      parts: Number(fields.parts),
    };
  if (service === undefined) return { kind: 'other', time };
  const { previous, cause = '', source = '' } = fields;
  if (decision === 'write' && addresses !== undefined) {
    return {
      kind: 'assigned',
      time,
      service,
      addresses: listIn(addresses),
      previous: listIn(previous),
      cause,
      source,
    };
  }
  // The fields of a Service of another type were removed.
  if (decision === 'release' && addresses !== undefined)
    return { kind: 'released', time, service, addresses: listIn(addresses), cause: 'type-changed' };
  if (decision === undefined && previous !== undefined)
    return { kind: 'released', time, service, addresses: listIn(previous), cause };
  if (address !== undefined && (decision === 'conflict' || /\b(?:conflict|contested|claimed)\b/.test(reason)))
    return { kind: 'conflict', time, service, addresses: listIn(address), holder };
  return { kind: 'other', time };
}

function listIn(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

/** `shop/web=10.0.0.1,2001:db8::1 shop/api=10.0.0.2` */
function holdersIn(text: string) {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [service = '', addresses] = word.split('=', 2);
      return { service, addresses: listIn(addresses) };
    });
}
