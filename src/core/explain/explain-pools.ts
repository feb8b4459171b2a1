import { keyFor } from '../config/keys.ts';
import { type Requirement, unmetBy } from '../config/label-selector.ts';
import { type AllocationPolicy, labelsIn, listKeysOf, type PolicyPool } from '../config/policy.ts';
import type { Grant } from '../decide/allocate.ts';
import type { ServiceView } from '../model/service-view.ts';
import { annotations } from '../model/well-known-names.ts';
import { never } from '../text/quote.ts';
import { whyPassedOver } from './explain-passed.ts';

/** The sentences about which pools a Service can use, and why its addresses come from these. */

export interface PoolFinding {
  readonly name: 'list' | 'pool';
  readonly outcome: 'passed' | 'noted';
  readonly finding: string;
}

/** Where the addresses of a Service come from. */
export interface PoolSources {
  /** The keys of the pools that provide, or provided, its addresses. */
  readonly keys: readonly string[];
  /** Why the others are passed over, if the addresses were allocated now. */
  readonly grant: Grant | undefined;
}

/** The list of the namespace, the pools on it that the Service uses, and why it does not use the others. */
export function explainPools(
  policy: AllocationPolicy,
  view: ServiceView,
  sources: PoolSources,
): PoolFinding[] {
  const { list, listed } = policy;
  if (list === undefined) return [];
  const why = whyList(list, view.namespace);
  if (list === listed[0]?.key) return [{ name: 'pool', outcome: 'passed', finding: `${list}${why}` }];
  const names = listed.map(({ name }) => name);
  const findings = listed.map((pool) => explainPool(pool, policy, view, sources));
  const used = findings.filter(({ outcome }) => outcome === 'passed');
  const more = findings.length - used.length - maxOthers;
  const others = findings.filter(({ outcome }) => outcome === 'noted').slice(0, maxOthers);
  return [
    {
      name: 'list',
      outcome: 'passed',
      finding: `${list} has ${names.length === 0 ? 'no pool' : enumerated(names)}${why}`,
    },
    ...findings.filter((finding) => used.includes(finding) || others.includes(finding)),
    ...(more > 0 ? [noted(`not ${more} others on the list`)] : []),
  ];
}

/** A list can have thousands of pools. */
const maxOthers = 5;

function enumerated(names: readonly string[]): string {
  const more = names.length - maxOthers;
  return names.slice(0, maxOthers).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** `, because there is no pools-shop or cidr-shop`: the keys that would take precedence. */
function whyList(list: string, namespace: string): string {
  const keys = listKeysOf(namespace);
  const preceding = keys.slice(0, keys.indexOf(list));
  return preceding.length === 0 ? '' : `, because there is no ${disjunction.format(preceding)}`;
}

const disjunction = new Intl.ListFormat('en', { type: 'disjunction' });

function explainPool(
  pool: PolicyPool,
  policy: AllocationPolicy,
  view: ServiceView,
  { keys, grant }: PoolSources,
): PoolFinding {
  const { name, key } = pool;
  const isSource = keys.includes(key);
  const why = whyNot(pool, policy, view);
  if (why !== undefined)
    return isSource
      ? {
          name: 'pool',
          outcome: 'passed',
          finding: `${name} provided ${keys.length > 1 ? 'an' : 'the'} address, which stays. Now ${why}`,
        }
      : noted(`not ${name}: ${why}`);
  if (keys.length > 0 && !isSource) {
    if (grant !== undefined && policy.choice.by === 'order')
      return noted(`not ${name}: ${whyPassedOver(pool, grant)}`);
    if (grant === undefined) return noted(explainUnused(pool, policy, keys));
  }
  const provided = grant === undefined && keys.length > 1 ? ' provided an address' : '';
  return { name: 'pool', outcome: 'passed', finding: `${name}${provided}${whyChosen(pool, policy)}` };
}

/** A pool of a Service that has its addresses. What the pool has for it was not checked: it keeps them. */
function explainUnused({ name }: PolicyPool, { pools }: AllocationPolicy, keys: readonly string[]): string {
  const sources = pools.filter(({ key }) => keys.includes(key)).map((pool) => pool.name);
  if (sources.length > 0) return `not ${name}: the Service keeps its address from ${enumerated(sources)}`;
  return `${name} is ${pools.length === 1 ? 'the pool' : 'one of the pools'} for a new address`;
}

function noted(finding: string): PoolFinding {
  return { name: 'pool', outcome: 'noted', finding };
}

/** Continues the name of a pool that the Service uses. */
function whyChosen({ name }: PolicyPool, { choice, pools }: AllocationPolicy): string {
  switch (choice.by) {
    case 'annotation':
      return `: the annotation ${annotations.pool} names it`;
    case 'label':
      return `: the labels of the Service match select.${name}`;
    case 'order':
      return pools.length === 1 ? '' : ', in the order of the list';
    case 'refused':
      return '';
    default:
      return never(choice);
  }
}

/** Why the Service does not use a pool on its list, as a clause; undefined if it does. */
function whyNot(
  pool: PolicyPool,
  { choice, pools }: AllocationPolicy,
  { labels }: ServiceView,
): string | undefined {
  if (pools.includes(pool)) return undefined;
  if (choice.by === 'annotation' || choice.by === 'refused')
    return `the annotation ${annotations.pool} does not name it`;
  const { name, isAutomatic, selector } = pool;
  if (!isAutomatic) return `it is only for Services that name it (${keyFor('auto-assign', 'pool', name)})`;
  const unmet = selector && unmetBy(selector, labelsIn(labels));
  if (unmet !== undefined)
    return `${keyFor('select', 'pool', name)} ${explainUnmet(unmet, labelsIn(labels).get(unmet.label))}`;
  const first = choice.by === 'label' ? choice.pool : '';
  return selector === undefined
    ? `the labels match the selector of ${first}, which takes precedence`
    : `${first}, whose selector matches as well, comes first`;
}

/** Continues the key of a selector. */
function explainUnmet({ label, operator, values }: Requirement, value: string | undefined): string {
  const has = value === undefined ? `no label ${label}` : `${label}=${value}`;
  const [only, second] = values;
  switch (operator) {
    case 'in':
      // What cannot be read needs a label that no Service has.
      if (only === undefined) return 'cannot be read, so it matches no Service';
      return `needs ${second === undefined ? `${label}=${only}` : `${label} in (${values.join(', ')})`}, and the Service has ${has}`;
    case 'notin':
      return `does not match Services with ${label}=${value}`;
    case 'exists':
      return `needs the label ${label}, and the Service does not have it`;
    case 'absent':
      return `does not match Services with the label ${label}`;
    default:
      return never(operator);
  }
}
