import { type ConfigProblem, countOf, type ProblemCode } from '../config/config-problem.ts';
import { nearestEntry, nearestKey } from '../config/corrections.ts';
import { keyForms, parseKey, poolKey, poolNameOf, targetIn } from '../config/keys.ts';
import { type EntryFault, parsePoolEntry } from '../config/pool-entry.ts';
import { isReservation } from '../config/reserved.ts';
import { bits, formatAddress, isUnspecified, parseAddress } from '../ip/address.ts';
import type { Range } from '../ip/range.ts';
import type { SpecialPurpose } from '../ip/special-purpose.ts';
import { never, printable, quoted, suggestionOf } from '../text/quote.ts';

/** `192.168.0.209-192.168.0.214`, or a single address. */
export function formatRange({ family, first, last }: Range): string {
  const from = formatAddress({ family, value: first });
  return first === last ? from : `${from}-${formatAddress({ family, value: last })}`;
}

/** `192.168.0.208/29`. The range must be a block. */
export function formatBlock({ family, first, last }: Range): string {
  const length = bits[family] - (last - first + 1n).toString(2).length + 1;
  return `${formatAddress({ family, value: first })}/${length}`;
}

/** So many problems of each kind are explained, and the others are counted. */
export const maxExplained = 20;

/** The sentences about the problems of a ConfigMap, in their order, and one that counts those that are not explained. */
export function explainProblems(problems: readonly ConfigProblem[]): string[] {
  const explained = new Map<ConfigProblem['code'], number>();
  const others = new Map<ProblemCode, number>();
  const sentences = problems.flatMap((problem) => {
    const before = explained.get(problem.code) ?? 0;
    explained.set(problem.code, before + 1);
    if (before < maxExplained) return explainProblem(problem);
    const { code, count } = countOf(problem);
    others.set(code, (others.get(code) ?? 0) + count);
    return [];
  });
  const counts = [...others].map(([code, count]) => `${problemNouns[code]} (${count})`);
  return counts.length === 0
    ? sentences
    : [...sentences, `The ConfigMap has more problems: ${counts.join(', ')}.`];
}

/** What several problems of a code are. */
export const problemNouns: Readonly<Record<ProblemCode, string>> = {
  'bad-entry': 'entries that cannot be read',
  'host-bits': 'entries with host bits set',
  'special-purpose': 'entries with addresses that no host can use',
  'empty-pool': 'pools without an address',
  'bad-pool-name': 'invalid names of pools',
  'listed-twice': 'pools that are listed twice',
  'missing-pool': 'names of pools that do not exist',
  'bad-reservation': 'reservations that cannot be read',
  'no-entry': 'lists without an entry',
  'pool-of-key-missing': 'keys for pools that do not exist',
  'only-namespace-global': 'keys for the namespace "global" alone',
  'unlisted-pool': 'pools that no list names',
  'reserved-twice': 'addresses that are reserved twice',
  'reserved-and-excluded': 'reserved addresses that are excluded, too',
  'nothing-allocatable': 'pools without an allocatable address',
  'dhcp-beside-addresses': 'pools with DHCP and addresses',
  shadowed: 'keys that are not used',
  'unknown-key': 'unknown keys',
  'not-text': 'values that are not strings',
  'binary-data': 'keys in binaryData',
  'bad-boolean': 'values that are not booleans',
  'bad-order': 'invalid orders',
  'bad-interface': 'invalid interface names',
  'bad-vlan': 'invalid VLAN IDs',
  'bad-lease': 'invalid names of Leases',
  'bad-quota': 'invalid quotas',
  'bad-duration': 'invalid durations',
  'bad-selector': 'label selectors that cannot be read',
};

/** Describes a problem of the ConfigMap and its fix: one or two sentences that name the key. */
export function explainProblem(problem: ConfigProblem): string {
  const key = problem.key;
  switch (problem.code) {
    case 'bad-entry':
      return `${key}: ${explainEntry(problem.entry)}${suggestionOf(nearestEntry(problem.entry))}`;
    case 'more-entries':
      return `${key} has more problems: ${problemNouns[problem.of]} (${problem.count}).`;
    case 'host-bits': {
      const { range, used } = problem;
      return `${key}: ${quoted(problem.entry)} has host bits set. It is read as ${formatBlock(range)}, which ${key.startsWith('exclude') ? 'excludes' : 'provides'} ${formatRange(used)}.`;
    }
    case 'special-purpose':
      return `${key}: ${quoted(problem.entry)} contains ${explainSpecial(problem.special)} Remove these addresses from the pool.`;
    case 'empty-pool':
      return explainEmptyPool(key);
    case 'bad-pool-name':
      return `${key}: ${quoted(problem.entry)} is not the name of a pool${suggestionOf(meantPools(problem.entry))} Names consist of lowercase letters, digits, and hyphens.`;
    case 'listed-twice':
      return `${key} lists ${problem.entry} twice. The first place counts: remove the other one.`;
    case 'missing-pool':
      return `${key}: there is no pool ${problem.entry}${suggestionOf(problem.meant)} Add the key pool.${problem.entry}, or remove the name from the list.`;
    case 'bad-reservation':
      return `${key}: ${explainReservation(problem.entry)}`;
    case 'no-entry': {
      const namespace = targetIn('pools', 'namespace', key);
      return namespace === undefined
        ? `${key} has no entry, so it has no effect. Add one, or delete the key.`
        : explainNoPools(namespace);
    }
    case 'pool-of-key-missing':
      return `${key} has no effect, because there is no pool ${problem.pool}. Add the key pool.${problem.pool}, or delete this one.`;
    case 'only-namespace-global':
      return `${key} only concerns Services in the namespace "global". For another namespace, use its name: reserve-default.`;
    case 'unlisted-pool':
      return `${key} serves no Service, because no list names ${problem.pool}. ${problem.list === undefined ? howToList : `Add it to a list, such as ${problem.list}.`}`;
    case 'reserved-twice':
      return `${key}: ${problem.reservation} has no effect, because the address is already reserved for ${problem.by}. Remove one of the two.`;
    case 'reserved-and-excluded':
      return `${key}: ${problem.reservation} is also excluded by ${problem.by}. The Service gets the address anyway: remove it from one of the two.`;
    case 'nothing-allocatable':
      return `${key} has no allocatable address: addresses that end in .0 or .255 are never allocated. Make the pool larger.`;
    case 'dhcp-beside-addresses':
      return `${key} requests DHCP (${problem.family === 'IPv4' ? '0.0.0.0' : '::'}) and also lists ${problem.family} addresses, which are never allocated. Remove one of the two.`;
    case 'shadowed':
      return `${key} is not used, because ${problem.by} takes precedence. Delete one of the two keys, or merge their values.`;
    case 'unknown-key': {
      const [name] = /^[a-z-]+(?=\.?$)/.exec(key) ?? [];
      if (name !== undefined && isOfPool(name))
        return `Key ${quoted(key)} names no pool. Write the name of the pool after a dot, as in ${name}.internal.`;
      const suggestion = nearestKey(key);
      return `Unknown key ${quoted(key)}${
        suggestion === undefined ? `. ${explainValidKeys()}` : suggestionOf(suggestion)
      }`;
    }
    case 'not-text':
      return `${key} is not a string, but ConfigMap values must be strings. Put the value in quotes.`;
    case 'binary-data':
      return `Key ${quoted(key)} is in binaryData, which is ignored. Move it to data.`;
    case 'bad-boolean':
      return `${key}: ${quoted(problem.value)} is not a boolean and is read as ${quoted(problem.meaning)}. Use "true" or "false".`;
    case 'bad-order':
      return `${key}: ${quoted(problem.value)} is not a valid order and is read as "asc", the lowest address first. Use "desc" for the highest address first, "least-recently-used", or "spread".`;
    case 'bad-interface':
      return `${key}: ${quoted(problem.value)} is not a valid interface name, so no interface is set. Use 1 to 15 characters without spaces or slashes.`;
    case 'bad-vlan':
      return `${key}: ${quoted(problem.value)} is not a VLAN ID, so no VLAN is set. Use a number from 1 to 4094.`;
    case 'bad-lease':
      return `${key}: ${quoted(problem.value)} is not the name of a Lease, so none is set. Use NAME or NAMESPACE/NAME.`;
    case 'bad-quota':
      return `${key}: ${quoted(problem.value)} is not a number of addresses, so the key has no effect: the number is not limited${key === 'quota-global' ? '' : ', unless quota-global applies'}. Use a whole number that is not negative.`;
    case 'bad-duration':
      return `${key}: ${quoted(problem.value)} is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.`;
    case 'bad-selector':
      return `${key}: ${quoted(problem.value)} is not a label selector, so the pool serves only Services that name it. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).`;
    default:
      return never(problem);
  }
}

/** What a list of the namespace means if it is empty: unlike a missing key, it applies. */
function explainNoPools(namespace: string): string {
  return namespace === 'global'
    ? 'pools-global names no pool, so Services in namespaces without their own key cannot get an address. Add the name of a pool, or delete the key.'
    : `pools-${namespace} names no pool, so Services in namespace ${namespace} cannot get an address. Add the name of a pool, or delete the key to fall back to those after it, such as pools-global.`;
}

/** A new list takes over from the keys that serve the namespaces now. */
const howToList =
  'Name it in a list: pools-global for namespaces without their own key, where it takes precedence over cidr-global, or pools-<namespace> for one namespace, which then uses only the pools on that list.';

/** A sentence that lists the names of the keys, without alternative spellings. */
export function explainValidKeys(): string {
  const names = keyForms.filter(({ name, spelling }) => name === spelling).map(({ name }) => name);
  return `Valid keys start with ${list.format(new Set(names))}.`;
}

const list = new Intl.ListFormat('en', { type: 'disjunction' });

/** Another ConfigMap with pools: `NAMESPACE/NAME`. */
export function explainOtherPools(other: string, own: { namespace: string; name: string }): string {
  const [namespace = '', name = ''] = other.split('/');
  const settings = [
    ...(namespace === own.namespace ? [] : [`KUBEVIP_NAMESPACE=${printable(namespace)}`]),
    ...(name === own.name ? [] : [`KUBEVIP_CONFIG_MAP=${printable(name)}`]),
  ];
  return `ConfigMap ${printable(other)} contains pools, but the controller reads only ${own.namespace}/${own.name}. Move the pools there, or set ${settings.join(' and ')} for the controller.`;
}

/** The object of a sentence, and why it should not be in a pool. */
export function explainSpecial({ name, range }: SpecialPurpose): string {
  const block = formatBlock(range);
  switch (name) {
    case 'this-network':
      return `addresses of ${block}, which no host can be reached at.`;
    case 'loopback':
      return `loopback addresses (${block}), which never leave a host.`;
    case 'multicast':
      return `multicast addresses (${block}), which cannot belong to a Service.`;
    case 'reserved':
      return `reserved addresses (${block}), which hosts and routers reject.`;
    case 'link-local':
      return `link-local addresses (${block}), which no router forwards.`;
    case 'documentation':
      return `addresses for documentation (${block}), which no network routes.`;
    default:
      return never(name);
  }
}

/** Whether keys with this name are for pools and for nothing else. */
function isOfPool(name: string): boolean {
  const forms = keyForms.filter(({ spelling }) => spelling === name);
  return forms.length > 0 && forms.every(({ scope }) => scope === 'pool');
}

/** `internal, dmz` for `internal dmz`, `internal` for `pool.Internal`. */
export function meantPools(entry: string): string | undefined {
  const names = entry
    .toLowerCase()
    .split(/[\s;]+/)
    .map((name) => name.replace(/^pool\./, ''));
  return names.every((name) => parseKey(poolKey(name)) !== undefined) ? names.join(', ') : undefined;
}

/** Why an entry reserves nothing, and what was probably meant. */
function explainReservation(entry: string): string {
  const [service = '', text = '', ...more] = entry.split('=').map((part) => part.trim());
  const meant = entry.replace(/^\s*([a-z0-9-]+)\s*[:= ]\s*/, '$1=');
  const suggestion = suggestionOf(meant !== entry && isReservation(meant) ? meant : undefined);
  if (text === '' || more.length > 0)
    return `${quoted(entry)} is not a reservation. Write it as SERVICE=ADDRESS.${suggestion === '.' ? '' : suggestion.slice(1)}`;
  const fault = parseAddress(text);
  if (typeof fault === 'string' && /[/-]/.test(text))
    return `${quoted(entry)} reserves more than one address. Reserve each of them with an entry of its own.`;
  if (typeof fault === 'string')
    return `${quoted(entry)} ${explainFault({ fault, text }, entry)}${suggestion}`;
  if (isUnspecified(fault))
    return `${quoted(entry)} reserves ${text}, which is a request for DHCP and no address.`;
  return `${quoted(entry)} is for ${quoted(service)}, which is not the name of a Service. Write it as SERVICE=ADDRESS, without the namespace.`;
}

function explainEmptyPool(key: string): string {
  if (poolNameOf(key) !== undefined)
    return `${key} contains no valid address, so it provides none. Add addresses, or delete the key.`;
  const scope = key.slice(key.indexOf('-') + 1);
  return scope === 'global'
    ? `${key} contains no valid address, so Services in namespaces without their own pool cannot get an address. Add addresses, or delete the key.`
    : `${key} contains no valid address, so Services in namespace ${scope} cannot get an address. Add addresses, or delete the key to fall back to the global pool.`;
}

/** `"10.0.0.300" has a number above 255`: why an entry cannot be read. */
export function explainEntry(entry: string): string {
  const parsed = parsePoolEntry(entry);
  return 'fault' in parsed ? `${quoted(entry)} ${explainFault(parsed, entry)}` : quoted(entry);
}

/** The predicate of a sentence whose subject is `entry`. The text at fault is a part of the entry. */
export function explainFault({ fault, text }: EntryFault, entry: string): string {
  const part = text === entry ? '' : ` (${quoted(text)})`;
  switch (fault) {
    case 'empty':
      return 'contains an empty address';
    case 'not-an-address':
      return text === entry
        ? 'is not an IP address'
        : `cannot be parsed: ${quoted(text)} is not an IP address`;
    case 'leading-zero':
      return `has a number with a leading zero${part}, which some programs read as octal`;
    case 'octet-above-255':
      return `has a number above 255${part}`;
    case 'zone':
      return 'has a zone ID ("%"), which the address of a Service cannot have';
    case 'ipv4-mapped':
      return 'is an IPv4-mapped IPv6 address';
    case 'comment':
      return 'contains a comment, which a ConfigMap value cannot have: delete the text from "#" to the end of the line';
    case 'placeholder':
      return 'is a placeholder that a template did not replace: set the variable, and render the ConfigMap again';
    case 'missing-value':
      return 'is what a template writes for a variable without a value: set the variable, or delete the key';
    case 'named-ends':
      return 'names the ends of a range: write the first and the last address with a hyphen between them';
    case 'key-in-value':
      return 'repeats a key inside the value';
    case 'list-item':
      return 'starts like an item of a YAML list ("- "): separate entries with commas or newlines alone';
    case 'quotes':
      return 'has quotes inside the value';
    case 'brackets':
      return 'has brackets around an address';
    case 'port':
      return 'has a port, which the address of a Service cannot have';
    case 'typographic-dash':
      return 'has a typographic dash instead of a hyphen (-)';
    case 'several-in-one':
      return 'contains several entries: separate them with commas or newlines';
    case 'prefix-not-a-number':
      return `needs a plain number after the slash, not ${quoted(text)}`;
    case 'prefix-too-long':
      return `has a prefix length that exceeds the length of the address (/${text})`;
    case 'block-and-range':
      return 'is both a block and a range';
    case 'range-without-end':
      return 'is not a valid range: it needs one address on each side of a single hyphen';
    case 'families-mixed':
      return 'starts in one IP family and ends in the other';
    case 'start-after-end':
      return 'ends before it starts';
    default:
      return never(fault);
  }
}
