import type { Options } from '../../core/model/options.ts';
import { defaultClass } from '../../core/model/well-known-names.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import { parseBool } from '../../core/text/suggestions.ts';
import { isName, type NameFormat, nearestName } from '../../schema/names.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const defaultController = 'kube-vip-cloud-controller';

/** What the KUBEVIP_* variables say, or what is wrong with them. An empty variable is an unset one. */
export interface EnvironmentReading {
  options: Options;
  /** Nothing is wrong, but something is probably not as meant. */
  notes: string[];
  errors: string[];
}

export function readEnvironment(
  env: Environment,
  { controller, claims }: Pick<Options, 'controller' | 'claims'>,
): EnvironmentReading {
  const errors: string[] = [];
  const notes: string[] = [];
  const named = (variable: string, otherwise: string, format: NameFormat): string => {
    const value = env[variable] ?? '';
    if (value === '' || isName(value, format)) return value === '' ? otherwise : value;
    const near = nearestName(value, format);
    const advice = isName(near, format)
      ? `Set it to ${near}, for example.`
      : `Set it to a name like ${otherwise}.`;
    errors.push(`${variable} is ${quoted(value)}, which cannot be a name in Kubernetes. ${advice}`);
    return otherwise;
  };
  const configMap = {
    namespace: named('KUBEVIP_NAMESPACE', 'kube-system', 'dns-label'),
    name: named('KUBEVIP_CONFIG_MAP', 'kubevip', 'dns-subdomain'),
  };

  const wanted = env.KUBEVIP_ENABLE_LOADBALANCERCLASS ?? '';
  const enabled = wanted === '' ? false : parseBool(wanted);
  if (enabled === undefined) {
    errors.push(
      `KUBEVIP_ENABLE_LOADBALANCERCLASS is ${quoted(wanted)}. Set it to true or false, without spaces.`,
    );
  }
  const custom = env.KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME ?? '';
  if (custom !== '' && !isQualified(custom)) {
    errors.push(
      `KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME is ${quoted(custom)}, which no Service can have as its class. Set it to a name like example.com/my-class.`,
    );
  }
  if (custom !== '' && enabled === false) {
    notes.push(
      `KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME=${printable(custom)} is not used, because the class mode is off. Set KUBEVIP_ENABLE_LOADBALANCERCLASS=true to use it.`,
    );
  }
  const ours = custom === '' ? defaultClass : custom;
  return {
    options: { class: enabled === true ? ours : undefined, configMap, controller, claims },
    notes,
    errors,
  };
}

/** `name` or `domain/name`, as the API server checks spec.loadBalancerClass. */
function isQualified(text: string): boolean {
  const [name, domain, ...more] = text.split('/').reverse();
  if (name === undefined || more.length > 0 || (domain !== undefined && !isName(domain, 'dns-subdomain')))
    return false;
  return name.length <= 63 && /^[A-Za-z0-9](?:[-._A-Za-z0-9]*[A-Za-z0-9])?$/.test(name);
}
