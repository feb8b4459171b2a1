import { quoted } from '../../core/text/quote.ts';

/** Settings from the command line; undefined if the flag was not specified. */
export interface SettingFlags {
  readonly deployment: { readonly namespace: string; readonly name: string } | undefined;
  readonly configMap: { readonly namespace: string; readonly name: string } | undefined;
  /** The class in class mode; "" for the default mode. */
  readonly class: string | undefined;
  readonly controller: string | undefined;
}

/** The default namespace, also in the Go version. */
export const systemNamespace = 'kube-system';

/** Reads `NAME` or `NAMESPACE/NAME`. Returns a message if the text is neither. */
export function readName(
  flag: string,
  text: string,
): { namespace: string; name: string } | { message: string } {
  const [name = '', namespace = systemNamespace, ...rest] = text.split('/').reverse();
  const isValid = (part: string): boolean => /^[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$/.test(part);
  if (rest.length > 0 || !isValid(name) || !isValid(namespace))
    return { message: `${flag} must be NAME or NAMESPACE/NAME, not ${quoted(text)}.` };
  return { namespace, name };
}
