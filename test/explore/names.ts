/**
 * Values that only name something: versions, the numbers of created objects (in UIDs and creation times), and the names of Services.
 * All of them have a form that no other text in the explored worlds has.
 */
export const firstVersion = 1_700_000_000;
/** Between two versions, and between two created objects, there is room for names of others. */
export const versionStep = 1_000;
export const creationStep = 10;

const pattern = /\b17\d{8}\b|\buid-\d{4}\b|\b2026-01-01T\d\d:\d\d:\d\dZ|\bsvc-[a-d]\b/g;

export function uidOf(created: number): string {
  return `uid-${String(created).padStart(4, '0')}`;
}

export function timeOf(created: number): string {
  return new Date(Date.UTC(2026, 0, 1) + created * 1000).toISOString().replace('.000', '');
}

export type Kind = 'version' | 'creation' | 'service';

export function kindOf(token: string): Kind {
  if (token.startsWith('1')) return 'version';
  return token.startsWith('s') ? 'service' : 'creation';
}

/** The number in a version, a UID or a creation time: they are ordered by it. */
export function numberIn(token: string): number {
  if (token.startsWith('uid-')) return Number(token.slice(4));
  if (token.startsWith('1')) return Number(token);
  return (Date.parse(token) - Date.UTC(2026, 0, 1)) / 1000;
}

/** A text without its names, and the names in the order of their first use. */
export function withoutNames(text: string): {
  readonly skeleton: string;
  readonly tokens: readonly string[];
} {
  const indexes = new Map<string, number>();
  const skeleton = text.replace(pattern, (token) => {
    const index = indexes.get(token) ?? indexes.size;
    indexes.set(token, index);
    return `\u0001${kindOf(token)}${index}`;
  });
  return { skeleton, tokens: [...indexes.keys()] };
}

/** A renaming that keeps the order of versions and of created objects. */
export class Renaming {
  readonly #numbers = { version: new Map<number, number>(), creation: new Map<number, number>() };
  readonly #services = new Map<string, string>();

  /** Renames each token to the other one at the same place. */
  constructor(from: readonly string[], to: readonly string[]) {
    for (const [i, token] of from.entries()) {
      const other = to[i] ?? token;
      const kind = kindOf(token);
      if (kind === 'service') this.#services.set(token, other);
      else this.#numbers[kind].set(numberIn(token), numberIn(other));
    }
  }

  /** Renames all names in a text. Names that are new get new names, at the same place in the order. */
  apply(text: string): string {
    this.#learn(text.match(pattern) ?? []);
    return text.replace(pattern, (token) => this.#renamed(token));
  }

  /** Renames all names in a JSON value. */
  value<T>(value: T): T {
    return JSON.parse(this.apply(JSON.stringify(value))) as T;
  }

  tokens(tokens: readonly string[]): readonly string[] {
    this.#learn(tokens);
    return tokens.map((token) => this.#renamed(token));
  }

  inverse(): Renaming {
    const other = new Renaming([], []);
    for (const kind of ['version', 'creation'] as const)
      for (const [from, to] of this.#numbers[kind]) other.#numbers[kind].set(to, from);
    for (const [from, to] of this.#services) other.#services.set(to, from);
    return other;
  }

  #renamed(token: string): string {
    const kind = kindOf(token);
    if (kind === 'service') return this.#services.get(token) ?? token;
    const number = this.#numbers[kind].get(numberIn(token)) ?? 0;
    if (kind === 'version') return String(number);
    return token.startsWith('uid-') ? uidOf(number) : timeOf(number);
  }

  #learn(tokens: readonly string[]): void {
    const unknown = { version: new Set<number>(), creation: new Set<number>() };
    for (const token of tokens) {
      const kind = kindOf(token);
      if (kind === 'service') this.#learnService(token);
      else if (!this.#numbers[kind].has(numberIn(token))) unknown[kind].add(numberIn(token));
    }
    for (const number of [...unknown.version].sort((a, b) => a - b))
      this.#learnNumber('version', number, firstVersion, versionStep);
    for (const number of [...unknown.creation].sort((a, b) => a - b))
      this.#learnNumber('creation', number, 0, creationStep);
  }

  #learnService(token: string): void {
    if (this.#services.has(token)) return;
    const used = new Set(this.#services.values());
    const free = ['svc-a', 'svc-b', 'svc-c', 'svc-d'].find((name) => !used.has(name));
    if (free === undefined) throw new Error('there are more than four names of Services');
    this.#services.set(token, free);
  }

  #learnNumber(kind: 'version' | 'creation', number: number, least: number, step: number): void {
    let below: [number, number] | undefined;
    let above: [number, number] | undefined;
    for (const entry of this.#numbers[kind]) {
      if (entry[0] < number && (below === undefined || entry[0] > below[0])) below = entry;
      if (entry[0] > number && (above === undefined || entry[0] < above[0])) above = entry;
    }
    const [, lower] = below ?? [0, least];
    const renamed = above === undefined ? lower + step : Math.floor((lower + above[1]) / 2);
    if (renamed === lower)
      throw new Error(`there is no room for a ${kind} between ${lower} and ${above?.[1]}`);
    this.#numbers[kind].set(number, renamed);
  }
}
