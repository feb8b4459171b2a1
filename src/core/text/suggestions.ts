/** Same as Go's strconv.ParseBool, for compatibility with the Go version: no white space, no "yes". */
export function parseBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  return undefined;
}

/** Whether the text is an RFC 1123 label, as names of namespaces are. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** Whether kube-vip resolves the text as a DNS name (spec section 6): RFC 1123 labels, the last one not all digits. */
export function isHostname(text: string): boolean {
  if (text.length > 253) return false;
  const labels = text.toLowerCase().replace(/\.$/, '').split('.');
  return labels.every(isDnsLabel) && !/^[0-9]+$/.test(labels.at(-1) ?? '0');
}

/** The Levenshtein distance: O(a * b). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The one of `words` that is nearest to `word`, at most `limit` edits away. */
export function nearest(word: string, words: readonly string[], limit: number): string | undefined {
  let best: string | undefined;
  let distance = limit + 1;
  for (const candidate of words) {
    if (Math.abs(candidate.length - word.length) >= distance) continue;
    const d = editDistance(word, candidate);
    if (d < distance) [best, distance] = [candidate, d];
  }
  return best;
}

/**
 * Corrections of common mistakes in addresses, blocks, and ranges. They are applied in order, each to the result of the
 * previous ones, until the text is valid.
 */
const corrections: readonly ((text: string) => string)[] = [
  // `10.0.0.0/24  # lab`
  (text) => text.replace(/\s*#[^\n]*/g, ''),
  // `start=10.0.0.1, end=10.0.0.9`
  (text) =>
    text.replace(
      /^(?:start|from|first)\s*[=:]\s*([^\s,;]+)[\s,;]+(?:end|to|last)\s*[=:]\s*([^\s,;]+)$/i,
      '$1-$2',
    ),
  // `cidr-global: 10.0.0.0/24`
  (text) =>
    text.replace(
      /^["']?(?!(?:start|from|first|end|to|last)\b)(?=[\w.-]*[g-z_])[a-z_][\w.-]*["']?\s*(?:=|:(?!\/\/))\s*/i,
      '',
    ),
  // `- 10.0.0.0/24`, also the items of a YAML list on one line
  (text) =>
    /^-\s/.test(text)
      ? text
          .slice(1)
          .trim()
          .replace(/(\/[0-9]+)\s+-\s+/g, '$1,')
      : text,
  // `10.0.0.1:80`, `[2001::10]:80`
  (text) => text.replace(/((?:[0-9]+\.){3}[0-9]+|\]):[0-9]+/g, '$1'),
  // Full-width digits, and the dashes that word processors insert instead of a hyphen.
  (text) => text.normalize('NFKC').replace(/\s*[\u2010-\u2015\u2212\u00ad\ufe58\ufe63]\s*/g, '-'),
  (text) => text.replace(/^dhcp$/i, '0.0.0.0/32'),
  // Invisible characters.
  (text) => text.replace(/[\u200b-\u200f\u2060\ufeff]/g, ''),
  (text) => text.replace(/["'`[\]()]+/g, ''),
  (text) => text.replace(/\\/g, '/'),
  (text) => text.replace(/\s*(?:\.{2,3}|\bto\b|~)\s*/g, '-'),
  (text) => text.replace(/[;|\s]+(?=[0-9a-fA-F:])/g, ','),
  (text) => text.replace(/\s+/g, ''),
  (text) =>
    text
      .replace(/(?<=[0-9.])[oO](?=[0-9./-]|$)|(?<=\.)[oO]/g, '0')
      .replace(/(?<=[0-9.])[lI](?=[0-9./-]|$)/g, '1'),
  (text) => text.replace(/:{3,}/g, '::'),
  (text) => text.replace(/\.(?=$|[-/,])/g, ''),
  (text) => text.replace(/%[^-/,]*/g, ''),
  (text) => text.replace(/::ffff:(?=[0-9]+\.)/gi, ''),
  (text) => text.replace(/(?<![0-9a-fA-F:])0+(?=[0-9]+(?:\.|$|[-/,]))/g, ''),
  (text) => text.replace(/\/((?:[0-9]+\.){3}[0-9]+)/g, (all, mask: string) => prefixOfMask(mask) ?? all),
  // 10.0.0.* and 10.0.0.x
  (text) => text.replace(/^([0-9]+\.[0-9]+\.[0-9]+)\.[*xX](?:\/[0-9]+)?$/, '$1.0/24'),
  // 10.0.0/24
  (text) =>
    text.replace(/^([0-9]+(?:\.[0-9]+){0,2})\/([0-9]+)$/, (_, head: string, length: string) => {
      return `${[...head.split('.'), '0', '0', '0'].slice(0, 4).join('.')}/${length}`;
    }),
  // 10.0.0.5/24-10.0.0.9/24
  (text) =>
    text.replace(/^([^-/]+)\/[0-9]+-([^-/]+)(?:\/[0-9]+)?$|^([^-/]+)-([^-/]+)\/[0-9]+$/, (_, a, b, c, d) =>
      typeof a === 'string' ? `${a}-${b}` : `${c}-${d}`,
    ),
  // 10.0.0.5-9
  (text) => text.replace(/^((?:[0-9]+\.){3})([0-9]+)-\.?([0-9]+)$/, '$1$2-$1$3'),
  (text) => text.replace(/^([0-9a-fA-F:]*:)([0-9a-fA-F]+)-:*([0-9a-fA-F]{1,4})$/, '$1$2-$1$3'),
  // A range whose ends are swapped.
  (text) => text.replace(/^([^-]+)-([^-]+)$/, '$2-$1'),
  (text) => text.replace(/^([^:]+)\/[0-9]{2,}$/, '$1/32').replace(/^(.*:.*)\/[0-9]{3,}$/, '$1/128'),
];

function prefixOfMask(mask: string): string | undefined {
  const octets = mask.split('.').map(Number);
  const binary = octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(binary) && binary.length === 32 ? `/${binary.replace(/0/g, '').length}` : undefined;
}

/** The nearest text to `text` that `isValid` accepts, or undefined. Long texts are not typing errors and have none. */
export function nearestSpelling(text: string, isValid: (text: string) => boolean): string | undefined {
  if (text.length > 128) return undefined;
  let corrected = text;
  for (const correct of corrections) {
    const next = correct(corrected);
    if (next === corrected) continue;
    if (isValid(next)) return next;
    corrected = next;
  }
  return undefined;
}
