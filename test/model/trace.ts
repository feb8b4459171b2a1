import type { HttpRequest } from '../../src/client/transport.ts';
import type { IPAddress, Service } from '../../src/core/model/objects.ts';
import type { Plan } from '../simulator/plan.ts';
import { isServiceWrite } from '../simulator/requests.ts';
import { type Observer, run } from '../simulator/simulation.ts';

/** What is in the API, and what was sent, in the terms of claims.als. */
interface State {
  /** The version of each Service, counted from 0. */
  readonly versions: ReadonlyMap<string, number>;
  /** The version of each claim: the request that added the last reservation to it. */
  readonly claims: ReadonlyMap<string, string>;
  readonly sent: readonly string[];
}

interface Write {
  readonly name: string;
  readonly sig: 'Write' | 'ClaimWrite' | 'Deletion';
  readonly fields: Readonly<Record<string, string>>;
  /** Of a claim after this request: the request that added each reservation. */
  readonly addedBy?: ReadonlyMap<string, string>;
}

interface Reservation {
  readonly uid: string;
  readonly version: string;
  readonly addedTo?: string;
}

/**
 * A run of the simulator, as a module that extends claims.als: all objects, and in each step what is in the API and what was sent.
 * What the leaders know is left open. Only for plans in which Services get one address each, and nobody writes one by hand.
 */
export async function traceOf(plan: Plan): Promise<string> {
  const recorder = new Recorder();
  const { broken } = await run(plan, recorder);
  if (broken !== undefined) throw broken;
  return recorder.module(plan.claims);
}

class Recorder implements Observer {
  readonly #atoms = new Map<string, Map<string, string>>();
  /** By UID: the resourceVersions that it had, and the address in each. */
  readonly #history = new Map<string, { readonly resourceVersion: string; readonly address: string }[]>();
  readonly #writes = new Map<string, Write>();
  readonly #requests = new WeakMap<HttpRequest, Write>();
  readonly #states: State[] = [];
  /** The request that led to each version of a claim, by `name resourceVersion`. */
  readonly #claimVersions = new Map<string, Write>();
  #claims = new Map<string, string>();
  #sent: string[] = [];
  /** The number of denials by Service. What is sent after one is another request, even if it is equal. */
  readonly #denials = new Map<string, number>();

  constructor() {
    this.#add();
  }

  sent(leadership: string, request: HttpRequest): void {
    const read = this.#read(leadership, request, request.path.split('?')[0] ?? '');
    if (read === undefined) return;
    const { name, sig, fields } = read;
    const key = JSON.stringify([sig, fields, this.#denials.get(fields.of ?? '')]);
    const known = this.#writes.get(key);
    this.#requests.set(request, known ?? read);
    if (known !== undefined) return;
    this.#writes.set(key, read);
    this.#sent.push(name);
    this.#add();
  }

  denied(request: HttpRequest): void {
    const { name, fields } = this.#requests.get(request) ?? {};
    if (fields?.of === undefined) return;
    this.#denials.set(fields.of, (this.#denials.get(fields.of) ?? 0) + 1);
    this.#sent = this.#sent.filter((one) => one !== name);
    this.#add();
  }

  carriedOut(
    request: HttpRequest | undefined,
    services: readonly Service[],
    claims: readonly IPAddress[],
  ): void {
    let isChanged = false;
    const uids = new Set<string>();
    for (const service of services) {
      const { uid = '', resourceVersion = '' } = service.metadata;
      uids.add(uid);
      const known = this.#history.get(uid) ?? [];
      if (known.at(-1)?.resourceVersion === resourceVersion) continue;
      isChanged ||= known.length > 0;
      known.push({ resourceVersion, address: addressIn(service.metadata.annotations ?? {}) });
      this.#history.set(uid, known);
    }
    for (const [uid, known] of this.#history) {
      if (uids.has(uid) || known.at(-1)?.resourceVersion === 'gone') continue;
      known.push({ resourceVersion: 'gone', address: '' });
      isChanged = true;
    }
    const now = new Map<string, string>();
    for (const { metadata } of claims) {
      if (reservationsIn(metadata.annotations ?? {}) === undefined) continue;
      const id = `${metadata.name} ${metadata.resourceVersion}`;
      const write = this.#claimVersions.get(id) ?? (request && this.#requests.get(request));
      if (write?.sig !== 'ClaimWrite')
        throw new Error(`No request that adds a reservation led to claim ${id}`);
      this.#claimVersions.set(id, write);
      now.set(metadata.name, write.name);
    }
    isChanged ||= JSON.stringify([...now]) !== JSON.stringify([...this.#claims]);
    this.#claims = now;
    if (isChanged) this.#add();
  }

  #atom(sig: string, name: string): string {
    const atoms = this.#atoms.get(sig) ?? new Map<string, string>();
    this.#atoms.set(sig, atoms);
    const atom = atoms.get(name) ?? `${sig}${atoms.size}`;
    atoms.set(name, atom);
    return atom;
  }

  #version(uid: string, resourceVersion: string): string {
    const known = this.#history.get(uid) ?? [];
    return versionAtom(known.findIndex((one) => one.resourceVersion === resourceVersion));
  }

  #read(leadership: string, request: HttpRequest, path: string): Write | undefined {
    const by = this.#atom('Leadership', leadership);
    const name = `W${this.#writes.size}`;
    const body = JSON.parse(request.body ?? '{}') as {
      metadata?: {
        name?: string;
        uid?: string;
        resourceVersion?: string;
        annotations?: Record<string, string>;
      };
      preconditions?: { resourceVersion?: string };
    };
    const { metadata = {}, preconditions } = body;
    if (isServiceWrite(request)) {
      const { uid = '', resourceVersion = '' } = metadata;
      const address = addressIn(metadata.annotations ?? {});
      if (address === '') return undefined;
      const of = this.#atom('Service', uid);
      const fields = {
        by,
        of,
        on: this.#version(uid, resourceVersion),
        gives: this.#atom('Address', address),
      };
      return { name, sig: 'Write', fields };
    }
    const claim = metadata.name ?? decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
    const version = preconditions?.resourceVersion ?? metadata.resourceVersion;
    const before = this.#claimVersions.get(`${claim} ${version}`);
    if (version !== undefined && before === undefined)
      throw new Error(`Version ${version} of claim ${claim} is not known`);
    if (request.method === 'DELETE')
      return { name, sig: 'Deletion', fields: { by, drops: before?.name ?? 'none' } };
    const reservations = reservationsIn(metadata.annotations ?? {}) ?? [];
    const added = reservations.at(-1);
    if (added === undefined) return undefined;
    const kept = reservations.slice(0, -1).map((one): [string, string] => {
      const id = JSON.stringify(one);
      const write = before?.addedBy?.get(id);
      if (write === undefined) throw new Error(`No request added reservation ${id} of claim ${claim}`);
      return [id, write];
    });
    const fields = {
      by,
      claims: this.#atom('Address', claim),
      of: this.#atom('Service', added.uid),
      on: this.#version(added.uid, added.version),
      was: before?.name ?? 'none',
      keeps: set(
        kept.map(([, write]) => write),
        1,
      ),
    };
    return { name, sig: 'ClaimWrite', fields, addedBy: new Map([...kept, [JSON.stringify(added), name]]) };
  }

  #add(): void {
    this.#states.push({
      versions: new Map([...this.#history].map(([uid, known]) => [uid, known.length - 1])),
      claims: this.#claims,
      sent: [...this.#sent],
    });
  }

  module(claims: boolean): string {
    for (const uid of this.#history.keys()) this.#atom('Service', uid);
    const longest = Math.max(...[...this.#history.values()].map(({ length }) => length));
    const writes = [...this.#writes.values()];
    const ofSig = (sig: string): Write[] => writes.filter((write) => write.sig === sig);
    const versions = Array.from({ length: longest }, (_, i) => versionAtom(i));
    const atoms: [string, readonly string[]][] = [
      ['Version', versions],
      ...['Address', 'Service', 'Leadership'].map((sig): [string, string[]] => [
        sig,
        [...(this.#atoms.get(sig)?.values() ?? [])],
      ]),
      ...['Write', 'ClaimWrite', 'Deletion'].map((sig): [string, string[]] => [
        sig,
        ofSig(sig).map(({ name }) => name),
      ]),
    ];
    const lines = ['open claims', ''];
    for (const [sig, names] of atoms)
      if (names.length > 0) lines.push(`one sig ${names.join(', ')} extends ${sig} {}`);
    lines.push('', 'fact {', `  Protocol.variants = ${claims ? 'none' : 'NoClaims'}`);
    lines.push('  first = Version0');
    versions.slice(1).forEach((version, i) => {
      lines.push(`  next[${versionAtom(i)}] = ${version}`);
    });
    for (const [uid, known] of this.#history) {
      const all = known.flatMap(({ address }, i) =>
        address === '' ? [] : [`${versions[i]} -> ${this.#atom('Address', address)}`],
      );
      lines.push(`  ${this.#atom('Service', uid)}.content = ${set(all)}`);
    }
    for (const { name, fields } of writes)
      for (const [field, value] of Object.entries(fields)) lines.push(`  ${name}.${field} = ${value}`);
    lines.push('}', '');
    lines.push('pred trace {');
    const texts = this.#states.map((state) => this.#text(state));
    lines.push(...texts.map((text, i) => `  ${text}${i + 1 < texts.length ? ' and after (' : ''}`));
    lines.push(`  ${')'.repeat(Math.max(0, texts.length - 1))}`, '}', '');
    const scope = atoms.map(([sig, names]) => `${names.length} ${sig}`);
    lines.push(`run trace for ${scope.join(', ')}, exactly ${texts.length + 1} steps expect 1`, '');
    return lines.join('\n');
  }

  #text({ versions, claims, sent }: State): string {
    const ofSig = (sig: string): string[] =>
      [...this.#writes.values()]
        .filter((write) => write.sig === sig && sent.includes(write.name))
        .map(({ name }) => name);
    const all = [...this.#history.keys()].map(
      (uid) => `${this.#atom('Service', uid)} -> ${versionAtom(versions.get(uid) ?? 0)}`,
    );
    const claim = [...claims].map(([address, write]) => `${this.#atom('Address', address)} -> ${write}`);
    return [
      `version = ${set(all)}`,
      `claim = ${set(claim)}`,
      `Sent = ${set(ofSig('Write'), 1)}`,
      `SentClaim = ${set(ofSig('ClaimWrite'), 1)}`,
      `SentDeletion = ${set(ofSig('Deletion'), 1)}`,
    ].join(' and ');
  }
}

function versionAtom(index: number): string {
  return `Version${index}`;
}

/** A set or relation, also if it is empty. */
function set(parts: readonly string[], arity = 2): string {
  return parts.length > 0 ? parts.join(' + ') : Array.from({ length: arity }, () => 'none').join(' -> ');
}

function addressIn(annotations: Readonly<Record<string, string>>): string {
  return annotations['kube-vip.io/loadbalancerIPs'] ?? '';
}

/** The reservations in a claim of a controller; undefined for another object. */
function reservationsIn(annotations: Readonly<Record<string, string>>): Reservation[] | undefined {
  const text = annotations['kube-vip.io/claim'];
  if (text === undefined) return undefined;
  return (JSON.parse(text) as { for: Reservation[] }).for;
}
