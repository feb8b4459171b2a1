import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { Cluster } from './cluster.ts';

/** A PolicyRule of rbac.authorization.k8s.io/v1. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** Rules for every namespace, and for kube-system. */
export interface Permissions {
  cluster: Rule[];
  kubeSystem: Rule[];
}

interface Manifest {
  kind: string;
  rules?: Rule[];
}

/** The permissions in the shipped manifest. */
export function shippedPermissions(): Permissions {
  const file = resolve(import.meta.dirname, '../../manifest/kube-vip-cloud-controller.yaml');
  const objects = parseAllDocuments(readFileSync(file, 'utf8')).map(
    (document) => document.toJS() as Manifest,
  );
  const rulesOf = (kind: string): Rule[] =>
    objects.filter((object) => object.kind === kind).flatMap(({ rules = [] }) => rules);
  return { cluster: rulesOf('ClusterRole'), kubeSystem: rulesOf('Role') };
}

/** The rules that the overlay under a heading of docs/install.md adds to a role. */
function addedRules(heading: string, kind: string): Rule[] {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/install.md'), 'utf8');
  const section = text.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  const overlay = /^```yaml\n(.*?)^```$/ms.exec(section)?.[1] ?? '';
  const { patches } = parse(overlay) as { patches: { target: { kind: string }; patch: string }[] };
  const toRole = patches.find(({ target }) => target.kind === kind)?.patch ?? '';
  const added = parse(toRole) as { value: Rule }[];
  assert.ok(added.length > 0, 'the overlay adds a rule');
  return added.map(({ value }) => value);
}

/** The rule that docs/install.md adds to the ClusterRole for `--claims`. */
export function claimsRule(): Rule {
  const [rule] = addedRules('Claim each address', 'ClusterRole');
  assert.ok(rule);
  return rule;
}

/** The rules that it adds to the Role for `--publish-status`. */
export function statusRules(): Rule[] {
  return addedRules('Publish the state of the pools', 'Role');
}

export function permissionsWithStatus(): Permissions {
  const { cluster, kubeSystem } = shippedPermissions();
  return { cluster, kubeSystem: [...kubeSystem, ...statusRules()] };
}

export function permissionsWithClaims(): Permissions {
  const { cluster, kubeSystem } = shippedPermissions();
  return { cluster: [...cluster, claimsRule()], kubeSystem };
}

/** The permissions in the form `patch services`, sorted. */
export function verbsOf(rules: readonly Rule[]): string[] {
  const each = rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  );
  return each.sort();
}

/** Returns the permissions without one verb on one resource, which exactly one rule must allow. */
export function without(permissions: Permissions, verb: string, resource: string): Permissions {
  let removed = 0;
  const less = (rules: Rule[]): Rule[] =>
    rules.map((rule) => {
      if (!rule.resources.includes(resource) || !rule.verbs.includes(verb)) return rule;
      removed += 1;
      return { ...rule, verbs: rule.verbs.filter((other) => other !== verb) };
    });
  const result = { cluster: less(permissions.cluster), kubeSystem: less(permissions.kubeSystem) };
  assert.equal(removed, 1, `one rule allows ${verb} on ${resource}`);
  return result;
}

/** Grants a user exactly these permissions. */
export async function grant(
  cluster: Cluster,
  user: string,
  { cluster: everywhere, kubeSystem }: Permissions,
): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const of = (kind: string, rest: object, namespace?: string): object => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: user, ...(namespace === undefined ? {} : { namespace }) },
    ...rest,
  });
  const subjects = [{ apiGroup: group, kind: 'User', name: user }];
  const refer = (kind: string): object => ({ roleRef: { apiGroup: group, kind, name: user }, subjects });
  // The API server rejects a rule without a verb.
  const effective = (rules: Rule[]): Rule[] => rules.filter(({ verbs }) => verbs.length > 0);
  const items = [
    of('ClusterRole', { rules: effective(everywhere) }),
    of('ClusterRoleBinding', refer('ClusterRole')),
    of('Role', { rules: effective(kubeSystem) }, 'kube-system'),
    of('RoleBinding', refer('Role'), 'kube-system'),
  ];
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}
