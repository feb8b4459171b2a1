export interface DumpOptions {
  /** Objects that belong to the test. */
  readonly harness: ReadonlySet<unknown>;
  /** Numbers from here to the double are times. */
  readonly bootMs: number;
  readonly now: number;
  /** Fields that are no part of the state. */
  readonly ignored: ReadonlySet<string>;
  /** The texts of which only a digest is kept. */
  readonly digests: ReadonlyMap<number, string>;
}

/**
 * Everything that is reachable from an object, as a text: two equal texts are two equal states. Functions and promises have no text;
 * what their closures remember is in `Process.text`. Times are relative to `now`.
 */
export function dump(root: object, { harness, bootMs, now, digests, ignored }: DumpOptions): string {
  const seen = new Map<object, number>();
  const parts: string[] = [];
  const write = (value: unknown): void => {
    switch (typeof value) {
      case 'string':
        parts.push('"', value, '"');
        return;
      case 'number':
        parts.push(
          value >= bootMs && value < 2 * bootMs ? `t${value - now}` : (digests.get(value) ?? String(value)),
        );
        return;
      case 'function':
        parts.push('f');
        return;
      case 'object':
        if (value !== null) writeObject(value);
        else parts.push('null');
        return;
      default:
        parts.push(String(value));
    }
  };
  const writeObject = (value: object): void => {
    const known = seen.get(value);
    if (known !== undefined) {
      parts.push(`^${known}`);
      return;
    }
    seen.set(value, seen.size);
    if (harness.has(value) || value instanceof Promise || skipped.has(value.constructor?.name)) {
      parts.push('-');
    } else if (value instanceof AbortController) parts.push(String(value.signal.aborted));
    else if (value instanceof AbortSignal) parts.push(String(value.aborted));
    else if (Array.isArray(value)) {
      parts.push('[');
      for (const one of value) {
        write(one);
        parts.push(',');
      }
      parts.push(']');
    } else if (value instanceof Map || value instanceof Set) {
      parts.push(value instanceof Map ? 'M{' : 'S{');
      for (const one of value) {
        write(value instanceof Map ? one[0] : one);
        if (value instanceof Map) {
          parts.push(':');
          write(one[1]);
        }
        parts.push(',');
      }
      parts.push('}');
    } else {
      parts.push(value.constructor?.name ?? '', '{');
      for (const [name, part] of Object.entries(value)) {
        if (part === undefined || typeof part === 'function' || ignored.has(name)) continue;
        parts.push(name, ':');
        write(part);
        parts.push(',');
      }
      parts.push('}');
    }
  };
  write(root);
  return parts.join('');
}

/** Shared texts, counters and metrics, on which no decision depends. */
const skipped: ReadonlySet<string | undefined> = new Set(['Interner', 'Counters']);
