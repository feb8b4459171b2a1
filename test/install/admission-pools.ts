import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import type { ConfigProblem, ProblemCode } from '../../src/core/config/config-problem.ts';
import { type KeyForm, keyForms, startOf } from '../../src/core/config/keys.ts';
import { bits, type Family, formatAddress } from '../../src/core/ip/address.ts';
import { readManifests } from '../../src/manifest/manifests.ts';

/** Pools for the tests of the admission policy: handwritten, from this repository, and generated. */

export type Data = Readonly<Record<string, string>>;

/** A key of this form. */
function keyOf(form: KeyForm): string {
  return startOf(form) + (form.scope === 'all' ? '' : 'a');
}

/** Valid pools (spec section 3) in all notations, and the examples of each key. */
export const valid: readonly Data[] = [
  ...keyForms.flatMap((form) => form.row.type.valid.map((value) => ({ [keyOf(form)]: value }))),
  {},
  { 'cidr-global': '192.168.0.200/29' },
  { 'cidr-global': '10.0.0.1' },
  { 'cidr-global': '10.0.0.4/31,10.0.0.9/32,10.0.0.0/8,0.0.0.0/0' },
  { 'cidr-global': '0.0.0.0/32' },
  { 'cidr-global': '0.0.0.0' },
  { 'cidr-global': '::/128' },
  { 'cidr-global': '::' },
  { 'cidr-global': '::1,1::,::1:2,1:2:3:4:5:6:7::,::2:3:4:5:6:7:8,1:2:3:4:5:6:7:8' },
  { 'cidr-global': '2001:DB8::A,2001:0db8:0000::000a,2001:db8:0:0:0:0:0:10' },
  { 'cidr-global': '64:ff9b::192.0.2.1,::192.0.2.1,1:2:3:4:5:6:192.0.2.1' },
  { 'cidr-global': '2001:db8::/32,2001:db8::/127,::/0' },
  { 'range-global': '10.0.0.10-10.0.0.20,10.0.0.1-10.0.0.1' },
  { 'range-global': '10.0.0.9-10.0.0.10,10.0.9.255-10.0.10.0,9.255.255.255-10.0.0.0' },
  { 'range-global': '2001::9-2001::a,2001::ffff-2001::1:0,::-ffff::,::1-::192.0.2.1' },
  { 'range-global': '::2:0-1::,fe80::-FE80::1,2001:db8:0:0::1-2001:DB8::0001' },
  { 'range-global': '2001:db8:0:1:1:1:1:1-2001:db8:0:1:1:1:1:1' },
  { 'cidr-x': '10.0.0.1-10.0.0.9', 'range-x': '10.0.0.0/24' },
  { 'cidr-global': ' 10.0.0.1 - 10.0.0.2 ,\n\t10.0.0.7\n,,' },
  { 'cidr-global': '\r\n10.0.0.0/24\r\n,\r\n10.0.1.0/24\r\n' },
  { 'cidr-global': '10.0.0.0/24\n10.0.1.1-10.0.1.9\r\n\n 2001:db8::/64\n' },
  { 'cidr-global': '192.168.8.0 / 24,2001:db8:: /64,\t10.0.0.0/\u00a029' },
  { 'cidr-global': '\ufeff10.0.0.1\u00a0-\ufeff10.0.0.2,\u2003\v10.0.0.3\f,\u3000\ufeff' },
  { 'cidr-global': '10.0.0.0/24,2001:db8::/64,10.1.0.1-10.1.0.9,2001:db8:1::1-2001:db8:1::9,10.2.0.1' },
  { 'cidr-0': '10.0.0.1', 'cidr-kube-system': '10.0.0.1', 'cidr-search-order': '10.0.0.1' },
  { [`cidr-${'n'.repeat(63)}`]: '10.0.0.1', [`allow-shared-${'n'.repeat(63)}`]: 'true' },
  { 'search-order': 'desc', 'skip-end-ips-in-cidr': 'true', 'allow-share-a': 'T', 'allow-shared-b': '0' },
];

/** The problems that the policy rejects. The others leave a pool that works or may be intended. */
export const rejectedCodes: ReadonlySet<ConfigProblem['code']> = new Set([
  ...(['bad-entry', 'unknown-key', 'binary-data'] as const),
  ...(['bad-pool-name', 'bad-reservation', 'bad-selector'] as const),
  ...keyForms.flatMap(({ row }) => ('code' in row.type ? [row.type.code] : [])),
]);

/** Almost valid pools that are not in the bad-input table, and the examples of each key. */
export const invalid: readonly Data[] = [
  ...keyForms.flatMap((form) =>
    Object.entries(form.row.type.invalid)
      .filter(([code]) => rejectedCodes.has(code as ProblemCode))
      .flatMap(([, values]) => values.map((value) => ({ [keyOf(form)]: value }))),
  ),
  ...[`cidr-${'n'.repeat(64)}`, 'cidr--a', 'cidr-a-', 'allow-shares-a', 'range-', 'quota.a', 'pool-a'].map(
    (key) => ({
      [key]: '10.0.0.1',
    }),
  ),
  { 'search-order': '\ufeffdesc' },
  { 'range-global': '2001::ffff-2001::1:0,2001::1:0-2001::ffff' },
  { 'range-global': '10.0.0.9-10.0.0.10,10.0.0.10-10.0.0.9' },
  { 'range-global': '1::-::2:0' },
];

/** Pools that are reported but not rejected, for the reasons in docs/admission.md. */
export const onlyReported: readonly (readonly [Data, ConfigProblem['code']])[] = [
  [{ 'cidr-global': '192.168.0.210/29' }, 'host-bits'],
  [{ 'cidr-global': '127.0.0.1/32,10.0.0.1' }, 'special-purpose'],
  [{ 'cidr-x': '10.0.0.1', 'range-x': '10.0.0.2' }, 'shadowed'],
  [{ 'cidr-global': '0.0.0.0/32,10.0.0.1' }, 'dhcp-beside-addresses'],
  [{ 'cidr-global': ' ,' }, 'empty-pool'],
  [{ 'cidr-global': '10.0.0.0,10.0.0.255' }, 'nothing-allocatable'],
  [{ 'pools-a': 'internal,internal', 'pool.internal': '10.0.0.1' }, 'listed-twice'],
  [{ 'pools-a': 'internal' }, 'missing-pool'],
  [{ 'pool.internal': '10.0.0.1' }, 'unlisted-pool'],
  [{ 'exclude.internal': '10.0.0.1' }, 'pool-of-key-missing'],
  [{ 'exclude-a': '' }, 'no-entry'],
  [{ 'reserve-a': 'web=10.0.0.1,api=10.0.0.1' }, 'reserved-twice'],
  [{ 'reserve-a': 'web=10.0.0.1', 'exclude-a': '10.0.0.1' }, 'reserved-and-excluded'],
  [{ 'reserve-global': 'web=10.0.0.1' }, 'only-namespace-global'],
  [{ 'cidr-global': '\u008510.0.0.1,10.0.0.2' }, 'bad-entry'],
  [{ 'cidr-global': `10.0.0.1${' '.repeat(200)}-10.0.0.9` }, 'bad-entry'],
];

const root = resolve(import.meta.dirname, '..', '..');

/** The pools in this repository: the ConfigMaps in examples/, and strings in test/core/ that look like pools. */
export function repositoryPools(): Data[] {
  const read = (folder: string, ending: string) =>
    readdirSync(resolve(root, folder))
      .filter((name) => name.endsWith(ending))
      .map((name) => ({ name, text: readFileSync(resolve(root, folder, name), 'utf8') }));
  const configMap = { namespace: 'kube-system', name: 'kubevip' };
  const examples = read('examples', '.yaml')
    .flatMap((text) => readManifests([text], { configMap }).objects)
    .flatMap((object) => ('data' in object && object.data !== undefined ? [object.data] : []));
  const texts = read('test/core', '.test.ts').flatMap(
    ({ text }) => text.match(/(?<=')[^'\\\n]+(?=')/g) ?? [],
  );
  const pools = texts.filter((text) => /^[\s,0-9a-fA-F.:/-]*[.:][\s,0-9a-fA-F.:/-]*$/.test(text));
  return [...examples, ...pools.map((pool) => ({ 'cidr-global': pool }))];
}

/** Many zeros, so that `::` occurs at all positions, and few other values, so that ends share a prefix. */
const anyGroup = fc.oneof(fc.constantFrom(0, 0, 0, 1, 0x10, 0xffff), fc.nat({ max: 0xffff }));
const anyOctet = fc.oneof(fc.constantFrom(0, 9, 10, 99, 100, 255), fc.nat({ max: 255 }));
const anyValue: Readonly<Record<Family, fc.Arbitrary<bigint>>> = {
  IPv4: numberOf(anyOctet, 4, 8n),
  // ::ffff:0:0/96 is not accepted as IPv6.
  IPv6: numberOf(anyGroup, 8, 16n).filter((value) => value >> 32n !== 0xffffn),
};

function numberOf(part: fc.Arbitrary<number>, parts: number, width: bigint): fc.Arbitrary<bigint> {
  return fc
    .array(part, { minLength: parts, maxLength: parts })
    .map((all) => all.reduce((value, one) => (value << width) | BigInt(one), 0n));
}

const spellings: readonly ((value: bigint, groups: readonly string[]) => string)[] = [
  (value) => formatAddress({ family: 'IPv6', value }),
  (value) => formatAddress({ family: 'IPv6', value }).toUpperCase(),
  (_, groups) => groups.join(':'),
  (_, groups) => groups.map((group) => group.padStart(4, '0')).join(':'),
  (value, groups) =>
    `${groups.slice(0, 6).join(':')}:${formatAddress({ family: 'IPv4', value: value & 0xffffffffn })}`,
];

function spell(family: Family, value: bigint, spelling: number): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  const write = spellings[spelling];
  return family === 'IPv4' || write === undefined ? formatAddress({ family, value }) : write(value, groups);
}

const anySpelling = fc.nat({ max: spellings.length - 1 });
/** Inside an entry, a newline would separate two of them. */
const anyInnerSpace = fc.constantFrom('', '', '', ' ', '\t ', '\u00a0', '\ufeff', '\u2003');
const anySpace = fc.oneof(
  { weight: 8, arbitrary: anyInnerSpace },
  { weight: 1, arbitrary: fc.constant('\n') },
);

const anyAddress = (family: Family) =>
  fc.tuple(anyValue[family], anySpelling).map(([value, spelling]) => spell(family, value, spelling));
const anyBlock = (family: Family) =>
  fc
    .tuple(anyAddress(family), anyInnerSpace, anyInnerSpace, fc.nat({ max: bits[family] }))
    .map(([address, before, after, length]) => `${address}${before}/${after}${length}`);
/** A range between any two addresses or between neighbors. */
const anyRange = (family: Family) =>
  fc
    .record({
      one: anyValue[family],
      other: fc.option(anyValue[family]),
      spellings: fc.tuple(anySpelling, anySpelling),
      spaces: fc.tuple(anyInnerSpace, anyInnerSpace),
    })
    .map(({ one, other, spellings: [left, right], spaces }) => {
      const two = other ?? (one === 0n ? one : one - 1n);
      const [low, high] = one < two ? [one, two] : [two, one];
      return `${spell(family, low, left)}${spaces[0]}-${spaces[1]}${spell(family, high, right)}`;
    });
/** A range of two addresses of a family, in either order. */
export const anyEnds: fc.Arbitrary<Data> = fc
  .constantFrom<Family>('IPv4', 'IPv6')
  .chain((family) => fc.tuple(anyAddress(family), anyAddress(family)))
  .map((ends) => ({ 'range-global': ends.join('-') }));
const anyEntry = fc
  .constantFrom<Family>('IPv4', 'IPv6')
  .chain((family) => fc.oneof(anyAddress(family), anyBlock(family), anyRange(family)));

const anyPool = fc
  .array(
    fc.tuple(
      anySpace,
      fc.oneof({ weight: 9, arbitrary: anyEntry }, { weight: 1, arbitrary: anySpace }),
      anySpace,
    ),
    { maxLength: 6 },
  )
  .chain((entries) =>
    fc
      .constantFrom(',', ',', '\n')
      .map((separator) => entries.map((parts) => parts.join('')).join(separator)),
  );
const anyPair: fc.Arbitrary<[key: string, value: string]> = fc.oneof(
  ...keyForms.map((form) => {
    const { type } = form.row;
    const target = fc.constantFrom(
      ...(form.scope === 'all' ? [''] : ['global', 'default', 'a', 'my-namespace-2']),
    );
    const key = target.map((text) => startOf(form) + text);
    const isList = type.admission === 'entries';
    return {
      weight: isList ? 4 : 1,
      arbitrary: fc.tuple(key, isList ? anyPool : fc.constantFrom(...type.valid)),
    };
  }),
);
const anyPairs = fc.array(anyPair, { minLength: 1, maxLength: 5 });

/** A ConfigMap whose entries are all valid. */
export const anyValid: fc.Arbitrary<Data> = anyPairs.map((pairs) => Object.fromEntries(pairs));

/** A typing error at a relative position in the text. */
const anyTypo = fc.record({
  inKey: fc.nat({ max: 9 }).map((n) => n === 0),
  pair: fc.nat({ max: 4 }),
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat({ max: 2 }),
  put: fc.constantFrom(
    ...[
      '',
      '',
      '-',
      '-',
      '/',
      '.',
      ',',
      ':',
      '::',
      ' ',
      '0',
      '00',
      '1',
      '9',
      '255',
      '256',
      'f',
      'ffff:',
      'g',
      'A',
    ],
    ...[
      '%eth0',
      ';',
      '\n',
      '–',
      '\u200b',
      '\u001b',
      '\u0085',
      '\u00a0',
      '\ufeff',
      '１',
      '"',
      '_',
      '10.0.0.1',
      '::1',
    ],
  ),
});

/** A valid ConfigMap with one to three typing errors, some of which are harmless. */
export const anyWithTypos: fc.Arbitrary<Data> = fc
  .tuple(anyPairs, fc.array(anyTypo, { minLength: 1, maxLength: 3 }))
  .map(([pairs, typos]) => {
    const changed = pairs.map(([key, value]): [string, string] => [key, value]);
    for (const { inKey, pair, place, removed, put } of typos) {
      const [key, value] = changed[pair % changed.length] ?? ['', ''];
      const mistype = (text: string) => {
        const at = Math.floor(place * text.length);
        return text.slice(0, at) + put + text.slice(at + removed);
      };
      changed[pair % changed.length] = inKey ? [mistype(key), value] : [key, mistype(value)];
    }
    return Object.fromEntries(changed);
  })
  // Kubernetes accepts no other keys.
  .filter((data) => Object.keys(data).every((key) => /^(?!\.\.?$|\.\.)[-._a-zA-Z0-9]{1,253}$/.test(key)));
