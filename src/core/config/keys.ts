import { dnsLabel } from './dns-label.ts';
import { exclusions } from './exclusions.ts';
import { labelSelector } from './label-selector.ts';
import { pool } from './pool.ts';
import { poolList } from './pool-list.ts';
import { reserved } from './reserved.ts';
import {
  boolean,
  duration,
  goBoolean,
  interfaceName,
  leaseName,
  order,
  quota,
  vlan,
} from './scalar-types.ts';
import type { ValueType } from './value-type.ts';

/** What a key applies to. */
export interface ScopeSyntax {
  /** Stands between the name of the key and its target. */
  readonly separator: string;
  /** Matches the target. In the common syntax of JavaScript and RE2, because the admission policy uses it, too. */
  readonly pattern: string;
  /** Stands for the target in documents. */
  readonly placeholder: string;
  /** What the target is, in a sentence. */
  readonly target: string;
}

export const scopes = {
  /** The whole ConfigMap: the name alone is the key. */
  all: { separator: '', pattern: '', placeholder: '', target: '' },
  /** One namespace, or as `global` all namespaces without a key of their own. */
  namespace: {
    separator: '-',
    pattern: dnsLabel,
    placeholder: '<namespace>',
    target: 'a namespace or "global"',
  },
  /** One pool that has a name. A namespace has no dot, so the two are never confused. */
  pool: {
    separator: '.',
    pattern: dnsLabel,
    placeholder: '<pool>',
    target: 'the name of a pool',
  },
} as const satisfies Record<string, ScopeSyntax>;

export type Scope = keyof typeof scopes;

/** A key of the ConfigMap, or one for each namespace. */
export interface KeyRow<T, S extends Scope> {
  readonly scopes: readonly S[];
  readonly type: ValueType<T>;
  /** What an invalid value is read as. Without a default, an invalid value is ignored. */
  readonly default?: NoInfer<T>;
  /** Another spelling, which is read but never recommended. The right one takes precedence, also if its value is invalid. */
  readonly alternative?: string;
  /** The keys that take precedence where they exist for the same target, the strongest first. */
  readonly yieldsTo?: readonly string[];
  /** Whether other values are read by it, so that it is read before them. */
  readonly isReadFirst?: true;
  /** Of a key that needs to know who had the addresses that are free: for how long this value does, in milliseconds. */
  remembers?(value: NoInfer<T>): number;
  /** What it does, in Markdown, for docs/reference.md. */
  readonly sentence: string;
}

function row<T, S extends Scope>(row: KeyRow<T, S>): KeyRow<T, S> {
  return row;
}

/**
 * Every key of the ConfigMap. The reader, the suggestions, and `check` read this table. The table in docs/reference.md and the parts
 * of deploy/admission/pools.yaml that depend on keys are generated from it: npm run generate
 */
export const configKeys = {
  pool: row({
    scopes: ['pool'],
    type: pool,
    sentence:
      'A [pool with a name](pools.md#internal-and-public-networks-for-one-namespace). It serves the namespaces whose list names it',
  }),
  pools: row({
    scopes: ['namespace'],
    type: poolList,
    sentence:
      'The pools that Services of the namespace can use, in order. Of these keys, the first that exists counts: `pools-<namespace>`, `cidr-<namespace>`, `range-<namespace>`, `pools-global`, `cidr-global`, `range-global`',
  }),
  cidr: row({
    scopes: ['namespace'],
    type: pool,
    yieldsTo: ['pools'],
    sentence: 'A pool for one namespace. `pools-<namespace>` takes precedence',
  }),
  range: row({
    scopes: ['namespace'],
    type: pool,
    yieldsTo: ['pools', 'cidr'],
    sentence: 'The same as `cidr-<namespace>`, which takes precedence',
  }),
  select: row({
    scopes: ['pool'],
    type: labelSelector,
    sentence:
      'The Services that get their addresses from this pool rather than from the others on their list, [by label](pools.md#internal-and-public-networks-for-one-namespace)',
  }),
  'auto-assign': row({
    scopes: ['pool'],
    type: boolean,
    default: true,
    sentence:
      '`"false"` keeps the pool for Services whose annotation `kube-vip.io/pool` [names it](pools.md#a-pool-for-services-that-name-it)',
  }),
  exclude: row({
    scopes: ['pool', 'namespace'],
    type: exclusions,
    sentence:
      'Addresses that are [not allocated](pools.md#keep-addresses-for-routers), only assigned by name. `exclude-global` applies beside the others',
  }),
  reserve: row({
    scopes: ['namespace'],
    type: reserved,
    sentence:
      'Addresses that only [the named Service](pools.md#one-address-for-a-service-that-does-not-exist-yet) of the namespace gets',
  }),
  quota: row({
    scopes: ['namespace'],
    type: quota,
    sentence:
      'How many addresses the Services of the namespace can [hold together](pools.md#at-most-five-addresses-for-a-tenant). `quota-global` applies to each namespace without its own',
  }),
  interface: row({
    scopes: ['pool', 'namespace'],
    type: interfaceName,
    sentence:
      'Written as `kube-vip.io/serviceInterface` [together with an address](pools.md#an-interface-for-each-namespace)',
  }),
  vlan: row({
    scopes: ['pool', 'namespace'],
    type: vlan,
    sentence: 'Written as `kube-vip.io/serviceVLAN` together with an address',
  }),
  lease: row({
    scopes: ['pool', 'namespace'],
    type: leaseName,
    sentence: 'Written as `kube-vip.io/leaseName` together with an address',
  }),
  'allow-share': row({
    scopes: ['pool', 'namespace'],
    type: goBoolean,
    default: false,
    alternative: 'allow-shared',
    sentence: 'Whether Services without a common port [can share an IPv4 address](sharing.md)',
  }),
  'search-order': row({
    scopes: ['pool', 'namespace', 'all'],
    type: order,
    default: 'asc',
    remembers: (value) => (value === 'least-recently-used' ? Number.POSITIVE_INFINITY : 0),
    sentence:
      '`desc` allocates from the highest address down, `least-recently-used` [the address that was free for the longest time](pools.md#let-addresses-rest), `spread` starts at a place that depends on the Service',
  }),
  sticky: row({
    scopes: ['pool', 'namespace', 'all'],
    type: duration,
    remembers: (value) => value,
    sentence:
      'How long a Service that is created again gets [the address that it had](pools.md#the-same-address-after-a-service-is-created-again)',
  }),
  'cool-down': row({
    scopes: ['pool', 'namespace', 'all'],
    type: duration,
    remembers: (value) => value,
    sentence:
      'How long an address that was freed is given to other Services only if [there is no other one](pools.md#let-addresses-rest)',
  }),
  'skip-end-ips-in-cidr': row({
    scopes: ['pool', 'namespace', 'all'],
    type: boolean,
    default: true,
    isReadFirst: true,
    sentence:
      'Whether the [first and last address of IPv4 blocks](pools.md#the-first-and-last-address-of-a-block), and the first of [IPv6 blocks of a /64 or shorter](pools.md#ipv6), are excluded',
  }),
};

export type KeyName = keyof typeof configKeys;

/** One of the ways in which a key can start, and its row. */
export interface KeyForm {
  readonly name: KeyName;
  readonly row: KeyRow<unknown, Scope>;
  /** The name, or its alternative. */
  readonly spelling: string;
  readonly scope: Scope;
}

/** All of them, in the order of the table. */
export const keyForms: readonly KeyForm[] = (Object.keys(configKeys) as KeyName[]).flatMap((name) => {
  const row: KeyRow<unknown, Scope> = configKeys[name];
  const spellings = [name, ...(row.alternative === undefined ? [] : [row.alternative])];
  return spellings.flatMap((spelling) => row.scopes.map((scope) => ({ name, row, spelling, scope })));
});

/** A key, taken apart. */
export interface ParsedKey extends KeyForm {
  /** The namespace, `global`, or the name of a pool. Empty in scope `all`. */
  readonly target: string;
}

const starts = keyForms.map((form) => ({
  form,
  start: startOf(form),
  target: new RegExp(`^(?:${scopes[form.scope].pattern})$`),
}));

/** What all keys of the form start with. In scope `all`, it is the key. */
export function startOf({ spelling, scope }: KeyForm): string {
  return spelling + scopes[scope].separator;
}

/** Returns undefined if the key is unknown. */
export function parseKey(key: string): ParsedKey | undefined {
  for (const { form, start, target } of starts) {
    if (!key.startsWith(start)) continue;
    const rest = key.slice(start.length);
    if (!target.test(rest)) continue;
    const { name, row, spelling, scope } = form;
    return { name, row, spelling, scope, target: rest };
  }
  return undefined;
}

/** The keys that take precedence over this one wherever they exist, the strongest first. */
export function precedingKeys({ name, row, spelling, scope, target }: ParsedKey): readonly string[] {
  const by = spelling === name ? row.yieldsTo : [name];
  return by?.map((one) => one + scopes[scope].separator + target) ?? [];
}

/** Whether the key starts like that of a pool, although the rest of it can be invalid. */
export function isLikePool(key: string): boolean {
  return poolStarts.some((start) => key.startsWith(start));
}

const poolStarts = keyForms.filter(({ row }) => row.type === pool).map(startOf);

/** In scope `all`, the name alone is the key. */
type ScopeOf<N extends KeyName> = Exclude<(typeof configKeys)[N]['scopes'][number], 'all'>;

/** The key with this name for a namespace, `global`, or a pool. */
export function keyFor<N extends KeyName>(name: N, scope: ScopeOf<N>, target: string): string {
  return name + scopes[scope].separator + target;
}

/** The key of the pool with this name. */
export function poolKey(name: string): string {
  return keyFor('pool', 'pool', name);
}

/** The target of a key with this name and scope; undefined for other keys. */
export function targetIn<N extends KeyName>(name: N, scope: ScopeOf<N>, key: string): string | undefined {
  const start = keyFor(name, scope, '');
  return key.startsWith(start) ? key.slice(start.length) : undefined;
}

/** The name of the pool with this key; undefined for `cidr-<namespace>` and the like. */
export function poolNameOf(key: string): string | undefined {
  return targetIn('pool', 'pool', key);
}
