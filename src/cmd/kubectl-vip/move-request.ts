import type { Config } from '../../core/config/config.ts';
import { poolKey } from '../../core/config/keys.ts';
import { isInPool } from '../../core/config/policy.ts';
import type { Pool } from '../../core/config/pool.ts';
import type { Allocator } from '../../core/decide/allocator.ts';
import type { Address } from '../../core/ip/address.ts';
import { mergeRanges, type Range } from '../../core/ip/range.ts';
import { addressesOf, parseAddressList } from '../../core/model/address-list.ts';
import type { ServiceKey } from '../../core/model/service-view.ts';
import type { MoveRequest } from '../../core/queries/drain.ts';
import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import { servicesIn } from './explain-command.ts';
import type { MoveOptions } from './move-options.ts';
import type { NamespaceScope } from './namespace-scope.ts';
import { rangeIn } from './who-command.ts';

/** What the arguments of `move` or `drain` mean in a cluster. */
export interface NamedMoves {
  readonly request: MoveRequest;
  /** What is moved, in a sentence: `10.0.0.0/28`, `shop/web`. */
  readonly subject: string;
}

/** Throws an error that says what to write instead. */
export function drainRequest(
  positionals: readonly string[],
  { to, keepsHost }: MoveOptions,
  scope: NamespaceScope,
  config: Config,
): NamedMoves {
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0)
    throw new Error(
      'Specify one pool, block or range to drain, for example:\nkubectl vip drain 192.168.0.0/28',
    );
  const pool = poolNamed(text, config);
  const ranges = pool?.ranges ?? [/^[0-9a-f]*[.:]/i.test(text) ? rangeIn(text) : unknownPool(text, config)];
  const isLimited = scope.isNamed && !scope.isAll;
  return {
    request: {
      ranges: mergeRanges(ranges),
      includes: ({ view }) => !isLimited || view.namespace === scope.namespace,
      movesStatic: false,
      pool: to === undefined ? undefined : requiredPool(to, config).key,
      addresses: [],
      keepsHost,
    },
    subject: pool?.key ?? text.trim(),
  };
}

/** The same for one Service. */
export function moveRequest(
  positionals: readonly string[],
  { to }: MoveOptions,
  scope: NamespaceScope,
  allocator: Allocator,
): NamedMoves {
  const [key, ...more] = servicesIn(positionals, scope);
  if (key === undefined || more.length > 0)
    throw new Error(
      'Specify one Service to move, for example:\nkubectl vip move service/web --to 192.168.0.10',
    );
  const has = addressesIn(key, allocator);
  const target = addressesIfAny(to);
  const pool = to === undefined || target !== undefined ? undefined : requiredPool(to, allocator.config);
  const leaves = has.filter((address) => {
    if (pool !== undefined) return !isInPool(pool, address);
    return (
      target === undefined ||
      target.some(({ family, value }) => family === address.family && value !== address.value)
    );
  });
  return {
    request: {
      ranges: mergeRanges(leaves.map(({ family, value }): Range => ({ family, first: value, last: value }))),
      includes: (state) => state.key === key,
      movesStatic: true,
      pool: pool?.key,
      addresses: target ?? [],
      keepsHost: false,
    },
    subject: key,
  };
}

function addressesIn(key: ServiceKey, allocator: Allocator): readonly Address[] {
  const state = allocator.ledger.get(key);
  if (state === undefined) throw new Error(`There is no Service ${key} of type LoadBalancer.`);
  const list = 'list' in state.intent ? addressesOf(state.intent.list) : [];
  if (list.length === 0)
    throw new Error(`${key} has no address to move. To see why, run:\nkubectl vip explain ${key}`);
  return list;
}

/** Undefined if the text has anything but addresses: then it is the name of a pool. */
function addressesIfAny(text: string | undefined): readonly Address[] | undefined {
  const list = parseAddressList(text);
  const addresses = addressesOf(list?.entries ?? []);
  return list?.fault === undefined && addresses.length > 0 && addresses.length === list?.entries.length
    ? addresses
    : undefined;
}

function requiredPool(name: string, config: Config): Pool {
  return poolNamed(name, config) ?? unknownPool(name, config);
}

/** A pool by its key, or a named one by its name. */
function poolNamed(text: string, { pools }: Config): Pool | undefined {
  return pools.get(text) ?? pools.get(poolKey(text));
}

function unknownPool(name: string, { pools }: Config): never {
  const keys = [...pools.keys()];
  const near = nearestWord(name, keys);
  const suggestion = near === undefined ? '' : ` Did you mean ${near}?`;
  const known = keys.length === 0 ? 'There are no pools.' : `The pools are ${keys.sort().join(', ')}.`;
  throw new Error(`There is no pool ${quoted(name)}.${suggestion} ${known}`);
}
