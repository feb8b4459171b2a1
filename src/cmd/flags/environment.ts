import type { Options } from '../../core/model/options.ts';
import { defaultClass } from '../../core/model/well-known-names.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import { parseBool } from '../../core/text/suggestions.ts';
import { isName, type NameFormat, nearestName } from '../../schema/names.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const defaultController = 'kube-vip-cloud-controller';

export const variablesHelp = `Environment variables
  KUBEVIP_NAMESPACE                      ConfigMap namespace. [kube-system]
  KUBEVIP_CONFIG_MAP                     ConfigMap name. [kubevip]
  KUBEVIP_ENABLE_LOADBALANCERCLASS       If true, handle one class only. [false]
  KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME  The class. [kube-vip.io/kube-vip-class]
  NO_COLOR                               If not empty, disable colors.
`;

/** The settings in the KUBEVIP_* variables. An empty variable is the same as an unset one. */
export interface EnvironmentSettings {
  options: Options;
  /** About valid settings that probably don't have the intended effect. */
  warnings: string[];
  errors: string[];
}

export function readEnvironment(
  env: Environment,
  { controller, claims }: Pick<Options, 'controller' | 'claims'>,
): EnvironmentSettings {
  const errors: string[] = [];
  const warnings: string[] = [];
  const nameFrom = (variable: string, defaultName: string, format: NameFormat): string => {
    const value = env[variable] ?? '';
    if (value === '' || isName(value, format)) return value === '' ? defaultName : value;
    const near = nearestName(value, format);
    const advice = isName(near, format)
      ? `Set it to ${near}, for example.`
      : `Set it to a name such as ${defaultName}.`;
    errors.push(`${variable}=${quoted(value)} is not a valid name in Kubernetes. ${advice}`);
    return defaultName;
  };
  const configMap = {
    namespace: nameFrom('KUBEVIP_NAMESPACE', 'kube-system', 'dns-label'),
    name: nameFrom('KUBEVIP_CONFIG_MAP', 'kubevip', 'dns-subdomain'),
  };

  const classMode = env.KUBEVIP_ENABLE_LOADBALANCERCLASS ?? '';
  const isClassMode = classMode === '' ? false : parseBool(classMode);
  if (isClassMode === undefined) {
    errors.push(
      `KUBEVIP_ENABLE_LOADBALANCERCLASS=${quoted(classMode)} is not a boolean. Set it to true or false, without spaces.`,
    );
  }
  const customClass = env.KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME ?? '';
  if (customClass !== '' && !isQualified(customClass)) {
    errors.push(
      `KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME=${quoted(customClass)} is not a valid load balancer class. Set it to a name such as example.com/my-class.`,
    );
  }
  if (customClass !== '' && isClassMode === false) {
    warnings.push(
      `KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME=${printable(customClass)} has no effect, because class mode is off. To turn it on, set KUBEVIP_ENABLE_LOADBALANCERCLASS=true.`,
    );
  }
  const className = customClass === '' ? defaultClass : customClass;
  return {
    options: { class: isClassMode === true ? className : undefined, configMap, controller, claims },
    warnings,
    errors,
  };
}

/** `name` or `domain/name`, as the API server validates spec.loadBalancerClass. */
function isQualified(text: string): boolean {
  const [name, domain, ...more] = text.split('/').reverse();
  if (name === undefined || more.length > 0 || (domain !== undefined && !isName(domain, 'dns-subdomain')))
    return false;
  return name.length <= 63 && /^[A-Za-z0-9](?:[-._A-Za-z0-9]*[A-Za-z0-9])?$/.test(name);
}
