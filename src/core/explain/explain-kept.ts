import { type AllocationPolicy, providerOf, settingsAt } from '../config/policy.ts';
import type { Decision } from '../decide/decision.ts';
import { addressesOf } from '../model/address-list.ts';
import { type Announced, type AnnouncedField, announcedFields, applyPatch } from '../model/service-patch.ts';
import type { ServiceView } from '../model/service-view.ts';

const nouns: Readonly<Record<AnnouncedField, string>> = {
  interface: 'interface',
  vlan: 'VLAN',
  lease: 'Lease',
};

/**
 * That a Service is announced in another way than its pool says now, because that is only written with its first address (spec section 12).
 * What users set themselves is not compared. Undefined if there is nothing to say.
 */
export function explainKept(
  view: ServiceView,
  decision: Decision & { kind: 'keep' | 'write' },
  policy: AllocationPolicy,
): string | undefined {
  const [first] = addressesOf(decision.addresses.entries);
  if (first === undefined) return undefined;
  const pool = providerOf(policy, first, decision.source);
  // Nothing says what applies to an address that its pool no longer has.
  if (pool === undefined && policy.listed.some(({ key }) => key === decision.source)) return undefined;
  const wanted = (pool ?? settingsAt(policy, first)).announced ?? {};
  const after = decision.kind === 'write' ? applyPatch(view, decision.patch) : view;
  const isOurs = (field: AnnouncedField): boolean =>
    after[field] === undefined || after[field] === after.record?.[field];
  const differing = announcedFields.filter((field) => isOurs(field) && after[field] !== wanted[field]);
  if (differing.length === 0) return undefined;
  const setter = pool === undefined ? `namespace ${view.namespace}` : `pool ${pool.name}`;
  const isUnset = differing.every((field) => wanted[field] === undefined);
  const sets = isUnset ? 'none' : valuesOf(differing, wanted);
  return `The Service keeps ${valuesOf(differing, after)}, although ${setter} sets ${sets}: kube-vip notices a change only after a restart`;
}

/** `interface eth1 and no VLAN` */
function valuesOf(fields: readonly AnnouncedField[], values: Announced): string {
  const texts = fields.map((field) =>
    values[field] === undefined ? `no ${nouns[field]}` : `${nouns[field]} ${values[field]}`,
  );
  return conjunction.format(texts);
}

const conjunction = new Intl.ListFormat('en', { type: 'conjunction' });
