/** What a line of a log is, read back from what jsonLine or textLine wrote. */
export type ReadLine =
  | {
      readonly kind: 'own';
      /** In milliseconds since 1970. */
      readonly time: number;
      readonly fields: Readonly<Record<string, string>>;
    }
  /** A line of the controller that was cut off. */
  | { readonly kind: 'broken' }
  /** A line of another program, or no line of a log. */
  | { readonly kind: 'foreign' };

/**
 * What containers and kubectl put before a line: the Pod (`kubectl logs --prefix`), the time (`--timestamps`), and in the files of a
 * node also the stream and whether the line is complete.
 */
const prefix =
  /^(?:\[[^\]]*\] )?(?:\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?:std(?:out|err) (?:F|(?<cut>P)) )?(?=[{\d]))?/;
const colors = /\p{Cc}\[\d*m/gu;
const wholeTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const startOfText = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?:INFO {2}|WARN {2}|ERROR ) ?/;
const startOfJson = '{"time":"';
/**
 * The fields at the end of a line for people. Two spaces come before them and one between them, so a message or a quoted value
 * that contains such a text is not read as fields.
 */
const fieldsOfText = / {2}((?:[A-Za-z]+=(?:[\w.:/,+@<>-]+|"(?:[^"\\]|\\.)*")(?: |$))+)$/;
const fieldOfText = /([A-Za-z]+)=([\w.:/,+@<>-]+|"(?:[^"\\]|\\.)*")(?: |$)/g;

/** Reads a line in either format, with or without colors and prefixes. */
export function readLogLine(text: string): ReadLine {
  const plain = (text.includes('\x1b') ? text.replace(colors, '') : text).trimEnd();
  const before = prefix.exec(plain);
  const line = plain.slice(before?.[0].length ?? 0);
  const isJson = line.startsWith(startOfJson);
  const time = startOfText.exec(line)?.[1];
  if (!isJson && time === undefined) return { kind: 'foreign' };
  if (before?.groups?.cut !== undefined) return { kind: 'broken' };
  return time === undefined ? readJson(line) : readText(time, line);
}

function readJson(line: string): ReadLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: 'broken' };
  }
  const { time, level, msg, ...fields } = value as Record<string, unknown>;
  const isOwn = typeof time === 'string' && wholeTime.test(time) && typeof level === 'string';
  return isOwn && typeof msg === 'string' ? own(time, textsIn(fields)) : { kind: 'foreign' };
}

function own(time: string, fields: Readonly<Record<string, string>>): ReadLine {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? { kind: 'foreign' } : { kind: 'own', time: ms, fields };
}

function textsIn(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = Object.entries(fields).filter(([, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(texts.map(([name, value]) => [name, String(value)]));
}

function readText(time: string, line: string): ReadLine {
  const [, suffix = ''] = fieldsOfText.exec(line) ?? [];
  const fields: Record<string, string> = {};
  for (const [, name = '', value = ''] of suffix.matchAll(fieldOfText)) {
    try {
      fields[name] = value.startsWith('"') ? String(JSON.parse(value)) : value;
    } catch {
      return { kind: 'broken' };
    }
  }
  return own(time, fields);
}
