import type { HttpRequest } from '../../src/client/transport.ts';
import type { IPAddress, Service } from '../../src/core/model/objects.ts';
import type { Plan } from '../simulator/plan.ts';
import { isServiceWrite } from '../simulator/requests.ts';
import { type Observer, run } from '../simulator/simulation.ts';

/** What is in the API, and what was sent, in the terms of claims.als. */
interface State {
  /** The version of each Service, counted from 0. */
  readonly versions: ReadonlyMap<string, number>;
  /** The reservations of each claim, as `Service -> Version`. */
  readonly claims: ReadonlyMap<string, readonly string[]>;
  readonly sent: readonly string[];
}

interface Write {
  readonly name: string;
  readonly sig: 'Write' | 'ClaimWrite' | 'Deletion';
  readonly fields: Readonly<Record<string, string>>;
  readonly isCreation: boolean;
}

interface Reservation {
  readonly uid: string;
  readonly version: string;
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
  readonly #requests = new WeakMap<HttpRequest, string>();
  readonly #states: State[] = [];
  /** What each claim had in each of its versions, by `name resourceVersion`. */
  readonly #claimVersions = new Map<string, readonly Reservation[]>();
  #claims = new Map<string, readonly Reservation[]>();
  readonly #sent: string[] = [];

  constructor() {
    this.#add();
  }

  sent(leadership: string, request: HttpRequest): void {
    const path = request.path.split('?')[0] ?? '';
    const key = `${leadership} ${request.method} ${path} ${request.body}`;
    if (!this.#writes.has(key)) {
      const write = this.#read(leadership, request, path);
      if (write === undefined) return;
      this.#writes.set(key, write);
      // A new leadership begins, or a refusal is learned.
      this.#add();
      this.#sent.push(write.name);
      this.#add();
    }
    this.#requests.set(request, key);
  }

  carriedOut(_: HttpRequest | undefined, services: readonly Service[], claims: readonly IPAddress[]): void {
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
    const now = new Map<string, readonly Reservation[]>();
    for (const { metadata } of claims) {
      const reservations = reservationsIn(metadata.annotations ?? {});
      if (reservations === undefined) continue;
      now.set(metadata.name, reservations);
      this.#claimVersions.set(`${metadata.name} ${metadata.resourceVersion}`, reservations);
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

  #reservation({ uid, version }: Reservation): string {
    return `${this.#atom('Service', uid)} -> ${this.#version(uid, version)}`;
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
      return { name, sig: 'Write', fields, isCreation: false };
    }
    const claim = metadata.name ?? decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
    const address = this.#atom('Address', claim);
    const version = preconditions?.resourceVersion ?? metadata.resourceVersion;
    const before = (version === undefined ? [] : this.#claimVersions.get(`${claim} ${version}`)) ?? [];
    const was = set(before.map((one) => this.#reservation(one)));
    if (request.method === 'DELETE')
      return { name, sig: 'Deletion', fields: { by, drops: address, was }, isCreation: false };
    const all = reservationsIn(metadata.annotations ?? {}) ?? [];
    const [added, kept] = [all.at(-1), all.slice(0, -1)];
    if (added === undefined) return undefined;
    const keeps = set(kept.map((one) => this.#reservation(one)));
    const of = this.#atom('Service', added.uid);
    const fields = { by, claims: address, of, on: this.#version(added.uid, added.version), was, keeps };
    return { name, sig: 'ClaimWrite', fields, isCreation: version === undefined };
  }

  #add(): void {
    this.#states.push({
      versions: new Map([...this.#history].map(([uid, known]) => [uid, known.length - 1])),
      claims: new Map(
        [...this.#claims].map(([address, all]) => [address, all.map((one) => this.#reservation(one))]),
      ),
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
    lines.push(
      `  Creating = ${set(
        writes.filter(({ isCreation }) => isCreation).map(({ name }) => name),
        1,
      )}`,
      '}',
      '',
    );
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
    const reserved = [...claims].flatMap(([address, list]) =>
      list.map((one) => `${this.#atom('Address', address)} -> ${one}`),
    );
    return [
      `version = ${set(all)}`,
      `reserved = ${set(reserved, 3)}`,
      `Claimed = ${set(
        [...claims.keys()].map((address) => this.#atom('Address', address)),
        1,
      )}`,
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
