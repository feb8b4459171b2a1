import { printable, quoted } from '../core/text/quote.ts';
import type { SourcePositions } from '../yaml/source-position.ts';

/** One document of a text. */
export interface ManifestSource {
  readonly name: string;
  readonly text: string;
  readonly positions: SourcePositions;
  /** `, document 2` if the text has several. */
  readonly document: string;
}

export function whereOf({ name, positions, document }: ManifestSource, at: number): string {
  const { line, column } = positions.at(at);
  return `${printable(name)}:${line}:${column}${document}`;
}

/** `spec.ports[0]` and `port` give `spec.ports[0].port`; the path of the object itself is empty. */
export function fieldPath(path: string, key: string): string {
  const safe = /^[\w./-]+$/.test(key) ? key : quoted(key);
  return path === '' ? safe : `${path}.${safe}`;
}

/** Messages about all texts: what was repaired or left out, and what cannot be read. */
export interface Messages {
  readonly remarks: string[];
  /** The remarks after which Kubernetes rejects the object. */
  readonly rejections: string[];
  readonly errors: string[];
}

/** Collects the findings in one object: `FILE:LINE:COLUMN: OBJECT: FIELD: problem`. */
export class Findings {
  readonly #source: ManifestSource;
  readonly #object: string;
  readonly #remarks: { at: number; text: string; isRejection: boolean }[] = [];
  readonly #errors: { at: number; text: string }[] = [];

  constructor(source: ManifestSource, object = '') {
    this.#source = source;
    this.#object = object;
  }

  get hasErrors(): boolean {
    return this.#errors.length > 0;
  }

  remark(at: number, field: string, problem: string): void {
    this.#remarks.push({ at, text: this.#message(at, field, problem), isRejection: false });
  }

  /** A remark on what Kubernetes rejects, although its meaning is plain here. */
  rejection(at: number, field: string, problem: string): void {
    this.#remarks.push({ at, text: this.#message(at, field, problem), isRejection: true });
  }

  /** With the line of the text below it. */
  error(at: number, field: string, problem: string): void {
    const text = `${this.#message(at, field, problem)}\n${this.#source.positions.excerpt(at)}`;
    this.#errors.push({ at, text });
  }

  /** In the order of the text, whatever the order of the checks. */
  addTo({ remarks, rejections, errors }: Messages): void {
    for (const list of [this.#remarks, this.#errors]) list.sort((a, b) => a.at - b.at);
    remarks.push(...this.#remarks.map(({ text }) => text));
    rejections.push(...this.#remarks.filter(({ isRejection }) => isRejection).map(({ text }) => text));
    errors.push(...this.#errors.map(({ text }) => text));
  }

  #message(at: number, field: string, problem: string): string {
    const parts = [whereOf(this.#source, at), this.#object, printable(field), problem];
    return parts.filter((part) => part !== '').join(': ');
  }
}
