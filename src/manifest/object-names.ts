import { quoted } from '../core/text/quote.ts';
import { isName, maxLength, type NameFormat, nearestName } from '../schema/names.ts';
import { type Findings, mapField } from './fields.ts';
import type { MapTree } from './tree.ts';

/** An object's name and namespace, or undefined after saying why it has none that Kubernetes would take. */
export function checkedName(
  tree: MapTree,
  kind: string,
  findings: Findings,
): { name: string; namespace: string | undefined } | undefined {
  // A metadata of a wrong type was reported with the object's other fields.
  const silent: Findings = { remark: () => {}, error: () => {} };
  const metadata = mapField({ map: tree, path: '', findings: silent }, 'metadata');
  const name = scalarIn(metadata?.map, 'name');
  if (name === undefined || name.text === '') {
    if (metadata !== undefined || !tree.entries.has('metadata')) {
      const advice =
        metadata?.map.entries.has('generateName') === true
          ? ' (generateName makes one only in a cluster)'
          : '';
      findings.error(
        metadata?.map.at ?? tree.at,
        'metadata.name',
        `this is missing${advice}. Write \`name: my-${kind.toLowerCase()}\` below \`metadata:\`.`,
      );
    }
    return undefined;
  }
  const namespace = scalarIn(metadata?.map, 'namespace');
  // A Service becomes a DNS name; a ConfigMap's name may have dots.
  const isFine =
    check(name, 'metadata.name', kind === 'ConfigMap' ? 'dns-subdomain' : 'dns-label', findings) &&
    (namespace === undefined ||
      namespace.text === '' ||
      check(namespace, 'metadata.namespace', 'dns-label', findings));
  if (!isFine) return undefined;
  return {
    name: name.text,
    namespace: namespace === undefined || namespace.text === '' ? undefined : namespace.text,
  };
}

interface NameAsWritten {
  text: string;
  at: number;
}

function scalarIn(map: MapTree | undefined, key: string): NameAsWritten | undefined {
  const tree = map?.entries.get(key)?.value;
  return tree?.kind === 'scalar' && tree.value !== null ? { text: tree.source, at: tree.at } : undefined;
}

function check({ text, at }: NameAsWritten, field: string, format: NameFormat, findings: Findings): boolean {
  if (isName(text, format)) return true;
  const near = nearestName(text, format);
  const advice = isName(near, format) ? `Write ${near}, for example` : 'Write one like my-service';
  findings.error(
    at,
    field,
    `Kubernetes refuses the name ${quoted(text)}: a name has at most ${maxLength[format]} small letters, digits and "-"${format === 'dns-subdomain' ? ' and "."' : ''}, and begins and ends with a letter or digit. ${advice}.`,
  );
  return false;
}
